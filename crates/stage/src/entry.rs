//! The way in: from the command line to an exit status.

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::SystemTime;

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::clock::rfc3339;
use crate::fault::{Blame, Fault, status};
use crate::history;
use crate::manual;
use crate::options::{LogFormat, Options};
use crate::settings;

/// What a stage may be pointed at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reads {
    /// Any directory of files, or a complete queue.
    Raw,
    /// A complete queue only.
    Queue,
}

/// A stage, besides its work.
#[derive(Clone, Debug)]
pub struct Definition {
    pub(crate) name: String,
    pub(crate) reads: Reads,
    pub(crate) settings: serde_json::Value,
    pub(crate) programs: Vec<PathBuf>,
}

impl Definition {
    /// A stage of this name (`env!("CARGO_BIN_NAME")`). The settings are all that the result depends on besides
    /// the input and the program: they are part of every item's key.
    pub fn new(name: &str, reads: Reads, settings: &impl Serialize) -> Self {
        let settings = serde_json::to_value(settings).unwrap_or_default();
        Self {
            name: name.to_owned(),
            reads,
            settings,
            programs: Vec::new(),
        }
    }

    /// Files that are the program, instead of the running executable.
    #[must_use]
    pub fn programs(mut self, programs: Vec<PathBuf>) -> Self {
        self.programs = programs;
        self
    }

    /// The files that are the program.
    pub(crate) fn program_files(&self) -> io::Result<Vec<PathBuf>> {
        if self.programs.is_empty() {
            return Ok(vec![std::env::current_exe()?]);
        }
        Ok(self.programs.clone())
    }
}

/// For a stage that has no settings.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NoSettings {}

/// Parses the command line, reads the settings (`{}` where no `--config` is given), calls `run`, prints its
/// error once and turns it into an exit status.
pub fn main<A, S>(run: impl FnOnce(&A, S) -> Result<(), Fault>) -> ExitCode
where
    A: clap::Parser + AsRef<Options>,
    S: DeserializeOwned + JsonSchema,
{
    let run = |arguments: &A| {
        start(arguments, run).inspect_err(|fault| history::refuse(arguments.as_ref(), fault))
    };
    enter(run, |arguments| arguments.as_ref().log_format)
}

/// The same for a program that is no stage, and has neither settings nor a queue to write.
pub fn tool<A: clap::Parser>(run: impl FnOnce(&A) -> Result<(), Fault>) -> ExitCode {
    enter(run, |_| LogFormat::Text)
}

fn enter<A: clap::Parser>(
    run: impl FnOnce(&A) -> Result<(), Fault>,
    log_format: impl FnOnce(&A) -> LogFormat,
) -> ExitCode {
    // For `make install`; no user's business, so `--help` keeps quiet about it.
    if std::env::args_os().skip(1).eq(["--manual-page"]) {
        return match manual::write(A::command(), io::stdout().lock()) {
            Ok(()) => ExitCode::SUCCESS,
            Err(_) => ExitCode::from(status::IO),
        };
    }
    let arguments = match A::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { status::USAGE } else { 0 });
        }
    };
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            report::<A>(log_format(&arguments), &fault);
            ExitCode::from(fault.status())
        }
    }
}

fn start<A, S>(arguments: &A, run: impl FnOnce(&A, S) -> Result<(), Fault>) -> Result<(), Fault>
where
    A: AsRef<Options>,
    S: DeserializeOwned + JsonSchema,
{
    let options = arguments.as_ref();
    if options.config_schema {
        writeln!(io::stdout(), "{}", settings::schema::<S>())?;
        return Ok(());
    }
    let settings = match &options.config {
        Some(path) => settings::read(path)?,
        None => settings::parse(b"{}", "settings").map_err(|fault| {
            if fault.hint.is_some() {
                fault
            } else {
                fault.hint("give a settings file with `--config FILE`")
            }
        })?,
    };
    run(arguments, settings)
}

fn report<A: clap::Parser>(form: LogFormat, fault: &Fault) {
    let name = A::command().get_name().to_owned();
    let mut stderr = io::stderr().lock();
    if form == LogFormat::Json {
        let event = json!({
            "event": "error", "stage": name, "reason": fault.to_string(), "hint": fault.hint,
            "status": fault.status(), "time": rfc3339(SystemTime::now()),
        });
        let _ = writeln!(stderr, "{event}");
        return;
    }
    let _ = writeln!(stderr, "{name}: {fault}");
    if let Some(hint) = &fault.hint {
        let _ = writeln!(stderr, "hint: {hint}");
    }
    if fault.blame == Blame::Program {
        let _ = writeln!(
            stderr,
            "hint: this is an error in {name} itself; please report it"
        );
    }
}
