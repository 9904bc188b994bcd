//! From cleaned columns to features.
//!
//! Three phases, each a pure function of tables in memory:
//!
//! 1. [`Plan::new`] checks the settings against the columns of a table.
//! 2. [`Learner::learn`] takes batches and learns from their train rows; what it gives adds up ([`Part::merge`]) in any
//!    cut and, but for target encoding, any order; [`finish`] makes the fitted [`Transform`] of the sum, which is what stands in `_transform.json`.
//! 3. [`Fitted::bind`] and [`Applier::apply`] transform batches; [`Fitted::features`] does it for new rows, without a label.
//!
//! Nothing is learnt from a row that is not in train: [`Learner::learn`] takes those rows away before anything is looked at,
//! by the same function ([`partition`]) by which `split` sets them apart.

mod apply;
mod chain;
mod dates;
mod finish;
mod fit;
mod json;
mod kind;
mod label;
mod numbers;
mod plan;
mod settings;
mod transform;
mod work;

pub use apply::{Applier, Fitted};
pub use finish::finish;
pub use fit::{Learner, Learnt, Levels, MAX_CATEGORIES, Part};
pub use kind::{Column, Kind, columns};
pub use label::FittedLabel;
pub use plan::Plan;
pub use settings::{
    DatePart, DateParts, Encode, Feature, Features, HandleUnknown, Hashing, Impute, Label, Literal,
    MinFrequency, MinMaxScale, MissingLabel, OneHot, Ordinal, QuantileBins, Reading, RobustScale,
    Settings, Smooth, StandardScale, Strategy, TargetEncode, Transform as TransformSettings,
    Transforms,
};
pub use transform::{
    CarriedColumn, Coding, Encoding, FittedFeature, Means, Step, Transform, UnusedColumn, VERSION,
};
pub use work::run;
