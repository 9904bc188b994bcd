//! Trains a model on the train partition and predicts validation and test.
//!
//! `train [OPTIONS] SPLITS MODELS`
//!
//! Reads the folders `train/`, `validation/` and `test/` of a queue of splits. Columns tell by their roles what they
//! are: `feature`, `label`, `weight`; `key`, `slice` and `time` are carried along. Writes
//!
//! - `model.txt`, boosted trees in LightGBM's text format, or `model.json`, a linear model or a constant;
//! - `training.json`: how the training went, and which features matter;
//! - `predictions/validation.parquet` and `predictions/test.parquet`: a row for each row of the partition, with
//!   `label`, `weight`, `prediction` (the probability of class 1, or the number) or `prediction_0`, `prediction_1`, …
//!   (a probability per class), the same of a constant fitted on train as `baseline…`, the carried columns, and
//!   `item` and `row` (from 0): where in the partition the row is.
//!
//! Settings (`--config FILE`, all optional): `model` (`trees`, `linear` or `baseline`), `task` (where the label does
//! not say it), and under `trees` and `linear` their parameters, those of trees under LightGBM's names.
//!
//! Notes: a training that was killed goes on from its last checkpoint and gives the same bytes as if it never had
//! been. The clock decides when a checkpoint is saved, and nothing else.

mod checkpoint;
mod columns;
mod linear;
mod model;
mod predictions;
mod rows;
mod settings;
mod survey;
mod target;
mod training;
mod trees;
mod work;

use std::process::ExitCode;
use std::time::Duration;

/// Trains a model on the train partition and predicts validation and test.
#[derive(clap::Parser)]
#[command(version)]
struct Arguments {
    #[command(flatten)]
    options: stage::Options,

    /// Save a checkpoint after so much time …
    #[arg(long, value_name = "DURATION", default_value = "30s", value_parser = humantime::parse_duration)]
    checkpoint_every: Duration,

    /// … or after so many rounds, whichever comes first.
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..))]
    checkpoint_rounds: u32,
}

impl AsRef<stage::Options> for Arguments {
    fn as_ref(&self) -> &stage::Options {
        &self.options
    }
}

fn main() -> ExitCode {
    table::memory::keep();
    stage::main(|arguments: &Arguments, settings| {
        let pace = checkpoint::Pace::new(arguments.checkpoint_every, arguments.checkpoint_rounds);
        work::run(&arguments.options, settings, pace)
    })
}
