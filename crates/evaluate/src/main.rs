//! Judges predictions and writes metrics and a report.
//!
//! `evaluate [OPTIONS] MODELS REPORTS`
//!
//! Reads `predictions/validation.parquet` and `predictions/test.parquet` of a queue of models: a column `label`, a
//! column `prediction` (the probability of class 1, or the number) or `prediction_0`, `prediction_1`, … (a
//! probability per class), and if there is one a column `weight`. How the model is stored, and what trained it, does
//! not matter. Writes
//!
//! - `metrics.json`: the metrics of the task on validation and test, beside those of a constant prediction;
//! - `report.html`: the same for people, with pictures, in one file.
//!
//! and prints the metrics. Settings (`--config FILE`, all optional): `task` (`binary`, `multiclass`, `regression`)
//! where the label does not say it, `threshold` (a number, or `"best_f1"`: chosen on validation) and `title`.
//!
//! Notes: a threshold is never chosen on test. Learning curves and feature importances are shown if the trainer
//! left a `training.json`.

mod baseline;
mod curves;
mod judgement;
mod metrics;
mod page;
mod predictions;
mod settings;
mod summary;
mod task;
mod training;
mod work;

use std::process::ExitCode;

/// Judges predictions and writes metrics and a report.
#[derive(clap::Parser)]
#[command(version)]
struct Arguments {
    #[command(flatten)]
    options: stage::Options,
}

impl AsRef<stage::Options> for Arguments {
    fn as_ref(&self) -> &stage::Options {
        &self.options
    }
}

fn main() -> ExitCode {
    table::memory::keep();
    stage::main(|arguments: &Arguments, settings| work::run(&arguments.options, settings))
}
