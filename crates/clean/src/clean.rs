//! The stage: items in, cleaned items out.

use std::io::Write;
use std::path::{Path, PathBuf};

use stage::{
    Blame, Counts, Definition, Digest, Fault, FitStage, Item, ItemStage, Options, Output, Part,
    Reads,
};
use table::{Reader, Writer, ordered_map};

use crate::duplicates::{self, Repeated};
use crate::plan::{Plan, Rules};
use crate::rejects::{Rejects, Tally};
use crate::rows::Rows;
use crate::rules::Repeats;
use crate::settings::{Rule, Settings};

/// Runs the stage: item by item, or in two phases where rows are compared across items.
pub(crate) fn run(options: &Options, settings: &Settings) -> Result<(), Fault> {
    let file = match &options.config {
        Some(path) => path.display().to_string(),
        None => "settings".to_owned(),
    };
    let clean = Clean {
        rules: Rules::check(settings, &file)?,
        idle: settings.rules.is_empty(),
    };
    let definition = Definition::new(env!("CARGO_BIN_NAME"), Reads::Queue, settings);
    let across_items = |rule: &Rule| matches!(rule, Rule::DropDuplicates(_));
    if settings.rules.iter().any(across_items) {
        stage::fitted(options, &definition, &clean)
    } else {
        stage::items(options, &definition, &clean)
    }
}

struct Clean {
    rules: Rules,
    /// There are no rules at all.
    idle: bool,
}

impl ItemStage for Clean {
    fn process(&self, item: &Item, output: &Output) -> Result<(), Fault> {
        let name = file_name(item);
        if !self.idle {
            return self.write(item, output, Repeats::Unknown);
        }
        item.note("there are no rules: every row passes unchanged");
        if item.name() != name {
            return self.write(item, output, Repeats::Unknown);
        }
        let rows = Reader::open(item.path())?.num_rows();
        output.link(&name, item)?;
        output.count(Counts {
            read: rows,
            written: rows,
            ..Counts::default()
        })
    }
}

/// What the output of an item is called.
fn file_name(item: &Item) -> String {
    format!("{}.parquet", item.stem())
}

impl FitStage for Clean {
    type Fitted = Repeated;

    /// All rules run, so that an item that will fail fails here, before its rows displace those of others.
    fn fit(&self, item: &Item, part: &mut dyn Write) -> Result<(), Fault> {
        let mut tally = Tally::default();
        let reader = Reader::open(item.path())?.threads(item.threads());
        let plan = self.bind(&reader, item, Repeats::Unknown)?;
        clean(&plan, reader, item, |rows| {
            tally.add(&rows);
            part.write_all(&duplicates::to_bytes(&rows.digests))?;
            Ok(())
        })?;
        tally.check(item, self.rules.max_rejected)
    }

    fn merge(&self, parts: &[Part], _output: &Output) -> Result<Repeated, Fault> {
        duplicates::find(parts)
    }

    fn depends(&self, repeated: &Repeated, item: &str) -> Digest {
        let rows = repeated.get(item).map_or(&[][..], |rows| rows);
        let bytes: Vec<u8> = rows.iter().flat_map(|row| row.to_le_bytes()).collect();
        Digest::of(&bytes)
    }

    fn transform(&self, repeated: &Repeated, item: &Item, output: &Output) -> Result<(), Fault> {
        let rows = repeated.get(item.name()).cloned();
        self.write(item, output, Repeats::Known(rows.unwrap_or_default()))
    }
}

impl Clean {
    /// Finds the rules' columns in an item. Where they are not there, the settings are at fault, unless they fit
    /// the first item beside it: then this one is odd.
    fn bind(&self, reader: &Reader, item: &Item, repeats: Repeats) -> Result<Plan, Fault> {
        self.rules.bind(reader.schema(), repeats).map_err(|fault| {
            let first = first_beside(item.path()).filter(|first| first != item.path());
            let fits = |first: PathBuf| {
                let schema = Reader::open(&first)?.schema().clone();
                self.rules.bind(&schema, Repeats::Unknown)
            };
            match first.map(fits) {
                Some(Ok(_)) => Fault {
                    blame: Blame::Item,
                    ..fault
                },
                _ => fault,
            }
        })
    }

    fn write(&self, item: &Item, output: &Output, repeats: Repeats) -> Result<(), Fault> {
        let reader = Reader::open(item.path())?.threads(item.threads());
        let plan = self.bind(&reader, item, repeats)?;
        let mut writer =
            Writer::new(output.create(&file_name(item))?, plan.schema()).threads(item.threads());
        let mut rejects = Rejects::new(item, output);
        let mut tally = Tally::default();
        clean(&plan, reader, item, |rows| {
            tally.add(&rows);
            rejects.write(&rows.rejected)?;
            writer.write(&rows.batch(plan.schema())?)
        })?;
        tally.check(item, self.rules.max_rejected)?;
        writer.finish()?.finish()?;
        rejects.finish()?;
        output.count(tally.counts)
    }
}

/// The first item, by name, in an item's folder.
fn first_beside(item: &Path) -> Option<PathBuf> {
    let entries = fs_err::read_dir(item.parent()?).ok()?;
    let is_item = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        !name.starts_with(['_', '.']) && path.is_file()
    };
    entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(is_item)
        .min()
}

/// Applies the rules to all batches of an item, on all its threads; the batches come out in order.
fn clean(
    plan: &Plan,
    reader: Reader,
    item: &Item,
    sink: impl FnMut(Rows) -> Result<(), Fault>,
) -> Result<(), Fault> {
    let mut next = 1;
    let batches = reader.map(|batch| {
        let batch = batch?;
        let first = next;
        next += batch.num_rows() as u64;
        Ok((first, batch))
    });
    let apply = |(first, batch)| {
        item.check()?;
        plan.apply(&batch, first)
            .map_err(|fault| match fault.blame {
                Blame::Item => fault.context(item.path().display().to_string()),
                _ => fault,
            })
    };
    ordered_map(batches, item.threads(), apply, sink)
}
