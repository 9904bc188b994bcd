//! A sample of the rows, from which bins are found.

use std::collections::BinaryHeap;

use rayon::prelude::*;

use crate::bins::category::category;
use crate::bins::{Bins, CategoryBins, FeatureBins, NumberBins};
use crate::error::Error;
use crate::feature::{Feature, Kind, batch_rows, check_features};
use crate::parameters::Checked;
use crate::pool::Pool;
use crate::random::{Purpose, draw, key};

/// Draws `bin_construct_sample_cnt` rows in one pass. A row's place in the draw depends on the seed and its number only,
/// so rows may come in any order and in any batches.
#[derive(Debug)]
pub struct Sampler {
    features: Vec<Feature>,
    key: u64,
    capacity: usize,
    max_bin: usize,
    min_data_in_bin: usize,
    /// The rows of the sample by their draw, the greatest first out; each with its place in `sample`.
    drawn: BinaryHeap<(u64, u32)>,
    /// The sample, row by row: a row that gives way to another is overwritten in one place.
    sample: Vec<f64>,
    /// Whether any row at all, sampled or not, lacked the value.
    has_missing: Vec<bool>,
}

impl Sampler {
    /// A sampler of rows of these features.
    ///
    /// # Errors
    ///
    /// No feature, or a name twice or with characters that the model file cannot hold.
    pub fn new(features: Vec<Feature>, parameters: &Checked) -> Result<Self, Error> {
        check_features(&features)?;
        let parameters = parameters.parameters();
        Ok(Self {
            key: key(parameters.seed, Purpose::Sample, 0),
            capacity: parameters.bin_construct_sample_cnt as usize,
            max_bin: parameters.max_bin as usize,
            min_data_in_bin: parameters.min_data_in_bin as usize,
            drawn: BinaryHeap::new(),
            sample: Vec::new(),
            has_missing: vec![false; features.len()],
            features,
        })
    }

    /// Takes in rows: a column per feature, of which the first row is number `first_row` of all rows.
    ///
    /// # Errors
    ///
    /// Columns too many, too few or of different lengths.
    pub fn push(&mut self, first_row: u64, columns: &[&[f64]]) -> Result<(), Error> {
        let rows = batch_rows(&self.features, columns)?;
        for (has_missing, column) in self.has_missing.iter_mut().zip(columns) {
            *has_missing = *has_missing || column.iter().any(|value| value.is_nan());
        }
        for row in 0..rows {
            self.consider(draw(self.key, first_row + row as u64), columns, row);
        }
        Ok(())
    }

    /// Takes a row into the sample if its draw is among the least so far.
    fn consider(&mut self, drawn: u64, columns: &[&[f64]], row: usize) {
        let values = columns.iter().map(|column| column[row]);
        if self.drawn.len() < self.capacity {
            self.drawn.push((drawn, self.drawn.len() as u32));
            self.sample.extend(values);
        } else if self.drawn.peek().is_some_and(|(most, _)| drawn < *most)
            && let Some(mut greatest) = self.drawn.peek_mut()
        {
            let place = greatest.1 as usize * columns.len();
            *greatest = (drawn, greatest.1);
            let kept = &mut self.sample[place..place + columns.len()];
            kept.iter_mut()
                .zip(values)
                .for_each(|(to, value)| *to = value);
        }
    }

    /// The sampled values of a feature.
    fn column(&self, feature: usize) -> impl Iterator<Item = f64> {
        let values = self.sample.iter().skip(feature);
        values.step_by(self.features.len()).copied()
    }

    /// Finds the bins.
    ///
    /// # Errors
    ///
    /// No row was pushed, or a code of a category is too great.
    pub fn bins(self, pool: &Pool) -> Result<Bins, Error> {
        if self.drawn.is_empty() {
            return Err(Error::Data(
                "expected rows to find bins of, found none".to_owned(),
            ));
        }
        let found: Result<Vec<FeatureBins>, Error> = pool.install(|| {
            let features = 0..self.features.len();
            features.into_par_iter().map(|f| self.find(f)).collect()
        });
        Ok(Bins::new(self.features, found?))
    }

    /// Finds the bins of one feature.
    fn find(&self, number: usize) -> Result<FeatureBins, Error> {
        let (feature, max_bin, least) =
            (&self.features[number], self.max_bin, self.min_data_in_bin);
        let column = self.column(number);
        match feature.kind {
            Kind::Number => {
                let values = column.filter(|value| !value.is_nan()).collect();
                let bins = NumberBins::find(values, self.has_missing[number], max_bin, least);
                Ok(FeatureBins::Number(bins))
            }
            Kind::Category => {
                let codes = column.filter_map(|value| category(value).transpose());
                let codes = codes.collect::<Result<Vec<u32>, Error>>();
                let codes = codes.map_err(|error| feature.blame(&error))?;
                Ok(FeatureBins::Category(CategoryBins::find(
                    codes, max_bin, least,
                )))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parameters::Parameters;

    fn sampler(capacity: u32) -> Sampler {
        let parameters = Parameters {
            bin_construct_sample_cnt: capacity,
            ..Parameters::default()
        };
        Sampler::new(vec![Feature::number("x")], &parameters.check().unwrap()).unwrap()
    }

    fn sorted(sampler: &Sampler) -> Vec<f64> {
        let mut values: Vec<f64> = sampler.column(0).collect();
        values.sort_by(f64::total_cmp);
        values
    }

    #[test]
    fn a_sample_greater_than_the_data_holds_all_rows() {
        let mut sampler = sampler(10);
        sampler.push(0, &[&[3.0, 1.0, 2.0]]).unwrap();
        assert_eq!(sorted(&sampler), [1.0, 2.0, 3.0]);
    }

    #[test]
    fn the_same_rows_are_drawn_in_any_order_and_any_batches() {
        let values: Vec<f64> = (0..1000).map(f64::from).collect();
        let mut whole = sampler(50);
        whole.push(0, &[&values]).unwrap();
        let mut parts = sampler(50);
        parts.push(600, &[&values[600..]]).unwrap();
        parts.push(0, &[&values[..10]]).unwrap();
        parts.push(10, &[&values[10..600]]).unwrap();
        assert_eq!(sorted(&whole).len(), 50);
        assert_eq!(sorted(&whole), sorted(&parts));
        let mean = sorted(&whole).iter().sum::<f64>() / 50.0;
        assert!((400.0..600.0).contains(&mean), "{mean}");
    }

    #[test]
    fn a_missing_value_outside_the_sample_is_noticed() {
        let mut values = vec![1.0; 1000];
        let mut sampler = sampler(1);
        sampler.push(0, &[&values]).unwrap();
        values[0] = f64::NAN;
        sampler.push(1000, &[&values]).unwrap();
        let bins = sampler.bins(&Pool::new(1).unwrap()).unwrap();
        assert_eq!(bins.of(0).code(f64::NAN), bins.of(0).count() - 1);
    }

    #[test]
    fn no_row_is_an_error() {
        let error = sampler(10).bins(&Pool::new(1).unwrap()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "expected rows to find bins of, found none"
        );
    }
}
