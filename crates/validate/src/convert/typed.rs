//! Columns that come with a type of their own (Parquet, Arrow): by way of their text, so that the rules are the same.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::Float64Type;
use arrow_array::{Array, ArrayRef, StringArray};
use arrow_schema::DataType;
use stage::Fault;
use table::Texts;
use table::raw::Cell;

use super::cells::{self, Converted};
use crate::schema::{Column, Kind};

/// Converts a typed column to the schema's type.
pub(crate) fn convert(column: &Column, array: &ArrayRef) -> Result<Converted, Fault> {
    let target = column.kind.data_type();
    // Nothing to read and nothing to check.
    if *array.data_type() == target && is_free(column) && is_clean(column, array) {
        return Ok(Converted {
            array: Arc::clone(array),
            faults: Vec::new(),
        });
    }
    let texts = texts(column, array)?;
    let cell = |row: usize| {
        if texts.is_null(row) {
            Cell::Null
        } else {
            Cell::Number(texts.value(row))
        }
    };
    // The text of a typed value is that of programs, whatever the schema says about the text of files.
    Ok(match array.data_type() {
        DataType::Utf8 => cells::convert_any(column, array.len(), &cell),
        _ => cells::convert_any(&column.plain(), array.len(), &cell),
    })
}

/// Whether the column has no rule but its type.
fn is_free(column: &Column) -> bool {
    if column.required {
        return false;
    }
    match &column.kind {
        Kind::Integer(_, limits) | Kind::Year(limits) => limits.is_none(),
        Kind::Date(_, limits) | Kind::Time(_, limits) | Kind::Datetime(_, _, limits) => {
            limits.is_none()
        }
        Kind::Number(_, limits) => limits.is_none(),
        Kind::Boolean(_, _, one_of) => one_of.is_none(),
        Kind::String(..) => false,
    }
}

/// Whether no value of it says that it is missing.
fn is_clean(column: &Column, array: &ArrayRef) -> bool {
    match column.kind {
        Kind::Number(..) => array
            .as_primitive::<Float64Type>()
            .values()
            .iter()
            .all(|value| !value.is_nan()),
        _ => true,
    }
}

fn texts(column: &Column, array: &ArrayRef) -> Result<StringArray, Fault> {
    let whole = whole_numbers(column, array);
    let array = whole.as_ref().unwrap_or(array);
    Texts::with_utc(array, "+00:00")
        .and_then(|texts| texts.column())
        .map_err(|fault| fault.context(format!("column `{}`", column.name)))
}

/// Doubles that are all whole, for an integer column: pandas makes such of integers with missing values.
fn whole_numbers(column: &Column, array: &ArrayRef) -> Option<ArrayRef> {
    let integer = matches!(column.kind, Kind::Integer(..) | Kind::Year(..));
    if !integer || *array.data_type() != DataType::Float64 {
        return None;
    }
    let values = array.as_primitive::<Float64Type>();
    let texts = values.iter().map(|value| {
        let value = value.filter(|value| !value.is_nan())?;
        Some(format!("{value}"))
    });
    Some(Arc::new(texts.collect::<StringArray>()))
}
