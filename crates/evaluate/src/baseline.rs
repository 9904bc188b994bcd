//! The constant to compare with: fitted on train by the trainer, or else the mean of validation.

use serde::{Deserialize, Serialize};

use crate::metrics::Weights;
use crate::predictions::Predictions;
use crate::task::Task;

/// What the constant was fitted on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum FittedOn {
    /// The train partition, by the trainer.
    Train,
    /// The validation partition, since the trainer left no constant.
    Validation,
    /// The test partition, since there is no validation partition either.
    Test,
}

/// The constant of labels: their mean, or the share of each class.
pub(crate) fn constant(predictions: &Predictions, task: Task) -> Vec<f64> {
    let weights = Weights(predictions.weights.as_deref());
    let labels = &predictions.labels;
    match task {
        Task::Binary | Task::Regression => vec![weights.mean(labels.len(), |row| labels[row])],
        Task::Multiclass => (0..predictions.scores.len())
            .map(|class| {
                weights.mean(labels.len(), |row| {
                    f64::from(u8::from(labels[row] == class as f64))
                })
            })
            .collect(),
    }
}

/// Gives every row the constant.
pub(crate) fn fill(predictions: &mut Predictions, constant: &[f64]) {
    let rows = predictions.rows();
    predictions.baseline = Some(constant.iter().map(|value| vec![*value; rows]).collect());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_constant_is_the_weighted_mean_or_the_share_of_each_class() {
        let mut predictions = Predictions {
            labels: vec![0.0, 1.0, 1.0],
            scores: vec![Vec::new(); 3],
            weights: Some(vec![2.0, 1.0, 1.0]),
            ..Predictions::default()
        };
        assert_eq!(constant(&predictions, Task::Binary), [0.5]);
        assert_eq!(constant(&predictions, Task::Multiclass), [0.5, 0.5, 0.0]);
        predictions.weights = None;
        assert_eq!(constant(&predictions, Task::Regression), [2.0 / 3.0]);
    }

    #[test]
    fn every_row_has_the_constant() {
        let mut predictions = Predictions {
            labels: vec![0.0, 1.0],
            ..Predictions::default()
        };
        fill(&mut predictions, &[0.25]);
        assert_eq!(predictions.baseline, Some(vec![vec![0.25, 0.25]]));
    }
}
