//! A sample of the rows, from which bins are found.

use rayon::prelude::*;

use crate::bins::category::category;
use crate::bins::{Bins, CategoryBins, FeatureBins, NumberBins};
use crate::error::Error;
use crate::feature::{Feature, Kind, batch_rows, check_features};
use crate::parameters::Checked;
use crate::pool::Pool;
use crate::random::{Purpose, draw, key};

/// Draws `bin_construct_sample_cnt` rows in one pass. Whether a row is drawn depends on the seed, its number and the number
/// of rows only, so rows may come in any order and in any batches.
#[derive(Debug)]
pub struct Sampler {
    features: Vec<Feature>,
    key: u64,
    /// The greatest draw that is in the sample.
    most: u64,
    max_bin: usize,
    min_data_in_bin: usize,
    /// The sampled values of each feature.
    sample: Vec<Vec<f64>>,
    /// Whether any row at all, sampled or not, lacked the value.
    has_missing: Vec<bool>,
    /// Numbers of the drawn rows of a batch.
    drawn: Vec<u32>,
}

impl Sampler {
    /// A sampler of so many rows of these features.
    ///
    /// # Errors
    ///
    /// No feature, or a name twice or with characters that the model file cannot hold.
    pub fn new(features: Vec<Feature>, parameters: &Checked, rows: u64) -> Result<Self, Error> {
        check_features(&features)?;
        let parameters = parameters.parameters();
        let key = key(parameters.seed, Purpose::Sample, 0);
        let capacity = u64::from(parameters.bin_construct_sample_cnt);
        let room = capacity.min(rows) as usize;
        Ok(Self {
            key,
            most: most_of_sample(key, rows, capacity),
            max_bin: parameters.max_bin as usize,
            min_data_in_bin: parameters.min_data_in_bin as usize,
            sample: features.iter().map(|_| Vec::with_capacity(room)).collect(),
            has_missing: vec![false; features.len()],
            features,
            drawn: Vec::new(),
        })
    }

    /// Takes in rows: a column per feature, of which the first row is number `first_row` of all rows.
    ///
    /// # Errors
    ///
    /// Columns too many, too few or of different lengths.
    pub fn push(&mut self, first_row: u64, columns: &[&[f64]]) -> Result<(), Error> {
        let rows = batch_rows(&self.features, columns)? as u32;
        let is_drawn = |row: &u32| draw(self.key, first_row + u64::from(*row)) <= self.most;
        self.drawn.clear();
        self.drawn.extend((0..rows).filter(is_drawn));
        for (has_missing, column) in self.has_missing.iter_mut().zip(columns) {
            *has_missing = *has_missing || column.iter().any(|value| value.is_nan());
        }
        for (sample, column) in self.sample.iter_mut().zip(columns) {
            sample.extend(self.drawn.iter().map(|row| column[*row as usize]));
        }
        Ok(())
    }

    /// Finds the bins.
    ///
    /// # Errors
    ///
    /// No row was pushed, or a code of a category is too great.
    pub fn bins(self, pool: &Pool) -> Result<Bins, Error> {
        if self.sample.iter().all(Vec::is_empty) {
            return Err(Error::Data(
                "expected rows to find bins of, found none".to_owned(),
            ));
        }
        let (max_bin, least) = (self.max_bin, self.min_data_in_bin);
        let found: Result<Vec<FeatureBins>, Error> = pool.install(|| {
            let features = self.features.par_iter().zip(self.has_missing);
            let features = features.zip(self.sample);
            features
                .map(|((feature, has_missing), values)| {
                    find(feature, values, has_missing, max_bin, least)
                })
                .collect()
        });
        Ok(Bins::new(self.features, found?))
    }
}

/// Finds the bins of one feature.
fn find(
    feature: &Feature,
    mut values: Vec<f64>,
    has_missing: bool,
    max_bin: usize,
    least: usize,
) -> Result<FeatureBins, Error> {
    match feature.kind {
        Kind::Number => {
            values.retain(|value| !value.is_nan());
            let bins = NumberBins::find(values, has_missing, max_bin, least);
            Ok(FeatureBins::Number(bins))
        }
        Kind::Category => {
            let codes = values
                .into_iter()
                .filter_map(|value| category(value).transpose());
            let codes = codes.collect::<Result<Vec<u32>, Error>>();
            let codes = codes.map_err(|error| feature.blame(&error))?;
            Ok(FeatureBins::Category(CategoryBins::find(
                codes, max_bin, least,
            )))
        }
    }
}

/// The greatest of the `capacity` least draws of so many rows. No two rows have the same draw.
fn most_of_sample(key: u64, rows: u64, capacity: u64) -> u64 {
    if rows <= capacity {
        return u64::MAX;
    }
    // Counted by their first bits, so that only those of one count are looked at closely.
    let draws = || (0..rows).map(|row| draw(key, row));
    let first = |draw: u64| (draw >> 48) as usize;
    let mut counts = vec![0; 1 << 16];
    draws().for_each(|draw| counts[first(draw)] += 1);
    let mut left = capacity;
    let last = counts
        .iter()
        .position(|count| match left.checked_sub(*count) {
            Some(rest) if rest > 0 => {
                left = rest;
                false
            }
            _ => true,
        });
    let mut close: Vec<u64> = draws().filter(|draw| Some(first(*draw)) == last).collect();
    close.sort_unstable();
    close.get(left as usize - 1).copied().unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parameters::Parameters;

    fn sampler(capacity: u32, rows: u64) -> Sampler {
        let parameters = Parameters {
            bin_construct_sample_cnt: capacity,
            ..Parameters::default()
        };
        let features = vec![Feature::number("x")];
        Sampler::new(features, &parameters.check().unwrap(), rows).unwrap()
    }

    fn sorted(sampler: &Sampler) -> Vec<f64> {
        let mut values = sampler.sample[0].clone();
        values.sort_by(f64::total_cmp);
        values
    }

    #[test]
    fn a_sample_greater_than_the_data_holds_all_rows() {
        let mut sampler = sampler(10, 3);
        sampler.push(0, &[&[3.0, 1.0, 2.0]]).unwrap();
        assert_eq!(sorted(&sampler), [1.0, 2.0, 3.0]);
    }

    #[test]
    fn the_same_rows_are_drawn_in_any_order_and_any_batches() {
        let values: Vec<f64> = (0..1000).map(f64::from).collect();
        let mut whole = sampler(50, 1000);
        whole.push(0, &[&values]).unwrap();
        let mut parts = sampler(50, 1000);
        parts.push(600, &[&values[600..]]).unwrap();
        parts.push(0, &[&values[..10]]).unwrap();
        parts.push(10, &[&values[10..600]]).unwrap();
        assert_eq!(sorted(&whole).len(), 50);
        assert_eq!(sorted(&whole), sorted(&parts));
        let mean = sorted(&whole).iter().sum::<f64>() / 50.0;
        assert!((400.0..600.0).contains(&mean), "{mean}");
    }

    #[test]
    fn a_sample_has_as_many_rows_as_asked_for() {
        let values: Vec<f64> = (0..1000).map(f64::from).collect();
        for capacity in [1, 2, 500, 999, 1000] {
            let mut sampler = sampler(capacity, 1000);
            sampler.push(0, &[&values]).unwrap();
            assert_eq!(sampler.sample[0].len(), capacity as usize);
        }
    }

    #[test]
    fn a_missing_value_outside_the_sample_is_noticed() {
        let mut values = vec![1.0; 1000];
        let mut sampler = sampler(1, 2000);
        sampler.push(0, &[&values]).unwrap();
        values[0] = f64::NAN;
        sampler.push(1000, &[&values]).unwrap();
        let bins = sampler.bins(&Pool::new(1).unwrap()).unwrap();
        assert_eq!(bins.of(0).code(f64::NAN), bins.of(0).count() - 1);
    }

    #[test]
    fn no_row_is_an_error() {
        let error = sampler(10, 0).bins(&Pool::new(1).unwrap()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "expected rows to find bins of, found none"
        );
    }
}
