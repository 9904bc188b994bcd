//! How many rows of an item may be rejected: a count or a share.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Error, Unexpected, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// How many rows of an item may be rejected.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum MaxRejected {
    /// So many rows.
    Rows(u64),
    /// So many percent of the rows.
    Percent(f64),
}

impl Default for MaxRejected {
    fn default() -> Self {
        Self::Percent(1.0)
    }
}

impl MaxRejected {
    /// Whether so many rejected rows of so many are allowed.
    pub(crate) fn allows(self, rejected: u64, rows: u64) -> bool {
        match self {
            Self::Rows(most) => rejected <= most,
            Self::Percent(most) => rejected as f64 * 100.0 <= most * rows as f64,
        }
    }
}

impl fmt::Display for MaxRejected {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rows(rows) => write!(formatter, "{rows}"),
            Self::Percent(percent) => write!(formatter, "{percent}%"),
        }
    }
}

impl Serialize for MaxRejected {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Rows(rows) => serializer.serialize_u64(*rows),
            Self::Percent(_) => serializer.collect_str(self),
        }
    }
}

impl<'de> Deserialize<'de> for MaxRejected {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // By hand: an untagged enum would only say that no variant matched.
        deserializer.deserialize_any(MaxRejectedVisitor)
    }
}

struct MaxRejectedVisitor;

impl Visitor<'_> for MaxRejectedVisitor {
    type Value = MaxRejected;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a count (`3`) or a share (`\"1%\"`)")
    }

    fn visit_u64<E: Error>(self, rows: u64) -> Result<MaxRejected, E> {
        Ok(MaxRejected::Rows(rows))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<MaxRejected, E> {
        let percent = text.strip_suffix('%').map(|text| text.trim().parse());
        match percent {
            Some(Ok(percent)) if (0.0..=100.0).contains(&percent) => {
                Ok(MaxRejected::Percent(percent))
            }
            _ => Err(E::invalid_value(Unexpected::Str(text), &self)),
        }
    }
}

impl JsonSchema for MaxRejected {
    fn schema_name() -> Cow<'static, str> {
        "MaxRejected".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A count of rows, or a share of them.",
            "oneOf": [
                { "type": "integer", "minimum": 0 },
                { "type": "string", "pattern": "^[0-9.]+ *%$" },
            ],
        })
    }
}
