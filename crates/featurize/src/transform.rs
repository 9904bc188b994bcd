//! The fitted transform, as it stands in `_transform.json`: all that is needed to transform new rows.

use serde::{Deserialize, Serialize};
use stage::Digest;

use crate::fit::Levels;
use crate::kind::Kind;
use crate::label::FittedLabel;
use crate::settings::{DatePart, Encode};

/// The version of the form of `_transform.json`.
pub const VERSION: u32 = 1;

/// A fitted transform.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Transform {
    /// The version of this form.
    pub version: u32,
    /// On how many train rows it was fitted.
    pub train_rows: u64,
    /// The label.
    pub label: FittedLabel,
    /// Columns carried along as they are.
    pub carried: Vec<CarriedColumn>,
    /// Features in the order of their columns.
    pub features: Vec<FittedFeature>,
    /// Columns that are no features, with the reason.
    pub unused: Vec<UnusedColumn>,
    /// The columns that keep train rows in one fold of a target encoding; none for the whole row.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fold_columns: Vec<String>,
}

/// A column carried along.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CarriedColumn {
    /// The column.
    pub column: String,
    /// What it is for; nothing where only the split rule needs it.
    pub roles: Vec<String>,
}

/// A column that is no feature.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UnusedColumn {
    /// The column.
    pub column: String,
    /// Why.
    pub reason: String,
}

/// A column and what becomes of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FittedFeature {
    /// The column.
    pub column: String,
    /// What it holds.
    pub kind: Kind,
    /// Whether `auto` picked the steps.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub auto: bool,
    /// What is done with it, in order.
    pub steps: Vec<Step>,
    /// The features' names.
    pub outputs: Vec<String>,
    /// The feature that says where a value was missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub indicator: Option<String>,
}

/// A fitted step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Step {
    /// As it is.
    Passthrough,
    /// `ln(1 + x)`, missing at -1 and below.
    Log1p,
    /// The value for what is missing.
    Impute {
        /// The value.
        value: f64,
    },
    /// `(x - mean) / scale`.
    StandardScale {
        /// The mean.
        mean: f64,
        /// The standard deviation.
        scale: f64,
    },
    /// `x * scale + min`.
    MinMaxScale {
        /// The factor.
        scale: f64,
        /// The offset.
        min: f64,
        /// The least and the greatest result.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        clip: Option<[f64; 2]>,
    },
    /// `(x - center) / scale`.
    RobustScale {
        /// The median.
        center: f64,
        /// The distance of the quantiles.
        scale: f64,
    },
    /// The number of inner edges that are not greater than x.
    QuantileBins {
        /// All edges, the outer ones included.
        edges: Vec<f64>,
        /// One column or several.
        encode: Encode,
    },
    /// A column for each code.
    OneHot(Coding),
    /// A code for each category.
    Ordinal {
        /// Whether codes are numbers rather than names.
        ordered: bool,
        /// The codes.
        coding: Coding,
    },
    /// XXH3 of the category's text, modulo the number of codes.
    Hashing {
        /// The number of codes.
        n_features: u32,
        /// One column or several.
        encode: Encode,
        /// The category for what is missing.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        fill: Option<String>,
    },
    /// Parts of a date or time.
    DateParts {
        /// Which.
        parts: Vec<DatePart>,
    },
    /// Means of the label.
    TargetEncode {
        /// The categories.
        categories: Levels,
        /// The means, for each target.
        targets: Vec<Encoding>,
    },
}

/// Codes of categories.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Coding {
    /// The categories that have a code of their own: their place.
    pub categories: Levels,
    /// The categories that share one code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub infrequent: Option<Levels>,
    /// The code that they share.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub infrequent_code: Option<i32>,
    /// The category for what is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fill: Option<String>,
    /// The code of what is missing; else it stays missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missing_code: Option<i32>,
    /// The code of an unknown category; else it is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unknown_code: Option<i32>,
    /// Whether an unknown category fails its item.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub refuse_unknown: bool,
    /// How many codes there are.
    pub codes: u32,
}

/// Means of one target.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Encoding {
    /// The class whose share it is; none where the label is a number or has two classes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class: Option<String>,
    /// For rows that are not of train.
    pub all: Means,
    /// For train rows, by fold: from the rows of the other folds.
    pub folds: Vec<Means>,
}

/// Means by category.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Means {
    /// Of all rows: for an unknown category.
    pub prior: f64,
    /// Of what is missing.
    pub missing: f64,
    /// Of each category.
    pub categories: Vec<f64>,
}

impl Transform {
    /// The digest of all that decides results: not the number of rows, nor why a column is no feature.
    pub fn digest(&self) -> Digest {
        let deciding = Self {
            train_rows: 0,
            unused: Vec::new(),
            ..self.clone()
        };
        Digest::of(&serde_json::to_vec(&deciding).unwrap_or_default())
    }

    /// The content of `_transform.json`.
    pub fn to_json(&self) -> String {
        crate::json::pretty(self)
    }
}
