//! Is this program a stage? The contract, clause by clause, tried on any program in any language.
//!
//! `conform [OPTIONS] -- PROGRAM ARGS…`
//!
//! The program is run some dozens of times on copies of an input queue: undisturbed, with other items, torn ones and
//! none, killed and stopped at many moments, on a full disk, beside itself. For each clause of the contract a line says
//! whether it is kept; where it is broken, what was done, expected and found. A clause that cannot be judged says why,
//! and does not count as kept.
//!
//! Notes. A program that prints the JSON Schema of its settings for `--config-schema` is a stage by itself and is
//! started as `PROGRAM ARGS… [OPTIONS] INPUT OUTPUT`. Any other is judged under `adapt`, which keeps much of the
//! contract for it; what it must do itself is tried without `adapt`. Without `--input` the queue is three small raw CSV
//! files. A larger one is only slower to judge. The exit status is 0 if no clause is broken, else 1.

use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use conform::{
    CLAUSES, Candidate, Kind, Mode, NO_PLAIN_RUN, Paint, Report, Settings, Verdict, is_there,
    judge, junit, recognise,
};
use stage::{Blame, Fault, OrBlame};

/// Is this program a stage? Tries the contract on PROGRAM, clause by clause.
#[derive(Debug, clap::Parser)]
#[command(name = "conform", version)]
struct Arguments {
    /// The program and its arguments; INPUT and OUTPUT are added.
    #[arg(last = true, required_unless_present = "list")]
    program: Vec<String>,

    /// A queue to try it on: small, and such as it is made for [default: three CSV files].
    #[arg(long, value_name = "DIR")]
    input: Option<PathBuf>,

    /// The program's settings, a JSON file.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,

    /// A foreign program is given one item at a time.
    #[arg(long)]
    each: bool,

    /// A foreign program is given up to N items at a time.
    #[arg(long, value_name = "N", conflicts_with = "each")]
    batch: Option<u32>,

    /// It is a stage by itself; do not ask it.
    #[arg(long, conflicts_with_all = ["foreign", "each", "batch"])]
    native: bool,

    /// It is a foreign program; do not ask it.
    #[arg(long)]
    foreign: bool,

    /// Where `adapt` is [default: beside this program].
    #[arg(long, value_name = "FILE")]
    adapt: Option<PathBuf>,

    /// Try only these clauses.
    #[arg(long, value_name = "CLAUSE,…", value_delimiter = ',')]
    only: Vec<String>,

    /// How often a run is killed [default: 4 to 24 times, as long as a run takes].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1000))]
    kills: Option<u32>,

    /// The longest that a run may take.
    #[arg(long, value_name = "DURATION", default_value = "2m", value_parser = humantime::parse_duration)]
    timeout: Duration,

    /// Write the verdicts as JUnit XML.
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,

    /// Print the verdicts as JSON.
    #[arg(long)]
    json: bool,

    /// List the clauses and try nothing.
    #[arg(long)]
    list: bool,
}

fn main() -> ExitCode {
    stage::tool(run)
}

fn run(arguments: &Arguments) -> Result<(), Fault> {
    let mut out = std::io::stdout().lock();
    if arguments.list {
        for clause in CLAUSES {
            writeln!(out, "{:<16} {}", clause.id, clause.title)?;
        }
        return Ok(());
    }
    check_clauses(&arguments.only)?;
    let settings = Settings {
        input: arguments.input.clone(),
        only: arguments.only.clone(),
        kills: arguments.kills,
        limit: arguments.timeout,
    };
    let candidate = candidate(arguments)?;
    let paint = Paint(std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none());
    if !arguments.json {
        let on = match &arguments.input {
            Some(input) => format!("on `{}`", input.display()),
            None => "on three small CSV files".to_owned(),
        };
        let program = paint.strong(&candidate.name());
        writeln!(out, "{program}, {}, {on}\n", candidate.how())?;
    }
    let mut hopeless = 0;
    let report = judge(&candidate, &settings, |judged| {
        if judged.verdict == Verdict::Skipped(NO_PLAIN_RUN.to_owned()) {
            hopeless += 1;
        } else if !arguments.json {
            // Nobody listens any more: no reason to stop judging.
            let _ = writeln!(out, "{}", judged.to_text(paint));
        }
    })
    .or_blame(Blame::Input)?;
    if arguments.json {
        writeln!(out, "{:#}", report.to_json())?;
    } else {
        if hopeless > 0 {
            let line = format!("- {hopeless} other clauses: not judged, {NO_PLAIN_RUN}");
            writeln!(out, "  {}", paint.dim(&line))?;
        }
        writeln!(out, "\n{}", report.summary())?;
    }
    if let Some(path) = &arguments.junit {
        fs_err::write(path, junit(std::slice::from_ref(&report)))?;
    }
    verdict(&report)
}

fn verdict(report: &Report) -> Result<(), Fault> {
    let broken = report.ids("failed");
    if broken.is_empty() {
        return Ok(());
    }
    let message = format!("no stage: it breaks {}", broken.join(", "));
    Err(Fault::message(Blame::Failed, message))
}

/// Refuses names of clauses that there are not.
fn check_clauses(names: &[String]) -> Result<(), Fault> {
    let unknown = |name: &&String| CLAUSES.iter().all(|clause| clause.id != name.as_str());
    match names.iter().find(unknown) {
        Some(name) => Err(
            Fault::message(Blame::Usage, format!("there is no clause `{name}`"))
                .hint("`conform --list` lists them"),
        ),
        None => Ok(()),
    }
}

fn candidate(arguments: &Arguments) -> Result<Candidate, Fault> {
    if !is_there(&arguments.program) {
        let name = arguments.program.first().map_or("", String::as_str);
        let message = format!("`{name}` is not a program");
        return Err(Fault::message(Blame::Usage, message));
    }
    let mode = match arguments.batch {
        _ if arguments.each => Mode::Each,
        Some(size) => Mode::Batch(size),
        None => Mode::Whole,
    };
    let kind = if arguments.native {
        Kind::Native
    } else {
        let adapt = adapt(arguments.adapt.as_deref())?;
        let foreign = arguments.foreign || mode != Mode::Whole;
        if foreign {
            Kind::Foreign { adapt, mode }
        } else {
            recognise(&arguments.program, &adapt, mode)?
        }
    };
    Ok(Candidate::new(&arguments.program, kind).config(arguments.config.as_deref()))
}

/// Where `adapt` is: where it is said to be, or beside this program.
fn adapt(given: Option<&Path>) -> Result<PathBuf, Fault> {
    let path = match given {
        Some(path) => std::path::absolute(path)?,
        None => std::env::current_exe()?.with_file_name("adapt"),
    };
    if path.is_file() {
        return Ok(path);
    }
    let message = format!("`{}` is not there", path.display());
    Err(Fault::message(Blame::Usage, message).hint("say where `adapt` is with `--adapt`"))
}
