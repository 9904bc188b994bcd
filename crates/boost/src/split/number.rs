//! Splits by a number: every bound between two bins, missing values on either side.

use crate::bins::NumberBins;
use crate::gradient::Sums;
use crate::split::{Cut, Finder, Leaf, Split};

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
        let lambda_l2 = self.parameters.lambda_l2();
        let mut left = start;
        let mut found = false;
        for (bin, word) in words.iter().enumerate() {
            left = left.plus(Sums(*word));
            let right = leaf.sums.minus(left);
            if !leaf.admits(left) {
                continue;
            }
            if !leaf.admits(right) {
                break;
            }
            // Dividing is what takes time, so scores are compared as fractions.
            let (numerator, denominator) = self.score_of_sides(left, right, lambda_l2);
            if numerator > best.score * denominator {
                best.score = numerator / denominator;
                best.bin = bin;
                best.left = left;
                found = true;
            }
        }
        found
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
