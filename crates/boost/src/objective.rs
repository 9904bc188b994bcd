//! What the trees go down: for each objective the starting score, and the gradient at a score.

use std::ops::Range;

use crate::dataset::Dataset;
use crate::error::Error;
use crate::gradient::{CLASS_LEVELS, Loss};
use crate::math::{exp, exp_single, ln};
use crate::parameters::{Checked, Objective};

/// Probabilities are kept off 0 and 1 by this much when a logarithm is taken; LightGBM's constant, a rounded `float`.
const EPSILON: f64 = 1e-15_f32 as f64;

/// Checks that the labels are such as the objective takes.
pub(crate) fn check_labels(parameters: &Checked, data: &Dataset) -> Result<(), Error> {
    let classes = match parameters.parameters().objective {
        Objective::Binary => 2,
        Objective::Multiclass => parameters.trees_per_round(),
        Objective::Regression => {
            let limit = f64::from(f32::MAX) / 2.0;
            return match data.label.iter().find(|label| label.abs() > limit) {
                Some(label) => Err(Error::Data(format!(
                    "label: expected a number within ±{limit:e}, found `{label}`"
                ))),
                None => Ok(()),
            };
        }
    };
    let is_class = |label: f64| label >= 0.0 && label < classes as f64 && label.fract() == 0.0;
    match data.label.iter().find(|label| !is_class(**label)) {
        Some(label) => Err(Error::Data(format!(
            "label: expected a class from 0 to {}, found `{label}`",
            classes - 1
        ))),
        None if data.total_weight() > 0.0 => Ok(()),
        None => Err(Error::Data(
            "weight: expected a weight above 0, found none".to_owned(),
        )),
    }
}

/// The score that each class starts from: the best constant, or 0 without `boost_from_average`.
pub(crate) fn starts(parameters: &Checked, data: &Dataset) -> Vec<f64> {
    let outputs = parameters.trees_per_round();
    if !parameters.parameters().boost_from_average {
        return vec![0.0; outputs];
    }
    let total = data.total_weight();
    let weight = |row: usize| data.weight.as_ref().map_or(1.0, |weight| weight[row]);
    let rows = 0..data.num_rows();
    match parameters.parameters().objective {
        Objective::Regression => {
            let sum: f64 = rows.map(|row| data.label[row] * weight(row)).sum();
            vec![sum / total]
        }
        Objective::Binary => {
            let ones: f64 = rows.map(|row| data.label[row] * weight(row)).sum();
            let share = (ones / total).clamp(EPSILON, 1.0 - EPSILON);
            vec![ln(share / (1.0 - share))]
        }
        Objective::Multiclass => {
            let mut sums = vec![0.0; outputs];
            rows.for_each(|row| sums[data.label[row] as usize] += weight(row));
            sums.iter()
                .map(|sum| ln((sum / total).max(EPSILON)))
                .collect()
        }
    }
}

/// The first and second derivative of a row's loss.
pub(crate) type Derivatives = (f32, f32);

/// Log loss of two classes.
pub(crate) struct LogLoss<'a> {
    pub(crate) data: &'a Dataset,
    pub(crate) scores: &'a [f64],
}

/// Half the squared error.
pub(crate) struct SquaredError<'a> {
    pub(crate) data: &'a Dataset,
    pub(crate) scores: &'a [f64],
}

/// Softmax log loss, for one class.
pub(crate) struct SoftmaxLoss<'a> {
    pub(crate) data: &'a Dataset,
    pub(crate) scores: &'a [f64],
    /// Of each row; see [`normaliser`].
    pub(crate) normalisers: &'a [(f64, f64)],
    pub(crate) class: usize,
    /// Of second derivatives: the scores of all classes move at once (Friedman 2001).
    pub(crate) scale: f64,
}

impl Loss for LogLoss<'_> {
    const LEVELS: f64 = CLASS_LEVELS;

    #[inline(always)]
    fn derive(&self, rows: Range<usize>, gradients: &mut [f32], hessians: &mut [f32]) {
        let scores = &self.scores[rows.clone()];
        derive(self.data, rows, scores, binary, (gradients, hessians));
    }
}

impl Loss for SquaredError<'_> {
    /// As many as there is room for: some rows may lie much nearer to their mean than others.
    const LEVELS: f64 = f64::INFINITY;

    #[inline(always)]
    fn derive(&self, rows: Range<usize>, gradients: &mut [f32], hessians: &mut [f32]) {
        let scores = &self.scores[rows.clone()];
        derive(self.data, rows, scores, regression, (gradients, hessians));
    }
}

impl Loss for SoftmaxLoss<'_> {
    const LEVELS: f64 = CLASS_LEVELS;

    #[inline(always)]
    fn derive(&self, rows: Range<usize>, gradients: &mut [f32], hessians: &mut [f32]) {
        let normalisers = &self.normalisers[rows.clone()];
        let scores = self.scores[rows.clone()].iter().zip(normalisers);
        let of = |(score, normaliser): (&f64, &(f64, f64)), label, weight| {
            let p = exp(score - normaliser.0) * normaliser.1;
            multiclass(p, label as usize == self.class, self.scale, weight)
        };
        derive(self.data, rows, scores, of, (gradients, hessians));
    }
}

/// The derivatives of neighbouring rows at their scores.
#[inline(always)]
fn derive<Score>(
    data: &Dataset,
    rows: Range<usize>,
    scores: impl IntoIterator<Item = Score>,
    derive: impl Fn(Score, f64, f64) -> Derivatives,
    (gradients, hessians): (&mut [f32], &mut [f32]),
) {
    let derivatives = gradients.iter_mut().zip(hessians);
    let rows_of = scores.into_iter().zip(&data.label()[rows.clone()]);
    let derivatives = derivatives.zip(rows_of);
    match data.weight() {
        None => {
            for ((gradient, hessian), (score, label)) in derivatives {
                (*gradient, *hessian) = derive(score, *label, 1.0);
            }
        }
        Some(weight) => {
            for (((gradient, hessian), (score, label)), weight) in derivatives.zip(&weight[rows]) {
                (*gradient, *hessian) = derive(score, *label, *weight);
            }
        }
    }
}

#[inline(always)]
fn binary(score: &f64, label: f64, weight: f64) -> Derivatives {
    let (score, weight) = (*score as f32, weight as f32);
    // Both probabilities by themselves: of a sure score one less the greater would be what rounding left.
    let odds = exp_single(-score.abs());
    let greater = 1.0 / (1.0 + odds);
    let smaller = odds * greater;
    let (zero, one) = match score < 0.0 {
        true => (greater, smaller),
        false => (smaller, greater),
    };
    let gradient = if label > 0.0 { -zero } else { one };
    (gradient * weight, greater * smaller * weight)
}

#[inline(always)]
fn regression(score: &f64, label: f64, weight: f64) -> Derivatives {
    (((score - label) * weight) as f32, weight as f32)
}

/// Of one class, of which the row has the probability `p`.
#[inline(always)]
fn multiclass(p: f64, is_class: bool, scale: f64, weight: f64) -> Derivatives {
    let label = f64::from(u8::from(is_class));
    (
        ((p - label) * weight) as f32,
        (scale * p * (1.0 - p) * weight) as f32,
    )
}

/// What turns scores of a row into probabilities: the greatest score, and one over the sum of exponentials.
pub(crate) fn normaliser(scores: impl Iterator<Item = f64> + Clone) -> (f64, f64) {
    let greatest = scores.clone().fold(f64::NEG_INFINITY, f64::max);
    let sum: f64 = scores.map(|score| exp(score - greatest)).sum();
    (greatest, 1.0 / sum)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Derivatives against differences of the loss itself.
        #[test]
        fn derivatives_are_those_of_the_loss(score in -5.0..5.0f64, one: bool, weight in 0.1..3.0f64) {
            let label = f64::from(u8::from(one));
            let step = 1e-4;
            let logloss = |s: f64| weight * ((1.0 + s.exp()).ln() - label * s);
            let squared = |s: f64| weight * (s - label) * (s - label) / 2.0;
            for (loss, found) in [
                (&logloss as &dyn Fn(f64) -> f64, binary(&score, label, weight)),
                (&squared, regression(&score, label, weight)),
            ] {
                let (before, at, after) = (loss(score - step), loss(score), loss(score + step));
                let first = (after - before) / (2.0 * step);
                let second = (after - 2.0 * at + before) / (step * step);
                prop_assert!((f64::from(found.0) - first).abs() < 1e-5);
                prop_assert!((f64::from(found.1) - second).abs() < 1e-4);
            }
        }

        #[test]
        fn softmax_of_two_classes_is_the_logistic(a in -5.0..5.0f64, b in -5.0..5.0f64) {
            let (greatest, scale) = normaliser([a, b].into_iter());
            let p = exp(a - greatest) * scale;
            let (gradient, hessian) = multiclass(p, true, 1.0, 1.0);
            let (expected, second) = binary(&(a - b), 1.0, 1.0);
            prop_assert!((gradient - expected).abs() < 1e-6);
            prop_assert!((hessian - second).abs() < 1e-6);
        }
    }
}
