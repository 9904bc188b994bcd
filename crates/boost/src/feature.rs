//! A column that trees may split on.

use std::collections::BTreeSet;

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

impl Feature {
    /// The same error, saying which column it is about.
    pub(crate) fn blame(&self, error: &Error) -> Error {
        Error::Data(format!("column `{}`: {error}", self.name))
    }
}

/// Checks that there are features, each of a name of its own.
pub(crate) fn check_features(features: &[Feature]) -> Result<(), Error> {
    if features.is_empty() {
        return Err(Error::Data("expected features, found none".to_owned()));
    }
    let mut names = BTreeSet::new();
    for feature in features {
        if !names.insert(&feature.name) {
            let message = format!("expected one feature `{}`, found two", feature.name);
            return Err(Error::Data(message));
        }
    }
    Ok(())
}

/// Names as a model file can hold them: LightGBM parts names by blanks, and refuses those with characters of JSON.
/// What is replaced becomes `_`; a name that so becomes equal to one before it gets a number.
pub(crate) fn model_names(features: &[Feature]) -> Vec<String> {
    let mut taken = BTreeSet::new();
    let mut names = Vec::with_capacity(features.len());
    for feature in features {
        let special = |c: char| c.is_whitespace() || c.is_control() || ",:[]{}\"=".contains(c);
        let plain = feature.name.replace(special, "_");
        let plain = if plain.is_empty() {
            "_".to_owned()
        } else {
            plain
        };
        let mut name = plain.clone();
        let mut number = 2;
        while !taken.insert(name.clone()) {
            name = format!("{plain}_{number}");
            number += 1;
        }
        names.push(name);
    }
    names
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

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(names: &[&str], expected: &[&str]) {
        let features: Vec<Feature> = names.iter().map(|name| Feature::number(*name)).collect();
        assert_eq!(model_names(&features), expected);
    }

    #[test]
    fn names_of_a_model_have_no_blanks_and_no_json() {
        check(&["age", "Delta 15 N (o/oo)"], &["age", "Delta_15_N_(o/oo)"]);
        check(&["a=\"b\"", ""], &["a__b_", "_"]);
    }

    #[test]
    fn names_of_a_model_stay_apart() {
        check(&["a b", "a_b", "a:b"], &["a_b", "a_b_2", "a_b_3"]);
    }

    #[test]
    fn a_name_twice_is_refused() {
        let features = [Feature::number("x"), Feature::category("x")];
        let error = check_features(&features).unwrap_err();
        assert_eq!(error.to_string(), "expected one feature `x`, found two");
    }

    #[test]
    fn a_batch_of_unequal_columns_is_refused() {
        let features = [Feature::number("x"), Feature::number("y")];
        let error = batch_rows(&features, &[&[1.0], &[]]).unwrap_err();
        assert_eq!(error.to_string(), "column `y`: expected 1 values, found 0");
        let error = batch_rows(&features, &[&[1.0]]).unwrap_err();
        assert_eq!(error.to_string(), "expected 2 columns, found 1");
    }
}
