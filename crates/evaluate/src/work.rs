//! The stage: from a queue of models to a queue of reports.

use std::io::Write;

use stage::{Definition, Fault, Item, Options, Output, Queue, QueueStage, Reads};

use crate::judgement::{Judgement, TEST, VALIDATION, judge};
use crate::page::{self, Left};
use crate::predictions::Predictions;
use crate::settings::Settings;
use crate::{summary, training};

const METRICS: &str = "metrics.json";
const REPORT: &str = "report.html";

/// Judges a queue of models, and prints the metrics once the queue of reports is complete.
pub(crate) fn run(options: &Options, settings: Settings) -> Result<(), Fault> {
    let definition = Definition::new(env!("CARGO_BIN_NAME"), Reads::Queue, &settings);
    stage::whole(options, &definition, &Evaluate { settings })?;
    if options.dry_run || options.quiet {
        return Ok(());
    }
    // Read from the complete queue, so that they are also printed when there was nothing to do.
    let output = options.output()?;
    let metrics = fs_err::read(output.join(METRICS))?;
    let judgement: Judgement = serde_json::from_slice(&metrics).map_err(anyhow::Error::from)?;
    let mut stdout = std::io::stdout().lock();
    write!(stdout, "{}", summary::table(&judgement))?;
    writeln!(stdout, "{}", output.join(REPORT).display())?;
    Ok(())
}

struct Evaluate {
    settings: Settings,
}

impl QueueStage for Evaluate {
    fn run(&self, queue: &Queue, output: &Output) -> Result<(), Fault> {
        let mut predictions = Vec::new();
        for partition in [VALIDATION, TEST] {
            if let Some(item) = find(queue, &format!("predictions/{partition}.parquet")) {
                queue.step(predictions.len() as u64, 3, &format!("reading {partition}"));
                predictions.push((partition, read(queue, item)?));
            }
        }
        if predictions.is_empty() {
            return Err(none(queue));
        }
        queue.step(2, 3, "judging");
        let case = judge(&self.settings, predictions)?;
        queue.check()?;
        let mut metrics =
            serde_json::to_vec_pretty(&case.judgement).map_err(anyhow::Error::from)?;
        metrics.push(b'\n');
        output.write(METRICS, &metrics)?;
        let page = page::page(&case, &self.settings, &training(queue)?)?;
        output.write(REPORT, page.render()?.as_bytes())?;
        queue.step(3, 3, "done");
        Ok(())
    }
}

fn find<'a>(queue: &'a Queue, name: &str) -> Option<&'a Item> {
    queue.items().iter().find(|item| item.name() == name)
}

fn read(queue: &Queue, item: &Item) -> Result<Predictions, Fault> {
    let reader = table::Reader::open(item.path())?;
    let schema = reader.schema().clone();
    let place = item.path().display().to_string();
    let batches = reader.map(|batch| queue.check().and(batch));
    Predictions::read(&place, &schema, batches)
}

fn training(queue: &Queue) -> Result<Left, Fault> {
    let Some(item) = find(queue, "training.json") else {
        return Ok(None);
    };
    Ok(Some(training::parse(&fs_err::read(item.path())?)))
}

/// There is nothing to judge; the hint is the item that comes nearest.
fn none(queue: &Queue) -> Fault {
    let place = queue.directory().display();
    let message = format!(
        "{place}: no item `predictions/test.parquet` and no `predictions/validation.parquet`"
    );
    let names = queue.items().iter().map(Item::name);
    let fault = Fault::message(stage::Blame::Data, message);
    match stage::settings::nearest_name("predictions/test.parquet", names) {
        Some(name) => fault.hint(format!("is `{name}` meant to be one of them?")),
        None => fault,
    }
}
