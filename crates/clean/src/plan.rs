//! All rules together: checked without data, then bound to an item's columns, then applied to its batches.

use arrow_array::RecordBatch;
use arrow_schema::{Schema, SchemaRef};
use stage::Fault;
use table::MaxRejected;

use crate::columns::Columns;
use crate::place::Place;
use crate::rows::Rows;
use crate::rules::{self, Checked, Repeats, Step};
use crate::settings::{Rule, Settings};

/// Rules whose settings make sense, for any data.
pub(crate) struct Rules {
    checked: Vec<Box<dyn Checked>>,
    /// How many rows of an item may be rejected.
    pub(crate) max_rejected: MaxRejected,
}

impl Rules {
    /// Checks what can be checked without data; `file` is where the settings stand.
    pub(crate) fn check(settings: &Settings, file: &str) -> Result<Self, Fault> {
        let mut checked = Vec::with_capacity(settings.rules.len());
        let mut duplicates = false;
        for (index, rule) in settings.rules.iter().enumerate() {
            let place = Place::new(file, index, rules::name(rule));
            if matches!(rule, Rule::DropDuplicates(_)) {
                if duplicates {
                    return Err(place.fault("duplicates can be dropped once only"));
                }
                duplicates = true;
            }
            checked.push(rules::check(rule, place)?);
        }
        Ok(Self {
            checked,
            max_rejected: settings.max_rejected,
        })
    }

    /// Finds the columns that the rules name.
    pub(crate) fn bind(&self, schema: &Schema, repeats: Repeats) -> Result<Plan, Fault> {
        let mut columns = Columns::new(schema, repeats);
        let steps = self.checked.iter().map(|rule| rule.bind(&mut columns));
        Ok(Plan {
            steps: steps.collect::<Result<_, _>>()?,
            schema: columns.schema(),
        })
    }
}

/// Rules on the columns of an item.
pub(crate) struct Plan {
    steps: Vec<Box<dyn Step>>,
    schema: SchemaRef,
}

impl Plan {
    /// The columns that come out.
    pub(crate) fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// Applies all rules to a batch whose first row has this number within its item, from 1.
    pub(crate) fn apply(&self, batch: &RecordBatch, first: u64) -> Result<Rows, Fault> {
        let mut rows = Rows::new(batch, first);
        for step in &self.steps {
            step.apply(&mut rows)?;
        }
        rows.rejected.sort_by_key(|rejected| rejected.row);
        Ok(rows)
    }
}
