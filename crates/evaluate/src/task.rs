//! What is to be judged: told by the settings or the label, or seen in the values; and whether the values go with it.

use serde::{Deserialize, Serialize};
use stage::Fault;
pub(crate) use table::roles::Task;

use crate::predictions::Predictions;

/// How far the probabilities of all classes may sum from 1: written with few digits they do not sum to it exactly.
const SUM_TOLERANCE: f64 = 1e-3;

/// Who told the task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Told {
    /// The settings.
    Settings,
    /// The label's metadata.
    Label,
    /// Nobody: the values look like it.
    Values,
}

/// The task of all partitions together.
pub(crate) fn decide(
    setting: Option<Task>,
    partitions: &[&Predictions],
) -> Result<(Task, Told), Fault> {
    if let Some(task) = setting {
        return Ok((task, Told::Settings));
    }
    let mut told = partitions
        .iter()
        .filter_map(|part| Some((part, part.task?)));
    if let Some((first, task)) = told.next() {
        return match told.find(|(_, other)| *other != task) {
            Some((part, other)) => Err(Fault::item(format!(
                "{}: column `label`: expected the task {task} as in `{}`, found {other}",
                part.place, first.place
            ))),
            None => Ok((task, Told::Label)),
        };
    }
    Ok((infer(partitions), Told::Values))
}

fn infer(partitions: &[&Predictions]) -> Task {
    let share = |value: &f64| (0.0..=1.0).contains(value);
    let code = |value: &f64| *value == 0.0 || *value == 1.0;
    if partitions.iter().any(|part| part.per_class) {
        Task::Multiclass
    } else if partitions
        .iter()
        .all(|part| part.labels.iter().all(code) && part.scores.iter().flatten().all(share))
    {
        Task::Binary
    } else {
        Task::Regression
    }
}

/// Makes the predictions those of the task, and checks every label and prediction.
pub(crate) fn check(predictions: &mut Predictions, task: Task) -> Result<(), Fault> {
    if task == Task::Binary && predictions.per_class && predictions.scores.len() == 2 {
        // Both classes were written, as scikit-learn's `predict_proba` gives them: the second is what is asked for.
        predictions.scores.swap_remove(0);
        predictions.baseline.iter_mut().for_each(|baseline| {
            baseline.swap_remove(0);
        });
    }
    let columns = predictions.scores.len();
    let place = &predictions.place;
    match task {
        Task::Multiclass if columns < 2 => {
            let fault = format!("{place}: column `prediction_0` is missing");
            return Err(Fault::item(fault)
                .hint("a multiclass prediction has a column of probabilities per class"));
        }
        Task::Binary | Task::Regression if columns > 1 => {
            return Err(Fault::item(format!(
                "{place}: expected one column `prediction` for the task {task}, found {columns}"
            )));
        }
        _ => {}
    }
    let classes = match task {
        Task::Binary => 2,
        Task::Multiclass => columns,
        Task::Regression => return Ok(()),
    };
    if let Some(names) = predictions
        .classes
        .as_ref()
        .filter(|names| names.len() != classes)
    {
        let known = names.len();
        return Err(Fault::item(format!(
            "{place}: expected predictions of {known} classes as the label has, found {classes}"
        )));
    }
    check_labels(predictions, classes)?;
    check_probabilities(predictions)
}

fn check_labels(predictions: &Predictions, classes: usize) -> Result<(), Fault> {
    let fits = |label: f64| label >= 0.0 && label < classes as f64 && label.fract() == 0.0;
    match predictions.labels.iter().position(|label| !fits(*label)) {
        None => Ok(()),
        Some(row) => {
            let (last, found) = (classes - 1, predictions.labels[row]);
            Err(predictions.fault(
                row,
                format!("column `label`: expected a class from 0 to {last}, found `{found}`"),
            ))
        }
    }
}

fn check_probabilities(predictions: &Predictions) -> Result<(), Fault> {
    for (class, column) in predictions.scores.iter().enumerate() {
        if let Some(row) = column.iter().position(|value| !(0.0..=1.0).contains(value)) {
            let name = if predictions.scores.len() == 1 {
                "prediction".to_owned()
            } else {
                format!("prediction_{class}")
            };
            let message = format!(
                "column `{name}`: expected a probability from 0 to 1, found `{}`",
                column[row]
            );
            return Err(predictions
                .fault(row, message)
                .hint("if the label is a number, set `task` to `regression`"));
        }
    }
    if predictions.scores.len() == 1 {
        return Ok(());
    }
    let sum = |row: usize| {
        predictions
            .scores
            .iter()
            .map(|column| column[row])
            .sum::<f64>()
    };
    match (0..predictions.rows()).find(|row| (sum(*row) - 1.0).abs() > SUM_TOLERANCE) {
        None => Ok(()),
        Some(row) => {
            let message = format!("expected probabilities that sum to 1, found `{}`", sum(row));
            Err(predictions.fault(row, message))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn predictions(labels: &[f64], scores: &[&[f64]]) -> Predictions {
        Predictions {
            place: "test.parquet".to_owned(),
            labels: labels.to_vec(),
            scores: scores.iter().map(|column| column.to_vec()).collect(),
            per_class: scores.len() > 1,
            ..Predictions::default()
        }
    }

    #[track_caller]
    fn check_task(labels: &[f64], scores: &[&[f64]], expected: Task) {
        let found = decide(None, &[&predictions(labels, scores)]).unwrap();
        assert_eq!(found, (expected, Told::Values));
    }

    #[track_caller]
    fn check_fault(task: Task, labels: &[f64], scores: &[&[f64]], expected: &str) {
        let fault = check(&mut predictions(labels, scores), task).unwrap_err();
        assert_eq!(fault.to_string(), expected);
    }

    #[test]
    fn the_task_is_seen_in_the_values_where_nobody_tells_it() {
        check_task(&[0.0, 1.0], &[&[0.2, 1.0]], Task::Binary);
        check_task(&[0.0, 1.0], &[&[0.2, 1.5]], Task::Regression);
        check_task(&[0.0, 2.0], &[&[0.2, 0.5]], Task::Regression);
        check_task(&[0.0], &[&[0.2], &[0.8]], Task::Multiclass);
    }

    #[test]
    fn settings_go_before_the_label_and_the_label_before_the_values() {
        let mut told = predictions(&[0.0], &[&[0.2]]);
        told.task = Some(Task::Regression);
        assert_eq!(
            decide(None, &[&told]).unwrap(),
            (Task::Regression, Told::Label)
        );
        let settings = decide(Some(Task::Binary), &[&told]).unwrap();
        assert_eq!(settings, (Task::Binary, Told::Settings));
    }

    #[test]
    fn partitions_of_different_tasks_are_refused() {
        let mut one = predictions(&[0.0], &[&[0.2]]);
        one.task = Some(Task::Regression);
        let mut other = one.clone();
        other.task = Some(Task::Binary);
        assert!(decide(None, &[&one, &other]).is_err());
    }

    #[test]
    fn labels_and_predictions_must_go_with_the_task() {
        check_fault(
            Task::Binary,
            &[0.0, 2.0],
            &[&[0.2, 0.3]],
            "test.parquet:2: column `label`: expected a class from 0 to 1, found `2`",
        );
        check_fault(
            Task::Binary,
            &[0.0],
            &[&[-0.2]],
            "test.parquet:1: column `prediction`: expected a probability from 0 to 1, found `-0.2`",
        );
        check_fault(
            Task::Multiclass,
            &[0.5],
            &[&[0.2], &[0.8]],
            "test.parquet:1: column `label`: expected a class from 0 to 1, found `0.5`",
        );
        check_fault(
            Task::Multiclass,
            &[1.0],
            &[&[0.2], &[0.5]],
            "test.parquet:1: expected probabilities that sum to 1, found `0.7`",
        );
        check_fault(
            Task::Multiclass,
            &[1.0],
            &[&[0.2]],
            "test.parquet: column `prediction_0` is missing",
        );
        check_fault(
            Task::Regression,
            &[1.0],
            &[&[0.2], &[0.8]],
            "test.parquet: expected one column `prediction` for the task regression, found 2",
        );
    }

    #[test]
    fn of_two_classes_the_second_is_what_is_asked_for() {
        let mut both = predictions(&[1.0], &[&[0.2], &[0.8]]);
        check(&mut both, Task::Binary).unwrap();
        assert_eq!(both.scores, [[0.8]]);
    }
}
