//! Bins of categories: the frequent ones have one each, the rest and missing values share the first.

use crate::error::Error;

/// Categories are below this: the model file holds a bit for each code up to the greatest.
pub(crate) const MOST_CATEGORIES: u32 = 1 << 24;

/// Codes of bins fit into 16 bits.
pub(crate) const MOST_BINS: usize = 1 << 16;

/// The bin of missing values, of categories too rare for a bin, and of those never seen.
pub(crate) const OTHER: usize = 0;

/// Which category has which bin.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct CategoryBins {
    /// The category of each bin but the first.
    pub(crate) categories: Vec<u32>,
    /// The bin of each category, up to the greatest that has one.
    codes: Vec<u16>,
}

/// The category that a value stands for, if it is not missing.
///
/// # Errors
///
/// The value is greater than any code may be.
pub(crate) fn category(value: f64) -> Result<Option<u32>, Error> {
    if value.is_nan() || value <= -1.0 {
        Ok(None)
    } else if value < f64::from(MOST_CATEGORIES) {
        Ok(Some(value as u32))
    } else {
        Err(Error::Data(format!(
            "expected a code of a category below {MOST_CATEGORIES}, found `{value}`"
        )))
    }
}

impl CategoryBins {
    /// Gives bins to the categories of a sample, the most frequent first: as long as there are bins left, and beyond
    /// that until 99 % of the rows are covered (LightGBM's rule). Categories of fewer than `min_data_in_bin` rows get none.
    pub(crate) fn find(mut sample: Vec<u32>, max_bin: usize, min_data_in_bin: usize) -> Self {
        let total = sample.len();
        sample.sort_unstable();
        let mut counted: Vec<(usize, u32)> = sample
            .chunk_by(|a, b| a == b)
            .filter_map(|same| same.first().map(|category| (same.len(), *category)))
            .collect();
        counted.sort_by_key(|(count, category)| (usize::MAX - count, *category));

        let enough = (total as f64 * 0.99).round() as usize;
        let mut categories = Vec::new();
        let mut covered = 0;
        for (count, category) in counted {
            let bins = categories.len() + 1;
            let few = count < min_data_in_bin && categories.len() > 1;
            if few || (bins >= max_bin && covered >= enough) || bins >= MOST_BINS {
                break;
            }
            categories.push(category);
            covered += count;
        }
        Self::of(categories)
    }

    /// Gives a bin to each of these categories.
    pub(crate) fn of(categories: Vec<u32>) -> Self {
        let most = categories.iter().max().map_or(0, |most| *most as usize + 1);
        let mut codes = vec![OTHER as u16; most];
        for (bin, category) in categories.iter().enumerate() {
            codes[*category as usize] = (bin + 1) as u16;
        }
        Self { categories, codes }
    }

    /// The number of bins.
    pub(crate) fn count(&self) -> usize {
        self.categories.len() + 1
    }

    /// The bin of a value.
    #[inline]
    pub(crate) fn code(&self, value: f64) -> usize {
        if value.is_nan() || value <= -1.0 {
            return OTHER;
        }
        let code = self.codes.get(value as usize);
        code.map_or(OTHER, |code| usize::from(*code))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(counts: &[(u32, usize)], max_bin: usize, expected: &[u32]) {
        let sample = counts
            .iter()
            .flat_map(|(category, count)| std::iter::repeat_n(*category, *count));
        let bins = CategoryBins::find(sample.collect(), max_bin, 3);
        assert_eq!(bins.categories, expected);
    }

    #[test]
    fn the_most_frequent_come_first_and_ties_by_code() {
        check(&[(4, 5), (1, 9), (0, 5)], 255, &[1, 0, 4]);
    }

    #[test]
    fn rare_categories_have_no_bin() {
        check(&[(0, 9), (1, 8), (2, 2), (3, 1)], 255, &[0, 1]);
    }

    #[test]
    fn the_two_most_frequent_have_a_bin_however_rare() {
        check(&[(0, 2), (1, 1), (2, 1)], 255, &[0, 1]);
    }

    #[test]
    fn more_categories_than_bins_are_kept_until_99_percent_are_covered() {
        check(&[(0, 500), (1, 300), (2, 195), (3, 5)], 3, &[0, 1, 2]);
    }

    #[test]
    fn what_has_no_bin_shares_the_first() {
        let bins = CategoryBins::of(vec![5, 2]);
        let values = [
            5.0,
            2.0,
            2.9,
            3.0,
            99.0,
            f64::NAN,
            -1.0,
            -7.0,
            f64::INFINITY,
        ];
        let codes: Vec<usize> = values.iter().map(|v| bins.code(*v)).collect();
        assert_eq!(codes, [1, 2, 2, 0, 0, 0, 0, 0, 0]);
    }

    #[test]
    fn codes_beyond_the_limit_are_refused() {
        assert_eq!(category(3.0), Ok(Some(3)));
        assert_eq!(category(f64::NAN), Ok(None));
        assert!(category(1e9).is_err());
    }
}
