//! Splits by categories: one against the rest, or a set of them, found as in LightGBM (`FindBestThresholdCategorical`).
//!
//! The best set is a prefix of the categories sorted by mean gradient (Fisher 1958). Categories of few rows are noise,
//! so their mean is smoothed, sets grow by groups of rows, and are looked for from both ends only so far.

#[cfg(test)]
mod tests;

use crate::bins::CategoryBins;
use crate::gradient::Sums;
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
            let mut order = self.by_mean_gradient(words, leaf);
            self.prefixes(words, &order, leaf, lambda_l2, &mut best);
            order.reverse();
            self.prefixes(words, &order, leaf, lambda_l2, &mut best);
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

    /// The bins that have rows enough to be told apart, by smoothed mean gradient.
    fn by_mean_gradient(&self, words: &[u64], leaf: &Leaf) -> Vec<usize> {
        let smooth = self.parameters.parameters().cat_smooth;
        let mut order: Vec<(f64, usize)> = words
            .iter()
            .enumerate()
            .skip(1)
            .filter_map(|(bin, word)| {
                let (gradient, hessian) = self.real(Sums(*word));
                let rows = (hessian * leaf.rows_per_hessian).round();
                (hessian > 0.0 && rows >= smooth).then(|| (gradient / (hessian + smooth), bin))
            })
            .collect();
        order.sort_by(|a, b| a.0.total_cmp(&b.0));
        order.into_iter().map(|(_, bin)| bin).collect()
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
        let parameters = self.parameters.parameters();
        let most = (parameters.max_cat_threshold as usize).min(order.len().div_ceil(2));
        let least_rows = f64::from(parameters.min_data_per_group);
        let mut left = Sums::default();
        let mut group_rows = 0.0;
        for (at, bin) in order.iter().take(most).enumerate() {
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
