//! Whether there is anything in a column, for `auto`.

use std::sync::Arc;

use arrow_array::{Array, ArrayRef};
use serde::{Deserialize, Serialize};
use stage::Fault;
use statistics::{Distinct, Extremes};

use crate::dates;
use crate::kind::Kind;
use crate::numbers;
use crate::settings::DatePart;

/// Whether there is anything in a column, for `auto`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Spread {
    count: u64,
    missing: u64,
    extremes: Extremes,
    distinct: Option<Distinct>,
}

impl Spread {
    pub(super) fn new(kind: Kind) -> Self {
        Self {
            count: 0,
            missing: 0,
            extremes: Extremes::default(),
            distinct: (kind == Kind::Integer).then(Distinct::default),
        }
    }

    pub(super) fn add(&mut self, column: &ArrayRef) -> Result<(), Fault> {
        let values = if column.data_type().is_temporal() {
            numbers::read(&(Arc::new(table::values::micros(column)?) as ArrayRef))?
        } else {
            numbers::read(column)?
        };
        let missing = values.null_count() as u64;
        self.missing += missing;
        self.count += values.len() as u64 - missing;
        let mut add = |present: &[f64]| {
            self.extremes.extend(present);
            if let Some(distinct) = &mut self.distinct {
                present.iter().for_each(|value| distinct.add_number(*value));
            }
        };
        if missing == 0 {
            add(values.values());
        } else {
            add(&values.iter().flatten().collect::<Vec<f64>>());
        }
        Ok(())
    }

    pub(super) fn merge(&mut self, other: &Self) {
        self.count += other.count;
        self.missing += other.missing;
        self.extremes.merge(&other.extremes);
        if let (Some(distinct), Some(other)) = (&mut self.distinct, &other.distinct) {
            distinct.merge(other);
        }
    }

    /// Why the column is of no use, if it is of none.
    pub(crate) fn useless(&self) -> Option<&'static str> {
        if self.count == 0 {
            return Some("has no value in the train rows");
        }
        let (Some(min), Some(max)) = (self.extremes.min(), self.extremes.max()) else {
            return None;
        };
        if min == max && self.missing == 0 {
            return Some("has one value only in the train rows");
        }
        self.is_row_number(max - min)
            .then_some("numbers the rows: nearly all values differ and lie close together")
    }

    /// Of these parts of a date those that differ at all.
    pub(crate) fn differing(&self, parts: &[DatePart]) -> Vec<DatePart> {
        match (self.extremes.min(), self.extremes.max()) {
            // Microseconds of four thousand years are whole numbers in a double.
            (Some(min), Some(max)) => dates::differing(parts, min as i64, max as i64),
            _ => Vec::new(),
        }
    }

    /// Random numbers that are as close together as this would repeat: at three times as many numbers as rows, 15 % of them.
    fn is_row_number(&self, range: f64) -> bool {
        let rows = self.count as f64;
        let distinct = self.distinct.as_ref().map_or(0, Distinct::count) as f64;
        self.count >= 100 && range < 3.0 * rows && distinct > 0.95 * rows
    }
}
