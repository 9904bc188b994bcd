//! Settings that may be written in more than one form, with messages that name the forms.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Error, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A name or a list of names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OneOrMany(pub(crate) Vec<String>);

impl Serialize for OneOrMany {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0.as_slice() {
            [name] => serializer.serialize_str(name),
            names => serializer.collect_seq(names),
        }
    }
}

impl<'de> Deserialize<'de> for OneOrMany {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Names;
        impl<'de> Visitor<'de> for Names {
            type Value = Vec<String>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("the name of a field or a list of names")
            }

            fn visit_str<E: Error>(self, name: &str) -> Result<Self::Value, E> {
                Ok(vec![name.to_owned()])
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
                let mut names = Vec::new();
                while let Some(name) = list.next_element()? {
                    names.push(name);
                }
                Ok(names)
            }
        }
        deserializer.deserialize_any(Names).map(Self)
    }
}

impl JsonSchema for OneOrMany {
    fn schema_name() -> Cow<'static, str> {
        "OneOrMany".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": ["string", "array"], "items": { "type": "string" } })
    }
}

/// How the columns of a file must match the fields of the schema.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum FieldsMatch {
    /// The same columns in the same order.
    Exact,
    /// The same columns in any order.
    #[default]
    Equal,
    /// The file has at least these columns; others are left out.
    Subset,
    /// The file has at most these columns; those that it lacks are missing in every row.
    Superset,
    /// The file has some of these columns, and may have others.
    Partial,
}

impl FieldsMatch {
    const NAMES: &[&str] = &["exact", "equal", "subset", "superset", "partial"];

    /// Whether a file may have columns that the schema does not know.
    pub(crate) fn allows_extra(self) -> bool {
        matches!(self, Self::Subset | Self::Partial)
    }

    /// Whether a file may lack columns.
    pub(crate) fn allows_missing(self) -> bool {
        matches!(self, Self::Superset | Self::Partial)
    }
}

impl<'de> Deserialize<'de> for FieldsMatch {
    /// A word, or a list with one word: version 2.0 of the standard has it so.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let words = OneOrMany::deserialize(deserializer)?.0;
        match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
            ["exact"] => Ok(Self::Exact),
            ["equal"] => Ok(Self::Equal),
            ["subset"] => Ok(Self::Subset),
            ["superset"] => Ok(Self::Superset),
            ["partial"] => Ok(Self::Partial),
            [other] => Err(D::Error::unknown_variant(other, Self::NAMES)),
            _ => Err(D::Error::invalid_length(words.len(), &"one word")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check<T: for<'de> Deserialize<'de> + fmt::Debug>(text: &str, expected: &str) {
        let told = match serde_json::from_str::<T>(text) {
            Ok(value) => format!("{value:?}"),
            Err(error) => error.to_string(),
        };
        assert_eq!(told.split(" at line").next().unwrap_or_default(), expected);
    }

    #[test]
    fn names_are_one_or_many() {
        check::<OneOrMany>(r#""a""#, r#"OneOrMany(["a"])"#);
        check::<OneOrMany>(r#"["a","b"]"#, r#"OneOrMany(["a", "b"])"#);
        check::<OneOrMany>(
            "3",
            "invalid type: integer `3`, expected the name of a field or a list of names",
        );
    }

    #[test]
    fn fields_match_is_a_word_or_a_list_with_one() {
        check::<FieldsMatch>(r#""subset""#, "Subset");
        check::<FieldsMatch>(r#"["exact"]"#, "Exact");
        check::<FieldsMatch>(
            r#""sub""#,
            "unknown variant `sub`, expected one of `exact`, `equal`, `subset`, `superset`, `partial`",
        );
    }
}
