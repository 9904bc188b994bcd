//! The options that all stages share.

use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::time::Duration;

use crate::allowance::Allowance;
use crate::fault::{Blame, Fault};

/// The options of every stage: `STAGE [OPTIONS] INPUT OUTPUT`.
#[derive(Clone, Debug, clap::Args)]
pub struct Options {
    /// The queue to read.
    #[arg(required = true)]
    input: Option<PathBuf>,

    /// The queue to write.
    #[arg(required = true)]
    output: Option<PathBuf>,

    /// The stage's settings, a JSON file.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,

    /// Items processed at the same time [default: the number of processors].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub jobs: Option<u16>,

    /// How often an item is tried again after a fault of the machine.
    #[arg(long, value_name = "N", default_value_t = 3)]
    pub retries: u32,

    /// The wait before the first retry; it doubles each time, up to a minute.
    #[arg(long, value_name = "DURATION", default_value = "1s", value_parser = humantime::parse_duration)]
    pub backoff: Duration,

    /// The time an item may take, each time it is tried [default: no limit].
    #[arg(long, value_name = "DURATION", value_parser = humantime::parse_duration)]
    pub timeout: Option<Duration>,

    /// Commit without failed items, up to this many (`3`) or this share (`1%`).
    #[arg(long, value_name = "N|P%", default_value = "0")]
    pub max_failed: Allowance,

    /// Do everything again, also what is done or has failed for good.
    #[arg(long)]
    pub force: bool,

    /// Print each item with the reason why it would be processed, and do nothing.
    #[arg(long)]
    pub dry_run: bool,

    /// How to report where stderr is not a terminal.
    #[arg(long, value_enum, default_value_t = LogFormat::Text, value_name = "FORMAT")]
    pub log_format: LogFormat,

    /// Report nothing but errors.
    #[arg(long, short)]
    pub quiet: bool,

    /// Print the JSON Schema of the settings.
    #[arg(long, exclusive = true)]
    pub config_schema: bool,
}

impl Options {
    /// The queue to read.
    pub fn input(&self) -> Result<&Path, Fault> {
        required(self.input.as_deref(), "INPUT")
    }

    /// The queue to write.
    pub fn output(&self) -> Result<&Path, Fault> {
        required(self.output.as_deref(), "OUTPUT")
    }

    /// How many threads the run may use.
    pub fn threads(&self) -> usize {
        /// Asked once: the answer is in files of the system.
        static AVAILABLE: LazyLock<usize> =
            LazyLock::new(|| std::thread::available_parallelism().map_or(1, usize::from));
        self.jobs.map_or_else(|| *AVAILABLE, usize::from)
    }
}

impl AsRef<Options> for Options {
    fn as_ref(&self) -> &Options {
        self
    }
}

fn required<'a>(path: Option<&'a Path>, name: &str) -> Result<&'a Path, Fault> {
    path.ok_or_else(|| Fault::message(Blame::Usage, format!("{name} is missing")))
}

/// How a run reports where stderr is not a terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum LogFormat {
    /// Lines for people.
    Text,
    /// JSON Lines for programs.
    Json,
}
