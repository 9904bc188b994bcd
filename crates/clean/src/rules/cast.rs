//! `cast`: another type for columns, without rounding.

use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int64Type};
use arrow_array::{Array, ArrayRef, BooleanArray};
use arrow_buffer::BooleanBuffer;
use arrow_cast::{CastOptions, can_cast_types, cast_with_options};
use arrow_schema::{DataType, TimeUnit};
use arrow_select::nullif::nullif;
use stage::{Blame, Fault, OrBlame};
use table::columns::type_name;

use super::{Checked, Step};
use crate::columns::Columns;
use crate::place::Place;
use crate::rows::Rows;
use crate::settings::{self, OnError, Type};
use crate::unread::Unread;

/// `cast`
pub(super) struct Cast {
    columns: Vec<String>,
    to: Type,
    on_error: OnError,
    place: Place,
}

impl Cast {
    pub(super) fn new(given: &settings::Cast, place: Place) -> Self {
        Self {
            columns: given.columns.clone(),
            to: given.to,
            on_error: given.on_error,
            place,
        }
    }

    fn expected(&self) -> &'static str {
        match self.to {
            Type::Integer => "integer",
            Type::Number => "number",
            Type::String => "string",
            Type::Boolean => "boolean",
            Type::Date => "date",
            Type::Datetime => "datetime",
        }
    }
}

fn data_type(to: Type) -> DataType {
    match to {
        Type::Integer => DataType::Int64,
        Type::Number => DataType::Float64,
        Type::String => DataType::Utf8,
        Type::Boolean => DataType::Boolean,
        Type::Date => DataType::Date32,
        Type::Datetime => DataType::Timestamp(TimeUnit::Microsecond, None),
    }
}

impl Checked for Cast {
    fn bind(&self, columns: &mut Columns) -> Result<Box<dyn Step>, Fault> {
        let to = data_type(self.to);
        let mut bound = Vec::with_capacity(self.columns.len());
        for index in columns.find_all(&self.columns, &self.place)? {
            let from = columns.data_type(index);
            let (name, castable) = (columns.name(index), is_castable(from, &to));
            if !castable {
                return Err(self.place.fault(format!(
                    "column `{name}`: cannot cast {} to {}",
                    type_name(from),
                    type_name(&to)
                )));
            }
            bound.push((index, name.to_owned()));
            columns.set_type(index, to.clone());
        }
        Ok(Box::new(CastColumns {
            columns: bound,
            to,
            expected: self.expected(),
            on_error: self.on_error,
            place: self.place.clone(),
        }))
    }
}

/// Arrow would also make a date of a number, by counting days: nobody means that.
fn is_castable(from: &DataType, to: &DataType) -> bool {
    let numeric = |each: &DataType| {
        matches!(
            each,
            DataType::Int64 | DataType::Float64 | DataType::Int32 | DataType::Float32
        ) || *each == DataType::Boolean
    };
    let temporal = |each: &DataType| matches!(each, DataType::Date32 | DataType::Timestamp(..));
    let text = |each: &DataType| *each == DataType::Utf8;
    let kin = (numeric(from) && numeric(to)) || (temporal(from) && temporal(to));
    (from == to || kin || text(from) || text(to)) && can_cast_types(from, to)
}

struct CastColumns {
    columns: Vec<(usize, String)>,
    to: DataType,
    expected: &'static str,
    on_error: OnError,
    place: Place,
}

impl Step for CastColumns {
    fn apply(&self, rows: &mut Rows) -> Result<(), Fault> {
        let mut unread = Unread::new(&self.place, self.on_error);
        for (index, name) in &self.columns {
            let column = rows.column(*index);
            let new = cast(column, &self.to)?;
            let failed = lost(column, &new);
            unread.note(rows, &failed, (name, column), self.expected)?;
            rows.set(*index, new);
        }
        unread.settle(rows)
    }
}

/// The column in another type; what that type cannot hold is missing.
fn cast(column: &ArrayRef, to: &DataType) -> Result<ArrayRef, Fault> {
    // Arrow cuts 2.5 to 2 and takes 2 for true: such values are made missing first.
    let unfit = match (column.data_type(), to) {
        (DataType::Float64, DataType::Int64) => Some(unfit_floats(column, |v| whole(v).is_none())),
        (DataType::Float64, DataType::Boolean) => {
            Some(unfit_floats(column, |value| value != 0.0 && value != 1.0))
        }
        (DataType::Int64, DataType::Boolean) => {
            let values = column.as_primitive::<Int64Type>().values();
            Some(values.iter().map(|value| !matches!(value, 0 | 1)).collect())
        }
        _ => None,
    };
    let fit = match unfit {
        Some(unfit) => nullif(column, &BooleanArray::new(unfit, None)).or_blame(Blame::Program)?,
        None => column.clone(),
    };
    let options = CastOptions {
        safe: true,
        ..CastOptions::default()
    };
    let new = cast_with_options(&fit, to, &options).or_blame(Blame::Program)?;
    if *column.data_type() == DataType::Utf8 && *to == DataType::Float64 {
        // "nan" and "inf" parse, yet are no numbers to calculate with.
        let unfit = unfit_floats(&new, |value| !value.is_finite());
        return nullif(&new, &BooleanArray::new(unfit, None)).or_blame(Blame::Program);
    }
    Ok(new)
}

fn unfit_floats(column: &ArrayRef, unfit: impl Fn(f64) -> bool) -> BooleanBuffer {
    let values = column.as_primitive::<Float64Type>().values();
    values.iter().map(|value| unfit(*value)).collect()
}

/// The rows whose value was there before and is not now.
fn lost(before: &ArrayRef, after: &ArrayRef) -> Vec<usize> {
    if before.null_count() == after.null_count() {
        return Vec::new();
    }
    (0..after.len())
        .filter(|row| after.is_null(*row) && before.is_valid(*row))
        .collect()
}

/// The integer that a double is, if it is one.
pub(super) fn whole(value: f64) -> Option<i64> {
    // The bounds are doubles: 2^63 itself is no i64 any more.
    let within = (-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&value);
    (within && value.fract() == 0.0).then_some(value as i64)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::{Float64Array, Int64Array, StringArray};
    use arrow_cast::display::array_value_to_string;

    use super::*;

    #[track_caller]
    fn check(column: impl Array + 'static, to: Type, expected: &[&str]) {
        let column: ArrayRef = Arc::new(column);
        let new = cast(&column, &data_type(to)).unwrap();
        let show = |row| array_value_to_string(&new, row).unwrap();
        let found: Vec<_> = (0..new.len()).map(show).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn nothing_is_rounded() {
        let floats = || Float64Array::from(vec![2.0, 2.5, f64::NAN, 1e300]);
        check(floats(), Type::Integer, &["2", "", "", ""]);
        check(floats(), Type::Boolean, &["", "", "", ""]);
        let integers = Int64Array::from(vec![0, 1, 2]);
        check(integers, Type::Boolean, &["false", "true", ""]);
    }

    #[test]
    fn texts_become_values() {
        let texts = || StringArray::from(vec!["12", "1.5", "nan", "x", "true", "2014-01-31"]);
        check(texts(), Type::Integer, &["12", "", "", "", "", ""]);
        check(texts(), Type::Number, &["12.0", "1.5", "", "", "", ""]);
        check(texts(), Type::Boolean, &["", "", "", "", "true", ""]);
        check(texts(), Type::Date, &["", "", "", "", "", "2014-01-31"]);
    }

    #[test]
    fn a_number_is_no_date() {
        assert!(!is_castable(&DataType::Int64, &DataType::Date32));
        assert!(is_castable(&DataType::Utf8, &DataType::Date32));
    }
}
