//! Predictions, bit for bit those of Python's `lightgbm` on the same model file.

#[cfg(test)]
mod tests;

use std::ops::Range;

use crate::bins::Bins;
use crate::bits;
use crate::coded::CodedTree;
use crate::codes::Codes;
use crate::error::Error;
use crate::leaf_digits::LeafDigits;
use crate::masks::LeafMasks;
use crate::model::{Model, bins::bins};
use crate::parameters::Objective;
use crate::tree::Tree;

/// Rows that go down all trees together: their codes stay in the second cache.
const ROWS: usize = 1 << 13;

/// Bytes of what is kept ready for trees; those beyond, after some hundreds with categories or ten thousand without, part rows by their
/// values.
const MOST_BYTES: usize = 32 << 20;

/// A model that is ready to predict. To make it so takes about as long as to predict ten thousand rows.
#[derive(Debug)]
pub struct Predictor<'a> {
    model: &'a Model,
    bins: Option<Bins>,
    /// Of the first trees.
    ways: Vec<Way<'a>>,
}

impl Model {
    /// Makes ready to predict, once for any number of batches.
    #[must_use]
    pub fn predictor(&self) -> Predictor<'_> {
        let bins = bins(&self.trees, self.names.len());
        let mut ways = Vec::new();
        let mut bytes = 0;
        for tree in &self.trees {
            let Some(bins) = bins.as_ref().filter(|_| bytes <= MOST_BYTES) else {
                break;
            };
            let way = Way::new(tree, bins);
            bytes += way.bytes();
            ways.push(way);
        }
        Predictor {
            model: self,
            bins,
            ways,
        }
    }

    /// The sums of the trees: rows × [`outputs`](Self::outputs), row after row.
    ///
    /// # Errors
    ///
    /// Columns too many, too few or of different lengths.
    pub fn predict_raw(&self, columns: &[&[f64]]) -> Result<Vec<f64>, Error> {
        self.predictor().predict_raw(columns)
    }

    /// Predictions: P(class 1), P(class k) for each class, or the value; rows × [`outputs`](Self::outputs), row after row.
    ///
    /// # Errors
    ///
    /// Columns too many, too few or of different lengths.
    pub fn predict(&self, columns: &[&[f64]]) -> Result<Vec<f64>, Error> {
        self.predictor().predict(columns)
    }

    /// Turns sums of trees, row after row, into predictions.
    pub fn convert(&self, values: &mut [f64]) {
        match self.objective {
            Objective::Regression => {}
            Objective::Binary => {
                for value in values {
                    *value = 1.0 / (1.0 + (-*value).exp());
                }
            }
            Objective::Multiclass => values.chunks_exact_mut(self.num_class).for_each(softmax),
        }
    }

    fn check_columns(&self, columns: &[&[f64]]) -> Result<usize, Error> {
        let (expected, found) = (self.names.len(), columns.len());
        if expected != found {
            let message = format!("expected {expected} columns, found {found}");
            return Err(Error::Data(message));
        }
        let rows = columns.first().map_or(0, |column| column.len());
        match columns.iter().position(|column| column.len() != rows) {
            None => Ok(rows),
            Some(at) => Err(Error::Data(format!(
                "column `{}`: expected {rows} values, found {}",
                self.names[at],
                columns[at].len()
            ))),
        }
    }
}

/// How rows go down a tree.
#[derive(Debug)]
enum Way<'a> {
    /// All splits by a feature at once: of categories.
    Masks(Box<LeafMasks>),
    /// Split by split, 64 rows at once.
    Bits(CodedTree<'a>),
    /// Row by row, by values: of many leaves.
    Values,
}

impl<'a> Way<'a> {
    fn new(tree: &'a Tree, bins: &Bins) -> Self {
        match LeafMasks::new(tree, bins) {
            Some(masks) => Self::Masks(Box::new(masks)),
            None if tree.leaves.len() > LeafDigits::MOST_LEAVES => Self::Values,
            None => Self::Bits(CodedTree::new(tree, bins)),
        }
    }

    fn bytes(&self) -> usize {
        match self {
            Self::Masks(masks) => masks.bytes(),
            Self::Bits(tree) => tree.bytes(),
            Self::Values => 0,
        }
    }
}

impl Predictor<'_> {
    /// See [`Model::predict_raw`].
    ///
    /// # Errors
    ///
    /// Columns too many, too few or of different lengths.
    pub fn predict_raw(&self, columns: &[&[f64]]) -> Result<Vec<f64>, Error> {
        let rows = self.model.check_columns(columns)?;
        let outputs = self.model.num_class;
        let mut sums = vec![0.0; rows * outputs];
        for (chunk, sums) in sums.chunks_mut(ROWS * outputs).enumerate() {
            let rows = chunk * ROWS..chunk * ROWS + sums.len() / outputs;
            self.add(columns, rows, sums);
        }
        Ok(sums)
    }

    /// See [`Model::predict`].
    ///
    /// # Errors
    ///
    /// Columns too many, too few or of different lengths.
    pub fn predict(&self, columns: &[&[f64]]) -> Result<Vec<f64>, Error> {
        let mut values = self.predict_raw(columns)?;
        self.model.convert(&mut values);
        Ok(values)
    }

    /// Adds up all trees for some rows. Tree by tree, so that each row's sum goes by their order.
    fn add(&self, columns: &[&[f64]], rows: Range<usize>, sums: &mut [f64]) {
        let outputs = self.model.num_class;
        let columns: Vec<&[f64]> = columns.iter().map(|column| &column[rows.clone()]).collect();
        let codes = self.bins.as_ref().map(|bins| Codes::of(bins, &columns));
        for (number, tree) in self.model.trees.iter().enumerate() {
            let sums = &mut sums[number % outputs..];
            let take = |row: usize, value: f64| sums[row * outputs] += value;
            match (self.ways.get(number), &codes) {
                (Some(Way::Masks(masks)), Some(codes)) => masks.run(codes, 0..rows.len(), take),
                (Some(Way::Bits(tree)), Some(codes)) => {
                    tree.add(codes, 0, bits::all(rows.len()), sums, outputs);
                }
                _ => by_values(tree, &columns, rows.len(), take),
            }
        }
    }
}

/// Gives each row, and the value of its leaf, to `take`.
fn by_values(tree: &Tree, columns: &[&[f64]], rows: usize, mut take: impl FnMut(usize, f64)) {
    let mut rows: Vec<u32> = (0..rows as u32).collect();
    let part = |node: usize, rows: &mut [u32]| {
        let node = &tree.nodes[node];
        node.rule.part(columns[node.feature], rows)
    };
    tree.run(&mut rows, part, |rows, value| {
        rows.iter().for_each(|row| take(*row as usize, value));
    });
}

/// Scores to probabilities, in LightGBM's order of operations.
fn softmax(scores: &mut [f64]) {
    let greatest = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let mut sum = 0.0;
    for score in &mut *scores {
        *score = (*score - greatest).exp();
        sum += *score;
    }
    for score in scores {
        *score /= sum;
    }
}
