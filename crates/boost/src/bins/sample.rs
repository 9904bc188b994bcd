//! A sample of the rows, from which bins are found.

use crate::bins::Bins;
use crate::error::Error;
use crate::feature::{Feature, batch_rows};
use crate::parameters::Checked;
use crate::pool::Pool;

/// Draws `bin_construct_sample_cnt` rows in one pass. A row's place in the draw depends on the seed and its number only,
/// so rows may come in any order and in any batches.
#[derive(Debug)]
pub struct Sampler {
    features: Vec<Feature>,
}

impl Sampler {
    /// A sampler of rows of these features.
    ///
    /// # Errors
    ///
    /// No feature, or a name twice or with characters that the model file cannot hold.
    pub fn new(features: Vec<Feature>, parameters: &Checked) -> Result<Self, Error> {
        let _ = parameters;
        Ok(Self { features })
    }

    /// Takes in rows: a column per feature, of which the first row is number `first_row` of all rows.
    ///
    /// # Errors
    ///
    /// Columns too many, too few or of different lengths.
    pub fn push(&mut self, first_row: u64, columns: &[&[f64]]) -> Result<(), Error> {
        let _ = (first_row, batch_rows(&self.features, columns)?);
        Ok(())
    }

    /// Finds the bins.
    ///
    /// # Errors
    ///
    /// No row was pushed.
    pub fn bins(self, pool: &Pool) -> Result<Bins, Error> {
        let _ = pool;
        Ok(Bins {
            features: self.features.into(),
        })
    }
}
