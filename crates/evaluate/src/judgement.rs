//! The judgement of a model: all that `metrics.json` says.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use stage::Fault;

use crate::baseline::{self, FittedOn};
use crate::metrics::ranking::Ranking;
use crate::metrics::{Metrics, Weights, binary, multiclass, regression};
use crate::predictions::Predictions;
use crate::settings::{Settings, TaskName, Threshold};
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
    pub(crate) task: TaskName,
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
        self.task.into()
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
        task: task.into(),
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
mod tests {
    use super::*;

    fn predictions(labels: &[f64], scores: &[f64]) -> Predictions {
        Predictions {
            place: "p.parquet".to_owned(),
            labels: labels.to_vec(),
            scores: vec![scores.to_vec()],
            ..Predictions::default()
        }
    }

    fn both() -> Vec<(&'static str, Predictions)> {
        vec![
            (
                VALIDATION,
                predictions(&[0.0, 1.0, 1.0, 0.0], &[0.1, 0.3, 0.2, 0.25]),
            ),
            (TEST, predictions(&[0.0, 1.0], &[0.1, 0.9])),
        ]
    }

    #[test]
    fn metrics_are_written_under_stable_keys() {
        let case = judge(&Settings::default(), both()).unwrap();
        let json = serde_json::to_value(&case.judgement).unwrap();
        let keys = |value: &serde_json::Value| {
            let keys: Vec<String> = value.as_object().unwrap().keys().cloned().collect();
            keys.join(" ")
        };
        insta::assert_snapshot!(keys(&json), @"baseline_from classes partitions task task_from threshold version");
        let test = &json["partitions"]["test"];
        insta::assert_snapshot!(keys(test), @"baseline class_rows confusion metrics rows weight");
        insta::assert_snapshot!(
            keys(&test["metrics"]),
            @"accuracy auc average_precision brier f1 log_loss precision recall"
        );
        insta::assert_snapshot!(test["confusion"], @"[[1,0],[0,1]]");
    }

    #[test]
    fn a_judgement_is_read_back_as_it_was_written() {
        let judgement = judge(&Settings::default(), both()).unwrap().judgement;
        let text = serde_json::to_string(&judgement).unwrap();
        assert_eq!(serde_json::from_str::<Judgement>(&text).unwrap(), judgement);
    }

    #[test]
    fn without_a_constant_of_train_that_of_validation_is_taken() {
        let case = judge(&Settings::default(), both()).unwrap();
        assert_eq!(case.judgement.baseline_from, FittedOn::Validation);
        assert_eq!(case.predictions[1].1.baseline, Some(vec![vec![0.5, 0.5]]));
        let mut given = both();
        given
            .iter_mut()
            .for_each(|(_, part)| baseline::fill(part, &[0.3]));
        let case = judge(&Settings::default(), given).unwrap();
        assert_eq!(case.judgement.baseline_from, FittedOn::Train);
    }

    #[test]
    fn the_best_threshold_is_chosen_on_validation_and_used_on_test() {
        let settings = Settings {
            threshold: Threshold::BestF1,
            ..Settings::default()
        };
        let judgement = judge(&settings, both()).unwrap().judgement;
        assert_eq!(
            judgement.threshold,
            Some(Chosen {
                value: 0.2,
                best_f1: true
            })
        );
        assert_eq!(judgement.partitions[TEST].metrics["f1"], Some(1.0));
        let test_only = both().split_off(1);
        let fault = judge(&settings, test_only).unwrap_err();
        assert_eq!(fault.blame, stage::Blame::Settings);
    }

    #[test]
    fn a_regression_has_no_classes_and_no_threshold() {
        let part = predictions(&[0.5, 3.0], &[0.4, 3.5]);
        let judgement = judge(&Settings::default(), vec![(TEST, part)])
            .unwrap()
            .judgement;
        assert_eq!(judgement.task(), Task::Regression);
        assert_eq!(judgement.baseline_from, FittedOn::Test);
        assert!(judgement.classes.is_empty() && judgement.threshold.is_none());
    }
}
