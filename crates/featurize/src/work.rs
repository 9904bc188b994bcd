//! The stage: items fitted one by one, then transformed one by one.

use std::io::Write;
use std::path::{Path, PathBuf};

use arrow_array::RecordBatch;
use arrow_schema::Schema;
use partition::{Checked, Rule};
use serde::Serialize;
use stage::{
    Blame, Counts, Definition, Digest, Fault, FitStage, Item, Options, OrBlame, Output, Reads,
};
use table::{Reader, Writer, ordered_map};

use crate::apply::Fitted;
use crate::finish::finish;
use crate::fit::{Learner, Learnt, Part};
use crate::kind::columns;
use crate::plan::Plan;
use crate::settings::Settings;

/// Runs the stage.
pub fn run(name: &str, options: &Options, settings: &Settings, split: &Path) -> Result<(), Fault> {
    let rule: Rule = stage::settings::read(split)?;
    let definition = Definition::new(
        name,
        Reads::Queue,
        &Both {
            settings,
            split: &rule,
        },
    );
    let featurize = Featurize {
        settings: settings.clone(),
        config: options.config.clone().unwrap_or_default(),
        rule: rule.check().map_err(|fault| at(split, fault))?,
        split: split.to_owned(),
        threads: options.threads(),
    };
    stage::fitted(options, &definition, &featurize)
}

/// All that decides the result, as a part of the items' keys.
#[derive(Serialize)]
struct Both<'a> {
    settings: &'a Settings,
    split: &'a Rule,
}

/// The work of the stage.
#[derive(Debug)]
struct Featurize {
    settings: Settings,
    /// Where the settings stand.
    config: PathBuf,
    rule: Checked,
    /// Where the rule stands.
    split: PathBuf,
    /// For what is done when all items are learnt from.
    threads: usize,
}

/// Names the file in which the settings are wrong.
fn at(file: &Path, fault: Fault) -> Fault {
    match fault.blame {
        Blame::Settings => fault.context(file.display().to_string()),
        _ => fault,
    }
}

impl Featurize {
    /// Opens an item with the columns that a plan needs, those of the row's digest included.
    fn open(&self, item: &Item) -> Result<(Reader, Plan), Fault> {
        let reader = Reader::open(item.path())?.threads(item.threads());
        let plan = self.plan(reader.schema())?;
        if plan.folds() && plan.fold_columns.is_empty() {
            return Ok((reader, plan));
        }
        let reader = reader.project(&plan.needed())?;
        Ok((reader, plan))
    }

    /// Checks rule and settings against a table's columns.
    fn plan(&self, schema: &Schema) -> Result<Plan, Fault> {
        let bound = self.rule.bind(schema);
        bound.map_err(|fault| at(&self.split, fault))?;
        Plan::new(&self.settings, &self.rule, &columns(schema)?)
            .map_err(|fault| at(&self.config, fault))
    }
}

impl FitStage for Featurize {
    type Fitted = Option<Fitted>;

    fn fit(&self, item: &Item, part: &mut dyn Write) -> Result<(), Fault> {
        let (reader, plan) = self.open(item)?;
        let learner = Learner::new(&plan, &self.settings, &self.rule, reader.schema())?;
        let mut learnt = Learnt::new(&plan);
        let learn = |batch: RecordBatch| {
            item.check()?;
            learner.learn(&batch, item.threads())
        };
        ordered_map(reader, item.threads(), learn, |more| {
            learnt.merge(more);
            Ok(())
        })?;
        let learnt = learnt.check(&self.settings)?;
        serde_json::to_writer(part, &learnt).or_machine()
    }

    fn merge(&self, parts: &[stage::Part], output: &Output) -> Result<Self::Fitted, Fault> {
        let mut sum = Sum::default();
        ordered_map(
            parts.chunks(MERGED_PARTS).map(Ok),
            self.threads,
            Sum::of,
            |Sum(some)| some.map_or(Ok(()), |(item, learnt)| sum.merge(item, learnt)),
        )?;
        let Some((_, sum)) = sum.0 else {
            return Ok(None);
        };
        let plan = Plan::new(&self.settings, &self.rule, &sum.columns)?;
        let transform = finish(&plan, &sum).map_err(|fault| at(&self.config, fault))?;
        output.write("_transform.json", transform.to_json().as_bytes())?;
        Fitted::new(transform).map(Some)
    }

    fn depends(&self, fitted: &Self::Fitted, _item: &str) -> Digest {
        fitted.as_ref().map(Fitted::digest).unwrap_or_default()
    }

    fn transform(&self, fitted: &Self::Fitted, item: &Item, output: &Output) -> Result<(), Fault> {
        let nothing = || Fault::message(Blame::Program, "an item without a fitted transform");
        let fitted = fitted.as_ref().ok_or_else(nothing)?;
        let (reader, _) = self.open(item)?;
        let rows = reader.num_rows();
        let applier = fitted.bind(&self.rule, reader.schema())?;
        let sink = output.create(&format!("{}.parquet", item.stem()))?;
        let mut writer = Writer::new(sink, applier.schema()).threads(item.threads());
        let apply = |batch: RecordBatch| {
            item.check()?;
            applier.apply(&batch, item.threads())
        };
        let mut written = 0;
        ordered_map(reader, item.threads(), apply, |batch| {
            written += batch.num_rows() as u64;
            writer.write(&batch)
        })?;
        writer.finish()?.finish()?;
        output.count(Counts {
            read: rows,
            written,
            ..Counts::default()
        })
    }
}

/// Parts that one thread merges at a time; a constant, so that their number makes no difference.
const MERGED_PARTS: usize = 4;

/// What was learnt of some items, and the first of them.
#[derive(Default)]
struct Sum<'a>(Option<(&'a str, Part)>);

impl<'a> Sum<'a> {
    /// Reads some parts and merges them.
    fn of(parts: &'a [stage::Part]) -> Result<Self, Fault> {
        let mut sum = Self::default();
        for part in parts {
            let learnt = serde_json::from_slice(&part.read()?).or_blame(Blame::Program)?;
            sum.merge(part.item(), learnt)?;
        }
        Ok(sum)
    }

    fn merge(&mut self, item: &'a str, learnt: Part) -> Result<(), Fault> {
        match &mut self.0 {
            None => self.0 = Some((item, learnt)),
            Some((first, sum)) => {
                check_columns(first, sum, item, &learnt)?;
                sum.merge(learnt);
            }
        }
        Ok(())
    }
}

/// Items with different columns have no features in common.
fn check_columns(first: &str, sum: &Part, item: &str, part: &Part) -> Result<(), Fault> {
    if sum.columns == part.columns {
        return Ok(());
    }
    let refuse = |message: String| {
        Err(Fault::message(Blame::Data, message)
            .hint("give both the same columns by the settings of validate"))
    };
    for column in &sum.columns {
        let name = &column.name;
        match part.columns.iter().find(|other| other.name == *name) {
            None => {
                return refuse(format!(
                    "column `{name}` is in `{first}`, but not in `{item}`"
                ));
            }
            Some(other) if other.kind != column.kind => {
                return refuse(format!(
                    "column `{name}` is {} in `{first}`, but {} in `{item}`",
                    column.kind, other.kind
                ));
            }
            Some(_) => {}
        }
    }
    let known = |name: &str| sum.columns.iter().any(|column| column.name == name);
    match part.columns.iter().find(|column| !known(&column.name)) {
        Some(column) => refuse(format!(
            "column `{}` is in `{item}`, but not in `{first}`",
            column.name
        )),
        None => refuse(format!(
            "the columns of `{first}` and `{item}` are in different order"
        )),
    }
}
