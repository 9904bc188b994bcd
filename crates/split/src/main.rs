//! Sends every row to train, validation or test.
//!
//! `split [OPTIONS] --config FILE FEATURES SPLITS`
//!
//! Settings (`--config FILE`) are the rule, the same file that `featurize` takes as `--split`:
//!
//! - `{"rule": "hash", "columns": ["id"], "shares": {"train": 0.8, "validation": 0.1, "test": 0.1}, "seed": 0}`: by a
//!   row's key, in shares;
//! - `{"rule": "group", …}`: the same, by a column that names a row's group;
//! - `{"rule": "time", "column": "date", "validation_from": "2014-01-25", "test_from": "2014-02-01"}`: cut in time, by a date or
//!   timestamp, or by numbers, the greatest unit first (`"columns": ["year", "month", "day"]`);
//! - `{"rule": "column", "column": "set", "values": {"train": ["a"], "validation": ["b"], "test": ["c"]}}`: by a column that says it.
//!
//! An item `a.parquet` becomes `train/a.parquet`, `validation/a.parquet` and `test/a.parquet`, each only if it has a row.
//!
//! Notes: a row's partition hangs on its own cells and the rule alone. A key hashes by its text, so that `5` is the same key as an
//! integer, a float and a string; rows without a key go together. A row without a time or a value fails its item, unless `missing`
//! names a partition for it.

mod work;

use std::process::ExitCode;

/// Sends every row to train, validation or test.
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
    stage::main(|arguments: &Arguments, rule| work::run(&arguments.options, &rule))
}
