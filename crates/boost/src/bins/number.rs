//! Bins of numbers, found as LightGBM finds them (`BinMapper::FindBin`, `GreedyFindBin`).
//!
//! The bins decide accuracy more than one thinks. LightGBM's way: a value that fills a bin alone has one, the rest
//! shares the remaining bins evenly; zero has a bin of its own, between the negative and the positive values; missing
//! values have the last bin.

/// Numbers nearer to zero than this count as zero; LightGBM's constant, which is a rounded `float`.
pub(crate) const ZERO_THRESHOLD: f64 = 1e-35_f32 as f64;

/// Where numbers are cut.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct NumberBins {
    /// Inclusive upper bounds of the bins, ascending; the last is infinite.
    pub(crate) bounds: Vec<f64>,
    /// Whether missing values have a bin, after the others.
    pub(crate) missing: bool,
    /// The least and the greatest value of the sample, for the model file.
    pub(crate) range: (f64, f64),
}

impl NumberBins {
    /// Finds bins for the values of a sample, whose missing values were taken out (they are `missing` in number).
    pub(crate) fn find(
        mut values: Vec<f64>,
        has_missing: bool,
        max_bin: usize,
        min_data_in_bin: usize,
    ) -> Self {
        values.sort_unstable_by(f64::total_cmp);
        let range = match (values.first(), values.last()) {
            (Some(&first), Some(&last)) => (first, last),
            _ => (0.0, 0.0),
        };
        let distinct = Distinct::of_sorted(&values);
        let max_bin = if has_missing { max_bin - 1 } else { max_bin };
        Self {
            bounds: zero_apart(&distinct, max_bin, min_data_in_bin),
            missing: has_missing,
            range,
        }
    }

    /// The number of bins, that of missing values included.
    pub(crate) fn count(&self) -> usize {
        self.bounds.len() + usize::from(self.missing)
    }

    /// The bin of a value. Where missing values have no bin they count as zero, as in LightGBM.
    #[inline]
    pub(crate) fn code(&self, value: f64) -> usize {
        let value = if value.is_nan() {
            if self.missing {
                return self.bounds.len();
            }
            0.0
        } else {
            value
        };
        let inner = &self.bounds[..self.bounds.len() - 1];
        inner.partition_point(|bound| *bound < value)
    }
}

/// The distinct values of a sample, ascending, with their counts.
#[derive(Default)]
struct Distinct {
    values: Vec<f64>,
    counts: Vec<usize>,
}

impl Distinct {
    fn of_sorted(sorted: &[f64]) -> Self {
        let mut distinct = Self::default();
        let mut previous = None;
        for &value in sorted {
            match (
                previous,
                distinct.values.last_mut(),
                distinct.counts.last_mut(),
            ) {
                (Some(before), Some(last), Some(count)) if next_to(before, value) => {
                    *last = value;
                    *count += 1;
                }
                _ => {
                    distinct.values.push(value);
                    distinct.counts.push(1);
                }
            }
            previous = Some(value);
        }
        distinct
    }

    fn slice(&self, from: usize, to: usize) -> Counted<'_> {
        Counted {
            values: &self.values[from..to],
            counts: &self.counts[from..to],
        }
    }
}

/// A run of distinct values with their counts.
#[derive(Clone, Copy)]
struct Counted<'a> {
    values: &'a [f64],
    counts: &'a [usize],
}

impl Counted<'_> {
    fn total(&self) -> usize {
        self.counts.iter().sum()
    }
}

/// Whether `b`, which is not below `a`, is at most the next float after it.
fn next_to(a: f64, b: f64) -> bool {
    b <= a.next_up()
}

/// Bounds of the negative values, of zero, and of the positive ones; each side gets its share of the bins.
fn zero_apart(distinct: &Distinct, max_bin: usize, min_data_in_bin: usize) -> Vec<f64> {
    let values = &distinct.values;
    let negative = values.partition_point(|v| *v <= -ZERO_THRESHOLD);
    let positive = values.partition_point(|v| *v <= ZERO_THRESHOLD);
    let left = distinct.slice(0, negative);
    let right = distinct.slice(positive, values.len());
    let (left_total, right_total) = (left.total(), right.total());

    let mut bounds = Vec::new();
    if negative > 0 && max_bin > 1 {
        let share = left_total as f64 / (left_total + right_total) as f64;
        let left_bins = ((share * (max_bin - 1) as f64) as usize).max(1);
        bounds = greedy(left, left_bins, min_data_in_bin);
        bounds.pop();
        bounds.push(-ZERO_THRESHOLD);
    }
    let right_bins = max_bin - 1 - bounds.len().min(max_bin - 1);
    if positive < values.len() && right_bins > 0 {
        bounds.push(ZERO_THRESHOLD);
        bounds.extend(greedy(right, right_bins, min_data_in_bin));
    } else {
        bounds.push(f64::INFINITY);
    }
    bounds
}

/// Upper bounds of at most `max_bin` bins, the last infinite.
fn greedy(distinct: Counted<'_>, max_bin: usize, min_data_in_bin: usize) -> Vec<f64> {
    let cuts = if distinct.values.len() <= max_bin {
        cuts_between_all(distinct, min_data_in_bin)
    } else {
        let most = (distinct.total() / min_data_in_bin).max(1);
        cuts_of_even_bins(distinct, max_bin.min(most))
    };
    let mut bounds: Vec<f64> = Vec::with_capacity(cuts.len() + 1);
    for (below, above) in cuts {
        // Halves are added, for a sum could overflow; the bound is the float after the middle.
        let bound = (below / 2.0 + above / 2.0).next_up();
        if bounds.last().is_none_or(|last| !next_to(*last, bound)) {
            bounds.push(bound);
        }
    }
    bounds.push(f64::INFINITY);
    bounds
}

/// A cut after each value with which the bin has rows enough. A cut is the pair of values that it parts.
fn cuts_between_all(distinct: Counted<'_>, min_data_in_bin: usize) -> Vec<(f64, f64)> {
    let mut cuts = Vec::new();
    let mut rows = 0;
    for (pair, count) in distinct.values.windows(2).zip(distinct.counts) {
        rows += count;
        if rows >= min_data_in_bin {
            cuts.push((pair[0], pair[1]));
            rows = 0;
        }
    }
    cuts
}

/// Cuts such that a value of more rows than the mean bin has a bin alone, and the others share what remains evenly.
fn cuts_of_even_bins(distinct: Counted<'_>, max_bin: usize) -> Vec<(f64, f64)> {
    let total = distinct.total();
    let mean = total as f64 / max_bin as f64;
    let is_big = |count: usize| count as f64 >= mean;
    let big = distinct.counts.iter().filter(|count| is_big(**count));
    let (big_values, big_rows) = big.fold((0, 0), |(n, rows), count| (n + 1, rows + count));
    let mut bins_left = max_bin as f64 - big_values as f64;
    let mut rows_left = (total - big_rows) as f64;
    let mut mean = rows_left / bins_left;

    let mut cuts = Vec::new();
    let mut rows = 0;
    for (i, pair) in distinct.values.windows(2).enumerate() {
        let (count, next) = (distinct.counts[i], distinct.counts[i + 1]);
        rows += count;
        if !is_big(count) {
            rows_left -= count as f64;
        }
        let full = rows as f64 >= mean;
        let half = rows as f64 >= (mean * 0.5).max(1.0);
        if is_big(count) || full || (is_big(next) && half) {
            cuts.push((pair[0], pair[1]));
            if cuts.len() + 1 >= max_bin {
                break;
            }
            rows = 0;
            if !is_big(count) {
                bins_left -= 1.0;
                mean = rows_left / bins_left;
            }
        }
    }
    cuts
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn check(values: &[f64], max_bin: usize, min_data_in_bin: usize, expected: &[f64]) {
        let bins = NumberBins::find(values.to_vec(), false, max_bin, min_data_in_bin);
        let mut expected = expected.to_vec();
        expected.push(f64::INFINITY);
        assert_eq!(bins.bounds, expected);
    }

    /// The bound that LightGBM puts between two neighbours.
    fn middle(a: f64, b: f64) -> f64 {
        ((a + b) / 2.0).next_up()
    }

    const ZERO: f64 = ZERO_THRESHOLD;

    #[test]
    fn few_distinct_values_have_a_bin_each() {
        check(
            &[1.0, 2.0, 2.0, 5.0],
            255,
            1,
            &[ZERO, middle(1.0, 2.0), middle(2.0, 5.0)],
        );
    }

    #[test]
    fn zero_has_a_bin_of_its_own() {
        check(
            &[-3.0, -1.0, 0.0, 0.0, 4.0],
            255,
            1,
            &[middle(-3.0, -1.0), -ZERO, ZERO],
        );
    }

    #[test]
    fn values_that_are_all_negative_need_no_bin_above_zero() {
        check(&[-3.0, -1.0], 255, 1, &[middle(-3.0, -1.0), -ZERO]);
    }

    #[test]
    fn a_bin_is_not_cut_before_it_has_rows_enough() {
        // 1 and 2 make two rows, 3 the third.
        check(
            &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0],
            255,
            3,
            &[ZERO, middle(3.0, 4.0)],
        );
    }

    #[test]
    fn a_frequent_value_has_a_bin_alone() {
        // Three bins beside that of zero; the mean is 10/3 rows, so 2 is big and takes one; the others share two.
        let values = [1.0, 2.0, 2.0, 2.0, 2.0, 2.0, 3.0, 4.0, 5.0, 6.0];
        check(&values, 4, 1, &[ZERO, middle(2.0, 3.0), middle(5.0, 6.0)]);
    }

    #[test]
    fn even_values_get_even_bins() {
        let values: Vec<f64> = (1..=100).map(f64::from).collect();
        check(
            &values,
            5,
            1,
            &[
                ZERO,
                middle(25.0, 26.0),
                middle(50.0, 51.0),
                middle(75.0, 76.0),
            ],
        );
    }

    #[test]
    fn sides_of_zero_get_bins_by_their_rows() {
        let values: Vec<f64> = (-20..=60).map(f64::from).collect();
        let bins = NumberBins::find(values, false, 9, 1);
        let negative = bins.bounds.iter().filter(|b| **b < 0.0).count();
        assert_eq!((negative, bins.count()), (2, 9));
    }

    #[test]
    fn missing_values_have_the_last_bin() {
        let bins = NumberBins::find(vec![1.0, 2.0], true, 255, 1);
        assert_eq!(bins.count(), 4);
        assert_eq!(bins.code(f64::NAN), 3);
        assert_eq!(bins.code(f64::INFINITY), 2);
    }

    #[test]
    fn a_missing_value_without_a_bin_counts_as_zero() {
        let bins = NumberBins::find(vec![-1.0, 1.0], false, 255, 1);
        assert_eq!(bins.code(f64::NAN), bins.code(0.0));
    }

    #[test]
    fn no_value_at_all_has_one_bin() {
        assert_eq!(NumberBins::find(Vec::new(), false, 255, 3).count(), 1);
    }

    #[test]
    fn values_a_float_apart_are_one() {
        let values = [1.0, 1.0_f64.next_up(), 1.0_f64.next_up().next_up()];
        assert_eq!(Distinct::of_sorted(&values).counts, [3]);
    }

    #[test]
    fn infinite_values_have_bins_too() {
        let values = vec![f64::NEG_INFINITY, -1.0, 1.0, f64::INFINITY];
        let bins = NumberBins::find(values.clone(), false, 255, 1);
        let codes: Vec<usize> = values.iter().map(|v| bins.code(*v)).collect();
        assert!(codes.is_sorted(), "{codes:?}");
        assert!(bins.bounds.iter().all(|b| !b.is_nan()));
    }

    proptest! {
        #[test]
        fn bins_are_ascending_few_and_hold_what_is_below_their_bound(
            values in prop::collection::vec(-100i32..100, 1..300),
            max_bin in 2usize..40,
            min_data_in_bin in 1usize..5,
            missing: bool,
        ) {
            let values: Vec<f64> = values.iter().map(|v| f64::from(*v) / 4.0).collect();
            let bins = NumberBins::find(values.clone(), missing, max_bin, min_data_in_bin);
            prop_assert!(bins.count() <= max_bin.max(2 + usize::from(missing)), "{:?}", bins);
            prop_assert!(bins.bounds.windows(2).all(|pair| pair[0] < pair[1]));
            for value in values {
                let code = bins.code(value);
                prop_assert!(value <= bins.bounds[code]);
                prop_assert!(code == 0 || value > bins.bounds[code - 1]);
            }
        }
    }
}
