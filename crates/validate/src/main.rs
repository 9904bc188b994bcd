//! Checks raw items against a table schema and writes them as Parquet.
//!
//! `validate --config config/validate.json [OPTIONS] RAW VALIDATED`
//!
//! Reads CSV and other delimited text, JSON Lines, JSON arrays, single JSON objects, Parquet and Arrow, each plain, `.gz` or
//! `.zst`, and writes one Parquet file per item with the columns and types of the schema. The schema is a Frictionless
//! Table Schema (version 2):
//!
//! ```json
//! {
//!   "fields": [
//!     {"name": "id", "type": "integer", "constraints": {"required": true}},
//!     {"name": "amount", "type": "number", "groupChar": ",", "bareNumber": false, "constraints": {"minimum": 0}},
//!     {"name": "day", "type": "date", "format": "%d/%m/%Y"}
//!   ],
//!   "missingValues": ["", "NA"],
//!   "primaryKey": "id",
//!   "waystation": {"max_rejected": "0.5%", "read": {"encoding": "latin1"}}
//! }
//! ```
//!
//! A row that breaks it goes to `_rejected/ITEM.jsonl` with file, line, column, rule, expected and found value, and the row. When
//! more of an item's rows do than `max_rejected` allows (a count, or a share: 1 % unless given), the item fails. Columns are
//! matched by name (`fieldsMatch`: `equal` unless given), by position where there is no header.
//!
//! Options of its own:
//!
//! - `--infer INPUT` reads a file or directory and prints a schema for it, to begin with;
//! - `--rows-per-item N` cuts each input into items of N rows: `flights-00000.parquet`, `flights-00001.parquet`, …
//!
//! Notes: `unique`, `uniqueKeys` and `primaryKey` hold within an item (whole rows that repeat across items are `clean`'s to
//! drop) and cost 16 bytes of memory per row and key; otherwise memory does not grow with the rows. `NaN` is a missing value. A
//! profile of all columns is left in `_profile.json`: counts, extremes and moments of all rows, quantiles, frequent values and
//! histograms of a sample where an item has more than 8,192 lines. Years have four digits, booleans are `true` and `false`, `1` and
//! `0` unless the schema says otherwise, datetimes are ISO 8601 with `T` or a blank; a datetime becomes a moment in UTC with
//! `"waystation": {"zone": "utc"}` beside its type.

mod convert;
mod infer;
mod parse;
mod profile;
mod reject;
mod schema;
mod source;
mod unique;
mod work;

use std::num::NonZeroU64;
use std::path::PathBuf;
use std::process::ExitCode;

/// Checks raw items against a table schema and writes them as Parquet.
#[derive(clap::Parser)]
#[command(version)]
struct Arguments {
    #[command(flatten)]
    options: stage::Options,

    /// Print a schema for the files of a directory, or for one file.
    #[arg(long, exclusive = true, value_name = "INPUT")]
    infer: Option<PathBuf>,

    /// Cut each input into items of so many rows.
    #[arg(long, value_name = "N")]
    rows_per_item: Option<NonZeroU64>,
}

impl AsRef<stage::Options> for Arguments {
    fn as_ref(&self) -> &stage::Options {
        &self.options
    }
}

fn main() -> ExitCode {
    table::memory::keep();
    stage::main(|arguments: &Arguments, schema| match &arguments.infer {
        Some(input) => infer::print(input),
        None => work::run(&arguments.options, &schema, arguments.rows_per_item),
    })
}
