//! Lays out a project from anyone's files: copies them, infers a schema, guesses the task, writes settings to read.
//!
//! `new [OPTIONS] --label COLUMN PROJECT DATA...`
//!
//! DATA are files, or directories of files, that hold the same columns; they become PROJECT/raw. The settings in
//! PROJECT/config say what was guessed, and PROJECT/README.md says why and what to change:
//!
//! - the schema, from what stands in the data;
//! - what the label is, a value or classes (`--as` says it instead), by its type and how many values it has;
//! - the split: a cut in time where a column holds dates, times or years, else by the hash of a key.
//!
//! With `--pipeline FILE`, a Makefile that includes it is written too, so that `make -C PROJECT` runs the line.
//!
//! Notes. PROJECT appears in one act, when all is written, and must not be there before. Nothing of DATA is changed.

mod guess;
mod layout;
mod profile;
mod readme;
mod settings;
mod split;

use std::path::PathBuf;
use std::process::ExitCode;

use crate::guess::As;

/// Lays out a project from anyone's files.
#[derive(Debug, clap::Parser)]
#[command(name = "new", version)]
struct Arguments {
    /// The column to predict.
    #[arg(long, value_name = "COLUMN")]
    label: String,

    /// What the label is; guessed unless given.
    #[arg(long, value_name = "KIND")]
    r#as: Option<As>,

    /// Where `validate` is; beside this program unless given.
    #[arg(long, value_name = "DIR")]
    bin: Option<PathBuf>,

    /// The wiring a Makefile of the project's own is to include.
    #[arg(long, value_name = "FILE")]
    pipeline: Option<PathBuf>,

    /// The directory to lay out.
    project: PathBuf,

    /// Files, or directories of files.
    #[arg(required = true)]
    data: Vec<PathBuf>,
}

fn main() -> ExitCode {
    stage::tool(layout::lay_out)
}
