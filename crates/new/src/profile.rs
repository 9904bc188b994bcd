//! What `validate` found in the columns: `_profile.json`, as far as a guess needs it.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

/// The profile of a queue.
#[derive(Debug, Deserialize)]
pub(crate) struct Profile {
    pub(crate) rows: u64,
    pub(crate) columns: Vec<Column>,
}

/// A column's profile.
#[derive(Debug, Deserialize)]
pub(crate) struct Column {
    pub(crate) name: String,
    pub(crate) r#type: String,
    pub(crate) missing: u64,
    /// How many different values it has; nothing is told of booleans.
    pub(crate) distinct: Option<u64>,
    #[serde(default)]
    pub(crate) min: Value,
    /// Its values, the most frequent first; all of them where there are few.
    #[serde(default)]
    pub(crate) frequent: Vec<Frequent>,
    /// Values of the times and numbers, by the share of rows below them.
    #[serde(default)]
    pub(crate) quantiles: BTreeMap<String, Value>,
}

/// A value and how often it stands in its column.
#[derive(Debug, Deserialize)]
pub(crate) struct Frequent {
    pub(crate) value: Value,
    pub(crate) count: u64,
}

impl Column {
    /// How many different values it has.
    pub(crate) fn distinct(&self) -> u64 {
        self.distinct.unwrap_or(self.frequent.len() as u64)
    }

    /// Whether it is of one of these types.
    pub(crate) fn is(&self, types: &[&str]) -> bool {
        types.contains(&self.r#type.as_str())
    }
}
