//! Formats of dates and times, parsed strictly: a year has four digits, and digits alone have all their places.

use chrono::format::{Fixed, Item, Numeric, Pad, Parsed, StrftimeItems};
use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, NaiveTime};
use stage::{Fault, settings::nearest_name};

use crate::place::Place;

const EPOCHS: [(&str, i64); 3] = [
    ("epoch_seconds", 1_000_000),
    ("epoch_millis", 1_000),
    ("epoch_micros", 1),
];

/// One way to write a point in time.
#[derive(Clone, Debug)]
pub(super) enum Format {
    /// A count since 1970 in UTC; so many microseconds each.
    Epoch(i64),
    /// As of `strftime`.
    Items(Items),
}

/// A compiled `strftime` format.
#[derive(Clone, Debug)]
pub(super) struct Items {
    items: Vec<Item<'static>>,
    has_time: bool,
    has_offset: bool,
    /// The number of digits, where the format has nothing but digits.
    digits: Option<usize>,
}

impl Format {
    /// Compiles a format and makes sure that it gives a day.
    pub(super) fn check(text: &str, place: &Place) -> Result<Self, Fault> {
        if let Some((_, micros)) = EPOCHS.iter().find(|(name, _)| *name == text) {
            return Ok(Self::Epoch(*micros));
        }
        if !text.contains('%') {
            let fault = place.fault(format!("`{text}` is no format"));
            let names = EPOCHS.iter().map(|(name, _)| *name);
            return Err(match nearest_name(text, names) {
                Some(near) => fault.hint(format!("did you mean `{near}`?")),
                None => fault.hint("formats are written as `%d/%m/%Y` or `%Y-%m-%d %H:%M`"),
            });
        }
        let items = StrftimeItems::new(text)
            .parse_to_owned()
            .map_err(|_| place.fault(format!("format `{text}`: unknown letter after `%`")))?;
        let items = Items::new(items);
        if !items.gives_a_day() {
            return Err(place.fault(format!("format `{text}` gives no day of a year")));
        }
        Ok(Self::Items(items))
    }

    /// Whether what it reads is a moment in UTC rather than a time on a wall.
    pub(super) fn is_moment(&self) -> bool {
        match self {
            Self::Epoch(_) => true,
            Self::Items(items) => items.has_offset,
        }
    }

    /// The point in time a text stands for, where it is in this format.
    pub(super) fn read(&self, text: &str) -> Option<NaiveDateTime> {
        match self {
            Self::Epoch(micros) => match text.parse::<i64>() {
                Ok(count) => epoch(count.checked_mul(*micros)?),
                Err(_) => {
                    let count: f64 = text.parse().ok()?;
                    epoch(super::cast::whole((count * *micros as f64).round())?)
                }
            },
            Self::Items(items) => items.read(text),
        }
    }
}

/// Microseconds since 1970 within the years 1 to 9999: so seconds are not taken for milliseconds.
fn epoch(micros: i64) -> Option<NaiveDateTime> {
    let time = DateTime::from_timestamp_micros(micros)?.naive_utc();
    (1..=9999).contains(&time.year()).then_some(time)
}

impl Items {
    fn new(items: Vec<Item<'static>>) -> Self {
        let numeric = |items: &[Item], wanted: &[Numeric]| {
            let is = |item: &Item| matches!(item, Item::Numeric(kind, _) if wanted.contains(kind));
            items.iter().any(is)
        };
        let hours = [Numeric::Hour, Numeric::Hour12, Numeric::Timestamp];
        Self {
            has_time: numeric(&items, &hours),
            has_offset: numeric(&items, &[Numeric::Timestamp]) || items.iter().any(is_offset),
            digits: items.iter().map(width).sum(),
            items,
        }
    }

    fn read(&self, text: &str) -> Option<NaiveDateTime> {
        let mut padded = [b'0'; 32];
        let text = match self.digits {
            Some(width) => pad(text, width, &mut padded)?,
            None => text.trim(),
        };
        let mut parsed = Parsed::new();
        chrono::format::parse(&mut parsed, text, self.items.iter()).ok()?;
        // A year of two digits must not pass for one of the first century.
        if parsed
            .year()
            .is_some_and(|year| !(1000..=9999).contains(&year))
        {
            return None;
        }
        if self.has_offset {
            return Some(parsed.to_datetime().ok()?.naive_utc());
        }
        let time = match self.has_time {
            true => parsed.to_naive_time().ok()?,
            false => NaiveTime::MIN,
        };
        Some(parsed.to_naive_date().ok()?.and_time(time))
    }

    /// Writes a day and reads it again.
    fn gives_a_day(&self) -> bool {
        let day = NaiveDate::from_ymd_opt(2014, 1, 31).and_then(|day| day.and_hms_opt(13, 45, 59));
        let Some(day) = day else { return false };
        let written = day.and_utc().format_with_items(self.items.iter());
        let mut text = String::new();
        let wrote = std::fmt::Write::write_fmt(&mut text, format_args!("{written}"));
        wrote.is_ok()
            && self
                .read(&text)
                .is_some_and(|read| read.date() == day.date())
    }
}

fn is_offset(item: &Item) -> bool {
    use Fixed::{
        RFC2822, RFC3339, TimezoneOffset, TimezoneOffsetColon, TimezoneOffsetColonZ,
        TimezoneOffsetDoubleColon, TimezoneOffsetTripleColon, TimezoneOffsetZ,
    };
    let Item::Fixed(fixed) = item else {
        // `%#z`, an offset that may lack its minutes, is of a kind that the crate keeps to itself.
        return false;
    };
    matches!(
        fixed,
        RFC2822
            | RFC3339
            | TimezoneOffset
            | TimezoneOffsetColon
            | TimezoneOffsetColonZ
            | TimezoneOffsetDoubleColon
            | TimezoneOffsetTripleColon
            | TimezoneOffsetZ
    )
}

/// How many digits an item always has.
fn width(item: &Item) -> Option<usize> {
    match item {
        Item::Numeric(Numeric::Year, Pad::Zero) => Some(4),
        Item::Numeric(Numeric::Ordinal, Pad::Zero) => Some(3),
        Item::Numeric(
            Numeric::YearMod100
            | Numeric::Month
            | Numeric::Day
            | Numeric::Hour
            | Numeric::Minute
            | Numeric::Second,
            Pad::Zero,
        ) => Some(2),
        _ => None,
    }
}

/// Digits with the zeros in front that an integer has lost: `1312014` for `%m%d%Y` is `01312014`.
fn pad<'a>(text: &'a str, width: usize, padded: &'a mut [u8; 32]) -> Option<&'a str> {
    let text = text.trim();
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits || text.len() > width || width > padded.len() {
        return None;
    }
    padded[width - text.len()..width].copy_from_slice(text.as_bytes());
    std::str::from_utf8(&padded[..width]).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place() -> Place {
        Place::new("clean.json", 0, "date")
    }

    #[track_caller]
    fn check(format: &str, text: &str, expected: Option<&str>) {
        let format = Format::check(format, &place()).unwrap();
        let found = format.read(text).map(|time| format!("{time:?}"));
        assert_eq!(found.as_deref(), expected, "{text}");
    }

    #[track_caller]
    fn check_fault(format: &str, expected: &str) {
        let fault = Format::check(format, &place()).unwrap_err();
        let hint = fault.hint.as_deref().unwrap_or("-");
        assert_eq!(format!("{fault} | {hint}"), expected);
    }

    #[test]
    fn dates_and_times_are_read() {
        check(
            "%m/%d/%Y %H:%M",
            "3/14/2025 1:20",
            Some("2025-03-14T01:20:00"),
        );
        check(
            "%m/%d/%Y %I:%M %p",
            "3/14/2025 1:20 pm",
            Some("2025-03-14T13:20:00"),
        );
        check("%d %b %Y", "1 feb 2014", Some("2014-02-01T00:00:00"));
        check("%F", "2014-02-29", None);
        check("%F", "2014-02-28x", None);
        check(
            "%Y-%m-%dT%H:%M:%S%.fZ",
            "2015-09-12T00:46:58.771Z",
            Some("2015-09-12T00:46:58.771"),
        );
    }

    #[test]
    fn an_offset_leads_to_utc() {
        check(
            "%FT%T%:z",
            "2014-01-01T00:30:00+01:00",
            Some("2013-12-31T23:30:00"),
        );
        check("%+", "2014-01-01T00:30:00Z", Some("2014-01-01T00:30:00"));
    }

    #[test]
    fn a_year_of_two_digits_is_not_one_of_four() {
        check("%m/%d/%Y", "3/14/25", None);
        check("%m/%d/%y", "3/14/25", Some("2025-03-14T00:00:00"));
    }

    #[test]
    fn digits_get_their_zeros_back() {
        check("%m%d%Y", "1312014", Some("2014-01-31T00:00:00"));
        check("%m%d%Y", "10142018", Some("2018-10-14T00:00:00"));
        check("%m%d%Y", "101420180", None);
        check("%m%d%Y", "-1312014", None);
        check(
            "%Y%m%d%H%M%S",
            "20140131134559",
            Some("2014-01-31T13:45:59"),
        );
    }

    #[test]
    fn counts_since_1970_are_told_apart_by_their_years() {
        check("epoch_seconds", "1410000000", Some("2014-09-06T10:40:00"));
        check(
            "epoch_seconds",
            "1410000000.5",
            Some("2014-09-06T10:40:00.500"),
        );
        check("epoch_seconds", "1410000000000", None);
        check("epoch_millis", "1410000000000", Some("2014-09-06T10:40:00"));
        check("epoch_seconds", "nan", None);
    }

    #[test]
    fn what_gives_no_day_is_refused() {
        check_fault(
            "%H:%M",
            "clean.json: `rules[0].date`: format `%H:%M` gives no day of a year | -",
        );
        check_fault(
            "epoch_second",
            "clean.json: `rules[0].date`: `epoch_second` is no format | did you mean `epoch_seconds`?",
        );
        check_fault(
            "%Q",
            "clean.json: `rules[0].date`: format `%Q`: unknown letter after `%` | -",
        );
    }
}
