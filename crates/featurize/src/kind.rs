//! What a column holds, as far as transforms care.

use std::fmt;

use arrow_schema::{DataType, Schema};
use serde::{Deserialize, Serialize};
use stage::Fault;

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Whole numbers.
    Integer,
    /// Numbers.
    Number,
    /// Text.
    String,
    /// True and false.
    Boolean,
    /// Days.
    Date,
    /// Times of day.
    Time,
    /// Days with a time of day.
    Datetime,
}

impl Kind {
    fn of(data_type: &DataType) -> Option<Self> {
        Some(match data_type {
            data_type if data_type.is_integer() => Self::Integer,
            DataType::Float16 | DataType::Float32 | DataType::Float64 => Self::Number,
            DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => Self::String,
            DataType::Dictionary(_, values) => return Self::of(values),
            DataType::Boolean => Self::Boolean,
            DataType::Date32 => Self::Date,
            DataType::Time32(_) | DataType::Time64(_) => Self::Time,
            DataType::Date64 | DataType::Timestamp(_, _) => Self::Datetime,
            _ => return None,
        })
    }

    /// Whether it can be calculated with.
    pub fn is_numeric(self) -> bool {
        matches!(self, Self::Integer | Self::Number | Self::Boolean)
    }

    /// Whether it has parts of a date or time.
    pub fn is_temporal(self) -> bool {
        matches!(self, Self::Date | Self::Time | Self::Datetime)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Integer => "an integer",
            Self::Number => "a number",
            Self::String => "a string",
            Self::Boolean => "a boolean",
            Self::Date => "a date",
            Self::Time => "a time",
            Self::Datetime => "a datetime",
        })
    }
}

/// A column of a table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// What it holds.
    pub kind: Kind,
}

/// The columns of a table. One of a type that no transform knows is the item's fault.
pub fn columns(schema: &Schema) -> Result<Vec<Column>, Fault> {
    let column = |field: &arrow_schema::FieldRef| {
        let kind = Kind::of(field.data_type()).ok_or_else(|| {
            Fault::item(format!(
                "column `{}`: expected text, numbers, booleans, dates or times, found type {}",
                field.name(),
                field.data_type()
            ))
        })?;
        Ok(Column {
            name: field.name().clone(),
            kind,
        })
    };
    schema.fields().iter().map(column).collect()
}

/// The column of this name; one that is not there is the fault of the settings at `place`.
pub(crate) fn find<'a>(
    columns: &'a [Column],
    name: &str,
    place: &str,
) -> Result<&'a Column, Fault> {
    columns
        .iter()
        .find(|column| column.name == name)
        .ok_or_else(|| {
            let fault = Fault::settings(format!("{place}: there is no column `{name}`"));
            let names = columns.iter().map(|column| column.name.as_str());
            match stage::settings::nearest_name(name, names) {
                Some(nearest) => fault.hint(format!("did you mean `{nearest}`?")),
                None => fault,
            }
        })
}
