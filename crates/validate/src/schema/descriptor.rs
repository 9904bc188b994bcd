//! `config/validate.json`: a Frictionless Table Schema (version 2), and what it lacks under one key of our own.

use schemars::JsonSchema;
use serde::ser::Error;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value;

use super::forms::{FieldsMatch, OneOrMany};

/// A Table Schema.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "camelCase")]
pub(crate) struct TableSchema {
    /// The profile of the schema; not looked at.
    #[serde(rename = "$schema", skip_serializing_if = "Option::is_none")]
    pub(crate) profile: Option<String>,
    /// For people; not looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<String>,
    /// For people; not looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) title: Option<String>,
    /// For people; not looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) description: Option<String>,
    /// The columns, in the order in which they are written.
    pub(crate) fields: Vec<Field>,
    /// How the columns of a file must match the fields: by name, in any order, when not given (`equal`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) fields_match: Option<FieldsMatch>,
    /// Texts that stand for a missing value. `[""]` when not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) missing_values: Option<Vec<String>>,
    /// Fields that together are different in every row of an item, and never missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) primary_key: Option<OneOrMany>,
    /// Lists of fields that together are different in every row of an item, where none of them is missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) unique_keys: Option<Vec<OneOrMany>>,
    /// Not looked at: an item knows no other table.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) foreign_keys: Option<Vec<Value>>,
    /// What a Table Schema lacks.
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) waystation: Ours,
}

impl TableSchema {
    /// The schema without what is not looked at, so that a better description redoes nothing.
    pub(crate) fn essence(&self) -> Self {
        let mut essence = Self {
            profile: None,
            name: None,
            title: None,
            description: None,
            foreign_keys: None,
            ..self.clone()
        };
        for field in &mut essence.fields {
            *field = Field {
                title: None,
                description: None,
                example: None,
                examples: None,
                rdf_type: None,
                categories: None,
                categories_ordered: None,
                ..field.clone()
            };
        }
        essence
    }
}

/// What a Table Schema lacks.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Ours {
    /// How the files are to be read, where it cannot be seen from them.
    #[serde(skip_serializing_if = "is_default", serialize_with = "not_default")]
    pub(crate) read: table::raw::Options,
    /// How many rows of an item may be rejected before the item is: a count (`3`) or a share (`"1%"`). `"1%"` when not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) max_rejected: Option<table::MaxRejected>,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// Writes only what is not as it would be anyway.
fn not_default<S: Serializer>(
    read: &table::raw::Options,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let value =
        |options: &table::raw::Options| serde_json::to_value(options).map_err(S::Error::custom);
    let (mut given, default) = (value(read)?, value(&table::raw::Options::default())?);
    if let Some(given) = given.as_object_mut() {
        given.retain(|key, value| default.get(key) != Some(value));
    }
    given.serialize(serializer)
}

/// A column.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "camelCase")]
pub(crate) struct Field {
    /// The column's name.
    pub(crate) name: String,
    /// The type of its values; `any` when not given.
    #[serde(rename = "type")]
    pub(crate) kind: Type,
    /// How the values are written: for dates and times `default` (ISO 8601), `any` or a pattern (`%d/%m/%Y`), for strings
    /// `default`, `email`, `uri`, `uuid` or `binary`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) format: Option<String>,
    /// For people; not looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) title: Option<String>,
    /// For people; not looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) description: Option<String>,
    /// For people; not looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) example: Option<Value>,
    /// For people; not looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) examples: Option<Vec<Value>>,
    /// For programs; not looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) rdf_type: Option<String>,
    /// For programs; not looked at. Values that may occur are given by the constraint `enum`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) categories: Option<Vec<Value>>,
    /// For programs; not looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) categories_ordered: Option<bool>,
    /// Texts that stand for a missing value in this column, instead of the schema's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) missing_values: Option<Vec<String>>,
    /// What stands before the decimals of a number: `.` when not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) decimal_char: Option<char>,
    /// What groups the digits of a number or integer; nothing when not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) group_char: Option<char>,
    /// Whether a number or integer stands alone. When `false`, what precedes and follows it is dropped (`£`, `%`, ` kg`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) bare_number: Option<bool>,
    /// The texts of a boolean that is true: `true`, `True`, `TRUE` and `1` when not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) true_values: Option<Vec<String>>,
    /// The texts of a boolean that is false: `false`, `False`, `FALSE` and `0` when not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) false_values: Option<Vec<String>>,
    /// What holds of every value.
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) constraints: Constraints,
    /// What a Table Schema lacks.
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) waystation: OurField,
}

/// What a Table Schema lacks about a column.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct OurField {
    /// For a `datetime`: whether its values are moments in UTC, to which written offsets lead (`utc`), or what a clock
    /// on a wall showed (`none`, when not given).
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) zone: Zone,
}

/// Where a datetime is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Zone {
    /// On a wall.
    #[default]
    None,
    /// In UTC.
    Utc,
}

/// The type of a column's values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Type {
    /// Whole numbers of 64 bits.
    Integer,
    /// Doubles.
    Number,
    /// Text.
    String,
    /// Yes or no.
    Boolean,
    /// A day.
    Date,
    /// A time of day.
    Time,
    /// A day and a time.
    Datetime,
    /// A year, as a whole number.
    Year,
    /// Text that is not looked at.
    #[default]
    Any,
}

impl Type {
    /// As it is written in a schema.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Integer => "integer",
            Self::Number => "number",
            Self::String => "string",
            Self::Boolean => "boolean",
            Self::Date => "date",
            Self::Time => "time",
            Self::Datetime => "datetime",
            Self::Year => "year",
            Self::Any => "any",
        }
    }
}

/// What holds of every value of a column. Values in `enum`, `minimum` and `maximum` are written as in the data.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "camelCase")]
pub(crate) struct Constraints {
    /// Whether a value must be there.
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) required: bool,
    /// Whether no value stands twice within an item.
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) unique: bool,
    /// The values that may occur.
    #[serde(rename = "enum", skip_serializing_if = "Option::is_none")]
    pub(crate) one_of: Option<Vec<Value>>,
    /// The least value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) minimum: Option<Value>,
    /// The greatest value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) maximum: Option<Value>,
    /// What all values are greater than.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) exclusive_minimum: Option<Value>,
    /// What all values are less than.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) exclusive_maximum: Option<Value>,
    /// A regular expression that matches the whole of every string.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) pattern: Option<String>,
    /// The fewest characters of a string.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) min_length: Option<u64>,
    /// The most characters of a string.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) max_length: Option<u64>,
}
