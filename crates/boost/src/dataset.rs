//! Rows as codes of bins, ready to train on.

#[cfg(test)]
mod tests;

use rayon::prelude::*;
use xxhash_rust::xxh3::Xxh3;

use crate::bins::{Bins, GROUP, Place, WIDE_GROUP};
use crate::codes::{Codes, encode_wide};
use crate::error::Error;
use crate::feature::batch_rows;
use crate::index::Index;
use crate::order::Order;
use crate::pool::Pool;

/// Rows are numbered in 32 bits, and the sums of their gradients must leave them some bits each.
pub(crate) const MOST_ROWS: usize = 1 << 28;

/// Rows whose codes are found by one thread at a time.
const ENCODED_ROWS: usize = 1 << 12;

/// Bytes of a cache line, on most machines.
const CACHE_LINE: usize = 64;

/// Codes of one row: those of a group of features of a byte each, or of half as many of 16 bits.
pub(crate) type Word = [u8; GROUP];

/// Rows as codes of bins, with labels and weights.
#[derive(Debug)]
pub struct Dataset {
    bins: Bins,
    /// Codes, row after row, each row a word per group of features, those of 16 bits last. A row's codes so lie in one or two
    /// cache lines, whichever rows a leaf has.
    words: Vec<Word>,
    /// Words before the first row, so that it begins with a cache line.
    lead: usize,
    /// The same codes, feature by feature: splitting a leaf looks at one feature of each row.
    pub(crate) codes: Codes,
    /// Of those of 16 bits, the rows by code.
    pub(crate) indexes: Vec<Index>,
    pub(crate) label: Vec<f64>,
    pub(crate) weight: Option<Vec<f64>>,
}

impl Dataset {
    /// The number of rows.
    #[must_use]
    pub fn num_rows(&self) -> usize {
        self.label.len()
    }

    pub(crate) fn bins(&self) -> &Bins {
        &self.bins
    }

    /// The labels.
    #[must_use]
    pub fn label(&self) -> &[f64] {
        &self.label
    }

    /// The weights, if rows have any.
    #[must_use]
    pub fn weight(&self) -> Option<&[f64]> {
        self.weight.as_deref()
    }

    /// The sum of the weights, or the number of rows.
    pub(crate) fn total_weight(&self) -> f64 {
        match &self.weight {
            Some(weight) => weight.iter().sum(),
            None => self.num_rows() as f64,
        }
    }

    /// The codes, row after row.
    #[inline]
    pub(crate) fn words(&self) -> &[Word] {
        &self.words[self.lead..]
    }

    /// Puts the rows in another order.
    pub(crate) fn reorder(&mut self, order: &Order) {
        let Codes { narrow, wide } = &mut self.codes;
        order.apply(narrow);
        order.apply(wide);
        order.apply([&mut self.label].into_iter().chain(&mut self.weight));
        self.interleave(0);
        self.index();
    }

    /// Writes the words of the rows from `first` on.
    fn interleave(&mut self, first: usize) {
        let width = self.bins.layout().words();
        if width == 0 {
            return;
        }
        let end = self.lead + self.label.len() * width;
        self.words.resize(end, Word::default());
        let codes = &self.codes;
        self.words[self.lead + first * width..]
            .par_chunks_mut(ENCODED_ROWS * width)
            .enumerate()
            .for_each(|(chunk, words)| {
                interleave(codes, first + chunk * ENCODED_ROWS, words, width);
            });
    }

    /// Finds the rows of each code of 16 bits.
    fn index(&mut self) {
        let wide = self.codes.wide.iter().zip(&self.bins.layout().wide);
        self.indexes = wide.map(|(codes, bins)| Index::new(codes, *bins)).collect();
    }

    /// Takes all that training could depend on into a digest.
    pub(crate) fn digest(&self, digest: &mut Xxh3) {
        self.bins.digest(digest);
        digest.update(&(self.num_rows() as u64).to_le_bytes());
        digest.update(self.words().as_flattened());
        for value in self.label.iter().chain(self.weight.iter().flatten()) {
            digest.update(&value.to_bits().to_le_bytes());
        }
    }
}

/// Takes in rows batch by batch and keeps a byte per value (two per value of a feature of more than 256 categories).
#[derive(Debug)]
pub struct DatasetBuilder {
    data: Dataset,
}

impl DatasetBuilder {
    /// A dataset without a row yet. Train and validation data take the same bins.
    #[must_use]
    pub fn new(bins: &Bins) -> Self {
        Self::with_capacity(bins, 0)
    }

    /// A dataset without a row yet, with room for `rows`, so that its memory need not grow.
    #[must_use]
    pub fn with_capacity(bins: &Bins, rows: usize) -> Self {
        let layout = bins.layout();
        let mut words: Vec<Word> = Vec::with_capacity(rows * layout.words() + CACHE_LINE / GROUP);
        let lead = words.as_ptr().align_offset(CACHE_LINE);
        let lead = lead.min(CACHE_LINE / GROUP);
        words.resize(lead, Word::default());
        let data = Dataset {
            words,
            lead,
            codes: Codes::with_capacity(layout, rows),
            indexes: Vec::new(),
            label: Vec::with_capacity(rows),
            weight: None,
            bins: bins.clone(),
        };
        Self { data }
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
        let rows = batch_rows(self.data.bins.features(), columns)?;
        check_values("label", label, rows, f64::is_finite)?;
        self.push_weight(weight, rows)?;
        if self.data.num_rows() + rows > MOST_ROWS {
            let message = format!("expected at most {MOST_ROWS} rows, found more");
            return Err(Error::Data(message));
        }
        self.data.label.extend_from_slice(label);
        pool.install(|| self.encode(columns, rows));
        Ok(())
    }

    fn push_weight(&mut self, weight: Option<&[f64]>, rows: usize) -> Result<(), Error> {
        let before = self.data.num_rows();
        let expected = match (&self.data.weight, weight) {
            (None, None) => return Ok(()),
            (Some(_), None) => "expected weights in all batches, found one without",
            (None, Some(_)) if before > 0 => "expected weights in no batch, found one with",
            (_, Some(weight)) => {
                let valid = |value: f64| value.is_finite() && value >= 0.0;
                check_values("weight", weight, rows, valid)?;
                let kept = self.data.weight.get_or_insert_default();
                kept.extend_from_slice(weight);
                return Ok(());
            }
        };
        Err(Error::Data(expected.to_owned()))
    }

    fn encode(&mut self, columns: &[&[f64]], rows: usize) {
        let Dataset { bins, codes, .. } = &mut self.data;
        let Codes { narrow, wide } = codes;
        let layout = bins.layout();
        narrow
            .par_iter_mut()
            .zip(layout.narrow_features())
            .for_each(|(codes, feature)| bins.of(feature).encode(columns[feature], codes));
        for &(feature, place) in &layout.used {
            if let Place::Wide { column } = place {
                encode_wide(bins.of(feature), columns[feature], &mut wide[column]);
            }
        }
        self.data.interleave(self.data.num_rows() - rows);
    }

    /// The dataset.
    ///
    /// # Errors
    ///
    /// No row was pushed.
    pub fn finish(self) -> Result<Dataset, Error> {
        let Self { mut data } = self;
        if data.num_rows() == 0 {
            return Err(Error::Data("expected rows, found none".to_owned()));
        }
        data.index();
        Ok(data)
    }
}

/// Writes the words of the rows from `first` on, so many to a row.
fn interleave(codes: &Codes, first: usize, words: &mut [Word], width: usize) {
    let rows = words.len() / width;
    let mut groups = 0..width;
    for (columns, group) in codes.narrow.chunks(GROUP).zip(groups.by_ref()) {
        let words = words.iter_mut().skip(group).step_by(width);
        if let Ok(columns) = <&[Vec<u8>; GROUP]>::try_from(columns) {
            let lanes = columns.each_ref().map(|codes| &codes[first..first + rows]);
            for (row, word) in words.enumerate() {
                *word = lanes.map(|codes| codes[row]);
            }
        } else {
            for (row, word) in words.enumerate() {
                for (lane, codes) in word.iter_mut().zip(columns) {
                    *lane = codes[first + row];
                }
            }
        }
    }
    for (columns, group) in codes.wide.chunks(WIDE_GROUP).zip(groups) {
        let words = words.iter_mut().skip(group).step_by(width);
        for (row, word) in words.enumerate() {
            let (lanes, _) = word.as_chunks_mut();
            for (lane, codes) in lanes.iter_mut().zip(columns) {
                *lane = codes[first + row].to_le_bytes();
            }
        }
    }
}

fn check_values(
    what: &str,
    values: &[f64],
    rows: usize,
    valid: impl Fn(f64) -> bool,
) -> Result<(), Error> {
    if values.len() != rows {
        let found = values.len();
        let message = format!("{what}: expected {rows} values, found {found}");
        return Err(Error::Data(message));
    }
    match values.iter().find(|value| !valid(**value)) {
        Some(value) => Err(Error::Data(format!(
            "{what}: expected a {} number, found `{value}`",
            if what == "weight" {
                "finite, non-negative"
            } else {
                "finite"
            }
        ))),
        None => Ok(()),
    }
}
