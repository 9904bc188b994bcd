//! One column of text cells as an Arrow array: the inner loop of the stage.

use std::sync::Arc;

use arrow_array::builder::StringBuilder;
use arrow_array::{
    ArrayRef, BooleanArray, Date32Array, Float64Array, Int64Array, Time64MicrosecondArray,
    TimestampMicrosecondArray,
};
use arrow_buffer::{BooleanBufferBuilder, NullBuffer, NullBufferBuilder};
use table::raw::Cell;

use crate::parse::{self, NumberText, StringFormat};
use crate::schema::{Broken, Column, Kind, Limits, Zone};

/// A rule that a cell broke: its row, the rule and what was expected.
#[derive(Debug)]
pub(crate) struct Broke {
    pub(crate) row: usize,
    pub(crate) rule: &'static str,
    pub(crate) expected: String,
}

/// A column converted; cells at fault are missing in it.
#[derive(Debug)]
pub(crate) struct Converted {
    pub(crate) array: ArrayRef,
    pub(crate) faults: Vec<Broke>,
}

/// Converts cells by the column's type, format and constraints.
pub(crate) fn convert<'a>(
    column: &Column,
    rows: usize,
    cell: impl Fn(usize) -> Cell<'a>,
) -> Converted {
    let cells = Cells { column, rows, cell };
    match &column.kind {
        Kind::Integer(text, limits) if text.is_plain() => {
            let (values, nulls, faults) =
                cells.values(|text| parse::integer(text.as_bytes()), limits);
            done(Int64Array::new(values.into(), nulls), faults)
        }
        Kind::Integer(text, limits) => {
            let (values, nulls, faults) =
                cells.integers(&mut with_text(text, parse::integer), limits);
            done(Int64Array::new(values.into(), nulls), faults)
        }
        Kind::Year(limits) => {
            let (values, nulls, faults) = cells.integers(&mut parse::year, limits);
            done(Int64Array::new(values.into(), nulls), faults)
        }
        Kind::Number(text, limits) if text.is_plain() => {
            let (values, nulls, faults) =
                cells.values(|text| parse::number(text.as_bytes()), limits);
            done(Float64Array::new(values.into(), nulls), faults)
        }
        Kind::Number(text, limits) => {
            let (values, nulls, faults) = cells.values(with_text(text, parse::number), limits);
            done(Float64Array::new(values.into(), nulls), faults)
        }
        Kind::Date(format, limits) => {
            let (values, nulls, faults) = cells.integers(&mut |text| format.date(text), limits);
            let days: Vec<i32> = values.into_iter().map(|days| days as i32).collect();
            done(Date32Array::new(days.into(), nulls), faults)
        }
        Kind::Time(format, limits) => {
            let (values, nulls, faults) = cells.integers(&mut |text| format.time(text), limits);
            done(Time64MicrosecondArray::new(values.into(), nulls), faults)
        }
        Kind::Datetime(format, zone, limits) => {
            let (values, nulls, faults) = cells.integers(&mut |text| format.datetime(text), limits);
            let array = TimestampMicrosecondArray::new(values.into(), nulls);
            match zone {
                Zone::Utc => done(array.with_timezone("UTC"), faults),
                Zone::None => done(array, faults),
            }
        }
        Kind::String(format, _) => cells.strings(*format),
        Kind::Boolean(yes, no, _) => cells.booleans(yes, no),
    }
}

/// The same, where a call for each cell makes no difference.
pub(crate) fn convert_any<'a>(
    column: &Column,
    rows: usize,
    cell: &dyn Fn(usize) -> Cell<'a>,
) -> Converted {
    convert(column, rows, cell)
}

fn done(array: impl arrow_array::Array + 'static, faults: Vec<Broke>) -> Converted {
    Converted {
        array: Arc::new(array),
        faults,
    }
}

/// A parser of numbers written in the column's own way.
fn with_text<T>(
    number: &NumberText,
    parse: impl Fn(&[u8]) -> Option<T>,
) -> impl FnMut(&str) -> Option<T> {
    let mut plain = String::new();
    move |text| {
        let fits = number.plain(text, &mut plain);
        parse(plain.as_bytes()).filter(|_| fits)
    }
}

/// A value that may say of itself that it is missing.
trait Value: Copy + Default + PartialOrd {
    fn is_missing(self) -> bool {
        false
    }
}

impl Value for i64 {}

impl Value for f64 {
    /// Not a number: pandas writes a missing value so.
    fn is_missing(self) -> bool {
        self.is_nan()
    }
}

struct Cells<'c, F> {
    column: &'c Column,
    rows: usize,
    cell: F,
}

impl<'a, F: Fn(usize) -> Cell<'a>> Cells<'_, F> {
    /// The text of a cell; `None` when the value is missing.
    #[inline]
    fn text(&self, row: usize) -> Option<&'a str> {
        let text = match (self.cell)(row) {
            Cell::Text(text) | Cell::Number(text) | Cell::Json(text) => text,
            Cell::Bool(true) => "true",
            Cell::Bool(false) => "false",
            Cell::Absent | Cell::Null => return None,
        };
        (!self.column.missing.is(text)).then_some(text)
    }

    /// Those that take long to read, whatever they mean: one loop for all of them, as each makes a binary larger.
    fn integers(
        &self,
        parse: &mut dyn FnMut(&str) -> Option<i64>,
        limits: &Option<Limits<i64>>,
    ) -> (Vec<i64>, Option<NullBuffer>, Vec<Broke>) {
        self.values(parse, limits)
    }

    fn values<T: Value>(
        &self,
        mut parse: impl FnMut(&str) -> Option<T>,
        limits: &Option<Limits<T>>,
    ) -> (Vec<T>, Option<NullBuffer>, Vec<Broke>) {
        let mut values = Vec::with_capacity(self.rows);
        let mut nulls = NullBufferBuilder::new(self.rows);
        let mut faults = Vec::new();
        for row in 0..self.rows {
            let parsed = self.text(row).map(&mut parse);
            let value = match parsed {
                Some(Some(value)) if !value.is_missing() => {
                    let broken = limits.as_ref().and_then(|limits| limits.broken(&value));
                    if let Some(broken) = broken {
                        faults.push(self.broke(row, broken));
                    }
                    values.push(value);
                    nulls.append_non_null();
                    continue;
                }
                Some(None) => Some(("type", self.column.expected.as_str())),
                _ => self.absent(),
            };
            faults.extend(value.map(|broken| self.broke(row, broken)));
            values.push(T::default());
            nulls.append_null();
        }
        (values, nulls.finish(), faults)
    }

    fn strings(&self, format: StringFormat) -> Converted {
        let rules = match &self.column.kind {
            Kind::String(_, rules) => rules.as_ref(),
            _ => None,
        };
        let mut strings = StringBuilder::with_capacity(self.rows, self.rows * 8);
        let mut faults = Vec::new();
        for row in 0..self.rows {
            let Some(text) = self.text(row) else {
                faults.extend(self.absent().map(|broken| self.broke(row, broken)));
                strings.append_null();
                continue;
            };
            let misfit = !format.fits(text);
            let broken = misfit
                .then_some(("format", self.column.expected.as_str()))
                .or_else(|| rules.and_then(|rules| rules.broken(text)));
            faults.extend(broken.map(|broken| self.broke(row, broken)));
            strings.append_value(text);
        }
        done(strings.finish(), faults)
    }

    fn booleans(&self, yes: &[String], no: &[String]) -> Converted {
        let one_of = match &self.column.kind {
            Kind::Boolean(_, _, one_of) => one_of.as_ref(),
            _ => None,
        };
        let mut values = BooleanBufferBuilder::new(self.rows);
        let mut nulls = NullBufferBuilder::new(self.rows);
        let mut faults = Vec::new();
        for row in 0..self.rows {
            let is = |texts: &[String], text: &str| texts.iter().any(|other| other == text);
            let value = match ((self.cell)(row), self.text(row)) {
                // JSON's own booleans need no text.
                (Cell::Bool(value), _) => Ok(value),
                (_, None) => Err(self.absent()),
                (_, Some(text)) if is(yes, text) => Ok(true),
                (_, Some(text)) if is(no, text) => Ok(false),
                _ => Err(Some(("type", self.column.expected.as_str()))),
            };
            match value {
                Ok(value) => {
                    let broken = one_of.and_then(|one_of| one_of.broken(&value));
                    faults.extend(broken.map(|broken| self.broke(row, broken)));
                    values.append(value);
                    nulls.append_non_null();
                }
                Err(broken) => {
                    faults.extend(broken.map(|broken| self.broke(row, broken)));
                    values.append(false);
                    nulls.append_null();
                }
            }
        }
        done(BooleanArray::new(values.finish(), nulls.finish()), faults)
    }

    /// The rule that a missing value breaks, if any.
    fn absent(&self) -> Option<Broken<'static>> {
        self.column.required.then_some(("required", "a value"))
    }

    #[cold]
    fn broke(&self, row: usize, (rule, expected): Broken<'_>) -> Broke {
        Broke {
            row,
            rule,
            expected: expected.to_owned(),
        }
    }
}
