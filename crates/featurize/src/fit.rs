//! The fit phase: one pass over an item's train rows gives a part; parts add up.

pub(crate) mod categories;
pub(crate) mod entries;
mod numbers;
mod part;
mod spread;
pub(crate) mod tally;
pub(crate) mod target;

use arrow_array::{ArrayRef, BooleanArray, RecordBatch};
use arrow_select::filter::FilterBuilder;
use partition::{Bound, Checked, Partition, hash_rows};
use serde::{Deserialize, Serialize};
use stage::{Fault, OrBlame};

pub use categories::Levels;
pub(crate) use numbers::{NumberStatistics, NumbersPart, logs};
pub(crate) use part::FeaturePart;
pub use tally::MAX_CATEGORIES;

use crate::kind::Column;
use crate::label;
use crate::plan::{FeaturePlan, Plan};
use crate::settings::{MissingLabel, Reading, Settings};
use categories::Categories;
use tally::Tally;
use target::TargetRows;

/// Another seed than any that a split rule is likely to have: folds must not follow partitions.
const FOLD_SEED: u64 = 0x666f_6c64;

/// What is learnt from the train rows of one item, or of several.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Part {
    /// The item's columns.
    pub(crate) columns: Vec<Column>,
    /// Train rows.
    pub(crate) rows: u64,
    /// The classes of the label, where it has classes.
    pub(crate) classes: Option<Tally<u64>>,
    /// One for each feature of the plan.
    pub(crate) features: Vec<FeaturePart>,
}

impl Part {
    /// Of no row.
    pub fn new(plan: &Plan) -> Self {
        let classes = plan.label.reading == Reading::Classes;
        Self {
            columns: plan.columns.clone(),
            rows: 0,
            classes: classes.then(|| Tally::new(plan.label.kind)),
            features: plan.features.iter().map(FeaturePart::new).collect(),
        }
    }

    /// Adds another part of the same plan. Parts of tables with different columns are the data's fault.
    pub fn merge(&mut self, other: Self) {
        self.rows += other.rows;
        if let (Some(classes), Some(other)) = (&mut self.classes, other.classes) {
            classes.merge(other);
        }
        for (part, other) in self.features.iter_mut().zip(other.features) {
            part.merge(other);
        }
    }
}

/// What one batch gives: what is learnt from its train rows, and what is wrong with any of its rows.
#[derive(Debug)]
pub struct Learnt {
    /// What is learnt.
    pub part: Part,
    /// Rows, of any partition.
    pub rows: u64,
    /// Rows without a label, of any partition.
    pub missing_labels: u64,
    /// Rows without a weight, or with a negative one, of any partition.
    pub bad_weights: u64,
}

impl Learnt {
    /// Of no row.
    pub fn new(plan: &Plan) -> Self {
        Self {
            part: Part::new(plan),
            rows: 0,
            missing_labels: 0,
            bad_weights: 0,
        }
    }

    /// Adds what another batch gave.
    pub fn merge(&mut self, other: Self) {
        self.part.merge(other.part);
        self.rows += other.rows;
        self.missing_labels += other.missing_labels;
        self.bad_weights += other.bad_weights;
    }

    /// The part, unless rows are wrong in a way that features cannot mend.
    pub fn check(self, settings: &Settings) -> Result<Part, Fault> {
        let rows = self.rows;
        if self.missing_labels > 0 && settings.missing_label == MissingLabel::Error {
            let fault = Fault::item(format!(
                "column `{}`: {} of {rows} rows have no label",
                settings.label.column, self.missing_labels
            ));
            let rule = format!(
                "{{\"drop_rows\": {{\"when\": {{\"missing\": \"{}\"}}}}}}",
                settings.label.column
            );
            return Err(fault.hint(format!(
                "drop them by a rule of clean (`{rule}`), or keep them without a label by `\"missing_label\": \"keep\"`"
            )));
        }
        match &settings.weight {
            Some(weight) if self.bad_weights > 0 => Err(Fault::item(format!(
                "column `{weight}`: expected weights of 0 or more, found {} of {rows} rows without",
                self.bad_weights
            ))
            .hint("drop them, or fill them in, in the settings of clean")),
            _ => Ok(self.part),
        }
    }
}

/// Learns from batches of one table.
#[derive(Clone, Debug)]
pub struct Learner<'a> {
    plan: &'a Plan,
    settings: &'a Settings,
    partitions: Bound,
}

impl<'a> Learner<'a> {
    /// For tables with this schema.
    pub fn new(
        plan: &'a Plan,
        settings: &'a Settings,
        rule: &Checked,
        schema: &arrow_schema::Schema,
    ) -> Result<Self, Fault> {
        Ok(Self {
            plan,
            settings,
            partitions: rule.bind(schema)?,
        })
    }

    /// Learns from the train rows of one batch, on so many threads at most.
    pub fn learn(&self, batch: &RecordBatch, threads: usize) -> Result<Learnt, Fault> {
        let mut learnt = Learnt::new(self.plan);
        let label = column(batch, &self.plan.label.settings.column)?;
        learnt.rows = batch.num_rows() as u64;
        learnt.missing_labels = label::count_missing(&label)?;
        if let Some(weight) = &self.settings.weight {
            learnt.bad_weights = count_bad_weights(&column(batch, weight)?)?;
        }
        let partitions = self.partitions.assign(batch)?;
        let train: Vec<bool> = partitions
            .iter()
            .map(|partition| *partition == Partition::Train)
            .collect();
        let rows = train.iter().filter(|train| **train).count();
        if rows == batch.num_rows() {
            self.learn_from(batch, threads, &mut learnt.part)?;
        } else if rows > 0 {
            let train = FilterBuilder::new(&BooleanArray::from(train))
                .optimize()
                .build();
            let columns = table::map_columns(batch.columns().iter(), rows, threads, |column| {
                train.filter(column).or_item()
            })?;
            let batch = RecordBatch::try_new(batch.schema(), columns).or_item()?;
            self.learn_from(&batch, threads, &mut learnt.part)?;
        }
        Ok(learnt)
    }

    fn learn_from(
        &self,
        batch: &RecordBatch,
        threads: usize,
        part: &mut Part,
    ) -> Result<(), Fault> {
        part.rows = batch.num_rows() as u64;
        let label = column(batch, &self.plan.label.settings.column)?;
        if let Some(classes) = &mut part.classes {
            let categories = Categories::new(&label, self.plan.label.kind)?;
            classes.visit(&categories, &0, |count, _| *count += 1, |_| {});
        }
        let name = &self.plan.label.settings.column;
        let targets = if self.plan.folds() {
            Some(TargetRows {
                digests: digests_over(&self.plan.fold_columns, name, batch)?,
                labels: label::targets(&self.plan.label, &label)?,
            })
        } else {
            None
        };
        let features = self.plan.features.iter().zip(&mut part.features);
        let learn = |(feature, part): (&FeaturePlan, &mut FeaturePart)| {
            let column = column(batch, &feature.column.name)?;
            part.add(feature, &column, targets.as_ref())
        };
        table::map_columns(features, batch.num_rows(), threads, learn).map(drop)
    }
}

/// A digest of each row that decides its fold: of the columns that keep rows together, or of the whole row but for its
/// label, of which nothing may show.
pub(crate) fn digests_over(
    names: &[String],
    label: &str,
    batch: &RecordBatch,
) -> Result<Vec<u64>, Fault> {
    if names.is_empty() {
        let schema = batch.schema();
        let fields = schema.fields().iter().enumerate();
        let places: Vec<usize> = fields
            .filter(|(_, field)| field.name() != label)
            .map(|(place, _)| place)
            .collect();
        let digests = table::digest_rows(&batch.project(&places).or_item()?)?;
        return Ok(digests.into_iter().map(|digest| digest as u64).collect());
    }
    let columns: Vec<ArrayRef> = names
        .iter()
        .map(|name| column(batch, name))
        .collect::<Result<_, _>>()?;
    hash_rows(&columns, FOLD_SEED)
}

fn count_bad_weights(column: &ArrayRef) -> Result<u64, Fault> {
    let weights = crate::numbers::read(column)?;
    let bad =
        |weight: Option<f64>| weight.is_none_or(|weight| weight < 0.0 || weight.is_infinite());
    Ok(weights.iter().filter(|weight| bad(*weight)).count() as u64)
}

/// A column of a batch by name.
pub(crate) fn column(batch: &RecordBatch, name: &str) -> Result<ArrayRef, Fault> {
    let place = table::columns::find(&batch.schema(), name)?;
    Ok(batch.column(place).clone())
}
