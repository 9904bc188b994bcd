//! The metrics of each task: pure functions of labels, predictions and weights.

pub(crate) mod binary;
pub(crate) mod multiclass;
pub(crate) mod ranking;
pub(crate) mod regression;

use std::collections::BTreeMap;

use report::number;

use crate::task::Task;

/// Values by key. A metric that is not defined (AUC of one class) has none.
pub(crate) type Metrics = BTreeMap<String, Option<f64>>;

/// What is known of a metric besides its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Spec {
    /// The key in `metrics.json`.
    pub(crate) key: &'static str,
    /// The name for people.
    pub(crate) title: &'static str,
    /// What it says, in a few words.
    pub(crate) about: &'static str,
    /// Which values are better.
    pub(crate) better: &'static str,
    /// Whether its values are in the label's unit, of any size; else four decimals say enough.
    pub(crate) in_units: bool,
}

impl Spec {
    /// A value with the digits that matter.
    pub(crate) fn format(self, value: Option<&Option<f64>>) -> String {
        let value = value.copied().flatten().unwrap_or(f64::NAN);
        if self.in_units {
            number::significant(value, 4)
        } else {
            number::fixed(value, 4)
        }
    }
}

const BINARY: [Spec; 8] = [
    higher("auc", "AUC", "area under the ROC curve"),
    higher(
        "average_precision",
        "Average precision",
        "area under the precision–recall curve",
    ),
    lower("log_loss", "Log loss", "mean negative log likelihood"),
    lower(
        "brier",
        "Brier score",
        "mean squared error of the probability",
    ),
    higher(
        "accuracy",
        "Accuracy",
        "share of right answers at the threshold",
    ),
    higher("f1", "F1", "harmonic mean of precision and recall"),
    higher(
        "precision",
        "Precision",
        "share of positives among those called positive",
    ),
    higher("recall", "Recall", "share of positives that are found"),
];

const MULTICLASS: [Spec; 3] = [
    lower("log_loss", "Log loss", "mean negative log likelihood"),
    higher("accuracy", "Accuracy", "share of right answers"),
    higher("macro_f1", "Macro F1", "mean of the classes' F1"),
];

const REGRESSION: [Spec; 4] = [
    in_units("rmse", "RMSE", "root of the mean squared error"),
    in_units("mae", "MAE", "mean absolute error"),
    higher("r2", "R²", "share of the variance explained"),
    in_units(
        "median_absolute_error",
        "Median AE",
        "half of the errors are smaller",
    ),
];

const fn higher(key: &'static str, title: &'static str, about: &'static str) -> Spec {
    Spec {
        key,
        title,
        about,
        better: "higher",
        in_units: false,
    }
}

const fn lower(key: &'static str, title: &'static str, about: &'static str) -> Spec {
    Spec {
        key,
        title,
        about,
        better: "lower",
        in_units: false,
    }
}

const fn in_units(key: &'static str, title: &'static str, about: &'static str) -> Spec {
    Spec {
        key,
        title,
        about,
        better: "lower",
        in_units: true,
    }
}

/// The metrics of a task, the most telling first.
pub(crate) fn specs(task: Task) -> &'static [Spec] {
    match task {
        Task::Binary => &BINARY,
        Task::Multiclass => &MULTICLASS,
        Task::Regression => &REGRESSION,
    }
}

/// Values under their keys; what is not a number is not defined.
pub(crate) fn collect<'a>(values: impl IntoIterator<Item = (&'a str, f64)>) -> Metrics {
    values
        .into_iter()
        .map(|(key, value)| {
            (
                key.to_owned(),
                Some(value).filter(|value| value.is_finite()),
            )
        })
        .collect()
}

/// Weights that may be absent: then each row weighs 1.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Weights<'a>(pub(crate) Option<&'a [f64]>);

impl Weights<'_> {
    pub(crate) fn of(self, row: usize) -> f64 {
        self.0.map_or(1.0, |weights| weights[row])
    }

    pub(crate) fn sum(self, rows: usize) -> f64 {
        self.0.map_or(rows as f64, |weights| weights.iter().sum())
    }

    /// The weighted mean of a value of each row.
    pub(crate) fn mean(self, rows: usize, value: impl Fn(usize) -> f64) -> f64 {
        let sum: f64 = (0..rows).map(|row| self.of(row) * value(row)).sum();
        sum / self.sum(rows)
    }
}

/// A quotient that is 0 where there is nothing to divide by, as scikit-learn has it for precision, recall and F1.
pub(crate) fn quotient(part: f64, whole: f64) -> f64 {
    if whole > 0.0 { part / whole } else { 0.0 }
}

/// A probability away from 0 and 1, as scikit-learn's `log_loss` clips it.
pub(crate) fn clip(probability: f64) -> f64 {
    probability.clamp(f64::EPSILON, 1.0 - f64::EPSILON)
}

#[cfg(test)]
pub(crate) mod testing {
    //! One way to make up data, here and in scikit-learn, and one way to compare.

    /// So many numbers in [0, 1) from a linear congruential generator, which is a line of Python too.
    pub(crate) fn numbers(seed: u64, count: usize) -> Vec<f64> {
        let mut state = seed;
        let mut next = || {
            state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
            state as f64 / 2_147_483_648.0
        };
        (0..count).map(|_| next()).collect()
    }

    /// Equal but for the last digits.
    #[track_caller]
    pub(crate) fn close(found: f64, expected: f64) {
        let distance = (found - expected).abs() / expected.abs().max(1.0);
        assert!(distance < 1e-12, "expected {expected}, found {found}");
    }
}
