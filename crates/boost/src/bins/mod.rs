//! From values to at most 255 bins.

mod sample;

use std::sync::Arc;

use crate::feature::Feature;

pub use sample::Sampler;

/// Where the values of every feature are cut into bins. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Bins {
    features: Arc<[Feature]>,
}

impl Bins {
    /// The features, in the order of the columns.
    #[must_use]
    pub fn features(&self) -> &[Feature] {
        &self.features
    }
}
