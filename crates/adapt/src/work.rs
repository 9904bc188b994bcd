//! A foreign program as the work of a stage.

use std::collections::HashSet;
use std::path::PathBuf;

use serde::Serialize;
use serde_json::{Map, Value};
use stage::{BatchStage, Definition, Fault, Item, Log, Options, Output, Queue, QueueStage, Reads};

use crate::Arguments;
use crate::child::{self, Care};
use crate::counts::Reported;
use crate::environment::{self, Told};
use crate::launcher;
use crate::limits::{Limits, Meter};
use crate::outputs::{adopt, files_below, owner};
use crate::program::Program;
use crate::verdict::Judge;
use crate::view::View;
use crate::watchdog::Watchdog;

/// Runs the program the arguments name. Its settings are any JSON object: only the program knows what they mean.
pub(crate) fn run(arguments: &Arguments, config: Map<String, Value>) -> Result<(), Fault> {
    let search_path = std::env::var_os("PATH");
    let program = Program::resolve(
        &arguments.program,
        &arguments.program_file,
        search_path.as_deref(),
    )?;
    let batch = if arguments.each {
        Some(1)
    } else {
        arguments.batch
    };
    let settings = Settings {
        program: &arguments.program,
        // How many items it is given at a time must not change what it makes of each.
        each: batch.is_some(),
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
    let limits = Limits {
        memory: arguments.memory_limit,
        output: arguments.output_limit,
    };
    let adapted = Adapted {
        name: &arguments.name,
        config: match &options.config {
            Some(path) => Some(fs_err::canonicalize(path)?),
            None => None,
        },
        judge: Judge {
            program: program.name(),
            retry_on: arguments.retry_on.clone(),
            limits: limits.check()?,
        },
        program,
        narrow: arguments.narrow,
        options,
        watchdog: Watchdog::default(),
    };
    match batch {
        Some(size) => {
            let size = usize::try_from(size).unwrap_or(usize::MAX);
            stage::batches(options, &definition, size, &adapted)
        }
        None => stage::whole(options, &definition, &adapted),
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
pub(crate) struct Adapted<'a> {
    name: &'a str,
    program: Program,
    config: Option<PathBuf>,
    judge: Judge,
    pub(crate) narrow: bool,
    options: &'a Options,
    watchdog: Watchdog,
}

impl BatchStage for Adapted<'_> {
    fn process(&self, batch: &[(Item, Output)]) -> Result<(), Fault> {
        let Some((first, output)) = batch.first() else {
            return Ok(());
        };
        let view = View::make(output.scratch()?, batch.iter().map(|(item, _)| item))?;
        let alone = batch.len() == 1;
        let told = Told {
            item: alone.then(|| first.name()),
            attempt: first.attempt(),
            threads: first.threads(),
            checkpoint: None,
        };
        let log = if alone {
            first.log()
        } else {
            first.log().about_all()
        };
        self.run_on(&view, &told, &log, || first.check())?;
        let root = view.output();
        let mut served = HashSet::new();
        for name in files_below(&root)? {
            let (item, output) = owner(&name, batch)?;
            adopt(&root, &name, output)?;
            served.insert(item.name());
        }
        let reported = Reported::read(&view.counts())?;
        let unserved = |(item, _): &&(Item, Output)| {
            !served.contains(item.name()) && reported.of(item.name()).is_none()
        };
        // Of one item nothing may be left. But a program that takes one item only must not lose the others of a batch.
        if let Some((item, _)) = batch.iter().find(unserved).filter(|_| !alone) {
            let message = format!("nothing was written for `{}`", item.name());
            return Err(Fault::item(message));
        }
        for (item, output) in batch {
            let counts = if alone {
                reported.total()
            } else {
                reported.of(item.name()).cloned()
            };
            if let Some(counts) = counts {
                output.count(counts)?;
            }
        }
        Ok(())
    }
}

impl QueueStage for Adapted<'_> {
    fn run(&self, queue: &Queue, output: &Output) -> Result<(), Fault> {
        let view = View::make(output.scratch()?, queue.items())?;
        let told = Told {
            checkpoint: Some(std::path::absolute(queue.checkpoint())?),
            ..told(queue)
        };
        let ended = self.run_on(&view, &told, &queue.log(), || queue.check());
        if let Err(fault) = ended {
            return Err(self.look_closer(queue, output, fault)?);
        }
        let root = view.output();
        for name in files_below(&root)? {
            adopt(&root, &name, output)?;
        }
        match Reported::read(&view.counts())?.total() {
            Some(counts) => output.count(counts),
            None => Ok(()),
        }
    }
}

/// What a program on the whole queue is told.
pub(crate) fn told(queue: &Queue) -> Told<'static> {
    Told {
        attempt: queue.attempt(),
        threads: queue.threads(),
        ..Told::default()
    }
}

impl Adapted<'_> {
    /// Runs the program once. When this is over, nothing of it is left but what it has written.
    pub(crate) fn run_on(
        &self,
        view: &View,
        told: &Told<'_>,
        log: &Log,
        check: impl Fn() -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        let program = &self.judge.program;
        let output = view.output();
        let mut command = launcher::command(&self.program.executable, self.judge.limits)?;
        command
            .args(&self.program.arguments)
            .arg(view.input())
            .arg(&output);
        let config = self.config.as_deref();
        environment::set(&mut command, self.name, config, &view.counts(), told);
        let care = Care {
            watchdog: &self.watchdog,
            log,
            words: &view.words(self.options.input()?, self.options.output()?),
        };
        let meter = Meter::new(self.judge.limits, &output);
        let ended = child::run(command, care, || {
            check().and_then(|()| meter.check(program))
        })?;
        view.check_untouched(program)?;
        self.judge.judge(&ended)?;
        meter.check_now(program)
    }
}
