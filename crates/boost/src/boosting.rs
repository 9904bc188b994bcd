//! A round on the training data: gradients, a tree for each class, and scores.

use crate::bag::{self, Bag};
use crate::bits;
use crate::coded::CodedTree;
use crate::dataset::Dataset;
use crate::gradient::Gradients;
use crate::grow::{Ground, Grower, Grown, Meanwhile};
use crate::metric::measure;
use crate::objective::{LogLoss, SoftmaxLoss, SquaredError};
use crate::order::Order;
use crate::parameters::{Checked, Objective};
use crate::random::{Purpose, key};
use crate::rows::Rows;
use crate::scores::Scores;
use crate::tree::Tree;

/// Training data, the scores of its rows, and what is used anew in every round.
#[derive(Debug)]
pub(crate) struct Boosting {
    parameters: Checked,
    pub(crate) data: Dataset,
    scores: Scores,
    /// Of each class the value before the first tree.
    pub(crate) starts: Vec<f64>,
    gradients: Gradients,
    grower: Grower,
}

/// What a round came to on the training data.
#[derive(Debug)]
pub(crate) struct Boosted {
    /// One per class.
    pub(crate) trees: Vec<Tree>,
    /// The metric on the training data, if it is wanted.
    pub(crate) metric: Option<f64>,
}

impl Boosting {
    /// Before the first round.
    pub(crate) fn new(parameters: &Checked, data: Dataset, starts: Vec<f64>) -> Self {
        let rows = data.num_rows();
        Self {
            parameters: parameters.clone(),
            scores: Scores::new(&starts, rows),
            data,
            starts,
            gradients: Gradients::new(rows, parameters.trees_per_round()),
            grower: Grower::default(),
        }
    }

    /// Goes on after these trees.
    pub(crate) fn resume(&mut self, trees: &[Tree]) {
        self.reorder(trees);
        self.scores = Scores::after(trees, &self.starts, &self.data);
    }

    /// A round. `before` are the trees of the one before.
    pub(crate) fn round(
        &mut self,
        number: u32,
        before: &[Tree],
        meanwhile: Meanwhile<'_>,
    ) -> Boosted {
        if number == 2 {
            self.reorder(before);
            self.scores.replay(before, &self.data);
        }
        let parameters = self.parameters.parameters();
        let normalisers = match parameters.objective {
            Objective::Multiclass => self.scores.normalisers(),
            Objective::Binary | Objective::Regression => Vec::new(),
        };
        let wanted = parameters.is_provide_training_metric;
        let classes = 0..self.parameters.trees_per_round();
        let trees = classes.map(|class| {
            self.derive(class, &normalisers);
            self.grow(number, class, before.get(class), meanwhile)
        });
        let trees = trees.collect();
        let metric = self.parameters.metric();
        Boosted {
            trees,
            metric: wanted.then(|| measure(metric, &self.scores, &self.data)),
        }
    }

    /// Puts the rows in the order of the first tree's leaves, if there is one and they are not. Their scores are then to be made anew.
    fn reorder(&mut self, trees: &[Tree]) {
        let Some(tree) = trees.first() else {
            return;
        };
        if self.gradients.is_reordered() {
            return;
        }
        let order = Order::by_leaf(tree, &self.data);
        self.data.reorder(&order);
        self.grower.reorder(&order, &self.data);
        self.gradients.reorder(order);
    }

    /// The gradients for the tree of a class.
    fn derive(&mut self, class: usize, normalisers: &[(f64, f64)]) {
        let outputs = self.parameters.trees_per_round();
        let key = key(
            self.parameters.parameters().seed,
            Purpose::Rounding,
            class as u64,
        );
        let (data, scores) = (&self.data, self.scores.of(class));
        let gradients = &mut self.gradients;
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

    /// Grows the tree of a class, and adds it to the scores. `before` is that of the round before.
    fn grow(
        &mut self,
        number: u32,
        class: usize,
        before: Option<&Tree>,
        meanwhile: Meanwhile<'_>,
    ) -> Tree {
        let parameters = self.parameters.parameters();
        let layout = self.data.bins().layout();
        let features = bag::features(parameters, layout, number, class);
        let bag = Bag::of(parameters, number);
        let count = self.data.num_rows();
        let numbers = &self.gradients.numbers;
        let rows = match bag.is_full() {
            true => Rows::all(count),
            false => Rows::taken(count, |row| bag.holds(numbers[row])),
        };
        let ground = Ground {
            parameters: &self.parameters,
            data: &self.data,
            gradients: &self.gradients,
            features: &features,
            usual_gain: before.map_or(0.0, Tree::least_gain),
        };
        let Grown { tree, leaves } = self.grower.grow(&ground, rows, meanwhile);
        let mut tree = tree.unwrap_or_else(|| Tree::constant(0.0));
        tree.shrink(parameters.learning_rate);
        if number == 1 {
            tree.add(self.starts[class]);
            self.scores.clear(class);
        }
        self.scores.add_grown(class, &tree, &leaves);
        if !bag.is_full() {
            let coded = CodedTree::new(&tree, self.data.bins());
            self.scores
                .add_tree(class, &coded, &self.data.codes, |rows| {
                    bits::taken(rows, |row| !bag.holds(numbers[row]))
                });
        }
        tree
    }
}
