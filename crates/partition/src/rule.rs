//! The rule as it stands in `config/split.json`.

use std::fmt;

use schemars::JsonSchema;
use serde::de::{Error, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

/// How rows are assigned to train, validation and test.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "rule", rename_all = "snake_case", deny_unknown_fields)]
pub enum Rule {
    /// By the hash of key columns, in shares: rows with the same key stay together, new rows move no old ones.
    Hash {
        /// The columns whose values make up a row's key.
        columns: Vec<String>,
        /// How much each partition gets.
        shares: Shares,
        /// Another seed gives another assignment.
        #[serde(default)]
        seed: u64,
    },
    /// By group: as `hash`, and what is learnt out of fold keeps a group in one fold as well.
    Group {
        /// The columns whose values name a row's group (a customer, a patient, a machine).
        columns: Vec<String>,
        /// How much each partition gets.
        shares: Shares,
        /// Another seed gives another assignment.
        #[serde(default)]
        seed: u64,
    },
    /// By cuts in time: train is before validation, validation is before test.
    Time {
        /// A date or timestamp column, or one number that grows with time.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        column: Option<String>,
        /// Integer columns that are a time together, the greatest unit first: `["year", "month", "day"]`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        columns: Option<Vec<String>>,
        /// The first moment of validation: `"2014-01-25"`, `"2014-01-25T12:00:00Z"`, `[2014, 1, 25]` or a number.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        validation_from: Option<Cut>,
        /// The first moment of test.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        test_from: Option<Cut>,
        /// Where a row without a time goes.
        #[serde(default)]
        missing: Missing,
    },
    /// By a column that says it.
    Column {
        /// The column.
        column: String,
        /// Which of its values mean which partition.
        #[serde(default)]
        values: Values,
        /// Where a row without a value goes.
        #[serde(default)]
        missing: Missing,
    },
}

/// The share of rows, or of groups, of each partition; together 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Shares {
    /// The share of train.
    pub train: f64,
    /// The share of validation.
    #[serde(default)]
    pub validation: f64,
    /// The share of test.
    #[serde(default)]
    pub test: f64,
}

/// The values of a column that mean each partition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Values {
    /// The values that mean train.
    pub train: Vec<Value>,
    /// The values that mean validation.
    pub validation: Vec<Value>,
    /// The values that mean test.
    pub test: Vec<Value>,
}

impl Default for Values {
    fn default() -> Self {
        let named = |name: &str| vec![Value(name.to_owned())];
        Self {
            train: named("train"),
            validation: named("validation"),
            test: named("test"),
        }
    }
}

/// What happens to a row that has no value in the column that decides.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Missing {
    /// Its item fails: nobody can tell on which side of the cut the row belongs.
    #[default]
    Error,
    /// It goes to train.
    Train,
    /// It goes to validation.
    Validation,
    /// It goes to test.
    Test,
}

/// A moment: a date or time as text, a number, or several numbers with the greatest unit first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Cut {
    /// `"2014-01-25"` or `"2014-01-25T12:00:00Z"`.
    Text(String),
    /// `[2014, 1, 25]`.
    Numbers(Vec<i64>),
    /// `2014`.
    Number(i64),
}

impl JsonSchema for Cut {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Cut".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "A moment: a date or time as text, a number, or several numbers with the greatest unit first.",
            "oneOf": [
                {"type": "string", "examples": ["2014-01-25", "2014-01-25T12:00:00Z"]},
                {"type": "integer"},
                {"type": "array", "items": {"type": "integer"}, "minItems": 1},
            ],
        })
    }
}

impl<'de> Deserialize<'de> for Cut {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(CutVisitor)
    }
}

struct CutVisitor;

impl<'de> Visitor<'de> for CutVisitor {
    type Value = Cut;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a date (`\"2014-01-25\"`), an integer or a list of integers")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Cut, E> {
        Ok(Cut::Text(text.to_owned()))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Cut, E> {
        Ok(Cut::Number(number))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Cut, E> {
        i64::try_from(number)
            .map(Cut::Number)
            .map_err(|_| E::custom(format!("the number {number} is too great")))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Cut, A::Error> {
        let mut numbers = Vec::new();
        while let Some(number) = sequence.next_element()? {
            numbers.push(number);
        }
        Ok(Cut::Numbers(numbers))
    }
}

/// A value of a column in its text form (see [`crate::value_text`]); in settings a string, number or boolean.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Value(pub String);

impl JsonSchema for Value {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Value".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "A value of the column.",
            "type": ["string", "number", "boolean"],
        })
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValueVisitor)
    }
}

struct ValueVisitor;

impl Visitor<'_> for ValueVisitor {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a string, number or boolean")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Value, E> {
        Ok(Value(text.to_owned()))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Value, E> {
        Ok(Value(number.to_string()))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Value, E> {
        Ok(Value(number.to_string()))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Value, E> {
        let mut text = Vec::new();
        crate::key::push_float(&mut text, number);
        Ok(Value(String::from_utf8_lossy(&text).into_owned()))
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(Value(value.to_string()))
    }
}
