//! `make_date`: a date or datetime of columns that hold its parts.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{Array, ArrayRef, Date32Array, Int64Array, TimestampMicrosecondArray};
use arrow_schema::{DataType, TimeUnit};
use chrono::{NaiveDate, NaiveDateTime};
use stage::Fault;
use table::columns::type_name;

use super::date::{days, micros};
use super::{Checked, Step};
use crate::columns::Columns;
use crate::place::Place;
use crate::rows::Rows;
use crate::settings::{self, OnError};
use crate::unread::Unread;

/// `make_date`
pub(super) struct MakeDate {
    column: String,
    /// Year, month, day and, for a datetime, hour and minute.
    parts: Vec<String>,
    on_error: OnError,
    place: Place,
}

impl MakeDate {
    pub(super) fn check(given: &settings::MakeDate, place: Place) -> Result<Self, Fault> {
        if given.minute.is_some() && given.hour.is_none() {
            return Err(place.fault("`minute` without `hour`"));
        }
        let mut parts = vec![given.year.clone(), given.month.clone(), given.day.clone()];
        parts.extend(given.hour.clone());
        parts.extend(given.minute.clone());
        Ok(Self {
            column: given.column.clone(),
            parts,
            on_error: given.on_error,
            place,
        })
    }
}

impl Checked for MakeDate {
    fn bind(&self, columns: &mut Columns) -> Result<Box<dyn Step>, Fault> {
        let parts = columns.find_all(&self.parts, &self.place)?;
        for index in &parts {
            let data_type = columns.data_type(*index);
            if *data_type != DataType::Int64 {
                return Err(self.place.fault(format!(
                    "column `{}`: expected integer, found {}",
                    columns.name(*index),
                    type_name(data_type)
                )));
            }
        }
        let to = match parts.len() {
            3 => DataType::Date32,
            _ => DataType::Timestamp(TimeUnit::Microsecond, None),
        };
        columns.push(&self.column, to, &self.place)?;
        Ok(Box::new(MakeDates {
            names: self.parts.join("-"),
            parts,
            on_error: self.on_error,
            place: self.place.clone(),
        }))
    }
}

struct MakeDates {
    names: String,
    parts: Vec<usize>,
    on_error: OnError,
    place: Place,
}

impl Step for MakeDates {
    fn apply(&self, rows: &mut Rows) -> Result<(), Fault> {
        let part = |index: &usize| rows.column(*index).as_primitive::<Int64Type>();
        let parts: Vec<&Int64Array> = self.parts.iter().map(part).collect();
        let mut made = Vec::with_capacity(rows.len());
        let mut failed = Vec::new();
        for row in 0..rows.len() {
            let there = parts.iter().all(|part| part.is_valid(row));
            let time = if there { time(&parts, row) } else { None };
            if there && time.is_none() {
                failed.push(row);
            }
            made.push(time);
        }
        let column: ArrayRef = match parts.len() {
            3 => {
                let days = made.into_iter().map(|time| time.map(days));
                Arc::new(Date32Array::from_iter(days))
            }
            _ => {
                let micros = made.into_iter().map(|time| time.map(micros));
                Arc::new(TimestampMicrosecondArray::from_iter(micros))
            }
        };
        let mut unread = Unread::new(&self.place, self.on_error);
        if !failed.is_empty() {
            let written = written(&parts);
            unread.note(
                rows,
                &failed,
                (&self.names, &written),
                "the parts of a date",
            )?;
        }
        rows.push(column);
        unread.settle(rows)
    }
}

fn time(parts: &[&Int64Array], row: usize) -> Option<NaiveDateTime> {
    let part = |index: usize| u32::try_from(parts.get(index).map_or(0, |part| part.value(row)));
    let year = i32::try_from(parts.first()?.value(row)).ok()?;
    let date = NaiveDate::from_ymd_opt(year, part(1).ok()?, part(2).ok()?)?;
    date.and_hms_opt(part(3).ok()?, part(4).ok()?, 0)
}

/// The parts as texts, for the reason of a reject: `2014-2-30`.
fn written(parts: &[&Int64Array]) -> arrow_array::StringArray {
    let rows = parts.first().map_or(0, |part| part.len());
    let text = |row: usize| {
        let each = parts.iter().map(|part| part.value(row).to_string());
        Some(each.collect::<Vec<_>>().join("-"))
    };
    (0..rows).map(text).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(parts: &[i64], expected: Option<&str>) {
        let arrays: Vec<_> = parts
            .iter()
            .map(|part| Int64Array::from(vec![*part]))
            .collect();
        let arrays: Vec<_> = arrays.iter().collect();
        let found = time(&arrays, 0).map(|time| format!("{time:?}"));
        assert_eq!(found.as_deref(), expected);
    }

    #[test]
    fn parts_make_a_date_or_none() {
        check(&[2014, 1, 31], Some("2014-01-31T00:00:00"));
        check(&[2014, 1, 31, 23, 5], Some("2014-01-31T23:05:00"));
        check(&[2014, 1, 31, 23], Some("2014-01-31T23:00:00"));
        check(&[2014, 2, 30], None);
        check(&[2014, -1, 1], None);
        check(&[1 << 40, 1, 1], None);
        check(&[2014, 1, 31, 24, 0], None);
    }
}
