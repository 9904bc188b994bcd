//! A value of the settings as a value of a column.

use std::sync::Arc;

use arrow_array::{
    ArrayRef, BooleanArray, Date32Array, Float64Array, Int64Array, StringArray,
    TimestampMicrosecondArray,
};
use arrow_schema::{DataType, TimeUnit};
use chrono::{NaiveDate, NaiveDateTime};
use serde_json::Value;
use stage::Fault;
use table::columns::type_name;

use crate::place::Place;

/// The value as an array of length one, of the column's type.
pub(crate) fn literal(
    value: &Value,
    data_type: &DataType,
    column: &str,
    place: &Place,
) -> Result<ArrayRef, Fault> {
    read(value, data_type).ok_or_else(|| {
        place.fault(format!(
            "column `{column}`: expected {}, found `{value}`",
            expected(data_type)
        ))
    })
}

/// Refuses what could be no value of any column.
pub(crate) fn check_scalar(value: &Value, place: &Place) -> Result<(), Fault> {
    if value.is_string() || value.is_number() || value.is_boolean() {
        return Ok(());
    }
    Err(place.fault(format!(
        "expected a string, a number or a boolean, found `{value}`"
    )))
}

fn read(value: &Value, data_type: &DataType) -> Option<ArrayRef> {
    Some(match data_type {
        DataType::Utf8 => Arc::new(StringArray::from(vec![value.as_str()?])),
        DataType::Int64 => Arc::new(Int64Array::from(vec![value.as_i64()?])),
        DataType::Float64 => Arc::new(Float64Array::from(vec![value.as_f64()?])),
        DataType::Boolean => Arc::new(BooleanArray::from(vec![value.as_bool()?])),
        DataType::Date32 => Arc::new(Date32Array::from(vec![days(value.as_str()?)?])),
        DataType::Timestamp(TimeUnit::Microsecond, zone) => {
            let array = TimestampMicrosecondArray::from(vec![micros(value.as_str()?)?]);
            Arc::new(array.with_timezone_opt(zone.clone()))
        }
        _ => return None,
    })
}

/// What a value of a column of this type looks like in the settings.
fn expected(data_type: &DataType) -> String {
    match data_type {
        DataType::Date32 => "a date (`\"2014-01-31\"`)".to_owned(),
        DataType::Timestamp(TimeUnit::Microsecond, _) => {
            "a datetime (`\"2014-01-31T12:00:00\"`)".to_owned()
        }
        other => type_name(other),
    }
}

/// Days since 1970 of `2014-01-31`.
fn days(text: &str) -> Option<i32> {
    let date: NaiveDate = text.parse().ok()?;
    Some(date.to_epoch_days())
}

/// Microseconds since 1970 of `2014-01-31T12:00:00` or of a date's midnight.
fn micros(text: &str) -> Option<i64> {
    let midnight = || text.parse::<NaiveDate>().ok()?.and_hms_opt(0, 0, 0);
    let time: NaiveDateTime = text.parse().ok().or_else(midnight)?;
    Some(time.and_utc().timestamp_micros())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(value: Value, data_type: DataType, expected: Option<&str>) {
        let found = read(&value, &data_type).map(|array| format!("{array:?}"));
        let line = found.map(|text| text.lines().nth(2).unwrap_or("").trim().to_owned());
        assert_eq!(line.as_deref(), expected, "{value} as {data_type}");
    }

    #[test]
    fn a_value_takes_the_type_of_its_column_or_none() {
        check(json!("a"), DataType::Utf8, Some("\"a\","));
        check(json!(1), DataType::Utf8, None);
        check(json!(1), DataType::Int64, Some("1,"));
        check(json!(1.5), DataType::Int64, None);
        check(json!(1), DataType::Float64, Some("1.0,"));
        check(json!("2014-01-31"), DataType::Date32, Some("2014-01-31,"));
        check(json!("2014-02-31"), DataType::Date32, None);
        let datetime = DataType::Timestamp(TimeUnit::Microsecond, None);
        check(
            json!("2014-01-31"),
            datetime.clone(),
            Some("2014-01-31T00:00:00,"),
        );
        check(
            json!("2014-01-31T12:30:00"),
            datetime,
            Some("2014-01-31T12:30:00,"),
        );
    }
}
