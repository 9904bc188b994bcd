//! Predictions, bit for bit those of Python's `lightgbm` on the same model file.

use crate::error::Error;
use crate::model::Model;
use crate::parameters::Objective;

/// Rows that go down all trees together.
const ROWS: usize = 1 << 11;

impl Model {
    /// The sums of the trees: rows × [`outputs`](Self::outputs), row after row.
    ///
    /// # Errors
    ///
    /// Columns too many, too few or of different lengths.
    pub fn predict_raw(&self, columns: &[&[f64]]) -> Result<Vec<f64>, Error> {
        let rows = self.check_columns(columns)?;
        let outputs = self.num_class;
        let mut sums = vec![0.0; rows * outputs];
        // Tree by tree over some rows: trees and rows stay in the cache, and each row's sum still goes by tree order.
        for (chunk, sums) in sums.chunks_mut(ROWS * outputs).enumerate() {
            let first = chunk * ROWS;
            let all = first as u32..(first + sums.len() / outputs) as u32;
            for (number, tree) in self.trees.iter().enumerate() {
                let mut rows: Vec<u32> = all.clone().collect();
                let part = |node: usize, rows: &mut [u32]| {
                    let node = &tree.nodes[node];
                    node.rule.part(columns[node.feature], rows)
                };
                tree.run(&mut rows, part, |rows, value| {
                    for row in rows {
                        sums[(*row as usize - first) * outputs + number % outputs] += value;
                    }
                });
            }
        }
        Ok(sums)
    }

    /// Predictions: P(class 1), P(class k) for each class, or the value; rows × [`outputs`](Self::outputs), row after row.
    ///
    /// # Errors
    ///
    /// Columns too many, too few or of different lengths.
    pub fn predict(&self, columns: &[&[f64]]) -> Result<Vec<f64>, Error> {
        let mut values = self.predict_raw(columns)?;
        match self.objective {
            Objective::Regression => {}
            Objective::Binary => {
                for value in &mut values {
                    *value = 1.0 / (1.0 + (-*value).exp());
                }
            }
            Objective::Multiclass => values.chunks_exact_mut(self.num_class).for_each(softmax),
        }
        Ok(values)
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
