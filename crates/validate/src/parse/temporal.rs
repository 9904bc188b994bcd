//! Dates, times and datetimes: ISO 8601 by hand, patterns by `chrono`.

use super::iso::{MICROS_PER_DAY, MICROS_PER_SECOND, iso_date_only, iso_datetime, iso_time};
use chrono::format::{Item, Parsed, StrftimeItems};
use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, Timelike};

/// How a column writes its dates, times or datetimes.
#[derive(Clone, Debug)]
pub(crate) enum TemporalFormat {
    /// ISO 8601: `2014-01-31`, `13:45:00.25`, `2014-01-31T13:45:00Z`. A blank may stand for the `T`.
    Iso,
    /// ISO 8601 and any other form that can be read in one way only.
    Any,
    /// A pattern as `strptime` of C and Python has them.
    Pattern(Pattern),
}

/// A pattern of `strptime`.
#[derive(Clone, Debug)]
pub(crate) struct Pattern {
    text: String,
    items: Vec<Item<'static>>,
}

impl Pattern {
    /// The pattern, or the part of it that is none.
    pub(crate) fn new(text: &str) -> Result<Self, String> {
        let ours = text.replace(".%f", "%.f").replace("%z", "%#z");
        let items = StrftimeItems::new(&ours);
        let items: Vec<Item<'static>> = items.map(Item::to_owned).collect();
        if !text.contains('%') || items.iter().any(|item| matches!(item, Item::Error)) {
            return Err(format!("`{text}` is no pattern like `%d/%m/%Y`"));
        }
        Ok(Self {
            text: text.to_owned(),
            items,
        })
    }

    /// Whether the text carries an offset from UTC.
    pub(crate) fn has_offset(&self) -> bool {
        ["%z", "%:z", "%#z", "%+", "%s"]
            .iter()
            .any(|offset| self.text.contains(offset))
    }

    fn parse(&self, text: &str) -> Option<Parsed> {
        let mut parsed = Parsed::new();
        chrono::format::parse(&mut parsed, text, self.items.iter()).ok()?;
        // `%Y` is four digits, as in Python: `14` is not the year 14.
        let short = parsed.year().is_some_and(|year| (0..1000).contains(&year));
        (!short || !self.text.contains("%Y")).then_some(parsed)
    }

    fn date(&self, text: &str) -> Option<NaiveDate> {
        self.parse(text)?.to_naive_date().ok()
    }

    fn time(&self, text: &str) -> Option<NaiveTime> {
        self.parse(text)?.to_naive_time().ok()
    }

    fn datetime(&self, text: &str) -> Option<NaiveDateTime> {
        let parsed = self.parse(text)?;
        if self.has_offset() {
            return Some(parsed.to_datetime().ok()?.naive_utc());
        }
        parsed.to_naive_datetime_with_offset(0).ok()
    }
}

/// Forms of dates that can be read in one way only.
const DATES: [&str; 8] = [
    "%Y/%m/%d",
    "%Y.%m.%d",
    "%Y%m%d",
    "%d %B %Y",
    "%d-%B-%Y",
    "%B %d, %Y",
    "%A, %d %B %Y",
    "%A, %B %d, %Y",
];
/// Forms of times.
const TIMES: [&str; 4] = ["%H:%M:%S%.f", "%H:%M", "%I:%M:%S %p", "%I:%M %p"];

impl TemporalFormat {
    /// The format of a name or pattern.
    pub(crate) fn of(name: &str) -> Result<Self, String> {
        match name {
            "default" => Ok(Self::Iso),
            "any" => Ok(Self::Any),
            pattern => {
                Pattern::new(pattern.strip_prefix("fmt:").unwrap_or(pattern)).map(Self::Pattern)
            }
        }
    }

    /// What is expected, for a message: ``date like `2014-01-31` ``.
    pub(crate) fn expected(&self, kind: &str, example: &str) -> String {
        match self {
            Self::Iso => format!("{kind} like `{example}`"),
            Self::Any => kind.to_owned(),
            Self::Pattern(pattern) => format!("{kind} like `{}`", pattern.text),
        }
    }

    /// Whether the text carries an offset from UTC, as far as the format says.
    pub(crate) fn has_offset(&self) -> bool {
        matches!(self, Self::Pattern(pattern) if pattern.has_offset())
    }

    /// Days since 1970-01-01.
    pub(crate) fn date(&self, text: &str) -> Option<i64> {
        match self {
            Self::Iso => iso_date_only(text.as_bytes()),
            Self::Any => iso_date_only(text.as_bytes()).or_else(|| {
                DATES
                    .iter()
                    .find_map(|form| days(NaiveDate::parse_from_str(text, form).ok()?))
            }),
            Self::Pattern(pattern) => days(pattern.date(text)?),
        }
    }

    /// Microseconds since midnight.
    pub(crate) fn time(&self, text: &str) -> Option<i64> {
        match self {
            Self::Iso => match iso_time(text.as_bytes())? {
                (micros, []) => Some(micros),
                _ => None,
            },
            Self::Any => TIMES
                .iter()
                .find_map(|form| Some(micros(NaiveTime::parse_from_str(text, form).ok()?))),
            Self::Pattern(pattern) => Some(micros(pattern.time(text)?)),
        }
    }

    /// Microseconds since 1970-01-01T00:00:00, in UTC where the text carries an offset.
    pub(crate) fn datetime(&self, text: &str) -> Option<i64> {
        match self {
            Self::Iso => iso_datetime(text.as_bytes()).map(|(micros, _)| micros),
            Self::Any => iso_datetime(text.as_bytes())
                .map(|(micros, _)| micros)
                .or_else(|| any_datetime(text)),
            Self::Pattern(pattern) => Some(pattern.datetime(text)?.and_utc().timestamp_micros()),
        }
    }
}

fn any_datetime(text: &str) -> Option<i64> {
    if let Ok(moment) = DateTime::parse_from_rfc2822(text) {
        return Some(moment.timestamp_micros());
    }
    if let Some(days) = TemporalFormat::Any.date(text) {
        return days.checked_mul(MICROS_PER_DAY);
    }
    // The blank between date and time is one of the few.
    text.match_indices([' ', 'T']).find_map(|(place, _)| {
        let days = TemporalFormat::Any.date(text[..place].trim_end_matches(','))?;
        let time = TemporalFormat::Any.time(&text[place + 1..])?;
        days.checked_mul(MICROS_PER_DAY)?.checked_add(time)
    })
}

fn days(date: NaiveDate) -> Option<i64> {
    Some(i64::from(date.to_epoch_days()))
}

fn micros(time: NaiveTime) -> i64 {
    let seconds = i64::from(time.num_seconds_from_midnight());
    seconds * MICROS_PER_SECOND + i64::from(time.nanosecond()) / 1000
}

/// `2014-01-31`.
pub(crate) fn show_date(days: i64) -> String {
    let date = i32::try_from(days)
        .ok()
        .and_then(NaiveDate::from_epoch_days);
    date.map_or_else(|| format!("day {days}"), |date| date.to_string())
}

/// `13:45:00.25`.
pub(crate) fn show_time(micros: i64) -> String {
    let (seconds, rest) = (micros / MICROS_PER_SECOND, micros % MICROS_PER_SECOND);
    let time = u32::try_from(seconds)
        .ok()
        .zip(u32::try_from(rest * 1000).ok())
        .and_then(|(seconds, nanos)| NaiveTime::from_num_seconds_from_midnight_opt(seconds, nanos));
    time.map_or_else(|| format!("{micros} µs"), |time| time.to_string())
}

/// `2014-01-31T13:45:00.25`.
pub(crate) fn show_datetime(micros: i64) -> String {
    let moment = DateTime::from_timestamp_micros(micros);
    moment.map_or_else(
        || format!("{micros} µs"),
        |moment| format!("{:?}", moment.naive_utc()),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(format: &str, text: &str, expected: &str) {
        let format = TemporalFormat::of(format).unwrap();
        let date = format.date(text).map(show_date);
        let time = format.time(text).map(show_time);
        let datetime = format.datetime(text).map(show_datetime);
        let found: Vec<String> = [date, time, datetime].into_iter().flatten().collect();
        assert_eq!(found.join(" | "), expected, "{text}");
    }

    #[test]
    fn iso_8601_is_read_by_default() {
        check("default", "2014-01-31", "2014-01-31");
        check("default", "2000-02-29", "2000-02-29");
        check("default", "0001-01-01", "0001-01-01");
        check("default", "13:45:00.25", "13:45:00.250");
        check("default", "2014-01-31T13:45:01", "2014-01-31T13:45:01");
        check("default", "2014-01-31 13:45", "2014-01-31T13:45:00");
        check(
            "default",
            "2015-09-12T00:46:58.771Z",
            "2015-09-12T00:46:58.771",
        );
        check(
            "default",
            "2015-09-12T00:46:58+02:00",
            "2015-09-11T22:46:58",
        );
        check(
            "default",
            "1969-12-31T23:59:59.999999-0030",
            "1970-01-01T00:29:59.999999",
        );
    }

    #[test]
    fn days_that_are_not_are_refused() {
        let texts = [
            "2014-02-29",
            "1900-02-29",
            "2014-13-01",
            "2014-00-10",
            "2014-1-1",
            "2014-01-31 ",
            "14-01-31",
            "24:00:00",
            "12:60",
            "12:00:60",
            "2014-01-31T",
            "2014-01-31T12:00:00+25:00",
            "2014-01-31T12:00:00X",
            "",
            "2014-01-31T12:00:00.",
        ];
        for text in texts {
            check("default", text, "");
        }
    }

    #[test]
    fn patterns_are_those_of_strptime() {
        check("%d/%m/%Y", "31/1/2014", "2014-01-31");
        check(
            "%m/%d/%Y %H:%M",
            "3/14/2025 1:20",
            "2025-03-14 | 01:20:00 | 2025-03-14T01:20:00",
        );
        check(
            "%Y-%m-%d %H:%M:%S.%f",
            "2014-01-31 01:02:03.5",
            "2014-01-31 | 01:02:03.500 | 2014-01-31T01:02:03.500",
        );
        check("%I:%M %p", "01:05 PM", "13:05:00");
        check(
            "%Y-%m-%dT%H:%M:%S%z",
            "2014-01-31T01:00:00+0100",
            "2014-01-31 | 01:00:00 | 2014-01-31T00:00:00",
        );
        check("fmt:%Y%m%d", "20140131", "2014-01-31");
        check("%d/%m/%Y", "2014-01-31", "");
        check("%d/%m/%Y", "31/1/14", "");
        check("%d/%m/%y", "31/1/14", "2014-01-31");
        assert!(TemporalFormat::of("%Q").is_err());
        assert!(TemporalFormat::of("dd/mm/yyyy").is_err());
    }

    #[test]
    fn any_takes_what_can_be_read_in_one_way_only() {
        check("any", "2014/01/31", "2014-01-31 | 2014-01-31T00:00:00");
        check("any", "31 Jan 2014", "2014-01-31 | 2014-01-31T00:00:00");
        check("any", "January 31, 2014 1:05 PM", "2014-01-31T13:05:00");
        check(
            "any",
            "Fri, 31 Jan 2014 13:05:00 +0000",
            "2014-01-31T13:05:00",
        );
        check("any", "03/04/2014", "");
    }

    #[test]
    fn the_calendar_is_that_of_chrono() {
        for day in (-800_000..800_000).step_by(97) {
            let date = NaiveDate::from_epoch_days(day).unwrap();
            let text = date.to_string();
            if text.len() == 10 {
                assert_eq!(
                    TemporalFormat::Iso.date(&text),
                    Some(i64::from(day)),
                    "{text}"
                );
            }
        }
    }
}
