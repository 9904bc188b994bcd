//! Splits by categories: one against the rest, or a set of them, found as in LightGBM (`FindBestThresholdCategorical`).
//!
//! The best set is a prefix of the categories sorted by mean gradient (Fisher 1958). Categories of few rows are noise,
//! so their mean is smoothed, sets grow by groups of rows, and are looked for from both ends only so far.

#[cfg(test)]
mod tests;

use std::cmp::Ordering;

use crate::bins::CategoryBins;
use crate::bins::category::MOST_BINS;
use crate::gradient::{Sums, Units};
use crate::math::{Vectored, ordered, vectored};
use crate::split::{Cut, Finder, Leaf, Split};

/// The best set so far.
struct Best {
    score: f64,
    bins: Vec<usize>,
    left: Sums,
}

impl Finder<'_> {
    /// The best set of categories of a feature, if any lowers the loss. What has no bin of its own goes right.
    pub(super) fn best_category(
        &self,
        feature: usize,
        of: &CategoryBins,
        words: &[u64],
        leaf: &Leaf,
    ) -> Option<Split> {
        let parameters = self.parameters.parameters();
        let words = &words[..of.count()];
        let mut best = Best {
            score: leaf.least_score,
            bins: Vec::new(),
            left: Sums::default(),
        };
        let mut lambda_l2 = self.parameters.lambda_l2();
        if of.categories.len() <= parameters.max_cat_to_onehot as usize {
            self.one_against_rest(words, leaf, lambda_l2, &mut best);
        } else {
            lambda_l2 += parameters.cat_l2;
            for order in self.ends(words, leaf) {
                self.prefixes(words, &order, leaf, lambda_l2, &mut best);
            }
        }
        best.bins.sort_unstable();
        (!best.bins.is_empty()).then_some(Split {
            feature,
            cut: Cut::Category { bins: best.bins },
            gain: best.score - leaf.least_score,
            left: best.left,
            lambda_l2,
        })
    }

    fn one_against_rest(&self, words: &[u64], leaf: &Leaf, lambda_l2: f64, best: &mut Best) {
        for (bin, word) in words.iter().enumerate().skip(1) {
            let left = Sums(*word);
            if let Some(score) = self.score_of_set(left, leaf, lambda_l2)
                && score > best.score
            {
                best.score = score;
                best.bins = vec![bin];
                best.left = left;
            }
        }
    }

    /// The bins that have rows enough to be told apart, by smoothed mean gradient: as many from either end as a set may have.
    fn ends(&self, words: &[u64], leaf: &Leaf) -> [Vec<usize>; 2] {
        let parameters = self.parameters.parameters();
        let mut ranks = vec![0; words.len()];
        vectored(Rank {
            words,
            units: self.units,
            smooth: parameters.cat_smooth,
            rows_per_hessian: leaf.rows_per_hessian,
            ranks: &mut ranks,
        });
        let mut count = 0;
        for bin in 1..ranks.len() {
            ranks[count] = ranks[bin];
            count += usize::from(ranks[bin] != NO_RANK);
        }
        ranks.truncate(count);
        let most = (parameters.max_cat_threshold as usize).min(count.div_ceil(2));
        let first = first_of(&mut ranks, most, u64::cmp);
        let last = first_of(&mut ranks, most, |a, b| b.cmp(a));
        [first, last]
    }

    /// Tries sets that grow along `order`.
    fn prefixes(
        &self,
        words: &[u64],
        order: &[usize],
        leaf: &Leaf,
        lambda_l2: f64,
        best: &mut Best,
    ) {
        let least_rows = f64::from(self.parameters.parameters().min_data_per_group);
        let mut left = Sums::default();
        let mut group_rows = 0.0;
        for (at, bin) in order.iter().enumerate() {
            let sums = Sums(words[*bin]);
            left = left.plus(sums);
            group_rows += (self.hessian(sums) * leaf.rows_per_hessian).round();
            let right = leaf.sums.minus(left);
            let right_rows = self.hessian(right) * leaf.rows_per_hessian;
            if !leaf.admits(right) || right_rows < least_rows - 0.5 {
                return;
            }
            if !leaf.admits(left) || group_rows < least_rows {
                continue;
            }
            group_rows = 0.0;
            if let Some(score) = self.score_of_set(left, leaf, lambda_l2)
                && score > best.score
            {
                best.score = score;
                best.bins = order[..=at].to_vec();
                best.left = left;
            }
        }
    }

    /// The score of a set against the rest, if both sides are great enough for a leaf.
    fn score_of_set(&self, left: Sums, leaf: &Leaf, lambda_l2: f64) -> Option<f64> {
        let right = leaf.sums.minus(left);
        let fits = leaf.admits(left) && leaf.admits(right);
        fits.then(|| {
            let (numerator, denominator) = self.score_of_sides(left, right, lambda_l2);
            numerator / denominator
        })
    }
}

/// The place of a bin among the others: its smoothed mean gradient, rounded to about ten digits, and its number.
type BinRank = u64;

/// Bits of a rank that hold the bin.
const BIN_BITS: u32 = MOST_BINS.ilog2();

/// Of bins that have too few rows.
const NO_RANK: BinRank = BinRank::MAX;

/// Ranks all bins.
struct Rank<'a> {
    words: &'a [u64],
    units: Units,
    smooth: f64,
    rows_per_hessian: f64,
    ranks: &'a mut [BinRank],
}

impl Vectored for Rank<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        // The number of rows is rounded, halves up.
        let least_rows = self.smooth.ceil() - 0.5;
        for ((rank, word), bin) in self.ranks.iter_mut().zip(self.words).zip(0_u64..) {
            let sums = Sums(*word);
            let gradient = f64::from(sums.gradient()) * self.units.gradient;
            let hessian = f64::from(sums.hessian()) * self.units.hessian;
            let mean = ordered(gradient / (hessian + self.smooth));
            let known = (hessian > 0.0) & (hessian * self.rows_per_hessian >= least_rows);
            let of_bin = mean >> BIN_BITS << BIN_BITS | bin;
            *rank = if known { of_bin } else { NO_RANK };
        }
    }
}

/// The first bins in an order, sorted; the others are not.
fn first_of(
    ranks: &mut [BinRank],
    count: usize,
    order: impl Fn(&BinRank, &BinRank) -> Ordering,
) -> Vec<usize> {
    if count < ranks.len() {
        ranks.select_nth_unstable_by(count, &order);
    }
    let first = &mut ranks[..count];
    first.sort_unstable_by(order);
    let bin = |rank: &BinRank| (rank % (1 << BIN_BITS)) as usize;
    first.iter().map(bin).collect()
}
