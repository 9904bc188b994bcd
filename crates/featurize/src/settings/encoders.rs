//! Settings of the transforms of categories, with scikit-learn's names.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::words::{Literal, MinFrequency, Smooth};

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
