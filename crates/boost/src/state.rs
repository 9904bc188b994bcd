//! A training between two rounds, as bytes.
//!
//! The trees so far are all it takes: scores follow from them, and every draw follows from the seed and the round. A head
//! says what the trees are of, so that a state is never taken for that of another training, or a torn one for whole.

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_128;

use crate::error::Error;
use crate::model::Model;
use crate::trainer::Round;
use crate::tree::Tree;

/// What the first line begins with; the number moves with the format and with whatever changes later rounds.
const MAGIC: &str = "boost state 1";

/// A training between two rounds.
#[derive(Debug, PartialEq)]
pub(crate) struct State {
    pub(crate) rounds: Vec<Round>,
    pub(crate) trees: Vec<Tree>,
}

#[derive(Serialize, Deserialize)]
struct Head {
    training: String,
    rounds: Vec<Round>,
    trees: usize,
}

/// The state of the training whose data and parameters have this digest.
pub(crate) fn write(training: u128, rounds: &[Round], model: &Model) -> Vec<u8> {
    let head = Head {
        training: format!("{training:032x}"),
        rounds: rounds.to_vec(),
        trees: model.trees.len(),
    };
    // Strings and numbers always become JSON: metrics that are no number become null.
    let head = serde_json::to_string(&head).unwrap_or_default();
    let body = format!("{head}\n{}", model.to_text());
    format!("{MAGIC} {:032x}\n{body}", xxh3_128(body.as_bytes())).into_bytes()
}

/// Reads a state.
///
/// # Errors
///
/// [`Error::State`], if the bytes are torn or not a state of that training.
pub(crate) fn read(training: u128, bytes: &[u8]) -> Result<State, Error> {
    let torn = || Error::State("expected the state of a training, found other bytes".to_owned());
    let text = std::str::from_utf8(bytes).map_err(|_| torn())?;
    let (first, body) = text.split_once('\n').ok_or_else(torn)?;
    if first != format!("{MAGIC} {:032x}", xxh3_128(body.as_bytes())) {
        return Err(torn());
    }
    let (head, model) = body.split_once('\n').ok_or_else(torn)?;
    let head: Head = serde_json::from_str(head).map_err(|_| torn())?;
    if head.training != format!("{training:032x}") {
        let message = "expected the state of this training, found that of other data or parameters";
        return Err(Error::State(message.to_owned()));
    }
    let trees = match head.trees {
        0 => Vec::new(),
        _ => Model::from_text(model)?.trees,
    };
    Ok(State {
        rounds: head.rounds,
        trees,
    })
}
