//! Training, round by round.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::Xxh3;

use crate::boosting::{Boosted, Boosting};
use crate::dataset::Dataset;
use crate::error::Error;
use crate::grow::ALONE_ROWS;
use crate::model::{Model, text};
use crate::objective;
use crate::parameters::Checked;
use crate::pool::Pool;
use crate::scores::Scores;
use crate::state;
use crate::tree::Tree;
use crate::validation::Validation;

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
    parameters: Checked,
    pool: Pool,
    digest: u128,
    rounds: Vec<Round>,
    model: Model,
    boosting: Boosting,
    validation: Option<Validation>,
    /// The round after those, as far as it is done already: what validation data says of a round is found while the next one's
    /// trees are grown.
    ahead: Option<Boosted>,
    /// The trees that were in a state before, as text.
    texts: Vec<String>,
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
        objective::check_labels(parameters, &train)?;
        if let Some(validation) = &validation {
            objective::check_labels(parameters, validation)?;
            if !validation.bins().is(train.bins()) {
                let message =
                    "expected validation data of the bins of the training data, found other bins";
                return Err(Error::Data(message.to_owned()));
            }
        } else if parameters.parameters().early_stopping_round > 0 {
            return Err(Error::parameter(
                "early_stopping_round",
                "0, as there is no validation data",
                parameters.parameters().early_stopping_round,
            ));
        }
        let starts = objective::starts(parameters, &train);
        let digest = digest(parameters, &train, validation.as_ref());
        let validation = validation.map(|data| {
            let scores = Scores::new(&starts, data.num_rows());
            Validation::new(data, scores, parameters.metric())
        });
        Ok(Self {
            digest,
            model: Model::new(parameters, train.bins()),
            boosting: Boosting::new(parameters, train, starts),
            validation,
            ahead: None,
            texts: Vec::new(),
            parameters: parameters.clone(),
            pool: pool.clone(),
            rounds: Vec::new(),
        })
    }

    /// Goes on from a state, whose rounds are then done: the rest of the training gives the same bits as if it had never stopped.
    ///
    /// # Errors
    ///
    /// The bytes are torn, or are the state of a training of other data or other parameters.
    pub fn resume(&mut self, state: &[u8]) -> Result<(), Error> {
        let state = state::read(self.digest, state)?;
        if state.trees.len() != state.rounds.len() * self.parameters.trees_per_round() {
            let message = "expected a state with the trees of all its rounds, found others";
            return Err(Error::State(message.to_owned()));
        }
        self.rounds = state.rounds;
        self.model.trees = state.trees;
        self.ahead = None;
        self.texts.clear();
        let pool = self.pool.clone();
        pool.install(|| {
            let trees = &self.model.trees;
            self.boosting.resume(trees);
            if let Some(Validation { data, scores, .. }) = &mut self.validation {
                *scores = Scores::after(trees, &self.boosting.starts, data);
            }
        });
        Ok(())
    }

    /// One round. If no leaf can be split any more, its trees are constants and it is the last.
    ///
    /// # Errors
    ///
    /// The training is finished already.
    pub fn step(&mut self) -> Result<Round, Error> {
        if self.is_finished() {
            return Err(Error::State("expected a round left, found none".to_owned()));
        }
        let pool = self.pool.clone();
        let alone = self.boosting.data.num_rows() < ALONE_ROWS;
        Ok(match alone {
            true => pool.install(|| self.round()),
            false => pool.install_awake(|| self.round()),
        })
    }

    /// Whether no round is left: all are done, early stopping ended it, or no leaf can be split any more.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        let parameters = self.parameters.parameters();
        let patience = parameters.early_stopping_round;
        let done = self.rounds.len() as u32;
        done >= parameters.num_iterations
            || (patience > 0 && done - self.best_round() >= patience)
            || self.is_exhausted()
    }

    /// The rounds done so far.
    #[must_use]
    pub fn rounds(&self) -> &[Round] {
        &self.rounds
    }

    /// The round whose metric on the validation data is best so far; without validation data the last one. 0 before the first round.
    #[must_use]
    pub fn best_round(&self) -> u32 {
        let mut best: Option<(u32, f64)> = None;
        for round in &self.rounds {
            let Some(value) = round.validation else {
                return self.rounds.len() as u32;
            };
            let metric = self.parameters.metric();
            if best.is_none_or(|(_, best)| metric.is_better(value, best)) {
                best = Some((round.number, value));
            }
        }
        best.map_or(0, |(number, _)| number)
    }

    /// All that another process needs, besides data and parameters, to go on from here. Small: the trees so far.
    #[must_use]
    pub fn state(&mut self) -> Vec<u8> {
        let (trees, written) = (&self.model.trees, self.texts.len());
        let new = trees[written..].par_iter().enumerate();
        let new = new.map(|(number, tree)| text::tree(written + number, tree));
        let new: Vec<String> = self.pool.install(|| new.collect());
        self.texts.extend(new);
        let model = text::with_trees(&self.model, &self.texts);
        state::write(self.digest, &self.rounds, trees.len(), &model)
    }

    /// The model so far; with early stopping up to the best round.
    #[must_use]
    pub fn model(&self) -> Model {
        let mut model = self.model.clone();
        if self.parameters.parameters().early_stopping_round > 0 {
            let trees = self.best_round() as usize * self.parameters.trees_per_round();
            model.trees.truncate(trees);
        }
        model
    }

    /// For the validation data, what [`model`](Self::model) would come to by [`predict_raw`](Model::predict_raw), to the last
    /// bit: it was added up as the trees came. `None` without validation data, before the first round, and where early
    /// stopping leaves trees out of the model.
    #[must_use]
    pub fn validation_raw(&self) -> Option<Vec<f64>> {
        let stops = self.parameters.parameters().early_stopping_round > 0;
        let left_out = stops && self.best_round() < self.rounds.len() as u32;
        let known = !left_out && !self.rounds.is_empty();
        let validation = self.validation.as_ref().filter(|_| known);
        validation.map(|validation| validation.scores.by_row())
    }

    /// Whether no tree of the last round has a split.
    fn is_exhausted(&self) -> bool {
        !self.rounds.is_empty() && are_constants(last_round(&self.model))
    }

    fn round(&mut self) -> Round {
        let number = self.rounds.len() as u32 + 1;
        let boosting = &mut self.boosting;
        let before = last_round(&self.model);
        let ahead = self.ahead.take();
        let boosted = ahead.unwrap_or_else(|| boosting.round(number, before, &|| false));
        let validation = self.validation.as_mut().map(|validation| {
            let pending = validation.add(&boosted.trees, number == 1);
            let is_last = number >= self.parameters.parameters().num_iterations;
            if !is_last && !are_constants(&boosted.trees) {
                let next = boosting.round(number + 1, &boosted.trees, &|| pending.piece());
                self.ahead = Some(next);
            }
            let losses = pending.finish();
            validation.measure(&losses)
        });
        self.model.trees.extend(boosted.trees);
        let round = Round {
            number,
            train: boosted.metric,
            validation,
        };
        self.rounds.push(round);
        round
    }
}

/// The trees of a model's last round, if it has any.
fn last_round(model: &Model) -> &[Tree] {
    let mut rounds = model.trees.rchunks(model.num_class);
    rounds.next().unwrap_or_default()
}

/// Whether no tree has a split.
fn are_constants(trees: &[Tree]) -> bool {
    trees.iter().all(|tree| tree.nodes.is_empty())
}

/// A digest of all that a training depends on.
fn digest(parameters: &Checked, train: &Dataset, validation: Option<&Dataset>) -> u128 {
    let mut digest = Xxh3::new();
    for line in parameters.lines() {
        digest.update(line.as_bytes());
        digest.update(b"\n");
    }
    for data in std::iter::once(train).chain(validation) {
        data.digest(&mut digest);
    }
    digest.digest128()
}
