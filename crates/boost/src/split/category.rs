//! Splits by categories: one against the rest, or a set of them, found as in LightGBM (`FindBestThresholdCategorical`).
//!
//! The best set is a prefix of the categories sorted by mean gradient (Fisher 1958). Categories of few rows are noise,
//! so their mean is smoothed, sets grow by groups of rows, and are looked for from both ends only so far.

#[cfg(test)]
mod tests;

use std::cmp::Ordering;

use crate::bins::CategoryBins;
use crate::bins::category::MOST_BINS;
use crate::bits::{self, WORD_ROWS};
use crate::gradient::{Sums, Units};
use crate::math::{Vectored, ordered, vectored};
use crate::split::{Cut, Finder, Leaf, Split};

/// The best set so far.
struct Best<'a> {
    score: f64,
    bins: &'a [usize],
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
            bins: &[],
            left: Sums::default(),
        };
        let mut lambda_l2 = self.parameters.lambda_l2();
        let [first, last];
        if of.categories.len() <= parameters.max_cat_to_onehot as usize {
            first = (0..words.len()).collect::<Vec<usize>>();
            self.one_against_rest(words, &first, leaf, lambda_l2, &mut best);
        } else {
            lambda_l2 += parameters.cat_l2;
            [first, last] = self.ends(words, leaf);
            for order in [&first, &last] {
                self.prefixes(words, order, leaf, lambda_l2, &mut best);
            }
        }
        let mut bins = best.bins.to_vec();
        bins.sort_unstable();
        (!bins.is_empty()).then_some(Split {
            feature,
            cut: Cut::Category { bins },
            gain: best.score - leaf.least_score,
            left: best.left,
            lambda_l2,
        })
    }

    /// Tries each bin but the first, of which `bins` are the numbers.
    fn one_against_rest<'a>(
        &self,
        words: &[u64],
        bins: &'a [usize],
        leaf: &Leaf,
        lambda_l2: f64,
        best: &mut Best<'a>,
    ) {
        for bin in 1..words.len() {
            let left = Sums(words[bin]);
            self.try_set(&bins[bin..=bin], left, leaf, lambda_l2, best);
        }
    }

    /// The bins that have rows enough to be told apart, by smoothed mean gradient: as many from either end as a set may have.
    fn ends(&self, words: &[u64], leaf: &Leaf) -> [Vec<usize>; 2] {
        let parameters = self.parameters.parameters();
        let least = self.least_known(leaf);
        let bins = vectored(Known { words, least });
        let mut ranks: Vec<BinRank> = bins.iter().map(|bin| words[*bin as usize]).collect();
        vectored(Rank {
            units: self.units,
            smooth: parameters.cat_smooth,
            bins: &bins,
            ranks: &mut ranks,
        });
        let most = (parameters.max_cat_threshold as usize).min(ranks.len().div_ceil(2));
        let first = first_of(&mut ranks, most, u64::cmp);
        let last = first_of(&mut ranks, most, |a, b| b.cmp(a));
        [first, last]
    }

    /// The least sum of second derivatives, in units, of a bin of rows enough to be told apart.
    fn least_known(&self, leaf: &Leaf) -> u32 {
        // The number of rows is rounded, halves up.
        let least_rows = self.parameters.parameters().cat_smooth.ceil() - 0.5;
        let rows = |hessian: u32| f64::from(hessian) * self.units.hessian * leaf.rows_per_hessian;
        // Saturates; then put right by what rounding may have moved it. And never nothing at all.
        let mut least = (least_rows / rows(1)).ceil() as u32;
        while least > 1 && rows(least - 1) >= least_rows {
            least -= 1;
        }
        while least < 1 || (least < u32::MAX && rows(least) < least_rows) {
            least += 1;
        }
        least
    }

    /// Tries sets that grow along `order`.
    fn prefixes<'a>(
        &self,
        words: &[u64],
        order: &'a [usize],
        leaf: &Leaf,
        lambda_l2: f64,
        best: &mut Best<'a>,
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
            self.try_set(&order[..=at], left, leaf, lambda_l2, best);
        }
    }

    /// Tries a set against the rest, if both sides are great enough for a leaf.
    fn try_set<'a>(
        &self,
        bins: &'a [usize],
        left: Sums,
        leaf: &Leaf,
        lambda_l2: f64,
        best: &mut Best<'a>,
    ) {
        let right = leaf.sums.minus(left);
        if !leaf.admits(left) || !leaf.admits(right) {
            return;
        }
        let (numerator, denominator) = self.score_of_sides(left, right, lambda_l2);
        let score = numerator / denominator;
        if score > best.score {
            *best = Best { score, bins, left };
        }
    }
}

/// The place of a bin among the others: its smoothed mean gradient, rounded to about ten digits, and its number.
type BinRank = u64;

/// Bits of a rank that hold the bin.
const BIN_BITS: u32 = MOST_BINS.ilog2();

/// Lists the bins of at least so much second derivative, but for the first.
struct Known<'a> {
    words: &'a [u64],
    least: u32,
}

impl Vectored for Known<'_> {
    type Output = Vec<u32>;

    #[inline(always)]
    fn call(self) -> Vec<u32> {
        let bits = self.words.chunks(WORD_ROWS).map(|words| {
            let mut known = [0; WORD_ROWS];
            for (known, word) in known.iter_mut().zip(words) {
                *known = u64::from(Sums(*word).hessian() >= self.least);
            }
            bits::of(known.iter().map(|known| *known != 0))
        });
        let mut bits: Vec<u64> = bits.collect();
        bits[0] &= !1;
        bits::list(&bits, bits::count(&bits))
    }
}

/// Ranks bins in place of their sums.
struct Rank<'a> {
    units: Units,
    smooth: f64,
    bins: &'a [u32],
    ranks: &'a mut [BinRank],
}

impl Vectored for Rank<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        for (rank, bin) in self.ranks.iter_mut().zip(self.bins) {
            let sums = Sums(*rank);
            let gradient = f64::from(sums.gradient()) * self.units.gradient;
            let hessian = f64::from(sums.hessian()) * self.units.hessian;
            let mean = ordered(gradient / (hessian + self.smooth));
            *rank = mean >> BIN_BITS << BIN_BITS | u64::from(*bin);
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
