//! `date`: dates and datetimes in one of several formats.

use std::fmt::Write;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Date32Type, Float64Type, Int64Type, TimestampMicrosecondType as Timestamp,
};
use arrow_array::{Array, ArrayRef, Date32Array, TimestampMicrosecondArray};
use arrow_schema::{DataType, TimeUnit};
use chrono::NaiveDateTime;
use stage::Fault;

use super::number::read_each;
use super::time_format::Format;
use super::{Checked, Step};
use crate::columns::Columns;
use crate::place::Place;
use crate::rows::Rows;
use crate::settings::{self, DateType, OnError};
use crate::unread::Unread;

/// `date`
pub(super) struct Date {
    columns: Vec<String>,
    formats: Arc<[Format]>,
    to: DataType,
    expected: String,
    on_error: OnError,
    place: Place,
}

impl Date {
    pub(super) fn check(given: &settings::Date, place: Place) -> Result<Self, Fault> {
        let inner = place.inner("formats");
        if given.formats.is_empty() {
            return Err(inner.fault("expected at least one format"));
        }
        let formats = given.formats.iter();
        let formats = formats.map(|text| Format::check(text, &inner));
        let formats = formats.collect::<Result<Arc<[_]>, _>>()?;
        let moments = formats.iter().filter(|format| format.is_moment()).count();
        if given.to == DateType::Datetime && moments > 0 && moments < formats.len() {
            return Err(inner
                .fault("some formats give a time in UTC, some a local time")
                .hint("use two rules, on two columns"));
        }
        let (to, kind) = match given.to {
            DateType::Date => (DataType::Date32, "date"),
            DateType::Datetime if moments > 0 => (
                DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
                "datetime",
            ),
            DateType::Datetime => (DataType::Timestamp(TimeUnit::Microsecond, None), "datetime"),
        };
        Ok(Self {
            columns: given.columns.clone(),
            formats,
            to,
            expected: format!("{kind} as `{}`", given.formats.join("` or `")),
            on_error: given.on_error,
            place,
        })
    }
}

impl Checked for Date {
    fn bind(&self, columns: &mut Columns) -> Result<Box<dyn Step>, Fault> {
        let mut bound = Vec::with_capacity(self.columns.len());
        for index in columns.find_all(&self.columns, &self.place)? {
            let from = columns.data_type(index);
            if !matches!(from, DataType::Int64 | DataType::Float64) {
                columns.expect_text(index, &self.place)?;
            }
            bound.push((index, columns.name(index).to_owned()));
            columns.set_type(index, self.to.clone());
        }
        Ok(Box::new(ReadDates {
            columns: bound,
            formats: self.formats.clone(),
            to: self.to.clone(),
            expected: self.expected.clone(),
            on_error: self.on_error,
            place: self.place.clone(),
        }))
    }
}

struct ReadDates {
    columns: Vec<(usize, String)>,
    formats: Arc<[Format]>,
    to: DataType,
    expected: String,
    on_error: OnError,
    place: Place,
}

impl Step for ReadDates {
    fn apply(&self, rows: &mut Rows) -> Result<(), Fault> {
        let mut unread = Unread::new(&self.place, self.on_error);
        for (index, name) in &self.columns {
            let mut failed = Vec::new();
            let read = self.read(rows.column(*index), &mut failed);
            unread.note(rows, &failed, (name, rows.column(*index)), &self.expected)?;
            rows.set(*index, read);
        }
        unread.settle(rows)
    }
}

impl ReadDates {
    fn read(&self, column: &ArrayRef, failed: &mut Vec<usize>) -> ArrayRef {
        match column.data_type() {
            DataType::Int64 => self.read_written(column.as_primitive::<Int64Type>().iter(), failed),
            // 20140131.0 is written without a fraction, so a column of integers with gaps reads the same.
            DataType::Float64 => {
                self.read_written(column.as_primitive::<Float64Type>().iter(), failed)
            }
            _ => {
                let texts = column.as_string::<i32>().iter();
                self.build(texts, |text| self.time(text), failed)
            }
        }
    }

    fn read_written<V: std::fmt::Display>(
        &self,
        values: impl Iterator<Item = Option<V>>,
        failed: &mut Vec<usize>,
    ) -> ArrayRef {
        let text = std::cell::RefCell::new(String::new());
        let read = |value| {
            let mut text = text.borrow_mut();
            text.clear();
            write!(text, "{value}").ok()?;
            self.time(&text)
        };
        self.build(values, read, failed)
    }

    fn time(&self, text: &str) -> Option<NaiveDateTime> {
        self.formats.iter().find_map(|format| format.read(text))
    }

    fn build<V>(
        &self,
        values: impl Iterator<Item = Option<V>>,
        read: impl Fn(V) -> Option<NaiveDateTime>,
        failed: &mut Vec<usize>,
    ) -> ArrayRef {
        match &self.to {
            DataType::Timestamp(_, zone) => {
                let read = |value| read(value).map(micros);
                let array: TimestampMicrosecondArray =
                    read_each::<_, Timestamp>(values, read, failed);
                Arc::new(array.with_timezone_opt(zone.clone()))
            }
            _ => {
                let read = |value| read(value).map(days);
                let array: Date32Array = read_each::<_, Date32Type>(values, read, failed);
                Arc::new(array)
            }
        }
    }
}

/// Days since 1970.
pub(super) fn days(time: NaiveDateTime) -> i32 {
    time.date().to_epoch_days()
}

/// Microseconds since 1970.
pub(super) fn micros(time: NaiveDateTime) -> i64 {
    time.and_utc().timestamp_micros()
}
