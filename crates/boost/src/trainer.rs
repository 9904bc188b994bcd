//! Training, round by round.

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::Xxh3;

use crate::bag::{self, Bag};
use crate::bits;
use crate::coded::CodedTree;
use crate::dataset::Dataset;
use crate::error::Error;
use crate::gradient::Gradients;
use crate::grow::{Ground, Grower, Grown};
use crate::metric::measure;
use crate::model::Model;
use crate::objective::{self, LogLoss, SoftmaxLoss, SquaredError};
use crate::order::Order;
use crate::parameters::{Checked, Objective};
use crate::pool::Pool;
use crate::random::{Purpose, key};
use crate::rows::Rows;
use crate::scores::Scores;
use crate::state;
use crate::tree::Tree;

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
    train: Side,
    validation: Option<Side>,
    starts: Vec<f64>,
    digest: u128,
    rounds: Vec<Round>,
    model: Model,
    workshop: Workshop,
}

/// A dataset and the scores of its rows.
#[derive(Debug)]
struct Side {
    data: Dataset,
    scores: Scores,
}

/// What is used anew in every round.
#[derive(Debug)]
struct Workshop {
    gradients: Gradients,
    grower: Grower,
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
        let side = |data: Dataset| Side {
            scores: Scores::new(&starts, data.num_rows()),
            data,
        };
        let rows = train.num_rows();
        Ok(Self {
            digest: digest(parameters, &train, validation.as_ref()),
            model: Model::new(parameters, train.bins()),
            train: side(train),
            validation: validation.map(side),
            parameters: parameters.clone(),
            pool: pool.clone(),
            starts,
            rounds: Vec::new(),
            workshop: Workshop {
                gradients: Gradients::new(rows, parameters.trees_per_round()),
                grower: Grower::default(),
            },
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
        let pool = self.pool.clone();
        pool.install(|| {
            self.reorder();
            let (starts, trees) = (&self.starts, &self.model.trees);
            let sides = std::iter::once(&mut self.train).chain(&mut self.validation);
            for side in sides {
                side.scores = Scores::new(starts, side.data.num_rows());
                side.scores.replay(trees, &side.data);
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
        Ok(pool.install_awake(|| self.round()))
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
    pub fn state(&self) -> Vec<u8> {
        state::write(self.digest, &self.rounds, &self.model)
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
        let side = self
            .validation
            .as_ref()
            .filter(|_| !left_out && !self.rounds.is_empty());
        side.map(|side| side.scores.by_row())
    }

    /// Whether no tree of the last round has a split.
    fn is_exhausted(&self) -> bool {
        let trees = self.model.trees.iter().rev();
        let mut last = trees.take(self.parameters.trees_per_round());
        !self.rounds.is_empty() && last.all(|tree| tree.nodes.is_empty())
    }

    fn round(&mut self) -> Round {
        let number = self.rounds.len() as u32 + 1;
        if number == 2 {
            self.reorder();
            let Side { data, scores } = &mut self.train;
            scores.replay(&self.model.trees, data);
        }
        let normalisers = match self.parameters.parameters().objective {
            Objective::Multiclass => self.train.scores.normalisers(),
            Objective::Binary | Objective::Regression => Vec::new(),
        };
        for class in 0..self.parameters.trees_per_round() {
            self.derive(class, &normalisers);
            self.grow(number, class);
        }
        let metric = self.parameters.metric();
        let wanted = self.parameters.parameters().is_provide_training_metric;
        let measure = |side: &Side| measure(metric, &side.scores, &side.data);
        let round = Round {
            number,
            train: wanted.then(|| measure(&self.train)),
            validation: self.validation.as_ref().map(measure),
        };
        self.rounds.push(round);
        round
    }

    /// Puts the rows in the order of the first tree's leaves, if there is one and they are not. Their scores are then to be made anew.
    fn reorder(&mut self) {
        let Some(tree) = self.model.trees.first() else {
            return;
        };
        if self.workshop.gradients.is_reordered() {
            return;
        }
        let data = &mut self.train.data;
        let order = Order::by_leaf(tree, data);
        data.reorder(&order);
        self.workshop.grower.reorder(&order, data);
        self.workshop.gradients.reorder(order);
    }

    /// The gradients for the tree of a class.
    fn derive(&mut self, class: usize, normalisers: &[(f64, f64)]) {
        let outputs = self.parameters.trees_per_round();
        let key = key(
            self.parameters.parameters().seed,
            Purpose::Rounding,
            class as u64,
        );
        let (data, scores) = (&self.train.data, self.train.scores.of(class));
        let gradients = &mut self.workshop.gradients;
        match self.parameters.parameters().objective {
            Objective::Binary => gradients.fill(class, key, &LogLoss { data, scores }),
            Objective::Regression => gradients.fill(class, key, &SquaredError { data, scores }),
            Objective::Multiclass => {
                let loss = SoftmaxLoss {
                    data,
                    scores,
                    normalisers,
                    class,
                    scale: outputs as f64 / (outputs as f64 - 1.0),
                };
                gradients.fill(class, key, &loss);
            }
        }
    }

    /// Grows the tree of a class, and adds it to the model and to all scores.
    fn grow(&mut self, number: u32, class: usize) {
        let parameters = self.parameters.parameters();
        let layout = self.train.data.bins().layout();
        let features = bag::features(parameters, layout, number, class);
        let bag = Bag::of(parameters, number);
        let Workshop { gradients, grower } = &mut self.workshop;
        let count = self.train.data.num_rows();
        let numbers = &gradients.numbers;
        let rows = match bag.is_full() {
            true => Rows::all(count),
            false => Rows::taken(count, |row| bag.holds(numbers[row])),
        };
        // The one of the same class.
        let mut before = self.model.trees.iter().rev();
        let before = before.nth(self.parameters.trees_per_round() - 1);
        let ground = Ground {
            parameters: &self.parameters,
            data: &self.train.data,
            gradients,
            features: &features,
            usual_gain: before.map_or(0.0, Tree::least_gain),
        };
        let Grown { tree, leaves } = grower.grow(&ground, rows);
        let mut tree = tree.unwrap_or_else(|| Tree::constant(0.0));
        tree.shrink(parameters.learning_rate);
        if number == 1 {
            tree.add(self.starts[class]);
        }
        self.add(number, class, &tree, &leaves, bag);
        self.model.trees.push(tree);
    }

    /// Adds the tree that was just grown to all scores.
    fn add(&mut self, number: u32, class: usize, tree: &Tree, leaves: &[(usize, Rows)], bag: Bag) {
        let sides = std::iter::once(&mut self.train).chain(&mut self.validation);
        if number == 1 {
            sides.for_each(|side| side.scores.clear(class));
        }
        let numbers = &self.workshop.gradients.numbers;
        let Side { data, scores } = &mut self.train;
        scores.add_grown(class, tree, leaves);
        if !bag.is_full() {
            let coded = CodedTree::new(tree, data.bins());
            scores.add_tree(class, &coded, &data.codes, |rows| {
                bits::taken(rows, |row| !bag.holds(numbers[row]))
            });
        }
        if let Some(Side { data, scores }) = &mut self.validation {
            let coded = CodedTree::new(tree, data.bins());
            scores.add_tree(class, &coded, &data.codes, |rows| bits::all(rows.len()));
        }
    }
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
