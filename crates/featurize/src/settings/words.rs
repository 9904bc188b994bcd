//! Settings that are a word or a number.

use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A value as it stands in a column: a string, a number or a boolean.
#[derive(Clone, Debug, PartialEq)]
pub enum Literal {
    /// A string.
    Text(String),
    /// A number.
    Number(f64),
    /// A boolean.
    Boolean(bool),
}

impl fmt::Display for Literal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => formatter.write_str(text),
            Self::Number(number) => write!(formatter, "{number}"),
            Self::Boolean(value) => write!(formatter, "{value}"),
        }
    }
}

impl Serialize for Literal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(text) => serializer.serialize_str(text),
            Self::Number(number) => serializer.serialize_f64(*number),
            Self::Boolean(value) => serializer.serialize_bool(*value),
        }
    }
}

impl JsonSchema for Literal {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Literal".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"description": "A value of the column.", "type": ["string", "number", "boolean"]})
    }
}

impl<'de> Deserialize<'de> for Literal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(LiteralVisitor)
    }
}

struct LiteralVisitor;

impl Visitor<'_> for LiteralVisitor {
    type Value = Literal;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a string, a number or a boolean")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Literal, E> {
        Ok(Literal::Text(text.to_owned()))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Literal, E> {
        Ok(Literal::Number(number as f64))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Literal, E> {
        Ok(Literal::Number(number as f64))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Literal, E> {
        Ok(Literal::Number(number))
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Literal, E> {
        Ok(Literal::Boolean(value))
    }
}

/// Below which a category is infrequent: a number of train rows, or below 1 a share of them.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct MinFrequency(pub f64);

impl JsonSchema for MinFrequency {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "MinFrequency".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A number of train rows, or below 1 a share of them.",
            "type": "number",
            "exclusiveMinimum": 0,
        })
    }
}

impl<'de> Deserialize<'de> for MinFrequency {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = f64::deserialize(deserializer)?;
        if number > 0.0 && (number < 1.0 || number.fract() == 0.0) {
            return Ok(Self(number));
        }
        Err(D::Error::custom(format!(
            "expected a whole number of rows or a share below 1, found {number}"
        )))
    }
}

/// How strongly a category's mean is drawn to that of all rows.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Smooth {
    /// By the variances within and between (empirical Bayes).
    #[default]
    Auto,
    /// As by so many rows of the mean of all.
    Rows(f64),
}

impl Serialize for Smooth {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Auto => serializer.serialize_str("auto"),
            Self::Rows(rows) => serializer.serialize_f64(*rows),
        }
    }
}

impl JsonSchema for Smooth {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Smooth".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "How strongly a category's mean is drawn to that of all rows.",
            "oneOf": [{"const": "auto"}, {"type": "number", "minimum": 0}],
        })
    }
}

impl<'de> Deserialize<'de> for Smooth {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let expected = "`\"auto\"` or a number of rows";
        match Literal::deserialize(deserializer)? {
            Literal::Text(text) if text == "auto" => Ok(Self::Auto),
            Literal::Number(rows) if rows >= 0.0 => Ok(Self::Rows(rows)),
            other => Err(D::Error::custom(format!(
                "expected {expected}, found `{other}`"
            ))),
        }
    }
}
