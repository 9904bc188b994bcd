//! Says where a line of stages stopped, why, and what to type next: one screen, from files alone.
//!
//! `status [OPTIONS] [PROJECT]`
//!
//! - `--watch` draws it again each second, until `q`.
//! - `--age` counts waiting items by how long they have waited, in minutes.
//! - `--check` prints what somebody has to look at and ends with 1 if there is anything: a run that stopped or failed, one that
//!   has not moved for `--stalled-after`, an item that has waited for longer than `--max-age`. For cron.
//! - `--openmetrics FILE` writes the numbers for a node exporter, beside whatever else is asked.
//! - `--json` prints the same for programs; `--json-schema` describes it. Fields are only ever added.
//! - `--stage COMMAND`, once for each stage in line order, names the line, so that stages that never ran are shown and a
//!   changed command is noticed; `make status` gives them. Without, the queues in PROJECT tell who reads whom.
//! - `--make COMMAND` is how queues are made, for what to type next.
//!
//! `status why STAGE [ITEM] [--project DIR]`
//!
//! Says which part of the key changed, of a stage or of one item of its input: input bytes, a setting with its old and new value,
//! the program, what was fitted, what comes before; or why nothing will be done.
//!
//! `status lineage FILE`
//!
//! Follows a model, a report or any item back to the raw files, and reads every file on the way: is it what it was? Ends with 1
//! if one is not.
//!
//! Notes. Nothing is changed, no lock is held, no daemon is asked: it works after a power cut and on a copy of the project. Counts are
//! items of a stage's input; `rejected` are rows. `moved` is the time since something was last done, in a complete queue since it
//! was completed. Of raw files that were touched, at most 64 MiB are read to see whether they are changed.

mod assess;
mod because;
mod by_age;
mod check;
mod digests;
mod failures;
mod lineage;
mod model;
mod openmetrics;
mod runs;
mod screen;
mod settings;
mod stopped;
mod style;
mod survey;
mod text;
mod watch;
mod why;
mod wiring;
mod work;

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use stage::{Blame, Fault};

use crate::model::Line;
use crate::style::Style;
use crate::survey::Question;

/// Says where a line of stages stopped, why, and what to type next.
#[derive(Debug, clap::Parser)]
#[command(name = "status", version, args_conflicts_with_subcommands = true)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,

    /// The project: the directory of the queues.
    #[arg(default_value = ".")]
    project: PathBuf,

    /// The command of a stage; once for each, in line order.
    #[arg(long = "stage", value_name = "COMMAND", global = true)]
    stages: Vec<String>,

    /// How queues are made: `make PROJECT=demo`.
    #[arg(long, value_name = "COMMAND", global = true)]
    make: Option<String>,

    /// Draw it again each second, until `q`.
    #[arg(long, conflicts_with_all = ["json", "check", "openmetrics"])]
    watch: bool,

    /// Count waiting items by how long they have waited, in minutes.
    #[arg(long, conflicts_with_all = ["json", "check"])]
    age: bool,

    /// Print JSON.
    #[arg(long, conflicts_with = "check")]
    json: bool,

    /// Print the JSON Schema of what `--json` prints.
    #[arg(long)]
    json_schema: bool,

    /// Write a text file for a node exporter.
    #[arg(long, value_name = "FILE")]
    openmetrics: Option<PathBuf>,

    /// Print only what somebody has to look at, and end with 1 if there is anything.
    #[arg(long)]
    check: bool,

    /// With `--check`: an item may wait for so long [default: for ever].
    #[arg(long, value_name = "DURATION", value_parser = humantime::parse_duration)]
    max_age: Option<Duration>,

    /// A run that has not moved for so long is stalled.
    #[arg(long, value_name = "DURATION", default_value = "15m", value_parser = humantime::parse_duration)]
    stalled_after: Duration,
}

/// Questions about one stage or one file.
#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Say which part of the key of a stage or an item changed, or why nothing will be done.
    Why {
        /// The stage, or the queue it writes.
        stage: String,
        /// An item of its input.
        item: Option<String>,
        /// The project: the directory of the queues.
        #[arg(long, value_name = "DIR", default_value = ".")]
        project: PathBuf,
    },
    /// Follow a file back to the raw files it was made from, by digest.
    Lineage {
        /// A file that a stage has written.
        file: PathBuf,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
}

fn main() -> ExitCode {
    stage::tool(run)
}

fn run(arguments: &Arguments) -> Result<(), Fault> {
    if arguments.json_schema {
        return print(&json(&schemars::schema_for!(Line)));
    }
    let question = Question {
        project: arguments.project.clone(),
        commands: arguments.stages.clone(),
        make: arguments.make.clone(),
        stalled_after: arguments.stalled_after,
    };
    let style = Style::of_stdout();
    match &arguments.command {
        Some(Command::Why {
            stage,
            item,
            project,
        }) => {
            let question = Question {
                project: project.clone(),
                ..question
            };
            return print(&why::explain(&question, stage, item.as_deref(), style)?);
        }
        Some(Command::Lineage {
            file,
            json: as_json,
        }) => {
            let lineage = lineage::trace(file)?;
            print(&if *as_json {
                json(&lineage)
            } else {
                lineage.in_words()
            })?;
            return lineage.check();
        }
        None => {}
    }
    let draw = |line: &Line| match arguments.age {
        true => by_age::draw(line, style),
        false => screen::draw(line, style),
    };
    if arguments.watch {
        return watch::run(|| Ok(draw(&survey::line(&question)?)));
    }
    let line = survey::line(&question)?;
    if let Some(path) = &arguments.openmetrics {
        openmetrics::write(&line, path)?;
    }
    if arguments.check {
        let alarms = check::alarms(&line, arguments.max_age.map(|age| age.as_secs()));
        return report(&alarms);
    }
    print(&if arguments.json {
        json(&line)
    } else {
        draw(&line)
    })
}

fn report(alarms: &[String]) -> Result<(), Fault> {
    print(
        &alarms
            .iter()
            .map(|alarm| text::plain(alarm) + "\n")
            .collect::<String>(),
    )?;
    match alarms.len() as u64 {
        0 => Ok(()),
        number => {
            let message = format!("{} to look at", text::plural(number, "thing"));
            Err(Fault::message(Blame::Failed, message))
        }
    }
}

fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default() + "\n"
}

fn print(text: &str) -> Result<(), Fault> {
    match std::io::stdout().lock().write_all(text.as_bytes()) {
        // Who reads has read enough: `status | head`.
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => {}
        written => written?,
    }
    Ok(())
}
