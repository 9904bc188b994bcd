//! `number`: numbers from texts with separators and units.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int64Type};
use arrow_array::{Array, ArrayRef, Float64Array, Int64Array, PrimitiveArray};
use arrow_schema::DataType;
use stage::Fault;

use super::cast::whole;
use super::notation::Notation;
use super::{Checked, Step};
use crate::columns::Columns;
use crate::place::Place;
use crate::rows::Rows;
use crate::settings::{self, NumberType, OnError};
use crate::unread::Unread;

/// `number`
pub(super) struct Number {
    columns: Vec<String>,
    notation: Arc<Notation>,
    to: NumberType,
    on_error: OnError,
    place: Place,
}

impl Number {
    pub(super) fn check(given: &settings::Number, place: Place) -> Result<Self, Fault> {
        Ok(Self {
            columns: given.columns.clone(),
            notation: Arc::new(Notation::check(given, &place)?),
            to: given.to,
            on_error: given.on_error,
            place,
        })
    }
}

impl Checked for Number {
    fn bind(&self, columns: &mut Columns) -> Result<Box<dyn Step>, Fault> {
        let indices = columns.find_all(&self.columns, &self.place)?;
        let mut bound = Vec::with_capacity(indices.len());
        for index in indices {
            let numeric = matches!(
                columns.data_type(index),
                DataType::Int64 | DataType::Float64
            );
            if !numeric {
                columns.expect_text(index, &self.place)?;
            }
            bound.push((index, columns.name(index).to_owned()));
            columns.set_type(
                index,
                match self.to {
                    NumberType::Number => DataType::Float64,
                    NumberType::Integer => DataType::Int64,
                },
            );
        }
        Ok(Box::new(ReadNumbers {
            columns: bound,
            notation: self.notation.clone(),
            to: self.to,
            on_error: self.on_error,
            place: self.place.clone(),
        }))
    }
}

struct ReadNumbers {
    columns: Vec<(usize, String)>,
    notation: Arc<Notation>,
    to: NumberType,
    on_error: OnError,
    place: Place,
}

impl Step for ReadNumbers {
    fn apply(&self, rows: &mut Rows) -> Result<(), Fault> {
        let mut unread = Unread::new(&self.place, self.on_error);
        let expected = match self.to {
            NumberType::Number => "number",
            NumberType::Integer => "integer",
        };
        for (index, name) in &self.columns {
            let mut failed = Vec::new();
            let read = self.read(rows.column(*index), &mut failed);
            unread.note(rows, &failed, (name, rows.column(*index)), expected)?;
            rows.set(*index, read);
        }
        unread.settle(rows)
    }
}

impl ReadNumbers {
    fn read(&self, column: &ArrayRef, failed: &mut Vec<usize>) -> ArrayRef {
        match (column.data_type(), self.to) {
            (DataType::Int64, NumberType::Integer) | (DataType::Float64, NumberType::Number) => {
                column.clone()
            }
            (DataType::Int64, NumberType::Number) => {
                let floats = column.as_primitive::<Int64Type>();
                Arc::new(floats.unary::<_, Float64Type>(|value| value as f64))
            }
            (DataType::Float64, NumberType::Integer) => {
                let values = column.as_primitive::<Float64Type>();
                Arc::new(read_each(values.iter(), whole, failed) as Int64Array)
            }
            (_, NumberType::Number) => {
                let texts = column.as_string::<i32>().iter();
                Arc::new(read_each(texts, |text| self.notation.number(text), failed) as Float64Array)
            }
            (_, NumberType::Integer) => {
                let texts = column.as_string::<i32>().iter();
                Arc::new(read_each(texts, |text| self.notation.integer(text), failed) as Int64Array)
            }
        }
    }
}

/// Reads every value that is there; a failed one becomes missing and its index is noted.
pub(super) fn read_each<V, T: arrow_array::ArrowPrimitiveType>(
    values: impl Iterator<Item = Option<V>>,
    read: impl Fn(V) -> Option<T::Native>,
    failed: &mut Vec<usize>,
) -> PrimitiveArray<T> {
    let mut builder = PrimitiveArray::<T>::builder(values.size_hint().0);
    for (index, value) in values.enumerate() {
        let there = value.is_some();
        let read = value.and_then(&read);
        if there && read.is_none() {
            failed.push(index);
        }
        builder.append_option(read);
    }
    builder.finish()
}
