//! Settings of the transform of dates and times.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Parts of a date or time, in UTC where it has a zone.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct DateParts {
    /// Which [default: those that the column has of year, month, day, weekday, hour and minute].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parts: Option<Vec<DatePart>>,
}

/// A part of a date or time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DatePart {
    /// 2014.
    Year,
    /// 1 to 4.
    Quarter,
    /// 1 to 12.
    Month,
    /// The ISO week, 1 to 53.
    Week,
    /// Of the month, 1 to 31.
    Day,
    /// Of the year, 1 to 366.
    DayOfYear,
    /// 0 is Monday, 6 is Sunday.
    Weekday,
    /// 0 to 23.
    Hour,
    /// 0 to 59.
    Minute,
    /// 0 to 59.
    Second,
    /// Seconds since 1970; of a time, since midnight.
    Epoch,
}

impl DatePart {
    /// The ending of the feature's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Year => "year",
            Self::Quarter => "quarter",
            Self::Month => "month",
            Self::Week => "week",
            Self::Day => "day",
            Self::DayOfYear => "day_of_year",
            Self::Weekday => "weekday",
            Self::Hour => "hour",
            Self::Minute => "minute",
            Self::Second => "second",
            Self::Epoch => "epoch",
        }
    }

    /// Whether it is a part of the time of day.
    pub(crate) fn is_of_day(self) -> bool {
        matches!(self, Self::Hour | Self::Minute | Self::Second | Self::Epoch)
    }

    /// Whether it is a part of the date.
    pub(crate) fn is_of_date(self) -> bool {
        self == Self::Epoch || !self.is_of_day()
    }
}
