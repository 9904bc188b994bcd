//! A trained model: what it predicts, and the file it is kept in.

use serde::Serialize;
use stage::{Blame, Fault};

use crate::linear;
use crate::target::Target;
use crate::training::Training;
use crate::trees::refused;
use table::roles::Task;

/// A trained model.
#[derive(Clone, Debug)]
pub(crate) enum Model {
    /// Boosted trees.
    Trees(Box<boost::Model>),
    /// A linear model.
    Linear(linear::Model),
    /// A constant: the mean, or the share of each class.
    Constant(Vec<f64>),
}

/// What a training comes to.
#[derive(Debug)]
pub(crate) struct Trained {
    pub(crate) model: Model,
    pub(crate) training: Training,
    /// The predictions of validation, all outputs of a row after those of the row before, where the training knows them.
    pub(crate) validation: Option<Vec<f64>>,
}

impl Trained {
    /// A model of which no prediction is known yet.
    pub(crate) fn new(model: Model, training: Training) -> Self {
        Self {
            model,
            training,
            validation: None,
        }
    }
}

/// The file of a constant.
#[derive(Serialize)]
struct ConstantFile<'a> {
    version: u32,
    model: &'static str,
    task: Task,
    classes: &'a [String],
    prediction: &'a [f64],
}

impl Model {
    /// Makes ready to predict.
    pub(crate) fn predictor(&self) -> Predictor<'_> {
        match self {
            Self::Trees(model) => Predictor::Trees(model.outputs(), model.predictor()),
            Self::Linear(model) => Predictor::Linear(model),
            Self::Constant(constant) => Predictor::Constant(constant),
        }
    }

    /// The name of the model's file and its content.
    pub(crate) fn file(&self, target: &Target) -> Result<(&'static str, Vec<u8>), Fault> {
        match self {
            Self::Trees(model) => Ok(("model.txt", model.to_text().into_bytes())),
            Self::Linear(model) => Ok(("model.json", json(model)?)),
            Self::Constant(constant) => {
                let file = ConstantFile {
                    version: 1,
                    model: "baseline",
                    task: target.task,
                    classes: &target.classes,
                    prediction: constant,
                };
                Ok(("model.json", json(&file)?))
            }
        }
    }
}

/// A model that is ready to predict.
pub(crate) enum Predictor<'a> {
    /// So many outputs.
    Trees(usize, boost::Predictor<'a>),
    Linear(&'a linear::Model),
    Constant(&'a [f64]),
}

impl Predictor<'_> {
    /// A column of predictions per output, from a column per feature of so many rows.
    pub(crate) fn predict(&self, columns: &[&[f64]], rows: usize) -> Result<Vec<Vec<f64>>, Fault> {
        match self {
            Self::Trees(outputs, model) => {
                let values = model.predict(columns).map_err(refused)?;
                Ok(by_column(&values, *outputs))
            }
            Self::Linear(model) => Ok(model.predict(columns, rows)),
            Self::Constant(constant) => {
                Ok(constant.iter().map(|value| vec![*value; rows]).collect())
            }
        }
    }
}

/// Indented JSON with a line end.
pub(crate) fn json(value: &impl Serialize) -> Result<Vec<u8>, Fault> {
    let mut text =
        serde_json::to_vec_pretty(value).map_err(|error| Fault::new(Blame::Program, error))?;
    text.push(b'\n');
    Ok(text)
}

/// From row after row to column after column.
pub(crate) fn by_column(values: &[f64], outputs: usize) -> Vec<Vec<f64>> {
    (0..outputs)
        .map(|output| {
            values
                .iter()
                .skip(output)
                .step_by(outputs)
                .copied()
                .collect()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_become_columns() {
        assert_eq!(
            by_column(&[1.0, 2.0, 3.0, 4.0], 2),
            [[1.0, 3.0], [2.0, 4.0]]
        );
    }

    #[test]
    fn a_constant_predicts_itself() {
        let model = Model::Constant(vec![0.2, 0.8]);
        let predictions = model.predictor().predict(&[], 2).unwrap();
        assert_eq!(predictions, [[0.2, 0.2], [0.8, 0.8]]);
    }
}
