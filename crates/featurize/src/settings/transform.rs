//! Transforms, with scikit-learn's names for their settings.

use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::{MapAccessDeserializer, MapDeserializer};
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use super::dates::DateParts;
use super::encoders::{Hashing, OneHot, Ordinal, TargetEncode};
use super::numbers::{Impute, MinMaxScale, QuantileBins, RobustScale, StandardScale};

/// What is done with a column: a word (`"log1p"`), or a word with settings (`{"impute": {"strategy": "median"}}`).
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Transform {
    /// Picked by the column's type.
    Auto,
    /// Numbers and booleans as they are, missing values included.
    Passthrough,
    /// The natural logarithm of 1 + x; what has none becomes missing.
    Log1p,
    /// Fills in missing values (`SimpleImputer`).
    Impute(Impute),
    /// Mean 0 and variance 1 (`StandardScaler`).
    StandardScale(StandardScale),
    /// From the least value to the greatest (`MinMaxScaler`).
    MinMaxScale(MinMaxScale),
    /// Median 0 and quartile range 1 (`RobustScaler`).
    RobustScale(RobustScale),
    /// Bins with equally many rows (`KBinsDiscretizer` with linear quantiles).
    QuantileBins(QuantileBins),
    /// A column for each category (`OneHotEncoder`).
    OneHot(OneHot),
    /// A code for each category (`OrdinalEncoder`), which trees take as categorical.
    Ordinal(Ordinal),
    /// A code for each category by its hash, without a vocabulary.
    Hashing(Hashing),
    /// Year, month, weekday, hour, …
    DateParts(DateParts),
    /// The category's mean of the label, for train rows out of fold (`TargetEncoder`).
    TargetEncode(TargetEncode),
}

/// Serde's own form of [`Transform`], where a word without settings has them in default.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Written {
    Auto(Nothing),
    Passthrough(Nothing),
    Log1p(Nothing),
    Impute(Impute),
    StandardScale(StandardScale),
    MinMaxScale(MinMaxScale),
    RobustScale(RobustScale),
    QuantileBins(QuantileBins),
    OneHot(OneHot),
    Ordinal(Ordinal),
    Hashing(Hashing),
    DateParts(DateParts),
    TargetEncode(TargetEncode),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

impl From<Written> for Transform {
    fn from(written: Written) -> Self {
        match written {
            Written::Auto(_) => Self::Auto,
            Written::Passthrough(_) => Self::Passthrough,
            Written::Log1p(_) => Self::Log1p,
            Written::Impute(settings) => Self::Impute(settings),
            Written::StandardScale(settings) => Self::StandardScale(settings),
            Written::MinMaxScale(settings) => Self::MinMaxScale(settings),
            Written::RobustScale(settings) => Self::RobustScale(settings),
            Written::QuantileBins(settings) => Self::QuantileBins(settings),
            Written::OneHot(settings) => Self::OneHot(settings),
            Written::Ordinal(settings) => Self::Ordinal(settings),
            Written::Hashing(settings) => Self::Hashing(settings),
            Written::DateParts(settings) => Self::DateParts(settings),
            Written::TargetEncode(settings) => Self::TargetEncode(settings),
        }
    }
}

impl Transform {
    /// The word in the settings, and the ending of a name that is taken.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Passthrough => "passthrough",
            Self::Log1p => "log1p",
            Self::Impute(_) => "impute",
            Self::StandardScale(_) => "standard_scale",
            Self::MinMaxScale(_) => "min_max_scale",
            Self::RobustScale(_) => "robust_scale",
            Self::QuantileBins(_) => "quantile_bins",
            Self::OneHot(_) => "one_hot",
            Self::Ordinal(_) => "ordinal",
            Self::Hashing(_) => "hashing",
            Self::DateParts(_) => "date_parts",
            Self::TargetEncode(_) => "target_encode",
        }
    }
}

impl<'de> Deserialize<'de> for Transform {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TransformVisitor)
    }
}

struct TransformVisitor;

impl<'de> Visitor<'de> for TransformVisitor {
    type Value = Transform;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(
            "a transform: a word (`\"log1p\"`) or a word with settings (`{\"impute\": {}}`)",
        )
    }

    fn visit_str<E: Error>(self, word: &str) -> Result<Transform, E> {
        let alone = MapDeserializer::new(std::iter::once((word, Empty)));
        let written = Written::deserialize(MapAccessDeserializer::new(alone));
        written.map(Transform::from)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Transform, A::Error> {
        Written::deserialize(MapAccessDeserializer::new(map)).map(Transform::from)
    }
}

/// Settings of which none is given.
struct Empty;

impl<'de, E: Error> serde::de::IntoDeserializer<'de, E> for Empty {
    type Deserializer = MapDeserializer<'de, std::iter::Empty<(&'de str, ())>, E>;

    fn into_deserializer(self) -> Self::Deserializer {
        MapDeserializer::new(std::iter::empty())
    }
}

/// What is done with a column, in order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Transforms(pub Vec<Transform>);

impl Default for Transforms {
    fn default() -> Self {
        Self(vec![Transform::Auto])
    }
}

impl JsonSchema for Transforms {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Transforms".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let full = generator.subschema_for::<Transform>();
        let words = [
            "auto",
            "passthrough",
            "log1p",
            "impute",
            "standard_scale",
            "min_max_scale",
            "robust_scale",
            "quantile_bins",
            "one_hot",
            "ordinal",
            "hashing",
            "date_parts",
            "target_encode",
        ];
        json_schema!({
            "description": "What is done with a column, in order.",
            "type": "array",
            "items": {"anyOf": [{"enum": words}, full]},
        })
    }
}
