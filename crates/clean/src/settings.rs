//! The settings: a list of rules, applied to every row in the order they stand in.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use table::MaxRejected;

/// `config/clean.json`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Settings {
    /// The rules, applied to every row in this order.
    pub(crate) rules: Vec<Rule>,
    /// How many rows of an item may be rejected before the item is: a count (`3`) or a share (`"1%"`).
    pub(crate) max_rejected: MaxRejected,
}

/// One rule: `{"trim": {"columns": ["name"]}}`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Rule {
    /// Takes white space off both ends of texts.
    Trim(Trim),
    /// Writes texts in lower, upper or title case.
    Case(Case),
    /// Replaces whole values by others.
    Replace(Replace),
    /// Replaces what a pattern matches within texts.
    ReplacePattern(ReplacePattern),
    /// Makes values missing.
    Missing(Missing),
    /// Reads numbers from texts with separators and units.
    Number(Number),
    /// Reads dates or datetimes from texts or integers in one of several formats.
    Date(Date),
    /// Makes a date or datetime of columns that hold its parts.
    MakeDate(MakeDate),
    /// Changes the type of columns.
    Cast(Cast),
    /// Moves values beyond a bound to the bound.
    Clip(Clip),
    /// Renames columns: `{"old": "new"}`.
    Rename(BTreeMap<String, String>),
    /// Drops these columns.
    DropColumns(Vec<String>),
    /// Drops all columns but these, and puts them in this order.
    KeepColumns(Vec<String>),
    /// Drops the rows that meet a condition.
    DropRows(DropRows),
    /// Drops rows that repeat an earlier row of this item or of an item before it.
    DropDuplicates(DropDuplicates),
}

/// What happens to a value that a rule cannot read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum OnError {
    /// The row is set aside, with its reason, in `_rejected`.
    #[default]
    Reject,
    /// The value becomes missing.
    Missing,
    /// The item fails.
    Fail,
}

/// Takes white space off both ends of texts.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Trim {
    /// The columns [default: all that hold text].
    #[serde(default)]
    pub(crate) columns: Option<Vec<String>>,
    /// Whether white space within the text becomes a single space.
    #[serde(default)]
    pub(crate) collapse: bool,
}

/// Writes texts in lower, upper or title case.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Case {
    /// The columns.
    pub(crate) columns: Vec<String>,
    /// The case to write.
    pub(crate) to: Letters,
}

/// A way of writing letters.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Letters {
    /// `new york`
    Lower,
    /// `NEW YORK`
    Upper,
    /// `New York`
    Title,
}

/// Replaces whole values by others.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Replace {
    /// The columns.
    pub(crate) columns: Vec<String>,
    /// Each value to be replaced, and what replaces it; `null` makes it missing.
    pub(crate) values: BTreeMap<String, Value>,
}

/// Replaces what a pattern matches within texts.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReplacePattern {
    /// The columns.
    pub(crate) columns: Vec<String>,
    /// A regular expression (syntax of the Rust crate `regex`); every match within a text is replaced.
    pub(crate) pattern: String,
    /// What replaces a match; `$1` or `${name}` is what a group matched.
    pub(crate) with: String,
}

/// Makes values missing.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Missing {
    /// The columns.
    pub(crate) columns: Vec<String>,
    /// The values that stand for a missing one.
    #[serde(default)]
    pub(crate) values: Vec<Value>,
    /// Instead of values: the rows whose values become missing.
    #[serde(default)]
    pub(crate) when: Option<Condition>,
}

/// Reads numbers from texts with separators and units.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Number {
    /// The columns.
    pub(crate) columns: Vec<String>,
    /// The type to read.
    #[serde(default)]
    pub(crate) to: NumberType,
    /// The mark before the fraction.
    #[serde(default = "decimal_point")]
    pub(crate) decimal: char,
    /// The mark between groups of digits [default: none].
    #[serde(default)]
    pub(crate) thousands: Option<char>,
    /// The units that may stand before or after the digits, and the factor each stands for:
    /// `{"£": 1, "kg": 1, "g": 0.001, "%": 0.01}`.
    #[serde(default)]
    pub(crate) units: BTreeMap<String, f64>,
    /// What happens to a value that is no such number.
    #[serde(default)]
    pub(crate) on_error: OnError,
}

fn decimal_point() -> char {
    '.'
}

/// The type of a number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum NumberType {
    /// A double.
    #[default]
    Number,
    /// A whole number of 64 bits.
    Integer,
}

/// Reads dates or datetimes from texts or integers in one of several formats.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Date {
    /// The columns.
    pub(crate) columns: Vec<String>,
    /// The formats, tried in this order: as of `strftime` (`%m/%d/%Y %H:%M`; with `%z` the time becomes UTC), or
    /// `epoch_seconds`, `epoch_millis`, `epoch_micros`. A format of digits only (`%m%d%Y`) also reads integers,
    /// leading zeros restored.
    pub(crate) formats: Vec<String>,
    /// The type to read.
    #[serde(default)]
    pub(crate) to: DateType,
    /// What happens to a value in none of the formats.
    #[serde(default)]
    pub(crate) on_error: OnError,
}

/// The type of a point in time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum DateType {
    /// A day.
    #[default]
    Date,
    /// A day and a time, in microseconds.
    Datetime,
}

/// Makes a date, or with an hour a datetime, of columns that hold its parts.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MakeDate {
    /// The new column.
    pub(crate) column: String,
    /// The integer column with the year.
    pub(crate) year: String,
    /// The integer column with the month, from 1.
    pub(crate) month: String,
    /// The integer column with the day of the month, from 1.
    pub(crate) day: String,
    /// The integer column with the hour; makes it a datetime.
    #[serde(default)]
    pub(crate) hour: Option<String>,
    /// The integer column with the minute.
    #[serde(default)]
    pub(crate) minute: Option<String>,
    /// What happens where the parts make no date.
    #[serde(default)]
    pub(crate) on_error: OnError,
}

/// Changes the type of columns. No value is rounded: 2.5 is no integer, 2 no boolean.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Cast {
    /// The columns.
    pub(crate) columns: Vec<String>,
    /// The new type.
    pub(crate) to: Type,
    /// What happens to a value that the type cannot hold.
    #[serde(default)]
    pub(crate) on_error: OnError,
}

/// A type of column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Type {
    /// A whole number of 64 bits.
    Integer,
    /// A double.
    Number,
    /// Text.
    String,
    /// True or false.
    Boolean,
    /// A day.
    Date,
    /// A day and a time, in microseconds.
    Datetime,
}

/// Moves values beyond a bound to the bound.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Clip {
    /// The columns.
    pub(crate) columns: Vec<String>,
    /// The least value: a number, or a date in quotes.
    #[serde(default)]
    pub(crate) min: Option<Value>,
    /// The greatest value.
    #[serde(default)]
    pub(crate) max: Option<Value>,
}

/// Drops the rows that meet a condition.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DropRows {
    /// The condition.
    pub(crate) when: Condition,
    /// The reason under which the rows are counted.
    pub(crate) reason: String,
}

/// Drops rows that repeat an earlier row of this item or of an item before it; the first stays.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DropDuplicates {
    /// The columns to compare [default: all, as they are at this point of the rules]. A missing value equals another.
    #[serde(default)]
    pub(crate) by: Option<Vec<String>>,
    /// The reason under which the rows are counted.
    #[serde(default = "duplicate")]
    pub(crate) reason: String,
}

fn duplicate() -> String {
    "duplicate".to_owned()
}

/// A condition on a row. A comparison with a missing value is false.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Condition {
    /// The column's value is missing.
    Missing(String),
    /// The column's value is this one.
    Equals(Equals),
    /// The column's value is one of these.
    In(In),
    /// The column's value is less or greater than a value or than another column's.
    Compare(Compare),
    /// The column's text has a match of a pattern.
    Matches(Matches),
    /// All of these are true.
    All(Vec<Condition>),
    /// At least one of these is true.
    Any(Vec<Condition>),
    /// This is false.
    Not(Box<Condition>),
}

/// The column's value is this one.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Equals {
    /// The column.
    pub(crate) column: String,
    /// The value.
    pub(crate) value: Value,
}

/// The column's value is one of these.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct In {
    /// The column.
    pub(crate) column: String,
    /// The values.
    pub(crate) values: Vec<Value>,
}

/// The column's value is less or greater than a value or than another column's.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Compare {
    /// The column.
    pub(crate) column: String,
    /// How to compare.
    pub(crate) is: Comparison,
    /// The value to compare with.
    #[serde(default)]
    pub(crate) value: Option<Value>,
    /// Instead of a value: the column to compare with.
    #[serde(default)]
    pub(crate) other: Option<String>,
}

/// A comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(crate) enum Comparison {
    /// Less.
    #[serde(rename = "<")]
    Less,
    /// Less or equal.
    #[serde(rename = "<=")]
    LessOrEqual,
    /// Equal.
    #[serde(rename = "==")]
    Equal,
    /// Not equal.
    #[serde(rename = "!=")]
    NotEqual,
    /// Greater or equal.
    #[serde(rename = ">=")]
    GreaterOrEqual,
    /// Greater.
    #[serde(rename = ">")]
    Greater,
}

/// The column's text has a match of a pattern.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Matches {
    /// The column.
    pub(crate) column: String,
    /// A regular expression; `^…$` to match the whole text.
    pub(crate) pattern: String,
}
