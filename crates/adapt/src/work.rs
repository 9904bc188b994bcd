//! A foreign program as the work of a stage.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Serialize;
use serde_json::{Map, Value};
use stage::{Definition, Fault, Item, ItemStage, Output, Queue, QueueStage, Reads};

use crate::Arguments;
use crate::child::{self, Log};
use crate::program::Program;
use crate::scratch::{Scratch, Scratches};

/// Runs the program the arguments name. Its settings are any JSON object: only the program knows what they mean.
pub(crate) fn run(arguments: &Arguments, config: Map<String, Value>) -> Result<(), Fault> {
    let search_path = std::env::var_os("PATH");
    let program = Program::resolve(
        &arguments.program,
        &arguments.program_file,
        search_path.as_deref(),
    )?;
    let settings = Settings {
        program: &arguments.program,
        each: arguments.each,
        config,
    };
    let reads = if arguments.raw {
        Reads::Raw
    } else {
        Reads::Queue
    };
    let definition =
        Definition::new(&arguments.name, reads, &settings).programs(program.files.clone());
    let options = &arguments.options;
    let adapted = Adapted {
        name: arguments.name.clone(),
        scratches: Scratches::new(options.output()?)?,
        config: match &options.config {
            Some(path) => Some(fs_err::canonicalize(path)?),
            None => None,
        },
        quiet: options.quiet,
        program,
    };
    if arguments.each {
        stage::items(options, &definition, &adapted)
    } else {
        stage::whole(options, &definition, &adapted)
    }
}

/// All that the result depends on besides the input and the program's files.
#[derive(Debug, Serialize)]
struct Settings<'a> {
    program: &'a [String],
    each: bool,
    config: Map<String, Value>,
}

/// The program, ready to run.
#[derive(Debug)]
struct Adapted {
    name: String,
    program: Program,
    scratches: Scratches,
    config: Option<PathBuf>,
    quiet: bool,
}

impl ItemStage for Adapted {
    fn process(&self, item: &Item, output: &Output) -> Result<(), Fault> {
        let scratch = self.scratches.make([(item.name(), item.path())])?;
        let log = self.log(item.name());
        let ended = child::run(self.command(&scratch, None), &log, || item.check())?;
        child::verdict(&self.program.name(), &ended)?;
        scratch.take_over(output, |name| check_name(name, item.name(), item.stem()))
    }
}

impl QueueStage for Adapted {
    fn run(&self, queue: &Queue, output: &Output) -> Result<(), Fault> {
        let items = queue.items().iter();
        let scratch = self
            .scratches
            .make(items.map(|item| (item.name(), item.path())))?;
        let checkpoint = std::path::absolute(queue.checkpoint())?;
        let command = self.command(&scratch, Some(&checkpoint));
        let ended = child::run(command, &self.log(""), || queue.check())?;
        child::verdict(&self.program.name(), &ended)?;
        scratch.take_over(output, |_| Ok(()))
    }
}

impl Adapted {
    fn command(&self, scratch: &Scratch<'_>, checkpoint: Option<&Path>) -> Command {
        let mut command = Command::new(&self.program.executable);
        command
            .args(&self.program.arguments)
            .arg(scratch.input())
            .arg(scratch.output())
            .env("WAYSTATION_STAGE", &self.name)
            .env_remove("WAYSTATION_CONFIG")
            .env_remove("WAYSTATION_CHECKPOINT");
        if let Some(config) = &self.config {
            command.env("WAYSTATION_CONFIG", config);
        }
        if let Some(checkpoint) = checkpoint {
            command.env("WAYSTATION_CHECKPOINT", checkpoint);
        }
        command
    }

    fn log(&self, item: &str) -> Log {
        Log {
            prefix: item.to_owned(),
            quiet: self.quiet,
        }
    }
}

/// Outputs of one item bear its stem, below a folder of extras perhaps: else two items would write the same file.
fn check_name(name: &str, item: &str, stem: &str) -> Result<(), Fault> {
    let plain = match name.split_once('/') {
        Some((folder, rest)) if folder.starts_with('_') => rest,
        _ => name,
    };
    let after = plain.strip_prefix(stem);
    if after.is_some_and(|after| after.is_empty() || after.starts_with(['.', '-', '/'])) {
        return Ok(());
    }
    let message = format!("the output `{name}` is not named after the item `{item}`");
    Err(Fault::item(message).hint(format!(
        "name it `{stem}.parquet`, or run the program without `--each`"
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outputs_are_named_after_their_item() {
        let cases = [
            ("a.parquet", true),
            ("a-00001.parquet", true),
            ("_rejected/a.jsonl", true),
            ("a", true),
            ("ab.parquet", false),
            ("out.parquet", false),
            ("_SUCCESS", false),
            ("other/a.parquet", false),
        ];
        for (name, accepted) in cases {
            assert_eq!(check_name(name, "a.csv", "a").is_ok(), accepted, "{name}");
        }
        assert!(check_name("train/a.parquet", "train/a.csv", "train/a").is_ok());
    }
}
