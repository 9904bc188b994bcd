//! `cast`: another type for columns, without rounding.

mod read;

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{Date32Type, Float64Type, Int64Type, TimestampMicrosecondType};
use arrow_array::{
    Array, ArrayRef, ArrowPrimitiveType, BooleanArray, Date32Array, Float64Array, PrimitiveArray,
    StringArray, TimestampMicrosecondArray,
};
use arrow_schema::{DataType, TimeUnit};
use stage::{Blame, Fault};
use table::Texts;
use table::columns::type_name;
use table::values::{MICROS_PER_DAY, integers, micros, numbers};

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

/// A number is no date, though one could count days: nobody means that.
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
    from == to || kin || text(from) || text(to)
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

/// The column in another type; what that type cannot hold is missing: nothing is rounded.
pub(crate) fn cast(column: &ArrayRef, to: &DataType) -> Result<ArrayRef, Fault> {
    use DataType::{Boolean, Date32, Float64, Int32, Int64, Timestamp, Utf8};
    let from = column.data_type();
    Ok(match (from, to) {
        _ if from == to => Arc::clone(column),
        (_, Utf8) => Arc::new(Texts::new(column)?.column()?),
        (Utf8, _) => read_all(column.as_string(), to)?,
        (Int32, Int64) => Arc::new(integers(column)?),
        (_, Int64) => Arc::new(numbers(column)?.unary_opt::<_, Int64Type>(whole)),
        (_, Float64) => Arc::new(numbers(column)?),
        (_, Boolean) => Arc::new(booleans(&numbers(column)?)),
        (Date32, Timestamp(..)) => {
            let days = column.as_primitive::<Date32Type>();
            let moments: TimestampMicrosecondArray =
                days.unary_opt(|day| i64::from(day).checked_mul(MICROS_PER_DAY));
            Arc::new(moments)
        }
        (_, Timestamp(..)) => {
            let moments: TimestampMicrosecondArray = micros(column)?.reinterpret_cast();
            Arc::new(moments)
        }
        (_, Date32) => {
            let day = |moment: i64| i32::try_from(moment.div_euclid(MICROS_PER_DAY)).ok();
            let days: Date32Array = micros(column)?.unary_opt(day);
            Arc::new(days)
        }
        _ => return Err(unknown(from, to)),
    })
}

/// Texts as values; those that are none are missing.
fn read_all(texts: &StringArray, to: &DataType) -> Result<ArrayRef, Fault> {
    fn all<T: ArrowPrimitiveType>(
        texts: &StringArray,
        value: impl Fn(&str) -> Option<T::Native>,
    ) -> ArrayRef {
        let values = texts.iter().map(|text| text.and_then(&value));
        Arc::new(values.collect::<PrimitiveArray<T>>())
    }
    Ok(match to {
        DataType::Int64 => all::<Int64Type>(texts, read::integer),
        DataType::Float64 => all::<Float64Type>(texts, read::number),
        DataType::Date32 => all::<Date32Type>(texts, read::days),
        DataType::Timestamp(..) => all::<TimestampMicrosecondType>(texts, read::micros),
        DataType::Boolean => {
            let values = texts.iter().map(|text| text.and_then(read::boolean));
            Arc::new(values.collect::<BooleanArray>())
        }
        other => return Err(unknown(texts.data_type(), other)),
    })
}

/// 0 and 1 as false and true.
fn booleans(numbers: &Float64Array) -> BooleanArray {
    let one = |value: f64| (value == 0.0 || value == 1.0).then_some(value == 1.0);
    numbers.iter().map(|value| value.and_then(one)).collect()
}

fn unknown(from: &DataType, to: &DataType) -> Fault {
    let message = format!("cannot cast {} to {}", type_name(from), type_name(to));
    Fault::message(Blame::Program, message)
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

    use arrow_array::{Float32Array, Int32Array, Int64Array};

    use super::*;

    #[track_caller]
    fn check(column: impl Array + 'static, to: Type, expected: &[&str]) {
        let column: ArrayRef = Arc::new(column);
        let new = cast(&column, &data_type(to)).unwrap();
        let texts = Texts::new(&new).unwrap();
        let found: Vec<_> = (0..new.len()).map(|row| texts.text(row)).collect();
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
    fn dates_and_moments_become_each_other() {
        let days = || Date32Array::from(vec![Some(-1), None, Some(i32::MAX)]);
        check(days(), Type::Datetime, &["1969-12-31T00:00:00", "", ""]);
        let moments = TimestampMicrosecondArray::from(vec![-1, 0]).with_timezone("UTC");
        check(moments.clone(), Type::Date, &["1969-12-31", "1970-01-01"]);
        check(
            moments,
            Type::Datetime,
            &["1969-12-31T23:59:59.999999", "1970-01-01T00:00:00"],
        );
    }

    #[test]
    fn narrow_numbers_are_not_rounded_either() {
        let singles = || Float32Array::from(vec![2.0, 2.5, 1.0]);
        check(singles(), Type::Integer, &["2", "", "1"]);
        check(singles(), Type::Boolean, &["", "", "true"]);
        let codes = Int32Array::from(vec![0, 1, 2]);
        check(codes, Type::Boolean, &["false", "true", ""]);
    }

    #[test]
    fn a_number_is_no_date() {
        assert!(!is_castable(&DataType::Int64, &DataType::Date32));
        assert!(is_castable(&DataType::Utf8, &DataType::Date32));
    }
}
