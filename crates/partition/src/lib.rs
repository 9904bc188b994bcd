//! The pure function from a row's key to train, validation or test.
//!
//! The rule stands in `config/split.json`. `featurize` evaluates it to fit on train rows only, `split` evaluates it to
//! carry it out; both call this crate, so a row can never be fitted on and tested on. What a rule gives is
//! pinned for ever by golden vectors: a row's partition depends on its own cells and the rule, on no other row, on no order,
//! on no program version.
//!
//! ```
//! use partition::{Partition, Rule};
//! # use std::sync::Arc;
//! # use arrow_array::{ArrayRef, Int64Array, RecordBatch};
//! # let batch = RecordBatch::try_from_iter([("id", Arc::new(Int64Array::from(vec![1, 2])) as ArrayRef)])?;
//! let settings = br#"{"rule": "hash", "columns": ["id"], "shares": {"train": 0.8, "test": 0.2}}"#;
//! let rule: Rule = stage::settings::parse(settings, "config/split.json")?;
//! let bound = rule.check()?.bind(&batch.schema())?;
//! let partitions: Vec<Partition> = bound.assign(&batch)?;
//! # assert_eq!(partitions.len(), 2);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod bound;
mod column;
mod key;
mod rule;
mod shares;
mod time;

pub use bound::{Bound, Checked};
pub use key::{hash_rows, value_text};
pub use rule::{Cut, Missing, Rule, Shares, Value, Values};

/// Where a row goes.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Partition {
    /// What is learnt from.
    Train,
    /// What decides when to stop learning.
    Validation,
    /// What is judged on.
    Test,
}

impl Partition {
    /// All, in the order of the line.
    pub const ALL: [Self; 3] = [Self::Train, Self::Validation, Self::Test];

    /// The name, as it stands in settings and as the folder of a split queue.
    pub fn name(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::Validation => "validation",
            Self::Test => "test",
        }
    }
}

impl std::fmt::Display for Partition {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.name())
    }
}
