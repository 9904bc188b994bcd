//! Cells as text.

use std::fmt::{self, Write};

use arrow_array::builder::StringBuilder;
use arrow_array::cast::AsArray;
use arrow_array::types::{
    Date32Type, Float32Type, Float64Type, Int32Type, Int64Type, Time64MicrosecondType,
    TimestampMicrosecondType,
};
use arrow_array::{
    Array, BooleanArray, Date32Array, Float32Array, Float64Array, Int32Array, Int64Array,
    StringArray, Time64MicrosecondArray, TimestampMicrosecondArray,
};
use arrow_schema::{DataType, TimeUnit};
use stage::{Blame, Fault};

use crate::columns::type_name;

/// Said of a date or time that calendars do not have.
const OUT_OF_RANGE: &str = "a date or time out of range";

/// A column of a type used between stages, ready to give the text of its cells: that which reads back as the same value,
/// with a point in every number that is no integer, dates and times as in ISO 8601.
#[derive(Debug)]
pub struct Texts<'a> {
    column: &'a dyn Array,
    cells: Cells<'a>,
}

#[derive(Debug)]
enum Cells<'a> {
    Text(&'a StringArray),
    Boolean(&'a BooleanArray),
    Code(&'a Int32Array),
    Integer(&'a Int64Array),
    Single(&'a Float32Array),
    Double(&'a Float64Array),
    Date(&'a Date32Array),
    Time(&'a Time64MicrosecondArray),
    /// And what follows a moment: nothing, or the mark of UTC.
    Moment(&'a TimestampMicrosecondArray, &'a str),
}

impl<'a> Texts<'a> {
    /// Moments in UTC end with `Z`. A column of a type not used between stages is a mistake of the program.
    pub fn new(column: &'a dyn Array) -> Result<Self, Fault> {
        Self::with_utc(column, "Z")
    }

    /// Moments in UTC end with this mark.
    pub fn with_utc(column: &'a dyn Array, utc: &'a str) -> Result<Self, Fault> {
        let cells = match column.data_type() {
            DataType::Utf8 => Cells::Text(column.as_string()),
            DataType::Boolean => Cells::Boolean(column.as_boolean()),
            DataType::Int32 => Cells::Code(column.as_primitive::<Int32Type>()),
            DataType::Int64 => Cells::Integer(column.as_primitive::<Int64Type>()),
            DataType::Float32 => Cells::Single(column.as_primitive::<Float32Type>()),
            DataType::Float64 => Cells::Double(column.as_primitive::<Float64Type>()),
            DataType::Date32 => Cells::Date(column.as_primitive::<Date32Type>()),
            DataType::Time64(TimeUnit::Microsecond) => {
                Cells::Time(column.as_primitive::<Time64MicrosecondType>())
            }
            DataType::Timestamp(TimeUnit::Microsecond, zone) => Cells::Moment(
                column.as_primitive::<TimestampMicrosecondType>(),
                if zone.is_some() { utc } else { "" },
            ),
            other => {
                let message = format!("a value of type {} has no text", type_name(other));
                return Err(Fault::message(Blame::Program, message));
            }
        };
        Ok(Self { column, cells })
    }

    /// The text of a cell; empty where it is missing.
    pub fn text(&self, row: usize) -> String {
        let mut text = String::new();
        match self.write(&mut text, row) {
            Ok(()) => text,
            Err(fmt::Error) => OUT_OF_RANGE.to_owned(),
        }
    }

    /// All cells; what is missing stays so. A date or time out of the range of calendars is the item's fault.
    pub fn column(&self) -> Result<StringArray, Fault> {
        if let Cells::Text(column) = self.cells {
            return Ok(column.clone());
        }
        let mut texts = StringBuilder::new();
        for row in 0..self.column.len() {
            if self.column.is_null(row) {
                texts.append_null();
                continue;
            }
            let written = self.write(&mut texts, row);
            written.map_err(|_| Fault::item(format!("{OUT_OF_RANGE} in row {}", row + 1)))?;
            // Ends the cell.
            texts.append_value("");
        }
        Ok(texts.finish())
    }

    /// Fails where a date or time is out of the range of calendars.
    fn write(&self, to: &mut impl Write, row: usize) -> fmt::Result {
        if self.column.is_null(row) {
            return Ok(());
        }
        match self.cells {
            Cells::Text(column) => to.write_str(column.value(row)),
            Cells::Boolean(column) => write!(to, "{}", column.value(row)),
            Cells::Code(column) => write!(to, "{}", column.value(row)),
            Cells::Integer(column) => write!(to, "{}", column.value(row)),
            Cells::Single(column) => to.write_str(ryu::Buffer::new().format(column.value(row))),
            Cells::Double(column) => to.write_str(ryu::Buffer::new().format(column.value(row))),
            Cells::Date(column) => {
                let date = column.value_as_date(row).ok_or(fmt::Error)?;
                write!(to, "{date:?}")
            }
            Cells::Time(column) => {
                let time = column.value_as_time(row).ok_or(fmt::Error)?;
                write!(to, "{time:?}")
            }
            Cells::Moment(column, utc) => {
                let moment = column.value_as_datetime(row).ok_or(fmt::Error)?;
                write!(to, "{moment:?}{utc}")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(column: impl Array, expected: &[Option<&str>]) {
        let texts = Texts::new(&column).unwrap();
        let cells = texts.column().unwrap();
        assert_eq!(cells.iter().collect::<Vec<_>>(), expected);
        let each: Vec<String> = (0..column.len()).map(|row| texts.text(row)).collect();
        let expected: Vec<&str> = expected.iter().map(|cell| cell.unwrap_or("")).collect();
        assert_eq!(each, expected);
    }

    #[test]
    fn a_number_has_a_point_and_an_integer_has_none() {
        check(Int64Array::from(vec![Some(-3), None]), &[Some("-3"), None]);
        check(Int32Array::from(vec![7]), &[Some("7")]);
        check(
            Float64Array::from(vec![12.0, 0.1, 1e300, 0.00001234, f64::NAN, -0.0]),
            &[
                Some("12.0"),
                Some("0.1"),
                Some("1e300"),
                Some("0.00001234"),
                Some("NaN"),
                Some("-0.0"),
            ],
        );
        check(Float32Array::from(vec![0.1]), &[Some("0.1")]);
        check(
            BooleanArray::from(vec![Some(true), None]),
            &[Some("true"), None],
        );
    }

    #[test]
    fn dates_and_times_are_written_in_iso_8601() {
        check(
            Date32Array::from(vec![0, 16_095]),
            &[Some("1970-01-01"), Some("2014-01-25")],
        );
        check(
            Time64MicrosecondArray::from(vec![30_600_000_000, 250_000]),
            &[Some("08:30:00"), Some("00:00:00.250")],
        );
        let moments = TimestampMicrosecondArray::from(vec![-1]);
        check(moments.clone(), &[Some("1969-12-31T23:59:59.999999")]);
        let moments = moments.with_timezone("UTC");
        check(moments.clone(), &[Some("1969-12-31T23:59:59.999999Z")]);
        let texts = Texts::with_utc(&moments, "+00:00").unwrap();
        assert_eq!(texts.text(0), "1969-12-31T23:59:59.999999+00:00");
    }

    #[test]
    fn what_no_calendar_has_is_the_items_fault() {
        let moments = TimestampMicrosecondArray::from(vec![0, i64::MAX]);
        let texts = Texts::new(&moments).unwrap();
        let fault = texts.column().unwrap_err();
        assert_eq!(fault.blame, Blame::Item);
        assert_eq!(fault.to_string(), "a date or time out of range in row 2");
        assert_eq!(texts.text(1), "a date or time out of range");
    }
}
