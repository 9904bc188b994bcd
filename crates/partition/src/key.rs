//! A row's key: the canonical text of its cells, and its hash.
//!
//! A value's text is what a careful person would write in a CSV file, so that a column that is typed differently
//! next year (`5` as an integer, `5.0` as a float, `"5"` as a string) still gives the same key:
//!
//! | type | text |
//! |---|---|
//! | string | itself |
//! | integer | decimal digits: `5`, `-3` |
//! | float | as an integer if it is a whole number, else the shortest digits that read back as the same double: `5`, `0.1`; `-0` is `0`, `NaN`, `inf`, `-inf` |
//! | boolean | `true`, `false` |
//! | date | `2014-01-25` |
//! | time | `08:30:00`, with `.250000` where there is a fraction |
//! | timestamp | `2014-01-25T08:30:00`, with `.250000` where there is a fraction; in UTC where it has a zone |
//!
//! The key's bytes are, for each column, `00` for null, or `01`, the text's length as a little-endian u64, and the text.
//! Their hash is XXH3 with 64 bits and the rule's seed. So null is a value of its own, different from the empty string.

use std::io::Write;

use arrow_array::cast::AsArray;
use arrow_array::types::Date32Type;
use arrow_array::{
    Array, ArrayRef, BooleanArray, Date32Array, Float64Array, Int64Array, StringArray,
};
use arrow_schema::{DataType, TimeUnit};
use stage::Fault;
use table::values;
use xxhash_rust::xxh3::xxh3_64_with_seed;

const MICROS_PER_SECOND: i64 = 1_000_000;
const SECONDS_PER_DAY: i64 = 86_400;

/// The hash of every row over the given columns, all of the same length. Fails for a type that has no text.
pub fn hash_rows(columns: &[ArrayRef], seed: u64) -> Result<Vec<u64>, Fault> {
    let texts: Vec<Texts> = columns.iter().map(Texts::new).collect::<Result<_, _>>()?;
    let rows = columns.first().map_or(0, |column| column.len());
    let mut key = Vec::with_capacity(64);
    let mut hashes = Vec::with_capacity(rows);
    for row in 0..rows {
        key.clear();
        for column in &texts {
            column.push_part(&mut key, row);
        }
        hashes.push(xxh3_64_with_seed(&key, seed));
    }
    Ok(hashes)
}

/// The canonical text of one cell; `None` for null.
pub fn value_text(column: &ArrayRef, row: usize) -> Result<Option<String>, Fault> {
    let texts = Texts::new(column)?;
    let mut text = Vec::new();
    Ok(texts
        .push(&mut text, row)
        .then(|| String::from_utf8_lossy(&text).into_owned()))
}

/// Whether values of this type have a text, and so can be keys.
pub(crate) fn has_text(data_type: &DataType) -> bool {
    matches!(
        data_type,
        DataType::Utf8
            | DataType::Int32
            | DataType::Int64
            | DataType::Float32
            | DataType::Float64
            | DataType::Boolean
            | DataType::Date32
            | DataType::Time64(TimeUnit::Microsecond)
            | DataType::Timestamp(TimeUnit::Microsecond, _)
    )
}

/// A column, ready to give the text of its cells.
pub(crate) enum Texts {
    Text(StringArray),
    Integer(Int64Array),
    Float(Float64Array),
    Boolean(BooleanArray),
    Date(Date32Array),
    Time(Int64Array),
    Timestamp(Int64Array),
}

impl Texts {
    pub(crate) fn new(column: &ArrayRef) -> Result<Self, Fault> {
        let data_type = column.data_type();
        if !has_text(data_type) {
            let message = format!("a column of type {data_type} cannot be a key");
            return Err(Fault::settings(message));
        }
        Ok(match data_type {
            DataType::Utf8 => Self::Text(column.as_string::<i32>().clone()),
            DataType::Int32 | DataType::Int64 => Self::Integer(values::integers(column)?),
            DataType::Float32 | DataType::Float64 => Self::Float(values::numbers(column)?),
            DataType::Boolean => Self::Boolean(column.as_boolean().clone()),
            DataType::Date32 => Self::Date(column.as_primitive::<Date32Type>().clone()),
            DataType::Time64(_) => Self::Time(values::micros(column)?),
            _ => Self::Timestamp(values::micros(column)?),
        })
    }

    fn is_null(&self, row: usize) -> bool {
        match self {
            Self::Text(column) => column.is_null(row),
            Self::Integer(column) => column.is_null(row),
            Self::Float(column) => column.is_null(row),
            Self::Boolean(column) => column.is_null(row),
            Self::Date(column) => column.is_null(row),
            Self::Time(column) => column.is_null(row),
            Self::Timestamp(column) => column.is_null(row),
        }
    }

    /// Appends the text of a cell; false for null.
    pub(crate) fn push(&self, text: &mut Vec<u8>, row: usize) -> bool {
        if self.is_null(row) {
            return false;
        }
        match self {
            Self::Text(column) => text.extend_from_slice(column.value(row).as_bytes()),
            Self::Integer(column) => push_integer(text, column.value(row)),
            Self::Float(column) => push_float(text, column.value(row)),
            Self::Boolean(column) => {
                let word: &[u8] = if column.value(row) { b"true" } else { b"false" };
                text.extend_from_slice(word);
            }
            Self::Date(column) => push_date(text, i64::from(column.value(row))),
            Self::Time(column) => push_time(text, column.value(row)),
            Self::Timestamp(column) => push_timestamp(text, column.value(row)),
        }
        true
    }

    /// Appends a cell as a part of a key.
    fn push_part(&self, key: &mut Vec<u8>, row: usize) {
        let start = key.len();
        key.push(1);
        key.extend_from_slice(&[0; 8]);
        if self.push(key, row) {
            let length = (key.len() - start - 9) as u64;
            key[start + 1..start + 9].copy_from_slice(&length.to_le_bytes());
        } else {
            key.truncate(start);
            key.push(0);
        }
    }
}

fn push_integer(text: &mut Vec<u8>, value: i64) {
    if value < 0 {
        text.push(b'-');
    }
    push_unsigned(text, value.unsigned_abs());
}

fn push_unsigned(text: &mut Vec<u8>, mut value: u64) {
    let start = text.len();
    loop {
        text.push(b'0' + (value % 10) as u8);
        value /= 10;
        if value == 0 {
            break;
        }
    }
    text[start..].reverse();
}

pub(crate) fn push_float(text: &mut Vec<u8>, value: f64) {
    if value == value.trunc() && value.abs() < 9e18 {
        push_integer(text, value as i64);
    } else {
        // Writing into a vector cannot fail.
        let _ = write!(text, "{value}");
    }
}

fn push_digits(text: &mut Vec<u8>, value: i64, width: usize) {
    let _ = write!(text, "{value:0width$}");
}

/// From days since 1970-01-01, by Howard Hinnant's `civil_from_days`.
fn push_date(text: &mut Vec<u8>, days: i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = (month_from_march + 2) % 12 + 1;
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    push_digits(text, year, 4);
    text.push(b'-');
    push_digits(text, month, 2);
    text.push(b'-');
    push_digits(text, day, 2);
}

fn push_time(text: &mut Vec<u8>, micros: i64) {
    let seconds = micros.div_euclid(MICROS_PER_SECOND);
    push_digits(text, seconds / 3_600, 2);
    text.push(b':');
    push_digits(text, seconds / 60 % 60, 2);
    text.push(b':');
    push_digits(text, seconds % 60, 2);
    let fraction = micros.rem_euclid(MICROS_PER_SECOND);
    if fraction != 0 {
        text.push(b'.');
        push_digits(text, fraction, 6);
    }
}

fn push_timestamp(text: &mut Vec<u8>, micros: i64) {
    let day = SECONDS_PER_DAY * MICROS_PER_SECOND;
    push_date(text, micros.div_euclid(day));
    text.push(b'T');
    push_time(text, micros.rem_euclid(day));
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::{Time64MicrosecondArray, TimestampMicrosecondArray};

    use super::*;

    #[track_caller]
    fn check(column: impl Array + 'static, expected: &[Option<&str>]) {
        let column: ArrayRef = Arc::new(column);
        let texts: Vec<Option<String>> = (0..column.len())
            .map(|row| value_text(&column, row).unwrap())
            .collect();
        let texts: Vec<Option<&str>> = texts.iter().map(Option::as_deref).collect();
        assert_eq!(texts, expected);
    }

    #[test]
    fn numbers_are_written_by_value() {
        let expected = [Some("5"), Some("-3"), None];
        check(Int64Array::from(vec![Some(5), Some(-3), None]), &expected);
        check(
            Float64Array::from(vec![Some(5.0), Some(-3.0), None]),
            &expected,
        );
        check(
            Float64Array::from(vec![0.1, -0.0, 1e19, f64::NAN, f64::NEG_INFINITY]),
            &[
                Some("0.1"),
                Some("0"),
                Some("10000000000000000000"),
                Some("NaN"),
                Some("-inf"),
            ],
        );
        check(
            Int64Array::from(vec![i64::MIN, i64::MAX]),
            &[Some("-9223372036854775808"), Some("9223372036854775807")],
        );
    }

    #[test]
    fn dates_and_times_are_written_in_iso_8601() {
        check(
            Date32Array::from(vec![0, -1, 16_095, 11_016]),
            &[
                Some("1970-01-01"),
                Some("1969-12-31"),
                Some("2014-01-25"),
                Some("2000-02-29"),
            ],
        );
        check(
            TimestampMicrosecondArray::from(vec![0, -1]).with_timezone("UTC"),
            &[
                Some("1970-01-01T00:00:00"),
                Some("1969-12-31T23:59:59.999999"),
            ],
        );
        check(
            Time64MicrosecondArray::from(vec![30_600_250_000]),
            &[Some("08:30:00.250000")],
        );
    }

    #[test]
    fn cells_do_not_run_together() {
        let column = |text: &str| Arc::new(StringArray::from(vec![text])) as ArrayRef;
        let a = hash_rows(&[column("ab"), column("c")], 0).unwrap();
        let b = hash_rows(&[column("a"), column("bc")], 0).unwrap();
        assert_ne!(a, b);
    }

    #[test]
    fn null_is_not_the_empty_string() {
        let column = Arc::new(StringArray::from(vec![None, Some("")])) as ArrayRef;
        let hashes = hash_rows(&[column], 0).unwrap();
        assert_ne!(hashes[0], hashes[1]);
    }
}
