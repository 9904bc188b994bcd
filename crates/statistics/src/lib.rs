//! Mergeable one-pass statistics of columns.
//!
//! Every state can be fed value by value, merged with the state of other values, and kept on disk. What a state
//! promises beyond that:
//!
//! | statistic | bounded by | depends on | exact |
//! |---|---|---|---|
//! | [`ExactSum`], [`Moments`] | 2 KB | the values only | always: sums are rounded once, at the end |
//! | [`Extremes`], [`TextExtremes`] | - | the values only | always |
//! | [`QuantileSketch`] | its capacity | the values only | up to `capacity` distinct values, then to a stated relative error |
//! | [`Distinct`] | 4 KB | the values only | up to 512 distinct values, then about 1.6 % |
//! | [`Histogram`] | its edges | the values only | always |
//! | [`FrequentValues`] | its capacity | the order of values and merges, once over capacity | up to `capacity` distinct values, then counts are too small by at most a stated number |
//!
//! "The values only" means: any order, any batches and any tree of merges give the same state, bit for bit. So a fitted
//! mean or median cannot move because a reader cut its batches elsewhere.

mod buckets;
mod by_exponent;
mod compact;
mod distinct;
mod exact;
mod extremes;
mod frequent;
mod hash;
mod histogram;
mod keys;
mod moments;
mod ordered;
mod quantiles;
mod wide;

pub use buckets::{Bucket, Buckets};
pub use distinct::Distinct;
pub use exact::ExactSum;
pub use extremes::{Extremes, TextExtremes};
pub use frequent::{Frequent, FrequentValues};
pub use histogram::Histogram;
pub use moments::Moments;
pub use quantiles::QuantileSketch;
