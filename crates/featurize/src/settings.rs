//! What stands in `config/featurize.json`.

mod dates;
mod encoders;
mod numbers;
mod transform;
mod words;

use std::fmt;

use schemars::JsonSchema;
use serde::de::{Error, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

pub use dates::{DatePart, DateParts};
pub use encoders::{Encode, HandleUnknown, Hashing, OneHot, Ordinal, TargetEncode};
pub use numbers::{Impute, MinMaxScale, QuantileBins, RobustScale, StandardScale, Strategy};
pub use transform::{Transform, Transforms};
pub use words::{Literal, MinFrequency, Smooth};

/// How cleaned columns become features.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// What is to be predicted.
    pub label: Label,
    /// What happens when a row has no label.
    #[serde(default)]
    pub missing_label: MissingLabel,
    /// The column that says how much a row counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight: Option<String>,
    /// Columns that name a row. They are carried along and are no features unless `features` names them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub key: Vec<String>,
    /// Columns for whose values metrics are also given apart. They are carried along.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub slice: Vec<String>,
    /// The column that says when a row happened. It is carried along.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time: Option<String>,
    /// Columns that are no features: what is known only after the fact, above all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub drop: Vec<String>,
    /// Which columns become features, and how.
    #[serde(default)]
    pub features: Features,
}

/// What is to be predicted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(
    deny_unknown_fields,
    expecting = "an object (`{\"column\": \"price\"}`)"
)]
pub struct Label {
    /// The column.
    pub column: String,
    /// How it is read; left out, text and booleans are classes, numbers with a fraction are values.
    #[serde(default, rename = "as", skip_serializing_if = "Option::is_none")]
    pub reading: Option<Reading>,
    /// Of two classes the one whose probability is predicted [default: the last in order].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub positive: Option<Literal>,
    /// All classes in the order of their codes [default: those of the train rows, sorted].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub classes: Option<Vec<Literal>>,
}

/// How a label is read.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Reading {
    /// As a number to be predicted: a regression.
    Value,
    /// As classes: two are a binary task, more a multiclass one.
    Classes,
    /// As two classes: above this number, or not.
    Above(f64),
}

/// What happens when a row has no label.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MissingLabel {
    /// Its item fails: rows are dropped in `clean`, never here.
    #[default]
    Error,
    /// It is kept without a label.
    Keep,
}

/// Which columns become features: `"auto"`, or a list.
#[derive(Clone, Debug, PartialEq)]
pub struct Features(pub Vec<Feature>);

/// Columns and what is done with each.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(
    deny_unknown_fields,
    expecting = "an object (`{\"columns\": [\"price\"], \"transforms\": [\"log1p\"]}`)"
)]
pub struct Feature {
    /// The columns; `"*"` stands for all that nothing else names.
    pub columns: Vec<String>,
    /// What is done with each of them, in order [default: `["auto"]`].
    #[serde(default)]
    pub transforms: Transforms,
}

/// Stands for all columns that nothing else names.
pub(crate) const REST: &str = "*";

impl Default for Features {
    /// `"auto"`: every column that nothing else names, by its type.
    fn default() -> Self {
        Self(vec![Feature {
            columns: vec![REST.to_owned()],
            transforms: Transforms::default(),
        }])
    }
}

impl Serialize for Features {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if *self == Self::default() {
            serializer.serialize_str("auto")
        } else {
            self.0.serialize(serializer)
        }
    }
}

impl JsonSchema for Features {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Features".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let feature = generator.subschema_for::<Feature>();
        schemars::json_schema!({
            "description": "Which columns become features: `\"auto\"`, or a list.",
            "oneOf": [{"const": "auto"}, {"type": "array", "items": feature}],
        })
    }
}

impl<'de> Deserialize<'de> for Features {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(FeaturesVisitor)
    }
}

struct FeaturesVisitor;

impl<'de> Visitor<'de> for FeaturesVisitor {
    type Value = Features;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("`\"auto\"` or a list of features")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Features, E> {
        match text {
            "auto" => Ok(Features::default()),
            other => Err(E::unknown_variant(other, &["auto"])),
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Features, A::Error> {
        let mut features = Vec::new();
        while let Some(feature) = sequence.next_element()? {
            features.push(feature);
        }
        Ok(Features(features))
    }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;

    fn parse(text: &str) -> Result<Settings, stage::Fault> {
        stage::settings::parse(text.as_bytes(), "featurize.json")
    }

    fn refused(text: &str) -> String {
        let fault = parse(text).unwrap_err();
        format!("{fault} | {}", fault.hint.as_deref().unwrap_or("-"))
    }

    fn feature(transform: &str) -> String {
        format!(
            r#"{{"label": {{"column": "y"}}, "features": [{{"columns": ["x"], "transforms": [{transform}]}}]}}"#
        )
    }

    #[test]
    fn a_transform_is_a_word_or_a_word_with_settings() {
        let settings = parse(&feature(
            r#""log1p", {"impute": {"strategy": "median"}}, "standard_scale""#,
        ));
        let features = settings.unwrap().features.0;
        let impute = Impute {
            strategy: Strategy::Median,
            ..Impute::default()
        };
        let expected = vec![
            Transform::Log1p,
            Transform::Impute(impute),
            Transform::StandardScale(StandardScale::default()),
        ];
        assert_eq!(features[0].transforms, Transforms(expected));
    }

    #[test]
    fn settings_come_back_as_they_were_written() {
        let text = feature(
            r#"{"min_max_scale": {"clip": true}}, "auto", {"target_encode": {"smooth": 10.0}}"#,
        );
        let settings = parse(&text).unwrap();
        let again = serde_json::to_string(&settings).unwrap();
        assert_eq!(parse(&again).unwrap(), settings);
        let auto = parse(r#"{"label": {"column": "y", "as": {"above": 15}}}"#).unwrap();
        assert_eq!(auto.features, Features::default());
        assert_eq!(parse(&serde_json::to_string(&auto).unwrap()).unwrap(), auto);
    }

    #[test]
    fn misspelt_settings_name_place_and_nearest() {
        assert_snapshot!(refused(&feature(r#""StandardScaler""#)), @"featurize.json:1: `features[0].transforms[0]`: unknown variant `StandardScaler`, expected one of `auto`, `passthrough`, `log1p`, `impute`, `standard_scale`, `min_max_scale`, `robust_scale`, `quantile_bins`, `one_hot`, `ordinal`, `hashing`, `date_parts`, `target_encode` | did you mean `standard_scale`?");
        assert_snapshot!(refused(&feature(r#"{"impute": {"stratgy": "mean"}}"#)), @"featurize.json:1: `features[0].transforms[0].impute.stratgy`: unknown field `stratgy`, expected one of `strategy`, `fill_value`, `add_indicator` | did you mean `strategy`?");
        assert_snapshot!(refused(&feature(r#"{"impute": {"strategy": "avg"}}"#)), @"featurize.json:1: `features[0].transforms[0].impute.strategy`: unknown variant `avg`, expected one of `mean`, `median`, `most_frequent`, `constant` | -");
        assert_snapshot!(refused(&feature("3")), @r#"featurize.json:1: `features[0].transforms[0]`: invalid type: integer `3`, expected a transform: a word (`"log1p"`) or a word with settings (`{"impute": {}}`) | -"#);
        assert_snapshot!(refused(&feature(r#"{"target_encode": {"smooth": "much"}}"#)), @r#"featurize.json:1: `features[0].transforms[0].target_encode.smooth`: expected `"auto"` or a number of rows, found `much` | -"#);
        assert_snapshot!(refused(r#"{"label": "y"}"#), @r#"featurize.json:1: `label`: invalid type: string "y", expected an object (`{"column": "price"}`) | -"#);
        assert_snapshot!(refused(r#"{"label": {"column": "y"}, "features": "all"}"#), @"featurize.json:1: `features`: unknown variant `all`, expected `auto` | -");
        assert_snapshot!(refused(r#"{"label": {"column": "y", "as": {"over": 3}}}"#), @"featurize.json:1: `label.as`: unknown variant `over`, expected one of `value`, `classes`, `above` | -");
        assert_snapshot!(refused(r#"{"label": {"column": "y"}, "features": ["x"]}"#), @r#"featurize.json:1: `features[0]`: invalid type: string "x", expected an object (`{"columns": ["price"], "transforms": ["log1p"]}`) | -"#);
        assert_snapshot!(refused("{}"), @"featurize.json:1: missing field `label` | -");
    }
}
