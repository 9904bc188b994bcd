//! A fitted linear model: its file and its predictions.

use serde::Serialize;
use stage::{Fault, Item};

use crate::columns::{Columns, Feature};
use crate::linear::design::{Scaling, Source};
use crate::linear::loss::Loss;
use crate::linear::newton::Fit;
use crate::survey::Survey;
use table::roles::Task;

/// A fitted linear model, as `model.json` keeps it.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Model {
    version: u32,
    model: &'static str,
    task: Task,
    classes: Vec<String>,
    /// One for a number or two classes (then of class 1), one per class for more.
    outputs: Vec<Line>,
    /// What the coefficients belong to, in their order: (value - mean) / scale.
    terms: Vec<Term>,
    #[serde(skip)]
    loss: Loss,
    #[serde(skip)]
    sources: Vec<Source>,
    #[serde(skip)]
    features: Vec<Feature>,
}

/// The coefficients of one output.
#[derive(Clone, Debug, PartialEq, Serialize)]
struct Line {
    intercept: f64,
    coefficients: Vec<f64>,
}

/// A column of the design.
#[derive(Clone, Debug, PartialEq, Serialize)]
struct Term {
    feature: String,
    /// The level of a category for which the term is 1, before it is scaled.
    #[serde(skip_serializing_if = "Option::is_none")]
    level: Option<u32>,
    #[serde(flatten)]
    scaling: Scaling,
}

impl Model {
    pub(crate) fn new(columns: &Columns, survey: &Survey, scalings: &[Scaling], fit: &Fit) -> Self {
        let sources = Source::of(&columns.features);
        let term = |(source, scaling): (&Source, &Scaling)| Term {
            feature: columns.features[source.feature].name.clone(),
            level: source.level,
            scaling: *scaling,
        };
        let line = |set: &[f64]| Line {
            intercept: set[sources.len()],
            coefficients: set[..sources.len()].to_vec(),
        };
        Self {
            version: 1,
            model: "linear",
            task: survey.target.task,
            classes: survey.target.classes.clone(),
            outputs: fit
                .coefficients
                .chunks_exact(sources.len() + 1)
                .map(line)
                .collect(),
            terms: sources.iter().zip(scalings).map(term).collect(),
            loss: Loss::new(&survey.target),
            sources,
            features: columns.features.clone(),
        }
    }

    /// A column of predictions per output.
    pub(crate) fn predict(&self, columns: &[&[f64]], rows: usize) -> Vec<Vec<f64>> {
        let mut sums: Vec<Vec<f64>> = self
            .outputs
            .iter()
            .map(|line| vec![line.intercept; rows])
            .collect();
        for (index, (source, term)) in self.sources.iter().zip(&self.terms).enumerate() {
            let Scaling { mean, scale } = term.scaling;
            let column = columns[source.feature];
            for (line, sums) in self.outputs.iter().zip(&mut sums) {
                let coefficient = line.coefficients[index];
                for (sum, value) in sums.iter_mut().zip(column) {
                    *sum += coefficient * ((source.value(*value) - mean) / scale);
                }
            }
        }
        let mut row_sums = vec![0.0; sums.len()];
        for row in 0..rows {
            row_sums
                .iter_mut()
                .zip(&sums)
                .for_each(|(sum, column)| *sum = column[row]);
            self.loss.link(&mut row_sums);
            sums.iter_mut()
                .zip(&row_sums)
                .for_each(|(column, value)| column[row] = *value);
        }
        sums
    }

    /// For each feature the sum of its absolute coefficients: features are of one scale, so they compare.
    pub(crate) fn importance(&self) -> Vec<(String, f64)> {
        let mut importance: Vec<(String, f64)> = self
            .features
            .iter()
            .map(|feature| (feature.name.clone(), 0.0))
            .collect();
        for (index, source) in self.sources.iter().enumerate() {
            importance[source.feature].1 += self
                .outputs
                .iter()
                .map(|line| line.coefficients[index].abs())
                .sum::<f64>();
        }
        importance
    }

    /// Refuses rows that the model has no answer for.
    pub(crate) fn check(&self, item: &Item, first: usize, columns: &[&[f64]]) -> Result<(), Fault> {
        check(&self.features, item, first, columns)
    }
}

/// A linear model has no answer for a number that is missing. A category that is missing is none of the levels.
pub(crate) fn check(
    features: &[Feature],
    item: &Item,
    first: usize,
    columns: &[&[f64]],
) -> Result<(), Fault> {
    match missing(features, columns) {
        None => Ok(()),
        Some((row, name, value)) => {
            let (place, row) = (item.path().display(), first + row + 1);
            let found = if value.is_nan() {
                "null".to_owned()
            } else {
                value.to_string()
            };
            let message = format!(
                "{place}:{row}: column `{name}`: a linear model needs a number, found `{found}`"
            );
            Err(Fault::item(message).hint("let `featurize` impute missing values, or use `trees`"))
        }
    }
}

fn missing<'a>(features: &'a [Feature], columns: &[&[f64]]) -> Option<(usize, &'a str, f64)> {
    let numbers = features
        .iter()
        .zip(columns)
        .filter(|(feature, _)| feature.levels.is_none());
    numbers
        .filter_map(|(feature, column)| {
            let row = column.iter().position(|value| !value.is_finite())?;
            Some((row, feature.name.as_str(), column[row]))
        })
        .min_by_key(|(row, _, _)| *row)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn feature(name: &str, levels: Option<u32>) -> Feature {
        Feature {
            name: name.to_owned(),
            levels,
        }
    }

    fn model() -> Model {
        let features = vec![feature("x", None), feature("city", Some(2))];
        let term = |name: &str, level| Term {
            feature: name.to_owned(),
            level,
            scaling: Scaling {
                mean: 1.0,
                scale: 2.0,
            },
        };
        Model {
            version: 1,
            model: "linear",
            task: Task::Regression,
            classes: Vec::new(),
            outputs: vec![Line {
                intercept: 10.0,
                coefficients: vec![3.0, -4.0, 0.0],
            }],
            terms: vec![
                term("x", None),
                term("city", Some(0)),
                term("city", Some(1)),
            ],
            loss: Loss::Squared,
            sources: Source::of(&features),
            features,
        }
    }

    #[test]
    fn a_prediction_is_the_sum_of_scaled_terms() {
        // 10 + 3 (5 - 1) / 2 - 4 (1 - 1) / 2, and 10 + 3 (1 - 1) / 2 - 4 (0 - 1) / 2
        let found = model().predict(&[&[5.0, 1.0], &[0.0, f64::NAN]], 2);
        assert_eq!(found, [[16.0, 12.0]]);
    }

    #[test]
    fn importance_is_the_sum_of_absolute_coefficients() {
        assert_eq!(
            model().importance(),
            [("x".to_owned(), 3.0), ("city".to_owned(), 4.0)]
        );
    }

    #[test]
    fn numbers_may_not_be_missing_but_categories_may() {
        let model = model();
        let found = |x: f64, city: f64| {
            missing(&model.features, &[&[1.0, x], &[0.0, city]]).map(|(row, name, _)| (row, name))
        };
        assert_eq!(found(1.0, f64::NAN), None);
        assert_eq!(found(f64::NAN, 1.0), Some((1, "x")));
        assert_eq!(found(f64::INFINITY, 1.0), Some((1, "x")));
    }

    #[test]
    fn the_file_has_all_that_another_program_needs() {
        let file = serde_json::to_value(model()).unwrap();
        assert_eq!(
            file["outputs"][0]["coefficients"].as_array().unwrap().len(),
            3
        );
        let terms = file["terms"].as_array().unwrap();
        let keys = |term: &serde_json::Value| {
            let keys: Vec<&str> = term
                .as_object()
                .unwrap()
                .keys()
                .map(String::as_str)
                .collect();
            keys.join(" ")
        };
        assert_eq!(keys(&terms[0]), "feature mean scale");
        assert_eq!(keys(&terms[2]), "feature level mean scale");
    }
}
