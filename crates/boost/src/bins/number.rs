//! Bins of numbers, found as LightGBM finds them (`BinMapper::FindBin`, `GreedyFindBin`).
//!
//! The bins decide accuracy more than one thinks. LightGBM's way: a value that fills a bin alone has one, the rest
//! shares the remaining bins evenly; zero has a bin of its own, between the negative and the positive values; missing
//! values have the last bin.

#[cfg(test)]
mod tests;

use std::hint::select_unpredictable;

use crate::bins::NARROW_BINS;
use crate::bins::cells::Cells;
use crate::math::{from_ordered, ordered};

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
        values: Vec<f64>,
        has_missing: bool,
        max_bin: usize,
        min_data_in_bin: usize,
    ) -> Self {
        let mut places: Vec<u64> = values.into_iter().map(ordered).collect();
        places.sort_unstable();
        let values: Vec<f64> = places.into_iter().map(from_ordered).collect();
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
    pub(crate) fn code(&self, value: f64) -> usize {
        if value.is_nan() {
            return self.code_of_missing();
        }
        let inner = &self.bounds[..self.bounds.len() - 1];
        inner.partition_point(|bound| *bound < value)
    }

    fn code_of_missing(&self) -> usize {
        if self.missing {
            return self.bounds.len();
        }
        self.bounds.partition_point(|bound| *bound < 0.0)
    }

    /// Appends the bins of values; there are at most [`NARROW_BINS`].
    pub(crate) fn encode(&self, values: &[f64], into: &mut Vec<u8>) {
        let missing = self.code_of_missing() as u8;
        // Above the last there is nothing.
        let inner = &self.bounds[..self.bounds.len() - 1];
        if let Some(cells) = Cells::new(inner) {
            return cells.encode(values, missing, into);
        }
        let mut bounds = [f64::INFINITY; NARROW_BINS];
        bounds[..inner.len()].copy_from_slice(inner);
        into.extend(values.iter().map(|value| {
            // As many steps for each value and no branch, so that several searches are under way at once.
            let mut code = 0;
            for step in [128, 64, 32, 16, 8, 4, 2, 1] {
                code = select_unpredictable(bounds[code + step - 1] < *value, code + step, code);
            }
            if value.is_nan() { missing } else { code as u8 }
        }));
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
