//! Cleans every row by fixed rules.
//!
//! `clean [OPTIONS] INPUT OUTPUT`
//!
//! INPUT is a complete queue of Parquet items, as `validate` writes it. The rules stand in `--config FILE`, in the
//! order they are applied: `trim`, `case`, `replace`, `replace_pattern`, `missing`, `number`, `date`, `make_date`,
//! `cast`, `clip`, `rename`, `drop_columns`, `keep_columns`, `drop_rows`, `drop_duplicates`. Nothing is learnt from
//! the data, so a row comes out the same whatever stands beside it, `drop_duplicates` excepted: it compares rows
//! across all items, and the first in item order stays (8 bytes of memory a row, 64 MiB at most).
//!
//! A value that a rule cannot read sets its row aside in `_rejected/STEM.jsonl` (`"on_error": "reject"`), becomes
//! missing (`"missing"`) or fails the item (`"fail"`). An item with more than the share `max_rejected` of such rows
//! fails. Dropped rows are counted by reason in the manifest. Without
//! rules every row passes unchanged: an item becomes a second name of the file it was, and nothing is copied.

mod clean;
mod columns;
mod compare;
mod condition;
mod duplicates;
mod literal;
mod place;
mod plan;
mod rejects;
mod rows;
mod rules;
mod settings;
#[cfg(test)]
mod tests;
mod unread;

use std::process::ExitCode;

use clap::Parser;

/// Cleans every row by fixed rules.
#[derive(Parser)]
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
    stage::main(|arguments: &Arguments, settings: settings::Settings| {
        clean::run(&arguments.options, &settings)
    })
}
