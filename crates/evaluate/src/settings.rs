//! What `config/evaluate.json` may say.

use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Error, Unexpected, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use table::roles::Task;

/// The settings of `evaluate`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Settings {
    /// What the label is; by default what its metadata says, or what its values look like.
    pub(crate) task: Option<Task>,
    /// From which probability on a row counts as class 1.
    pub(crate) threshold: Threshold,
    /// The heading of the report.
    pub(crate) title: Option<String>,
}

/// From which probability on a row counts as class 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Threshold {
    /// From this one.
    At(f64),
    /// From the one with the highest F1 on validation.
    BestF1,
}

const BEST_F1: &str = "best_f1";

impl Default for Threshold {
    fn default() -> Self {
        Self::At(0.5)
    }
}

impl Serialize for Threshold {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::At(value) => serializer.serialize_f64(*value),
            Self::BestF1 => serializer.serialize_str(BEST_F1),
        }
    }
}

impl<'de> Deserialize<'de> for Threshold {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // By hand: an untagged enum would only say that no variant matched.
        deserializer.deserialize_any(ThresholdVisitor)
    }
}

struct ThresholdVisitor;

impl Visitor<'_> for ThresholdVisitor {
    type Value = Threshold;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a number from 0 to 1 or `best_f1`")
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Threshold, E> {
        if (0.0..=1.0).contains(&value) {
            Ok(Threshold::At(value))
        } else {
            Err(E::invalid_value(Unexpected::Float(value), &self))
        }
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Threshold, E> {
        self.visit_f64(value as f64)
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Threshold, E> {
        self.visit_f64(value as f64)
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Threshold, E> {
        if value == BEST_F1 {
            Ok(Threshold::BestF1)
        } else {
            Err(E::invalid_value(Unexpected::Str(value), &self))
        }
    }
}

impl JsonSchema for Threshold {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Threshold".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "From which probability on a row counts as class 1: a number, or the one with the highest F1 on validation.",
            "oneOf": [
                { "type": "number", "minimum": 0, "maximum": 1 },
                { "const": BEST_F1 },
            ],
            "default": 0.5,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let found = match stage::settings::parse::<Settings>(text.as_bytes(), "evaluate.json") {
            Ok(settings) => format!("{:?}", settings.threshold),
            Err(fault) => fault.to_string(),
        };
        assert_eq!(found, expected);
    }

    #[test]
    fn a_threshold_is_a_probability_or_chosen_on_validation() {
        check("{}", "At(0.5)");
        check(r#"{"threshold": 1}"#, "At(1.0)");
        check(r#"{"threshold": "best_f1"}"#, "BestF1");
        check(
            r#"{"threshold": 1.5}"#,
            "evaluate.json:1: `threshold`: invalid value: floating point `1.5`, expected a number from 0 to 1 or `best_f1`",
        );
        check(
            r#"{"threshold": "best"}"#,
            r#"evaluate.json:1: `threshold`: invalid value: string "best", expected a number from 0 to 1 or `best_f1`"#,
        );
    }

    #[test]
    fn settings_are_written_as_they_are_read() {
        let text = r#"{"task":"binary","threshold":"best_f1","title":"Late flights"}"#;
        let settings: Settings = stage::settings::parse(text.as_bytes(), "evaluate.json").unwrap();
        assert_eq!(serde_json::to_string(&settings).unwrap(), text);
    }
}
