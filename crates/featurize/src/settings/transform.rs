//! Transforms, with scikit-learn's names for their settings.

use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::{MapAccessDeserializer, MapDeserializer};
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use super::words::{Literal, MinFrequency, Smooth};

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

/// Fills in missing values.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Impute {
    /// What is filled in.
    pub strategy: Strategy,
    /// The value of the strategy `constant` [default: 0, for text `missing`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fill_value: Option<Literal>,
    /// Whether a second feature says where a value was missing.
    pub add_indicator: bool,
}

/// What is filled in for a missing value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Strategy {
    /// The mean of the train rows.
    #[default]
    Mean,
    /// The median of the train rows.
    Median,
    /// The most frequent value of the train rows, of several the least.
    MostFrequent,
    /// A given value.
    Constant,
}

/// Mean 0 and variance 1.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct StandardScale {
    /// Whether the mean becomes 0.
    pub with_mean: bool,
    /// Whether the variance becomes 1.
    pub with_std: bool,
}

impl Default for StandardScale {
    fn default() -> Self {
        Self {
            with_mean: true,
            with_std: true,
        }
    }
}

/// From the least value to the greatest.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct MinMaxScale {
    /// What the least and the greatest value of the train rows become.
    pub feature_range: [f64; 2],
    /// Whether values beyond become the bounds.
    pub clip: bool,
}

impl Default for MinMaxScale {
    fn default() -> Self {
        Self {
            feature_range: [0.0, 1.0],
            clip: false,
        }
    }
}

/// Median 0 and quartile range 1.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RobustScale {
    /// Whether the median becomes 0.
    pub with_centering: bool,
    /// Whether the distance of the two quantiles becomes 1.
    pub with_scaling: bool,
    /// The two quantiles, in percent.
    pub quantile_range: [f64; 2],
}

impl Default for RobustScale {
    fn default() -> Self {
        Self {
            with_centering: true,
            with_scaling: true,
            quantile_range: [25.0, 75.0],
        }
    }
}

/// Bins with equally many rows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct QuantileBins {
    /// How many; fewer where edges fall together.
    pub n_bins: u32,
    /// One column with the bin's number, or a column for each bin.
    pub encode: Encode,
}

impl Default for QuantileBins {
    fn default() -> Self {
        Self {
            n_bins: 5,
            encode: Encode::Ordinal,
        }
    }
}

/// One column of codes, or one column for each code.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Encode {
    /// One column of codes.
    #[default]
    Ordinal,
    /// A column of true and false for each code.
    OneHot,
}

/// A column for each category.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct OneHot {
    /// The categories, in order [default: those of the train rows, sorted].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub categories: Option<Vec<Literal>>,
    /// Categories in fewer train rows share one column.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_frequency: Option<MinFrequency>,
    /// At most so many columns, that of the infrequent included.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_categories: Option<u32>,
    /// What happens with a category that no train row has [default: `ignore`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub handle_unknown: Option<HandleUnknown>,
}

/// What happens with a category that no train row has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum HandleUnknown {
    /// The item fails.
    Error,
    /// `one_hot`: no column is true.
    Ignore,
    /// It counts as infrequent, where there are infrequent categories; else as unknown.
    InfrequentIfExist,
    /// `ordinal`: it gets `unknown_value`.
    UseEncodedValue,
}

/// A code for each category.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Ordinal {
    /// The categories in the order of their codes [default: those of the train rows, sorted].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub categories: Option<Vec<Literal>>,
    /// Whether codes are numbers in an order that means something, rather than names of categories.
    pub ordered: bool,
    /// Categories in fewer train rows share the last code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_frequency: Option<MinFrequency>,
    /// At most so many codes, that of the infrequent included.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_categories: Option<u32>,
    /// What happens with a category that no train row has [default: `use_encoded_value`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub handle_unknown: Option<HandleUnknown>,
    /// The code of such a category [default: missing]. Needs `ordered`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unknown_value: Option<i32>,
    /// The code of a missing value [default: missing]. Needs `ordered`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encoded_missing_value: Option<i32>,
}

/// A code for each category by its hash.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Hashing {
    /// How many codes.
    pub n_features: u32,
    /// One column with the code, or a column for each code.
    pub encode: Encode,
}

impl Default for Hashing {
    fn default() -> Self {
        Self {
            n_features: 256,
            encode: Encode::Ordinal,
        }
    }
}

/// Parts of a date or time, in UTC where it has a zone.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct DateParts {
    /// Which [default: those that the column has of year, month, day, weekday, hour and minute].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parts: Option<Vec<DatePart>>,
}

/// A part of a date or time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DatePart {
    /// 2014.
    Year,
    /// 1 to 4.
    Quarter,
    /// 1 to 12.
    Month,
    /// The ISO week, 1 to 53.
    Week,
    /// Of the month, 1 to 31.
    Day,
    /// Of the year, 1 to 366.
    DayOfYear,
    /// 0 is Monday, 6 is Sunday.
    Weekday,
    /// 0 to 23.
    Hour,
    /// 0 to 59.
    Minute,
    /// 0 to 59.
    Second,
    /// Seconds since 1970; of a time, since midnight.
    Epoch,
}

impl DatePart {
    /// The ending of the feature's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Year => "year",
            Self::Quarter => "quarter",
            Self::Month => "month",
            Self::Week => "week",
            Self::Day => "day",
            Self::DayOfYear => "day_of_year",
            Self::Weekday => "weekday",
            Self::Hour => "hour",
            Self::Minute => "minute",
            Self::Second => "second",
            Self::Epoch => "epoch",
        }
    }

    /// Whether it is a part of the time of day.
    pub(crate) fn is_of_day(self) -> bool {
        matches!(self, Self::Hour | Self::Minute | Self::Second | Self::Epoch)
    }

    /// Whether it is a part of the date.
    pub(crate) fn is_of_date(self) -> bool {
        self == Self::Epoch || !self.is_of_day()
    }
}

/// The category's mean of the label.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct TargetEncode {
    /// How strongly a category's mean is drawn to that of all rows.
    pub smooth: Smooth,
    /// In how many folds the train rows are cut: each gets what the others say.
    pub cv: u32,
}

impl Default for TargetEncode {
    fn default() -> Self {
        Self {
            smooth: Smooth::Auto,
            cv: 5,
        }
    }
}
