//! What is minimised: squared error, or the log loss of two or more classes.

use table::roles::Task;

use crate::linear::design::Block;
use crate::linear::gram::{dot, weighted_gram};
use crate::target::Target;

/// What is minimised, summed over rows by their weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Loss {
    /// Half the squared error.
    Squared,
    /// Log loss of two classes.
    Logistic,
    /// Log loss of so many classes.
    Softmax(usize),
}

/// What a loss comes to over some rows: value, gradient and matrix of second derivatives (lower triangle, row after
/// row, coefficients of the first output first).
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Slope {
    pub(crate) value: f64,
    pub(crate) gradient: Vec<f64>,
    pub(crate) curvature: Vec<f64>,
}

impl Loss {
    pub(crate) fn new(target: &Target) -> Self {
        match target.task {
            Task::Regression => Self::Squared,
            Task::Binary => Self::Logistic,
            Task::Multiclass => Self::Softmax(target.outputs()),
        }
    }

    /// Sets of coefficients.
    pub(crate) fn outputs(self) -> usize {
        match self {
            Self::Squared | Self::Logistic => 1,
            Self::Softmax(classes) => classes,
        }
    }

    /// Turns the sums of a row into predictions, in place.
    pub(crate) fn link(self, sums: &mut [f64]) {
        match self {
            Self::Squared => {}
            Self::Logistic => sums.iter_mut().for_each(|sum| *sum = sigmoid(*sum)),
            Self::Softmax(_) => {
                softmax(sums);
            }
        }
    }

    /// The loss of a block's rows at these coefficients.
    pub(crate) fn slope(self, block: &Block, width: usize, coefficients: &[f64]) -> Slope {
        match self {
            Self::Squared | Self::Logistic => self.one_output(block, width, coefficients),
            Self::Softmax(classes) => softmax_slope(block, width, classes, coefficients),
        }
    }

    fn one_output(self, block: &Block, width: usize, coefficients: &[f64]) -> Slope {
        let sums = sums(block, width, coefficients);
        let rows = block.labels.iter().zip(&block.weights).zip(&sums);
        let mut value = 0.0;
        let (residuals, h): (Vec<f64>, Vec<f64>) = rows
            .map(|((label, weight), sum)| {
                if self == Self::Squared {
                    let residual = sum - label;
                    value += weight * residual * residual / 2.0;
                    return (weight * residual, *weight);
                }
                let probability = sigmoid(*sum);
                value += weight * (softplus(*sum) - label * sum);
                (
                    weight * (probability - label),
                    weight * probability * (1.0 - probability),
                )
            })
            .unzip();
        Slope {
            value,
            gradient: (0..width)
                .map(|column| dot(block.column(column), &residuals))
                .collect(),
            curvature: weighted_gram(block, width, &h),
        }
    }
}

fn softmax_slope(block: &Block, width: usize, classes: usize, coefficients: &[f64]) -> Slope {
    let rows = block.rows();
    let sums: Vec<Vec<f64>> = coefficients
        .chunks_exact(width)
        .map(|set| sums(block, width, set))
        .collect();
    let mut probabilities = vec![vec![0.0; rows]; classes];
    let mut row_sums = vec![0.0; classes];
    let mut value = 0.0;
    for row in 0..rows {
        (0..classes).for_each(|class| row_sums[class] = sums[class][row]);
        let true_sum = row_sums[block.labels[row] as usize];
        value += block.weights[row] * (softmax(&mut row_sums) - true_sum);
        (0..classes).for_each(|class| probabilities[class][row] = row_sums[class]);
    }
    let mut gradient = Vec::with_capacity(classes * width);
    for (class, probability) in probabilities.iter().enumerate() {
        let residual =
            |row: usize| block.weights[row] * (probability[row] - is(block.labels[row], class));
        let residuals: Vec<f64> = (0..rows).map(residual).collect();
        gradient.extend((0..width).map(|column| dot(block.column(column), &residuals)));
    }
    let mut curvature = vec![0.0; triangle(classes * width)];
    for a in 0..classes {
        for b in 0..=a {
            let h = |row: usize| {
                let same = f64::from(u8::from(a == b));
                block.weights[row] * probabilities[a][row] * (same - probabilities[b][row])
            };
            let h: Vec<f64> = (0..rows).map(h).collect();
            let gram = weighted_gram(block, width, &h);
            place(&mut curvature, &gram, width, a, b);
        }
    }
    Slope {
        value,
        gradient,
        curvature,
    }
}

/// Puts the Gram matrix of two classes into the whole matrix; it is symmetric itself.
fn place(curvature: &mut [f64], gram: &[f64], width: usize, a: usize, b: usize) {
    for row in 0..width {
        for column in 0..width {
            let (to_row, to_column) = (a * width + row, b * width + column);
            if to_column <= to_row {
                let from = triangle(row.max(column)) + row.min(column);
                curvature[triangle(to_row) + to_column] = gram[from];
            }
        }
    }
}

/// Entries of the lower triangle of so many rows: also where the next row begins.
pub(crate) fn triangle(rows: usize) -> usize {
    rows * (rows + 1) / 2
}

fn is(label: f64, class: usize) -> f64 {
    f64::from(u8::from(label == class as f64))
}

/// X · coefficients for the rows of a block.
fn sums(block: &Block, width: usize, coefficients: &[f64]) -> Vec<f64> {
    let mut sums = vec![0.0; block.rows()];
    for (column, coefficient) in (0..width)
        .zip(coefficients)
        .filter(|(_, coefficient)| **coefficient != 0.0)
    {
        for (sum, value) in sums.iter_mut().zip(block.column(column)) {
            *sum += coefficient * value;
        }
    }
    sums
}

fn sigmoid(sum: f64) -> f64 {
    if sum >= 0.0 {
        1.0 / (1.0 + (-sum).exp())
    } else {
        let power = sum.exp();
        power / (1.0 + power)
    }
}

/// ln(1 + eˣ), without overflow.
fn softplus(sum: f64) -> f64 {
    sum.max(0.0) + (-sum.abs()).exp().ln_1p()
}

/// Turns sums into probabilities, in place; gives ln Σ eˣ.
fn softmax(sums: &mut [f64]) -> f64 {
    let most = sums.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    sums.iter_mut().for_each(|sum| *sum = (*sum - most).exp());
    let all: f64 = sums.iter().sum();
    sums.iter_mut().for_each(|sum| *sum /= all);
    most + all.ln()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block() -> Block {
        Block {
            values: vec![0.5, -1.0, 2.0, 0.3, 1.0, 1.0, 1.0, 1.0],
            labels: vec![0.0, 1.0, 1.0, 0.0],
            weights: vec![1.0, 2.0, 0.5, 1.0],
        }
    }

    /// Compares gradient and curvature with differences of value and gradient.
    #[track_caller]
    fn check(loss: Loss, coefficients: &[f64]) {
        let at = |coefficients: &[f64]| loss.slope(&block(), 2, coefficients);
        let slope = at(coefficients);
        let step = 1e-5;
        for i in 0..coefficients.len() {
            let mut up = coefficients.to_vec();
            up[i] += step;
            let mut down = coefficients.to_vec();
            down[i] -= step;
            let (up, down) = (at(&up), at(&down));
            let found = (up.value - down.value) / (2.0 * step);
            assert!(
                (found - slope.gradient[i]).abs() < 1e-8,
                "gradient {i}: {found} {}",
                slope.gradient[i]
            );
            for j in 0..=i {
                let found = (up.gradient[j] - down.gradient[j]) / (2.0 * step);
                let expected = slope.curvature[triangle(i) + j];
                assert!(
                    (found - expected).abs() < 1e-8,
                    "curvature {i} {j}: {found} {expected}"
                );
            }
        }
    }

    #[test]
    fn slopes_are_the_derivatives_of_their_losses() {
        check(Loss::Squared, &[0.3, -0.2]);
        check(Loss::Logistic, &[0.3, -0.2]);
        check(Loss::Softmax(3), &[0.3, -0.2, 0.1, 0.7, -0.4, 0.2]);
    }

    #[test]
    fn two_classes_by_softmax_are_logistic() {
        let logistic = Loss::Logistic.slope(&block(), 2, &[0.3, -0.2]);
        let softmax = Loss::Softmax(2).slope(&block(), 2, &[0.0, 0.0, 0.3, -0.2]);
        assert!((logistic.value - softmax.value).abs() < 1e-12);
    }

    #[test]
    fn large_sums_do_not_overflow() {
        assert_eq!((sigmoid(1e3), sigmoid(-1e3)), (1.0, 0.0));
        assert_eq!((softplus(1e3), softplus(-1e3)), (1e3, 0.0));
        let mut sums = [1e3, 0.0];
        assert_eq!(softmax(&mut sums), 1e3);
        assert_eq!(sums, [1.0, 0.0]);
    }
}
