//! A column that trees may split on.

use serde::{Deserialize, Serialize};

use crate::error::Error;

/// What the values of a feature mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Values have an order.
    Number,
    /// Values are codes 0, 1, … of categories, without an order.
    Category,
}

/// A column that trees may split on. Its values are `f64`; NaN is a missing value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Feature {
    /// The name, for the model file.
    pub name: String,
    /// What its values mean.
    pub kind: Kind,
}

impl Feature {
    /// A feature whose values have an order.
    pub fn number(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            kind: Kind::Number,
        }
    }

    /// A feature whose values are codes 0, 1, … of categories. Negative codes count as missing.
    pub fn category(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            kind: Kind::Category,
        }
    }
}

/// Checks that a batch has one column per feature, all of one length, which is returned.
pub(crate) fn batch_rows(features: &[Feature], columns: &[&[f64]]) -> Result<usize, Error> {
    if features.len() != columns.len() {
        return Err(Error::Data(format!(
            "expected {} columns, found {}",
            features.len(),
            columns.len()
        )));
    }
    let rows = columns.first().map_or(0, |column| column.len());
    for (feature, column) in features.iter().zip(columns) {
        if column.len() != rows {
            return Err(Error::Data(format!(
                "column `{}`: expected {rows} values, found {}",
                feature.name,
                column.len()
            )));
        }
    }
    Ok(rows)
}
