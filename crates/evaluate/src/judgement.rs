//! The judgement of a model: all that `metrics.json` says.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use stage::Fault;

use crate::baseline::{self, FittedOn};
use crate::metrics::ranking::Ranking;
use crate::metrics::{Metrics, Weights, binary, multiclass, regression};
use crate::predictions::Predictions;
use crate::settings::{Settings, Threshold};
use crate::task::{self, Task, Told};

/// The version of the format of `metrics.json`.
const VERSION: u32 = 1;

/// The partition on which things are chosen.
pub(crate) const VALIDATION: &str = "validation";
/// The partition on which nothing is chosen.
pub(crate) const TEST: &str = "test";

/// The judgement of a model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Judgement {
    /// The version of this format.
    pub(crate) version: u32,
    /// What was judged.
    pub(crate) task: Task,
    /// Who told it.
    pub(crate) task_from: Told,
    /// The classes in the order of their codes; empty for a regression.
    pub(crate) classes: Vec<String>,
    /// From which probability on a row counts as class 1; for two classes only.
    pub(crate) threshold: Option<Chosen>,
    /// What the constant to compare with was fitted on.
    pub(crate) baseline_from: FittedOn,
    /// The partitions by name.
    pub(crate) partitions: BTreeMap<String, Partition>,
}

/// A threshold, and who chose it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Chosen {
    /// The threshold.
    pub(crate) value: f64,
    /// Whether it has the highest F1 on validation; else it was given.
    pub(crate) best_f1: bool,
}

/// The judgement on one partition.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Partition {
    /// Rows judged.
    pub(crate) rows: u64,
    /// The sum of their weights, if they have any; then the metrics are weighted.
    pub(crate) weight: Option<f64>,
    /// Rows of each class; empty for a regression.
    pub(crate) class_rows: Vec<u64>,
    /// The model's metrics.
    pub(crate) metrics: Metrics,
    /// The same metrics of the constant.
    pub(crate) baseline: Metrics,
    /// Rows by true class (first index) and predicted class; empty for a regression.
    pub(crate) confusion: Vec<Vec<u64>>,
}

/// A judgement with the predictions it is about, the partitions in their order.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) judgement: Judgement,
    pub(crate) predictions: Vec<(&'static str, Predictions)>,
}

impl Judgement {
    pub(crate) fn task(&self) -> Task {
        self.task
    }

    /// The partitions that were judged, in their order.
    pub(crate) fn partitions(&self) -> impl Iterator<Item = (&'static str, &Partition)> {
        [VALIDATION, TEST]
            .into_iter()
            .filter_map(|name| Some((name, self.partitions.get(name)?)))
    }

    /// The partition that counts: test, if it was judged.
    pub(crate) fn last(&self) -> Option<(&'static str, &Partition)> {
        self.partitions().last()
    }
}

/// Judges the predictions of one or both partitions, validation first.
pub(crate) fn judge(
    settings: &Settings,
    mut predictions: Vec<(&'static str, Predictions)>,
) -> Result<Case, Fault> {
    let all: Vec<&Predictions> = predictions.iter().map(|(_, part)| part).collect();
    let (task, task_from) = task::decide(settings.task, &all)?;
    for (_, part) in &mut predictions {
        task::check(part, task)?;
    }
    let classes = classes(task, &predictions)?;
    let baseline_from = complete_baseline(task, &mut predictions);
    let threshold = match task {
        Task::Binary => Some(choose(settings.threshold, &predictions)?),
        Task::Multiclass | Task::Regression => None,
    };
    let partitions = predictions
        .iter()
        .map(|(name, part)| ((*name).to_owned(), partition(task, part, threshold)))
        .collect();
    let judgement = Judgement {
        version: VERSION,
        task,
        task_from,
        classes,
        threshold,
        baseline_from,
        partitions,
    };
    Ok(Case {
        judgement,
        predictions,
    })
}

/// The names of the classes: as the label has them, or their codes.
fn classes(task: Task, predictions: &[(&'static str, Predictions)]) -> Result<Vec<String>, Fault> {
    if task == Task::Regression {
        return Ok(Vec::new());
    }
    let columns = predictions
        .iter()
        .map(|(_, part)| part.scores.len())
        .max()
        .unwrap_or(0);
    if let Some((_, part)) = predictions
        .iter()
        .find(|(_, part)| part.scores.len() != columns)
    {
        let found = part.scores.len();
        return Err(Fault::item(format!(
            "{}: expected predictions of {columns} classes, found {found}",
            part.place
        )));
    }
    let named = predictions
        .iter()
        .find_map(|(_, part)| part.classes.clone());
    Ok(named.unwrap_or_else(|| (0..columns.max(2)).map(|class| class.to_string()).collect()))
}

/// Fills in the constant where the trainer left none.
fn complete_baseline(task: Task, predictions: &mut [(&'static str, Predictions)]) -> FittedOn {
    if predictions.iter().all(|(_, part)| part.baseline.is_some()) {
        return FittedOn::Train;
    }
    let Some((name, first)) = predictions.first() else {
        return FittedOn::Train;
    };
    let fitted_on = if *name == VALIDATION {
        FittedOn::Validation
    } else {
        FittedOn::Test
    };
    let constant = baseline::constant(first, task);
    for (_, part) in predictions {
        baseline::fill(part, &constant);
    }
    fitted_on
}

fn choose(
    threshold: Threshold,
    predictions: &[(&'static str, Predictions)],
) -> Result<Chosen, Fault> {
    let value = match threshold {
        Threshold::At(value) => {
            return Ok(Chosen {
                value,
                best_f1: false,
            });
        }
        Threshold::BestF1 => predictions.iter().find(|(name, _)| *name == VALIDATION),
    };
    let Some((_, part)) = value else {
        let message =
            "`threshold`: `best_f1` is chosen on validation, of which there are no predictions";
        return Err(Fault::settings(message).hint("give a number"));
    };
    let ranking = Ranking::new(
        &part.labels,
        &part.scores[0],
        Weights(part.weights.as_deref()),
    );
    ranking.best_f1().map_or_else(
        || {
            let message = format!("{}: no row of class 1 to choose a threshold by", part.place);
            Err(Fault::item(message).hint("set `threshold` to a number"))
        },
        |value| {
            Ok(Chosen {
                value,
                best_f1: true,
            })
        },
    )
}

fn partition(task: Task, predictions: &Predictions, threshold: Option<Chosen>) -> Partition {
    let weights = Weights(predictions.weights.as_deref());
    let labels = predictions.labels.as_slice();
    let threshold = threshold.map_or(0.5, |chosen| chosen.value);
    let metrics = |scores: &[Vec<f64>]| match task {
        Task::Binary => binary::metrics(labels, &scores[0], weights, threshold),
        Task::Multiclass => multiclass::metrics(labels, scores, weights),
        Task::Regression => regression::metrics(labels, &scores[0], weights),
    };
    let scores = &predictions.scores;
    let confusion: Vec<Vec<f64>> = match task {
        Task::Binary => binary::confusion(labels, &scores[0], Weights(None), threshold)
            .iter()
            .map(|row| row.to_vec())
            .collect(),
        Task::Multiclass => multiclass::confusion(labels, scores, Weights(None)),
        Task::Regression => Vec::new(),
    };
    let rows = |row: &Vec<f64>| row.iter().map(|rows| *rows as u64).collect::<Vec<u64>>();
    let confusion: Vec<Vec<u64>> = confusion.iter().map(rows).collect();
    Partition {
        rows: predictions.rows() as u64,
        weight: predictions
            .weights
            .as_ref()
            .map(|weights| weights.iter().sum()),
        class_rows: confusion.iter().map(|row| row.iter().sum()).collect(),
        metrics: metrics(scores),
        baseline: predictions
            .baseline
            .as_deref()
            .map(metrics)
            .unwrap_or_default(),
        confusion,
    }
}

#[cfg(test)]
mod tests;
