//! Columns as numbers, whichever of the types used between stages they have.

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Date32Type, Float32Type, Float64Type, Int32Type, Int64Type, Time64MicrosecondType,
    TimestampMicrosecondType,
};
use arrow_array::{Array, Float64Array, Int64Array};
use arrow_schema::{DataType, TimeUnit};
use stage::{Blame, Fault};

use crate::columns::type_name;

/// How many microseconds a day has.
pub const MICROS_PER_DAY: i64 = 86_400_000_000;

/// Numbers and booleans as doubles; true is 1. Another type is a mistake of the program.
pub fn numbers(column: &dyn Array) -> Result<Float64Array, Fault> {
    Ok(match column.data_type() {
        DataType::Float64 => column.as_primitive::<Float64Type>().clone(),
        DataType::Float32 => column.as_primitive::<Float32Type>().unary(f64::from),
        DataType::Int64 => column
            .as_primitive::<Int64Type>()
            .unary(|value| value as f64),
        DataType::Int32 => column.as_primitive::<Int32Type>().unary(f64::from),
        DataType::Boolean => {
            let column = column.as_boolean();
            let values = column
                .values()
                .iter()
                .map(|value| f64::from(u8::from(value)));
            Float64Array::new(values.collect(), column.nulls().cloned())
        }
        other => return Err(unexpected("numbers", other)),
    })
}

/// Integers of either width. Another type is a mistake of the program.
pub fn integers(column: &dyn Array) -> Result<Int64Array, Fault> {
    Ok(match column.data_type() {
        DataType::Int64 => column.as_primitive::<Int64Type>().clone(),
        DataType::Int32 => column.as_primitive::<Int32Type>().unary(i64::from),
        other => return Err(unexpected("integers", other)),
    })
}

/// Dates and timestamps as microseconds since 1970, times as microseconds since midnight. Another type is a mistake of
/// the program.
pub fn micros(column: &dyn Array) -> Result<Int64Array, Fault> {
    Ok(match column.data_type() {
        DataType::Date32 => {
            let days = column.as_primitive::<Date32Type>();
            days.unary(|day| i64::from(day).saturating_mul(MICROS_PER_DAY))
        }
        DataType::Time64(TimeUnit::Microsecond) => column
            .as_primitive::<Time64MicrosecondType>()
            .reinterpret_cast(),
        DataType::Timestamp(TimeUnit::Microsecond, _) => column
            .as_primitive::<TimestampMicrosecondType>()
            .reinterpret_cast(),
        other => return Err(unexpected("dates or times", other)),
    })
}

fn unexpected(expected: &str, found: &DataType) -> Fault {
    let message = format!("expected {expected}, found {}", type_name(found));
    Fault::message(Blame::Program, message)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::{
        ArrayRef, BooleanArray, Date32Array, Float32Array, Int32Array, StringArray,
        Time64MicrosecondArray, TimestampMicrosecondArray,
    };

    use super::*;

    #[track_caller]
    fn check_numbers(column: impl Array + 'static, expected: &[Option<f64>]) {
        let found: Vec<_> = numbers(&column).unwrap().iter().collect();
        assert_eq!(found, expected);
    }

    #[track_caller]
    fn check_micros(column: impl Array + 'static, expected: &[Option<i64>]) {
        let found: Vec<_> = micros(&column).unwrap().iter().collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn numbers_of_all_types_are_doubles() {
        let expected = [Some(1.0), None, Some(0.0)];
        check_numbers(Int64Array::from(vec![Some(1), None, Some(0)]), &expected);
        check_numbers(Int32Array::from(vec![Some(1), None, Some(0)]), &expected);
        check_numbers(
            Float32Array::from(vec![Some(1.0), None, Some(0.0)]),
            &expected,
        );
        check_numbers(
            BooleanArray::from(vec![Some(true), None, Some(false)]),
            &expected,
        );
        // A slice has its own beginning.
        let slice = BooleanArray::from(vec![false, true, true]).slice(1, 1);
        check_numbers(slice, &[Some(1.0)]);
    }

    #[test]
    fn dates_and_times_are_microseconds() {
        check_micros(
            Date32Array::from(vec![Some(-1), None]),
            &[Some(-MICROS_PER_DAY), None],
        );
        check_micros(Time64MicrosecondArray::from(vec![7]), &[Some(7)]);
        let moments = TimestampMicrosecondArray::from(vec![Some(-7), None]);
        check_micros(moments.with_timezone("UTC"), &[Some(-7), None]);
    }

    #[test]
    fn text_is_no_number() {
        let texts: ArrayRef = Arc::new(StringArray::from(vec!["1"]));
        let told = numbers(&texts).unwrap_err().to_string();
        assert_eq!(told, "expected numbers, found string");
        assert!(integers(&texts).is_err() && micros(&texts).is_err());
    }
}
