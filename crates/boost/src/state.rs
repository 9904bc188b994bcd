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

/// The state of the training whose data and parameters have this digest: so many trees, and the model of them as text.
pub(crate) fn write(training: u128, rounds: &[Round], trees: usize, model: &str) -> Vec<u8> {
    let head = Head {
        training: format!("{training:032x}"),
        rounds: rounds.to_vec(),
        trees,
    };
    // Strings and numbers always become JSON: metrics that are no number become null.
    let head = serde_json::to_string(&head).unwrap_or_default();
    let body = format!("{head}\n{model}");
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parameters::Parameters;
    use crate::testing::{dataset, table};

    fn model(trees: usize) -> Model {
        let data = dataset(&table(100), 1);
        let mut model = Model::new(&Parameters::default().check().unwrap(), data.bins());
        model.trees = vec![Tree::constant(0.1 + 0.2); trees];
        model
    }

    fn write(training: u128, rounds: &[Round], model: &Model) -> Vec<u8> {
        super::write(training, rounds, model.trees.len(), &model.to_text())
    }

    fn rounds(count: u32) -> Vec<Round> {
        let rounds = 1..=count;
        rounds
            .map(|number| Round {
                number,
                train: None,
                validation: Some(0.1 + f64::from(number) / 3.0),
            })
            .collect()
    }

    #[test]
    fn a_state_read_back_is_the_same() {
        for count in [0, 1, 3] {
            let model = model(count);
            let rounds = rounds(count as u32);
            let state = read(7, &write(7, &rounds, &model)).unwrap();
            assert_eq!(state.trees, model.trees);
            assert_eq!(state.rounds, rounds);
        }
    }

    #[track_caller]
    fn check(bytes: &[u8], expected: &str) {
        assert_eq!(read(7, bytes).unwrap_err().to_string(), expected);
    }

    #[test]
    fn what_is_no_state_of_the_training_is_refused() {
        let other = "expected the state of this training, found that of other data or parameters";
        check(&write(8, &rounds(1), &model(1)), other);
        let torn = "expected the state of a training, found other bytes";
        check(b"", torn);
        check(b"boost state 1\nhello", torn);
        check(&[0xFF; 40], torn);
        let state = write(7, &rounds(1), &model(1));
        check(&state[..state.len() - 1], torn);
    }
}
