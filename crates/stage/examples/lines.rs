//! Stages on plain text, one of each form. They show the contract without any table, and its tests run them.
//!
//! `lines [OPTIONS] INPUT OUTPUT`, with `{"form": "upper" | "batch" | "center" | "count"}` as settings:
//! `upper` writes each item in capitals; `batch` the same, two items at a time; `center` learns the longest line of all items and centres every line to
//! it; `count` writes how many lines all items have, in steps with a checkpoint after each.
//!
//! Lines may ask for trouble: `die` aborts the process, `eat` takes all memory, `hang` sleeps for ever, `sick` is the item's fault, `flaky`
//! the machine's until a file beside the item's real path, `ITEM.cured`, is there, `panic` panics.

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use stage::{
    BatchStage, Blame, Counts, Definition, Digest, Fault, Finished, FitStage, Item, ItemStage,
    Options, OrBlame, Output, Part, Queue, QueueStage, Reads,
};

/// Reads lines, writes lines.
#[derive(clap::Parser)]
#[command(name = "lines", version)]
struct Arguments {
    #[command(flatten)]
    options: Options,
}

impl AsRef<Options> for Arguments {
    fn as_ref(&self) -> &Options {
        &self.options
    }
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Settings {
    #[serde(default)]
    form: Form,
    /// Written in front of each line.
    #[serde(default)]
    prefix: String,
    /// How long each item takes, in milliseconds.
    #[serde(default)]
    delay_ms: u64,
}

#[derive(Clone, Copy, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Form {
    #[default]
    Upper,
    Batch,
    Center,
    Count,
}

fn main() -> ExitCode {
    stage::main(|arguments: &Arguments, settings: Settings| {
        let definition = Definition::new("lines", Reads::Raw, &settings);
        match settings.form {
            Form::Upper => stage::items(&arguments.options, &definition, &Upper(settings)),
            Form::Batch => stage::batches(&arguments.options, &definition, 2, &Upper(settings)),
            Form::Center => stage::fitted(&arguments.options, &definition, &Center(settings)),
            Form::Count => stage::whole(&arguments.options, &definition, &Count(settings)),
        }
    })
}

/// Reads an item's lines, and makes the trouble they ask for.
fn read(path: &Path, check: &dyn Fn() -> Result<(), Fault>) -> Result<Vec<String>, Fault> {
    let text = fs_err::read_to_string(path)?;
    for line in text.lines() {
        match line {
            "die" => std::process::abort(),
            "eat" => {
                let mut eaten: Vec<Vec<u8>> = Vec::new();
                loop {
                    eaten.push(vec![1; 1 << 24]);
                }
            }
            "hang" => std::thread::sleep(Duration::from_secs(3600)),
            "slow" => {
                for _ in 0..3600 {
                    std::thread::sleep(Duration::from_millis(10));
                    check()?;
                }
            }
            "sick" => {
                let fault = Fault::item(format!("{}: found `sick`", path.display()));
                return Err(fault.hint("heal it"));
            }
            "flaky" if !path.with_extension("cured").exists() => {
                return Err(Fault::message(Blame::Machine, "the network is down"));
            }
            #[expect(clippy::panic, reason = "what a careless stage would do")]
            "panic" => panic!("asked to"),
            _ => {}
        }
    }
    Ok(text.lines().map(str::to_owned).collect())
}

fn write(item: &Item, output: &Output, lines: &[String]) -> Result<(), Fault> {
    let mut file = output.create(&format!("{}.txt", item.stem()))?;
    for line in lines {
        writeln!(file, "{line}")?;
    }
    file.finish()?;
    let rows = lines.len() as u64;
    output.count(Counts {
        read: rows,
        written: rows,
        ..Counts::default()
    })
}

/// The number a part holds.
fn number(part: &Part) -> Result<usize, Fault> {
    let text = String::from_utf8_lossy(&part.read()?).into_owned();
    text.parse().or_item()
}

struct Upper(Settings);

impl ItemStage for Upper {
    fn process(&self, item: &Item, output: &Output) -> Result<(), Fault> {
        std::thread::sleep(Duration::from_millis(self.0.delay_ms));
        let lines = read(item.path(), &|| item.check())?;
        let upper: Vec<_> = lines
            .iter()
            .map(|line| format!("{}{}", self.0.prefix, line.to_uppercase()))
            .collect();
        output.part(lines.len().to_string().as_bytes())?;
        write(item, output, &upper)
    }

    fn finish(&self, queue: &Finished, output: &Output) -> Result<(), Fault> {
        let mut total = 0;
        for part in queue.parts() {
            total += number(part)?;
        }
        output.write("_length.json", total.to_string().as_bytes())
    }
}

impl BatchStage for Upper {
    fn process(&self, batch: &[(Item, Output)]) -> Result<(), Fault> {
        for (item, output) in batch {
            ItemStage::process(self, item, output)?;
        }
        Ok(())
    }
}

struct Center(Settings);

impl FitStage for Center {
    type Fitted = usize;

    fn fit(&self, item: &Item, part: &mut dyn Write) -> Result<(), Fault> {
        std::thread::sleep(Duration::from_millis(self.0.delay_ms));
        let lines = read(item.path(), &|| item.check())?;
        let longest = lines
            .iter()
            .map(|line| line.chars().count())
            .max()
            .unwrap_or(0);
        Ok(write!(part, "{longest}")?)
    }

    fn merge(&self, parts: &[Part], output: &Output) -> Result<usize, Fault> {
        let mut longest = 0;
        for part in parts {
            longest = longest.max(number(part)?);
        }
        output.write("_width.json", longest.to_string().as_bytes())?;
        Ok(longest)
    }

    fn depends(&self, fitted: &usize, _item: &str) -> Digest {
        Digest::of(&fitted.to_le_bytes())
    }

    fn transform(&self, width: &usize, item: &Item, output: &Output) -> Result<(), Fault> {
        let lines = read(item.path(), &|| item.check())?;
        let centred: Vec<_> = lines
            .iter()
            .map(|line| format!("{}{line:^width$}", self.0.prefix, width = *width))
            .collect();
        write(item, output, &centred)
    }
}

struct Count(Settings);

impl QueueStage for Count {
    fn run(&self, queue: &Queue, output: &Output) -> Result<(), Fault> {
        let saved = queue
            .load_checkpoint("state")?
            .and_then(|text| String::from_utf8(text).ok());
        let mut state = saved.and_then(|text| {
            let (done, lines) = text.split_once(' ')?;
            Some((done.parse().ok()?, lines.parse().ok()?))
        });
        if let Some((done, _)) = state {
            queue.note(&format!("resumed after {done} items"));
        }
        let (done, mut lines) = state.take().unwrap_or((0, 0));
        for (index, item) in queue.items().iter().enumerate().skip(done) {
            queue.check()?;
            std::thread::sleep(Duration::from_millis(self.0.delay_ms));
            lines += read(item.path(), &|| queue.check())?.len();
            queue.save_checkpoint("state", format!("{} {lines}", index + 1).as_bytes())?;
            queue.step(index as u64 + 1, queue.items().len() as u64, "counting");
        }
        output.write(
            "lines.txt",
            format!("{}{lines}\n", self.0.prefix).as_bytes(),
        )
    }
}
