//! The profile: what the columns hold, learnt while they are read, per item and merged for the queue.

mod column;
mod page;
mod sample;

use arrow_array::RecordBatch;
use arrow_schema::Schema;
use serde::{Deserialize, Serialize};
use stage::Fault;

use crate::schema::{Checked, Type};
use column::{Glance, State};
pub(crate) use sample::Sample;

/// What is known of the rows of an item, or of several.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Profile {
    /// Rows that are valid.
    rows: u64,
    /// Of these, the rows that quantiles, frequent values and histograms are taken from.
    sampled: u64,
    columns: Vec<Column>,
}

/// What is known of a column.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Column {
    name: String,
    #[serde(rename = "type")]
    kind: Type,
    missing: u64,
    values: State,
}

impl Profile {
    /// Nothing known yet.
    pub(crate) fn new(checked: &Checked) -> Self {
        Self::of(&checked.arrow)
    }

    fn of(schema: &Schema) -> Self {
        let column = |field: &arrow_schema::FieldRef| Column {
            name: field.name().clone(),
            kind: page::type_of(field.data_type()),
            missing: 0,
            values: State::new(field.data_type()),
        };
        Self {
            rows: 0,
            sampled: 0,
            columns: schema.fields().iter().map(column).collect(),
        }
    }

    /// Of each column, whether there are more different values than can be told exactly: to look at further batches with.
    pub(crate) fn many(&self) -> Vec<bool> {
        let columns = self.columns.iter();
        columns.map(|column| column.values.has_many()).collect()
    }

    /// Adds what a batch says. The batches of a file come in order.
    pub(crate) fn add(&mut self, glances: &Glances) {
        self.rows += glances.rows;
        self.sampled += glances.sampled;
        for (column, (missing, glance)) in self.columns.iter_mut().zip(&glances.columns) {
            column.missing += missing;
            column.values.add(glance);
        }
    }

    /// Adds what is known of other rows with the same columns.
    pub(crate) fn merge(&mut self, other: &Self) -> Result<(), Fault> {
        self.rows += other.rows;
        self.sampled += other.sampled;
        for (column, more) in self.columns.iter_mut().zip(&other.columns) {
            column.missing += more.missing;
            let same = column.name == more.name && column.values.merge(&more.values);
            if !same {
                let message = format!("the profile of column `{}` is of another schema", more.name);
                return Err(Fault::message(stage::Blame::Program, message));
            }
        }
        Ok(())
    }

    /// As an item's file.
    pub(crate) fn write(&self) -> Result<Vec<u8>, Fault> {
        Ok(serde_json::to_vec(self).map_err(anyhow::Error::from)?)
    }

    /// From an item's file.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, Fault> {
        Ok(serde_json::from_slice(bytes).map_err(anyhow::Error::from)?)
    }
}

/// What one batch says: its rows, and of each column how many values are missing and the others.
#[derive(Debug)]
pub(crate) struct Glances {
    rows: u64,
    sampled: u64,
    columns: Vec<(u64, Glance)>,
}

impl Glances {
    /// Looks at a batch. What is known of its columns by then makes it faster and changes no result.
    pub(crate) fn of(batch: &RecordBatch, sample: &Sample, many: &[bool]) -> Self {
        let mut scratch = Vec::with_capacity(batch.num_rows());
        let columns = batch.columns().iter().zip(many).map(|(array, many)| {
            let missing = array.null_count() as u64;
            (missing, Glance::of(array, sample, *many, &mut scratch))
        });
        Self {
            rows: batch.num_rows() as u64,
            sampled: sample.len() as u64,
            columns: columns.collect(),
        }
    }
}
