//! The profile: what the columns hold, learnt while they are read, per item and merged for the queue.

mod column;
mod page;
mod sample;

use arrow_array::RecordBatch;
use arrow_schema::Schema;
use serde::{Deserialize, Serialize};
use stage::Fault;

use crate::schema::{Checked, Type};
use column::State;
pub(crate) use sample::Sample;

/// What is known of the rows of an item, or of several.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Profile {
    /// Rows that are valid.
    rows: u64,
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
            columns: schema.fields().iter().map(column).collect(),
        }
    }

    /// Nothing known yet of a part of the rows of which this is known: filling it is faster.
    pub(crate) fn like(&self) -> Self {
        let column = |column: &Column| Column {
            name: column.name.clone(),
            kind: column.kind,
            missing: 0,
            values: column.values.like(),
        };
        Self {
            rows: 0,
            columns: self.columns.iter().map(column).collect(),
        }
    }

    /// Adds rows.
    pub(crate) fn add(&mut self, batch: &RecordBatch, sample: &Sample) {
        self.rows += batch.num_rows() as u64;
        let mut scratch = Vec::with_capacity(batch.num_rows());
        for (column, array) in self.columns.iter_mut().zip(batch.columns()) {
            column.missing += array.null_count() as u64;
            column.values.add(array, sample, &mut scratch);
        }
    }

    /// Adds what is known of other rows with the same columns.
    pub(crate) fn merge(&mut self, other: &Self) -> Result<(), Fault> {
        self.rows += other.rows;
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
