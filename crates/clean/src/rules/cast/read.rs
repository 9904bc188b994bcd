//! Texts as values: as they are written by most programs, in any of the ways that can only mean one thing.

use chrono::{NaiveDate, NaiveDateTime, NaiveTime};

/// A whole number: a sign and digits; blanks around it do not count.
pub(super) fn integer(text: &str) -> Option<i64> {
    text.trim_ascii().parse().ok()
}

/// A number, as in programs. "nan" and "inf" can be read, yet are no numbers to calculate with.
pub(super) fn number(text: &str) -> Option<f64> {
    let value: f64 = text.trim_ascii().parse().ok()?;
    value.is_finite().then_some(value)
}

/// The words for true and false, and how they begin.
pub(super) fn boolean(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().trim() {
        "t" | "tr" | "tru" | "true" | "y" | "ye" | "yes" | "on" | "1" => Some(true),
        "f" | "fa" | "fal" | "fals" | "false" | "n" | "no" | "of" | "off" | "0" => Some(false),
        _ => None,
    }
}

/// Days since 1970 of `2014-01-31`, `2014-1-31`, `20140131`, or of the day of a moment.
pub(super) fn days(text: &str) -> Option<i32> {
    let text = text.trim_ascii();
    let date = match text.len() {
        8 if text.bytes().all(|byte| byte.is_ascii_digit()) => {
            date(&text[..4], &text[4..6], &text[6..])?
        }
        ..=10 => hyphened(text)?,
        _ => moment(text)?.date(),
    };
    Some(date.to_epoch_days())
}

/// Microseconds since 1970 of `2014-01-31T10:00:00`, with a blank instead of the `T`, with a fraction or without, in UTC
/// unless an offset from it follows; or of a day's beginning.
pub(super) fn micros(text: &str) -> Option<i64> {
    Some(moment(text)?.and_utc().timestamp_micros())
}

fn moment(text: &str) -> Option<NaiveDateTime> {
    let (day, rest) = text.split_at_checked(10)?;
    let day = hyphened(day)?;
    if rest.is_empty() {
        return Some(day.and_time(NaiveTime::MIN));
    }
    let rest = rest.strip_prefix(['T', 't', ' '])?;
    let end = rest.find(|c: char| !matches!(c, '0'..='9' | ':' | '.'));
    let (time, zone) = rest.split_at(end.unwrap_or(rest.len()));
    let format = if time.contains(':') {
        "%H:%M:%S%.f"
    } else {
        "%H%M%S"
    };
    let time = NaiveTime::parse_from_str(time, format).ok()?;
    let offset = chrono::TimeDelta::try_minutes(offset(zone)?)?;
    day.and_time(time).checked_sub_signed(offset)
}

/// Minutes that a zone is ahead of UTC.
fn offset(zone: &str) -> Option<i64> {
    let zone = zone.trim_ascii_start();
    if matches!(zone, "" | "Z" | "z" | "UTC") {
        return Some(0);
    }
    let (sign, digits) = match zone.split_at_checked(1)? {
        ("+", digits) => (1, digits),
        ("-", digits) => (-1, digits),
        _ => return None,
    };
    let (hours, minutes) = match digits.len() {
        2 => (digits, "0"),
        4 => digits.split_at_checked(2)?,
        5 => digits.split_once(':')?,
        _ => return None,
    };
    let (hours, minutes) = (figures(hours)?, figures(minutes)?);
    (hours < 24 && minutes < 60).then(|| sign * i64::from(hours * 60 + minutes))
}

/// A date whose month and day may have one figure.
fn hyphened(text: &str) -> Option<NaiveDate> {
    let (year, rest) = text.split_once('-')?;
    let (month, day) = rest.split_once('-')?;
    let whole = year.len() == 4 && month.len() <= 2 && day.len() <= 2;
    if whole { date(year, month, day) } else { None }
}

fn date(year: &str, month: &str, day: &str) -> Option<NaiveDate> {
    let year = i32::try_from(figures(year)?).ok()?;
    NaiveDate::from_ymd_opt(year, figures(month)?, figures(day)?)
}

/// A number of digits alone.
fn figures(text: &str) -> Option<u32> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    if digits { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_day(text: &str, expected: Option<(i32, u32, u32)>) {
        let expected = expected.and_then(|(year, month, day)| {
            Some(NaiveDate::from_ymd_opt(year, month, day)?.to_epoch_days())
        });
        assert_eq!(days(text), expected, "{text}");
    }

    #[track_caller]
    fn check_moment(text: &str, expected: Option<&str>) {
        let found = moment(text).map(|moment| format!("{moment:?}"));
        assert_eq!(found.as_deref(), expected, "{text}");
    }

    #[test]
    fn a_date_may_be_written_in_some_ways() {
        let day = Some((2014, 1, 3));
        check_day("2014-01-03", day);
        check_day(" 2014-1-3 ", day);
        check_day("20140103", day);
        check_day("2014-01-03T23:59:59Z", day);
        for text in [
            "",
            "2014",
            "2014-01",
            "2014-02-30",
            "14-01-03",
            "2014/01/03",
            "2014-+1-03",
            "2014-001-3",
            "é014-01-03",
        ] {
            check_day(text, None);
        }
    }

    #[test]
    fn a_moment_may_be_written_in_some_ways() {
        let noon = Some("2014-01-31T12:00:00");
        for text in [
            "2014-01-31 12:00:00",
            "2014-01-31T12:00:00Z",
            "2014-01-31t120000",
            "2014-01-31T14:00:00+02:00",
            "2014-01-31T14:00:00 +0200",
            "2014-01-31 10:30:00-0130",
            "2014-01-31 14:00:00+02",
            "2014-01-31 12:00:00 UTC",
        ] {
            check_moment(text, noon);
        }
        check_moment("2014-01-31", Some("2014-01-31T00:00:00"));
        check_moment("2014-01-31T00:00:00.25", Some("2014-01-31T00:00:00.250"));
        for text in [
            "",
            "2014-01-31 ",
            "2014-01-31X12:00:00",
            "2014-01-31T25:00:00",
            "2014-01-31T12:00:00+24:00",
            "2014-01-31T12:00:00 Europe/Berlin",
            "2014-01-31T12:00:00é",
            "2014-01-3é",
        ] {
            check_moment(text, None);
        }
    }

    #[test]
    fn numbers_are_read_whole_or_not_at_all() {
        assert_eq!(integer(" -12 "), Some(-12));
        assert_eq!(integer("+9223372036854775807"), Some(i64::MAX));
        for text in ["", "1.0", "1 2", "9223372036854775808", "0x1"] {
            assert_eq!(integer(text), None, "{text}");
        }
        assert_eq!(number(" 1e3 "), Some(1000.0));
        assert_eq!(number(".5"), Some(0.5));
        for text in ["", "nan", "inf", "1,5", "1e999"] {
            assert_eq!(number(text), None, "{text}");
        }
    }
}
