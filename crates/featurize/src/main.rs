//! Turns cleaned columns into features, fitted on train rows only.
//!
//! `featurize [OPTIONS] --config FILE --split FILE CLEANED FEATURES`
//!
//! Settings (`--config FILE`):
//!
//! - `label`: `{"column": "arr_delay", "as": {"above": 15}}`; `as` is `"value"`, `"classes"` or `{"above": x}`, and classes may
//!   have a `positive` one and an order (`classes`);
//! - `missing_label`: `"error"` (default) or `"keep"`;
//! - `weight`, `key`, `slice`, `time`: columns carried along for what comes later;
//! - `drop`: columns that are no features;
//! - `features`: `"auto"` (default), or a list of `{"columns": [...], "transforms": [...]}`, where the column `"*"` is all that
//!   nothing else names.
//!
//! Transforms have scikit-learn's meaning and names of settings: `passthrough`, `log1p`, `impute`, `standard_scale`,
//! `min_max_scale`, `robust_scale`, `quantile_bins`, `one_hot`, `ordinal`, `hashing`, `date_parts`, `target_encode`, each as
//! a word or with settings (`{"impute": {"strategy": "median"}}`). A chain of numbers may take logarithms, impute once, and end with one scale or bins; one of
//! categories may impute and ends with one encoder. `auto` picks by type what trees want: numbers and their gaps as they are, text and
//! booleans as codes, dates as their parts; it leaves out what is constant in train, what numbers the rows, and text that
//! differs in most of them.
//!
//! `--split` is the rule by which `split` will set train rows apart (`config/split.json`): everything is fitted on those.
//! What was fitted, and what `auto` picked, is kept in `_transform.json`.
//!
//! Notes: rows are never added or dropped. NaN is missing. Categories are at most 100,000 a column, in lexical order
//! (whole numbers by size). Quantiles are exact up to 4,096 different values and to about 0.4 % beyond.

use std::path::PathBuf;
use std::process::ExitCode;

/// Turns cleaned columns into features, fitted on train rows only.
#[derive(clap::Parser)]
#[command(version)]
struct Arguments {
    #[command(flatten)]
    options: stage::Options,

    /// The split rule: what is fitted, is fitted on its train rows.
    #[arg(long, value_name = "FILE", required_unless_present = "config_schema")]
    split: Option<PathBuf>,
}

impl AsRef<stage::Options> for Arguments {
    fn as_ref(&self) -> &stage::Options {
        &self.options
    }
}

fn main() -> ExitCode {
    table::memory::keep();
    stage::main(|arguments: &Arguments, settings| {
        let split = arguments.split.clone().unwrap_or_default();
        featurize::run(
            env!("CARGO_BIN_NAME"),
            &arguments.options,
            &settings,
            &split,
        )
    })
}
