//! The best split of a leaf, from its histogram.

mod category;
mod number;

use crate::bins::{Bins, FeatureBins, Place};
use crate::gradient::{Sums, Units};
use crate::histogram::Histogram;
use crate::parameters::Checked;

/// Added to sums of second derivatives, so that none is zero; LightGBM's constant, a rounded `float`.
const EPSILON: f64 = 1e-15_f32 as f64;

/// Who goes left, in terms of bins.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Cut {
    /// Bins up to this one; missing values as said.
    Number {
        /// The last bin that goes left.
        bin: usize,
        /// Whether missing values go left.
        default_left: bool,
    },
    /// These bins.
    Category {
        /// The bins, ascending.
        bins: Vec<usize>,
    },
}

/// A split that might be made.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Split {
    /// The feature, as a column.
    pub(crate) feature: usize,
    /// Who goes left.
    pub(crate) cut: Cut,
    /// By how much the loss falls, beyond `min_gain_to_split`.
    pub(crate) gain: f64,
    /// The sums over the rows that go left.
    pub(crate) left: Sums,
    /// L2 regularisation of the values of the two leaves.
    pub(crate) lambda_l2: f64,
}

/// What the best split of a leaf depends on besides its histogram.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Finder<'a> {
    pub(crate) parameters: &'a Checked,
    pub(crate) bins: &'a Bins,
    pub(crate) units: Units,
}

/// The leaf that is to be split.
#[derive(Clone, Copy, Debug)]
struct Leaf {
    sums: Sums,
    /// Rows per second derivative: how LightGBM estimates the rows of a bin.
    rows_per_hessian: f64,
    /// The score that a split must pass.
    least_score: f64,
    /// The least sum of second derivatives on either side, in units.
    least_hessian: u32,
}

impl Leaf {
    /// Whether a side of these sums is great enough for a leaf.
    #[inline]
    fn admits(&self, side: Sums) -> bool {
        side.hessian() >= self.least_hessian
    }
}

impl Finder<'_> {
    /// The best split by one feature, if any lowers the loss.
    pub(crate) fn best_of(
        &self,
        histogram: &Histogram,
        (feature, place): (usize, Place),
        sums: Sums,
        rows: usize,
    ) -> Option<Split> {
        let leaf = self.leaf(sums, rows);
        let bins = histogram.of(place);
        match self.bins.of(feature) {
            FeatureBins::Number(of) => self.best_number(feature, of, bins, &leaf),
            FeatureBins::Category(of) => self.best_category(feature, of, bins, &leaf),
        }
    }

    /// The value of a leaf.
    pub(crate) fn value(&self, sums: Sums, lambda_l2: f64) -> f64 {
        let (gradient, hessian) = self.real(sums);
        if hessian + lambda_l2 > 0.0 {
            -self.shrunk(gradient) / (hessian + lambda_l2)
        } else {
            0.0
        }
    }

    /// The sum of second derivatives.
    pub(crate) fn hessian(&self, sums: Sums) -> f64 {
        self.real(sums).1
    }

    fn leaf(&self, sums: Sums, rows: usize) -> Leaf {
        let parameters = self.parameters.parameters();
        let (gradient, hessian) = self.real(sums);
        let rows_per_hessian = rows as f64 / hessian.max(EPSILON);
        let score = self.score(gradient, hessian, self.parameters.lambda_l2());
        // A side has rows enough when their number, rounded, reaches the least.
        let least_rows = f64::from(parameters.min_data_in_leaf) - 0.5;
        let least_hessian = self.parameters.min_sum_hessian_in_leaf();
        let least_hessian = least_hessian.max(least_rows / rows_per_hessian);
        Leaf {
            sums,
            rows_per_hessian,
            least_score: score + parameters.min_gain_to_split,
            // Saturates; and never nothing at all, so that no side is empty.
            least_hessian: ((least_hessian / self.units.hessian).ceil() as u32).max(1),
        }
    }

    /// Sums in real numbers.
    #[inline]
    fn real(&self, sums: Sums) -> (f64, f64) {
        (
            f64::from(sums.gradient()) * self.units.gradient,
            f64::from(sums.hessian()) * self.units.hessian,
        )
    }

    /// A sum of gradients after L1 regularisation.
    #[inline]
    fn shrunk(&self, gradient: f64) -> f64 {
        let lambda = self.parameters.parameters().lambda_l1;
        if lambda > 0.0 {
            gradient.signum() * (gradient.abs() - lambda).max(0.0)
        } else {
            gradient
        }
    }

    /// Twice the loss that a leaf of these sums takes away.
    #[inline]
    fn score(&self, gradient: f64, hessian: f64, lambda_l2: f64) -> f64 {
        let gradient = self.shrunk(gradient);
        gradient * gradient / (hessian + lambda_l2 + EPSILON)
    }

    /// The score of both sides together, the sum of theirs, as numerator and denominator.
    #[inline]
    fn score_of_sides(&self, left: Sums, right: Sums, lambda_l2: f64) -> (f64, f64) {
        let (left_gradient, left_hessian) = self.real(left);
        let (right_gradient, right_hessian) = self.real(right);
        let (left_gradient, right_gradient) =
            (self.shrunk(left_gradient), self.shrunk(right_gradient));
        let left = left_hessian + lambda_l2 + EPSILON;
        let right = right_hessian + lambda_l2 + EPSILON;
        let numerator =
            left_gradient * left_gradient * right + right_gradient * right_gradient * left;
        (numerator, left * right)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::feature::Feature;
    use crate::parameters::Parameters;

    /// A row per bin and sums: what a histogram is made of.
    pub(crate) fn word(gradient: i32, hessian: u32) -> u64 {
        (gradient as u32 as u64) << 32 | u64::from(hessian)
    }

    /// The best split of a histogram of one feature, units being 1 and every row's second derivative too.
    pub(crate) fn best(parameters: Parameters, bins: FeatureBins, words: &[u64]) -> Option<Split> {
        let parameters = parameters.check().unwrap();
        let feature = match bins {
            FeatureBins::Number(_) => Feature::number("x"),
            FeatureBins::Category(_) => Feature::category("x"),
        };
        let bins = Bins::new(vec![feature], vec![bins]);
        let finder = Finder {
            parameters: &parameters,
            bins: &bins,
            units: Units {
                gradient: 1.0,
                hessian: 1.0,
            },
        };
        let sums = words
            .iter()
            .fold(Sums::default(), |sum, w| sum.plus(Sums(*w)));
        let leaf = finder.leaf(sums, sums.hessian() as usize);
        match bins.of(0) {
            FeatureBins::Number(of) => finder.best_number(0, of, words, &leaf),
            FeatureBins::Category(of) => finder.best_category(0, of, words, &leaf),
        }
    }

    /// Parameters under which a leaf may be as small as a row.
    pub(crate) fn loose() -> Parameters {
        Parameters {
            min_data_in_leaf: 1,
            min_data_per_group: 1,
            cat_smooth: 0.0,
            cat_l2: 0.0,
            lambda_l2: Some(0.5),
            ..Parameters::default()
        }
    }

    /// The gain of sending these bins left, computed plainly.
    pub(crate) fn gain(words: &[u64], left: impl Fn(usize) -> bool, lambda_l2: f64) -> Option<f64> {
        let mut sides = [(0.0, 0.0); 2];
        for (bin, word) in words.iter().enumerate() {
            let side = &mut sides[usize::from(left(bin))];
            side.0 += f64::from(Sums(*word).gradient());
            side.1 += f64::from(Sums(*word).hessian());
        }
        if sides.iter().any(|side| side.1 < 1.0) {
            return None;
        }
        let score = |g: f64, h: f64, l: f64| g * g / (h + l);
        let all = score(sides[0].0 + sides[1].0, sides[0].1 + sides[1].1, 0.5);
        Some(
            score(sides[0].0, sides[0].1, lambda_l2) + score(sides[1].0, sides[1].1, lambda_l2)
                - all,
        )
    }
}
