//! Runs any program as a stage.
//!
//! `adapt [OPTIONS] INPUT OUTPUT -- PROGRAM ARGS…`
//!
//! The program is started as `PROGRAM ARGS… INPUT OUTPUT`. INPUT is a directory of links to the items to do: all of
//! them, with `--each` one, with `--batch N` up to N at a time. OUTPUT is an empty directory. What the program leaves
//! there is taken over when it ends with 0. 75, or a status of `--retry-on`, and a signal from outside are the
//! machine's fault and tried again; a crash is tried again and then poison; any other status makes a dead letter, with
//! the end of the program's stderr as the reason. When a batch fails, each of its items is tried alone.
//!
//! Notes. Everything the program is given is part of the key: its arguments, the settings, the content of the
//! executable and of each argument that names a file. Name further files (modules, requirements) by
//! `--program-file`. With `--each` and `--batch` outputs are named after their item: `a.parquet`, `a-00000.parquet`,
//! `_rejected/a.jsonl` for the item `a.csv`. The program runs in a process group of its own, of which nothing is left
//! when it ends, when its time is over or when `adapt` dies. It must not write into INPUT: that is noticed.
//!
//! In the program's environment:
//!
//! | variable | what it holds |
//! |---|---|
//! | WAYSTATION_STAGE | the stage's name |
//! | WAYSTATION_CONFIG | the settings file, where there is one |
//! | WAYSTATION_ITEM | with `--each`, the item's name |
//! | WAYSTATION_ATTEMPT | which try it is in this run, from 1 |
//! | WAYSTATION_THREADS | how many threads it may use |
//! | WAYSTATION_CHECKPOINT | for the whole queue only: a directory that survives a killed run and is offered again for the same work only |
//! | WAYSTATION_COUNTS | a file to which it may append row counts, a line for each item: `{"item": "a.csv", "read": 3, "written": 2, "dropped": {"late": 1}}` |

mod bytes;
mod child;
mod counts;
mod environment;
mod launcher;
mod limits;
mod narrow;
mod outputs;
mod program;
mod tail;
mod verdict;
mod view;
mod watchdog;
mod work;

use std::path::PathBuf;
use std::process::ExitCode;

use stage::Options;

use bytes::Bytes;

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

    /// Start the program for up to N items at a time; when it fails, for each of them alone.
    #[arg(long, value_name = "N", conflicts_with = "each", value_parser = clap::value_parser!(u32).range(1..))]
    batch: Option<u32>,

    /// When the program fails on the whole queue, find out over which items it fails alone.
    #[arg(long, conflicts_with_all = ["each", "batch"])]
    narrow: bool,

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

    /// A further file that is part of the program, or a folder of them; may be given several times.
    #[arg(long, value_name = "FILE")]
    program_file: Vec<PathBuf>,

    /// Exit statuses of the program that ask for another try.
    #[arg(long, value_name = "STATUS,…", value_delimiter = ',', default_value = "75", value_parser = clap::value_parser!(u8).range(1..))]
    retry_on: Vec<u8>,

    /// The memory that each process of the program may use: `2G`, `512M` [default: no limit].
    #[arg(long, value_name = "BYTES")]
    memory_limit: Option<Bytes>,

    /// How much the program may write, each time it is started: `10G` [default: no limit].
    #[arg(long, value_name = "BYTES")]
    output_limit: Option<Bytes>,
}

impl AsRef<Options> for Arguments {
    fn as_ref(&self) -> &Options {
        &self.options
    }
}

fn main() -> ExitCode {
    if watchdog::is_asked_for() {
        return watchdog::watch();
    }
    if launcher::is_asked_for() {
        return launcher::launch();
    }
    stage::main(work::run)
}
