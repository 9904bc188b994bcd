//! Settings of the transforms of numbers, with scikit-learn's names.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::encoders::Encode;
use super::words::Literal;

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
