//! Parts of dates and times.

use std::sync::Arc;

use arrow_array::{ArrayRef, Int64Array};
use chrono::{DateTime, Datelike, NaiveDateTime, Timelike};
use stage::Fault;
use table::values::{self, MICROS_PER_DAY};

use crate::settings::DatePart;

const MICROS_PER_SECOND: i64 = 1_000_000;
const MICROS_PER_MINUTE: i64 = 60 * MICROS_PER_SECOND;
const MICROS_PER_HOUR: i64 = 60 * MICROS_PER_MINUTE;

/// The parts of a column, each a column of integers.
pub(crate) fn parts(column: &ArrayRef, parts: &[DatePart]) -> Result<Vec<ArrayRef>, Fault> {
    let moments = values::micros(column)?;
    let one = |part: &DatePart| Arc::new(take(&moments, *part)) as ArrayRef;
    Ok(parts.iter().map(one).collect())
}

/// Of these parts those that differ between two moments and all between them.
pub(crate) fn differing(parts: &[DatePart], first: i64, last: i64) -> Vec<DatePart> {
    let differs = |part: &DatePart| match part {
        DatePart::Year => years(first) != years(last),
        DatePart::Quarter | DatePart::Month => months(first) != months(last),
        DatePart::Hour => first.div_euclid(MICROS_PER_HOUR) != last.div_euclid(MICROS_PER_HOUR),
        DatePart::Minute => {
            first.div_euclid(MICROS_PER_MINUTE) != last.div_euclid(MICROS_PER_MINUTE)
        }
        DatePart::Second | DatePart::Epoch => first != last,
        DatePart::Week | DatePart::Day | DatePart::DayOfYear | DatePart::Weekday => {
            first.div_euclid(MICROS_PER_DAY) != last.div_euclid(MICROS_PER_DAY)
        }
    };
    parts.iter().copied().filter(differs).collect()
}

fn years(micros: i64) -> Option<i64> {
    let moment = DateTime::from_timestamp_micros(micros)?;
    Some(i64::from(moment.year()))
}

fn months(micros: i64) -> Option<i64> {
    let moment = DateTime::from_timestamp_micros(micros)?;
    Some(i64::from(moment.year()) * 12 + i64::from(moment.month0()))
}

fn take(moments: &Int64Array, part: DatePart) -> Int64Array {
    let second_of_day = |micros: i64| micros.rem_euclid(MICROS_PER_DAY) / MICROS_PER_SECOND;
    match part {
        DatePart::Hour => moments.unary(|micros| second_of_day(micros) / 3_600),
        DatePart::Minute => moments.unary(|micros| second_of_day(micros) / 60 % 60),
        DatePart::Second => moments.unary(|micros| second_of_day(micros) % 60),
        DatePart::Epoch => moments.unary(|micros| micros.div_euclid(MICROS_PER_SECOND)),
        // 1970 began on a Thursday.
        DatePart::Weekday => {
            moments.unary(|micros| (micros.div_euclid(MICROS_PER_DAY) + 3).rem_euclid(7))
        }
        _ => by_calendar(moments, part),
    }
}

/// Rows come in runs of the same day, so the last day's answer is kept.
fn by_calendar(moments: &Int64Array, part: DatePart) -> Int64Array {
    let mut last: Option<(i64, Option<i64>)> = None;
    let mut answer = |micros: i64| {
        let day = micros.div_euclid(MICROS_PER_DAY);
        if let Some((known, answer)) = last
            && known == day
        {
            return answer;
        }
        let moment = DateTime::from_timestamp_micros(day.saturating_mul(MICROS_PER_DAY));
        let found = moment.map(|moment| calendar(moment.naive_utc(), part));
        last = Some((day, found));
        found
    };
    moments
        .iter()
        .map(|micros| micros.and_then(&mut answer))
        .collect()
}

fn calendar(day: NaiveDateTime, part: DatePart) -> i64 {
    match part {
        DatePart::Year => i64::from(day.year()),
        DatePart::Quarter => i64::from(day.month0() / 3 + 1),
        DatePart::Month => i64::from(day.month()),
        DatePart::Week => i64::from(day.iso_week().week()),
        DatePart::Day => i64::from(day.day()),
        DatePart::DayOfYear => i64::from(day.ordinal()),
        _ => i64::from(day.second()),
    }
}

#[cfg(test)]
mod tests {
    use arrow_array::cast::AsArray;
    use arrow_array::{Array, Date32Array, Time64MicrosecondArray, TimestampMicrosecondArray};

    use super::*;

    #[track_caller]
    fn check(column: impl Array + 'static, expected: &[(DatePart, i64)]) {
        let column: ArrayRef = Arc::new(column);
        for (part, expected) in expected {
            let found = parts(&column, &[*part]).unwrap();
            let found = found[0].as_primitive::<arrow_array::types::Int64Type>();
            assert_eq!(found.value(0), *expected, "{part:?}");
            assert!(found.is_null(1), "{part:?}");
        }
    }

    #[test]
    fn parts_of_dates_times_and_both() {
        use DatePart::{
            Day, DayOfYear, Epoch, Hour, Minute, Month, Quarter, Second, Week, Weekday, Year,
        };
        let date = [
            (Year, 2014),
            (Quarter, 1),
            (Month, 1),
            (Week, 4),
            (Day, 25),
            (DayOfYear, 25),
            (Weekday, 5),
        ];
        let time = [(Hour, 23), (Minute, 5), (Second, 59)];
        check(Date32Array::from(vec![Some(16_095), None]), &date);
        let of_day = (23 * 3_600 + 5 * 60 + 59) * MICROS_PER_SECOND + 999_999;
        check(
            Time64MicrosecondArray::from(vec![Some(of_day), None]),
            &time,
        );
        let moment = 16_095 * MICROS_PER_DAY + of_day;
        let both = TimestampMicrosecondArray::from(vec![Some(moment), None]);
        check(both.clone(), &date);
        check(both.clone(), &time);
        check(both.with_timezone("UTC"), &[(Epoch, 1_390_691_159)]);
    }

    #[test]
    fn days_before_1970_have_parts_too() {
        use DatePart::{Day, Month, Weekday, Year};
        check(
            Date32Array::from(vec![Some(-1), None]),
            &[(Year, 1969), (Month, 12), (Day, 31), (Weekday, 2)],
        );
    }

    #[test]
    fn parts_that_do_not_differ_are_told() {
        use DatePart::{Day, Hour, Minute, Month, Weekday, Year};
        let parts = [Year, Month, Day, Weekday, Hour, Minute];
        let first = 16_095 * MICROS_PER_DAY;
        let check = |later: i64, expected: &[DatePart]| {
            assert_eq!(differing(&parts, first, first + later), expected);
        };
        check(0, &[]);
        check(MICROS_PER_HOUR, &[Hour, Minute]);
        check(3 * MICROS_PER_DAY, &[Day, Weekday, Hour, Minute]);
        check(30 * MICROS_PER_DAY, &[Month, Day, Weekday, Hour, Minute]);
        check(400 * MICROS_PER_DAY, &parts);
    }
}
