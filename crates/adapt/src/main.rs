//! Runs any program as a stage.
//!
//! `adapt [OPTIONS] INPUT OUTPUT -- PROGRAM ARGS…`
//!
//! The program is started as `PROGRAM ARGS… INPUT OUTPUT`. INPUT is a directory of links to the items to do, all of
//! them or, with `--each`, one at a time; OUTPUT is an empty directory. What the program leaves there is taken over
//! when it ends with 0; 75 and death by a signal are the machine's fault and tried again; any other status makes a
//! dead letter, with the end of the program's stderr as the reason.
//!
//! Notes. Everything the program is given is part of the key: its arguments, the settings, the content of the
//! executable and of each argument that names a file. Name further files (modules, requirements) by
//! `--program-file`. With `--each` outputs are named after their item: `a.parquet`, `a-00000.parquet`,
//! `_rejected/a.jsonl` for the item `a.csv`. In the program's environment are WAYSTATION_STAGE (the stage's name),
//! WAYSTATION_CONFIG (the settings file, where there is one) and, without `--each`, WAYSTATION_CHECKPOINT (a
//! directory that survives a killed run and is offered again for the same work only).

mod child;
mod program;
mod scratch;
mod tail;
mod work;

use std::path::PathBuf;
use std::process::ExitCode;

use stage::Options;

/// Runs any program as a stage: PROGRAM ARGS… INPUT OUTPUT.
#[derive(Debug, clap::Parser)]
#[command(name = "adapt", version)]
struct Arguments {
    #[command(flatten)]
    options: Options,

    /// The program and its arguments; INPUT and OUTPUT are added.
    #[arg(last = true, required = true)]
    program: Vec<String>,

    /// Start the program once for each item instead of once for the whole queue.
    #[arg(long)]
    each: bool,

    /// INPUT is any directory of files; it needs no manifest.
    #[arg(long)]
    raw: bool,

    /// The stage's name [default: adapt].
    #[arg(
        long,
        value_name = "NAME",
        default_value = "adapt",
        hide_default_value = true
    )]
    name: String,

    /// A further file that is part of the program; may be given several times.
    #[arg(long, value_name = "FILE")]
    program_file: Vec<PathBuf>,
}

impl AsRef<Options> for Arguments {
    fn as_ref(&self) -> &Options {
        &self.options
    }
}

fn main() -> ExitCode {
    stage::main(work::run)
}
