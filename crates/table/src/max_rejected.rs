//! How many rows of an item may be rejected: a count or a share.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Error, Unexpected, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use stage::Allowance;

/// How many rows of an item may be rejected before the item fails. In settings a count (`3`) or a share (`"0.5%"`); one
/// percent unless given.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MaxRejected(pub Allowance);

impl Default for MaxRejected {
    fn default() -> Self {
        Self(Allowance::Percent(1.0))
    }
}

impl MaxRejected {
    /// Whether so many rejected rows of so many are allowed.
    pub fn allows(self, rejected: u64, rows: u64) -> bool {
        self.0.allows(rejected, rows)
    }
}

impl fmt::Display for MaxRejected {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

impl Serialize for MaxRejected {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Allowance::Count(rows) => serializer.serialize_u64(rows),
            Allowance::Percent(_) => serializer.collect_str(self),
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
        Ok(MaxRejected(Allowance::Count(rows)))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<MaxRejected, E> {
        match text.parse() {
            Ok(share @ Allowance::Percent(_)) => Ok(MaxRejected(share)),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let told = match serde_json::from_str::<MaxRejected>(text) {
            Ok(value) => format!("{value:?}"),
            Err(error) => error.to_string(),
        };
        assert_eq!(told.split(" at line").next().unwrap_or_default(), expected);
    }

    #[test]
    fn a_count_or_a_share_may_be_rejected() {
        check("3", "MaxRejected(Count(3))");
        check(r#""0.5%""#, "MaxRejected(Percent(0.5))");
        check(
            r#""half""#,
            r#"invalid value: string "half", expected a count (`3`) or a share (`"1%"`)"#,
        );
        check(
            r#""3""#,
            r#"invalid value: string "3", expected a count (`3`) or a share (`"1%"`)"#,
        );
    }
}
