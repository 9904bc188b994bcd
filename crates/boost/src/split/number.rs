//! Splits by a number: every bound between two bins, missing values on either side.

use crate::bins::{NARROW_BINS, NumberBins};
use crate::gradient::Sums;
use crate::math::{Vectored, vectored};
use crate::split::{Cut, EPSILON, Finder, Leaf, Split};

/// Scores that are compared side by side.
const LANES: usize = 8;

/// The best bound so far.
#[derive(Clone, Copy)]
struct Best {
    score: f64,
    bin: usize,
    left: Sums,
    default_left: bool,
}

impl Finder<'_> {
    /// The best bound of a feature, if any lowers the loss. As in LightGBM, a bound among empty bins is the last of them if
    /// missing values go left, else the first; and missing values go left if it makes no difference.
    pub(super) fn best_number(
        &self,
        feature: usize,
        of: &NumberBins,
        words: &[u64],
        leaf: &Leaf,
    ) -> Option<Split> {
        let values = of.bounds.len();
        let mut best = Best {
            score: leaf.least_score,
            bin: usize::MAX,
            left: Sums::default(),
            default_left: true,
        };
        let missing = match of.missing {
            true => Sums(words[values]),
            false => Sums::default(),
        };
        let inner = &words[..values - 1];
        self.scan(inner, missing, leaf, &mut best);
        if best.bin != usize::MAX {
            let empty = inner[best.bin + 1..].iter().take_while(|word| **word == 0);
            best.bin += empty.count();
        }
        // The last bound parts missing values from all others.
        let all = &words[..values];
        if missing != Sums::default() && self.scan(all, Sums::default(), leaf, &mut best) {
            best.default_left = false;
        }
        (best.bin != usize::MAX).then(|| Split {
            feature,
            cut: Cut::Number {
                bin: best.bin,
                default_left: best.default_left,
            },
            gain: best.score - leaf.least_score,
            left: best.left,
            lambda_l2: self.parameters.lambda_l2(),
        })
    }

    /// Tries the bound after each bin; `start` is what goes left besides. Whether one is better than the best so far.
    fn scan(&self, words: &[u64], start: Sums, leaf: &Leaf, best: &mut Best) -> bool {
        let mut lefts = [0; NARROW_BINS];
        let lefts = &mut lefts[..words.len()];
        let mut left = start;
        for (sum, word) in lefts.iter_mut().zip(words) {
            left = left.plus(Sums(*word));
            *sum = left.0;
        }
        let mut scores = [0.0; NARROW_BINS];
        let scores = &mut scores[..words.len()];
        let greatest = vectored(Scores {
            finder: self,
            leaf,
            lefts,
            scores,
        });
        if greatest <= best.score {
            return false;
        }
        let first = scores.iter().position(|score| *score == greatest);
        let Some(bin) = first else {
            return false;
        };
        *best = Best {
            score: greatest,
            bin,
            left: Sums(lefts[bin]),
            ..*best
        };
        true
    }
}

/// The scores of bounds by the sums to their left, and the greatest of them.
struct Scores<'a> {
    finder: &'a Finder<'a>,
    leaf: &'a Leaf,
    lefts: &'a [u64],
    scores: &'a mut [f64],
}

impl Vectored for Scores<'_> {
    type Output = f64;

    #[inline(always)]
    fn call(self) -> f64 {
        let finder = self.finder;
        if finder.parameters.parameters().lambda_l1 > 0.0 {
            self.fill(|gradient| finder.shrunk(gradient))
        } else {
            self.fill(|gradient| gradient)
        }
    }
}

impl Scores<'_> {
    #[inline(always)]
    fn fill(self, shrunk: impl Fn(f64) -> f64) -> f64 {
        let (finder, leaf) = (self.finder, *self.leaf);
        let constant = finder.parameters.lambda_l2() + EPSILON;
        let units = finder.units;
        for (score, left) in self.scores.iter_mut().zip(self.lefts) {
            let left = Sums(*left);
            let right = leaf.sums.minus(left);
            let left_gradient = shrunk(f64::from(left.gradient()) * units.gradient);
            let right_gradient = shrunk(f64::from(right.gradient()) * units.gradient);
            let left_hessian = f64::from(left.hessian()) * units.hessian + constant;
            let right_hessian = f64::from(right.hessian()) * units.hessian + constant;
            let both = (left_gradient * left_gradient * right_hessian
                + right_gradient * right_gradient * left_hessian)
                / (left_hessian * right_hessian);
            let fits = leaf.admits(left) & leaf.admits(right);
            *score = if fits { both } else { f64::NEG_INFINITY };
        }
        let mut greatest = [f64::NEG_INFINITY; LANES];
        let (blocks, rest) = self.scores.as_chunks::<LANES>();
        for block in blocks {
            for (greatest, score) in greatest.iter_mut().zip(block) {
                *greatest = if score > greatest { *score } else { *greatest };
            }
        }
        rest.iter()
            .chain(&greatest)
            .fold(f64::NEG_INFINITY, |most, score| most.max(*score))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bins::FeatureBins;
    use crate::split::tests::{best, gain, loose, word};
    use proptest::prelude::*;

    fn bins(values: usize, missing: bool) -> FeatureBins {
        let mut bounds: Vec<f64> = (1..values).map(|bin| bin as f64).collect();
        bounds.push(f64::INFINITY);
        let range = (0.0, values as f64);
        FeatureBins::Number(NumberBins {
            bounds,
            missing,
            range,
        })
    }

    #[track_caller]
    fn check(words: &[u64], missing: bool, expected: Option<(usize, bool)>) {
        let bins = bins(words.len() - usize::from(missing), missing);
        let found = best(loose(), bins, words).map(|split| match split.cut {
            Cut::Number { bin, default_left } => (bin, default_left),
            Cut::Category { .. } => (usize::MAX, false),
        });
        assert_eq!(found, expected);
    }

    #[test]
    fn the_bound_between_unlike_bins_is_found() {
        let words = [word(9, 3), word(8, 3), word(-9, 3), word(-9, 3)];
        check(&words, false, Some((1, true)));
    }

    #[test]
    fn a_leaf_of_like_rows_is_not_split() {
        check(&[word(6, 3), word(6, 3)], false, None);
        check(&[word(6, 3), word(0, 0)], false, None);
    }

    #[test]
    fn missing_values_go_with_those_they_are_like() {
        check(
            &[word(9, 3), word(-9, 3), word(9, 3)],
            true,
            Some((0, true)),
        );
        check(
            &[word(9, 3), word(-9, 3), word(-9, 3)],
            true,
            Some((0, false)),
        );
    }

    #[test]
    fn missing_values_may_be_parted_from_all_others() {
        check(
            &[word(9, 3), word(9, 3), word(-9, 3)],
            true,
            Some((1, false)),
        );
    }

    #[test]
    fn without_a_missing_value_in_the_leaf_they_go_left() {
        check(
            &[word(9, 3), word(-9, 3), word(0, 0)],
            true,
            Some((0, true)),
        );
    }

    #[test]
    fn equal_bounds_are_told_apart_by_rule() {
        // The empty bin makes two bounds of one.
        let words = [word(9, 3), word(0, 0), word(-9, 3)];
        check(&words, false, Some((1, true)));
    }

    #[test]
    fn a_side_of_too_few_rows_is_no_side() {
        let parameters = crate::parameters::Parameters {
            min_data_in_leaf: 4,
            ..loose()
        };
        let words = [word(30, 3), word(-1, 3), word(-1, 6)];
        let split = best(parameters, bins(3, false), &words).unwrap();
        assert_eq!(split.left, Sums(word(29, 6)));
    }

    proptest! {
        #[test]
        fn the_best_bound_is_that_of_trying_all(
            sums in prop::collection::vec((-20i32..20, 0u32..6), 2..12),
            missing: bool,
        ) {
            let words: Vec<u64> = sums.iter().map(|(g, h)| word(if *h == 0 { 0 } else { *g }, *h)).collect();
            let values = words.len() - usize::from(missing);
            prop_assume!(values > 0);
            let found = best(loose(), bins(values, missing), &words);
            let mut most = 0.0_f64;
            for bound in 0..values {
                for default_left in [true, false] {
                    let left = |bin: usize| if bin == values { default_left } else { bin <= bound };
                    most = most.max(gain(&words, left, 0.5).unwrap_or(0.0));
                }
            }
            let found = found.map_or(0.0, |split| split.gain);
            prop_assert!((found - most).abs() < 1e-9, "{found} {most}");
        }
    }
}
