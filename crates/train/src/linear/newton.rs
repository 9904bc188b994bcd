//! Newton's method with a ridge, and with coordinate descent inside each step where coefficients shall become 0
//! (proximal Newton: Lee, Sun and Saunders 2014; coordinate descent as in glmnet: Friedman, Hastie and Tibshirani 2010).

use nalgebra::{Cholesky, DMatrix, DVector};
use rayon::prelude::*;
use stage::{Blame, Fault};

use crate::linear::design::Design;
use crate::linear::loss::{Loss, Slope, triangle};

/// Blocks whose sums are held at once before they are added up in order: memory, not bits, depends on it.
const WAVE: usize = 32;
/// What is added to the diagonal, in shares of its mean, where the matrix has no inverse.
const JITTER: f64 = 1e-12;
const HALVINGS_MAX: u32 = 40;
const SWEEPS_MAX: u32 = 10_000;

/// What is added to the loss for large coefficients; intercepts are free.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Penalty {
    pub(crate) l1: f64,
    pub(crate) l2: f64,
}

/// The coefficients found, a set per output with its intercept last, and what was minimised after each iteration.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Fit {
    pub(crate) coefficients: Vec<f64>,
    pub(crate) objectives: Vec<f64>,
}

/// A point of the descent.
struct Point {
    coefficients: Vec<f64>,
    slope: Slope,
    objective: f64,
}

/// Minimises loss and penalty; `step` hears of each iteration and may end it with a fault.
pub(crate) fn fit(
    design: &Design,
    loss: Loss,
    penalty: Penalty,
    iterations_max: u32,
    tolerance: f64,
    step: impl Fn(u32, f64) -> Result<(), Fault>,
) -> Result<Fit, Fault> {
    let problem = Problem {
        design,
        loss,
        penalty,
    };
    let mut point = problem.at(vec![0.0; design.width() * loss.outputs()]);
    let mut objectives = Vec::new();
    for iteration in 1..=iterations_max {
        let direction = problem.direction(&point)?;
        let Some(next) = problem.search(&point, &direction) else {
            break;
        };
        let gain = point.objective - next.objective;
        point = next;
        objectives.push(point.objective);
        step(iteration, point.objective)?;
        if gain <= tolerance * point.objective.abs() {
            break;
        }
    }
    Ok(Fit {
        coefficients: point.coefficients,
        objectives,
    })
}

struct Problem<'a> {
    design: &'a Design,
    loss: Loss,
    penalty: Penalty,
}

impl Problem<'_> {
    /// The loss of all rows: blocks on all threads, their sums in the order of the blocks.
    fn at(&self, coefficients: Vec<f64>) -> Point {
        let width = self.design.width();
        let mut sum: Option<Slope> = None;
        for wave in self.design.blocks.chunks(WAVE) {
            let slopes: Vec<Slope> = wave
                .par_iter()
                .map(|block| self.loss.slope(block, width, &coefficients))
                .collect();
            for slope in slopes {
                match &mut sum {
                    None => sum = Some(slope),
                    Some(sum) => add(sum, &slope),
                }
            }
        }
        let slope = sum.unwrap_or(Slope {
            value: 0.0,
            gradient: vec![0.0; coefficients.len()],
            curvature: vec![0.0; triangle(coefficients.len())],
        });
        let objective = slope.value + self.penalised(&coefficients);
        Point {
            coefficients,
            slope,
            objective,
        }
    }

    fn is_free(&self, coefficient: usize) -> bool {
        (coefficient + 1).is_multiple_of(self.design.width())
    }

    fn penalised(&self, coefficients: &[f64]) -> f64 {
        let bound = coefficients
            .iter()
            .enumerate()
            .filter(|(index, _)| !self.is_free(*index));
        bound
            .map(|(_, value)| self.penalty.l1 * value.abs() + self.penalty.l2 / 2.0 * value * value)
            .sum()
    }

    /// Where to go: the minimum of the quadratic that touches the objective here.
    fn direction(&self, point: &Point) -> Result<Vec<f64>, Fault> {
        let size = point.coefficients.len();
        let l2 = |index: usize| {
            if self.is_free(index) {
                0.0
            } else {
                self.penalty.l2
            }
        };
        let mut matrix = DMatrix::from_fn(size, size, |row, column| {
            point.slope.curvature[triangle(row.max(column)) + row.min(column)]
        });
        let mut gradient = point.slope.gradient.clone();
        for index in 0..size {
            matrix[(index, index)] += l2(index);
            gradient[index] += l2(index) * point.coefficients[index];
        }
        if self.penalty.l1 > 0.0 {
            return Ok(self.coordinate_descent(&matrix, &gradient, &point.coefficients));
        }
        solve(matrix, &gradient)
    }

    /// Minimises gᵀd + ½ dᵀHd + l1 · |c + d| over d, one coordinate at a time.
    fn coordinate_descent(
        &self,
        matrix: &DMatrix<f64>,
        gradient: &[f64],
        coefficients: &[f64],
    ) -> Vec<f64> {
        let size = gradient.len();
        let mut direction = vec![0.0; size];
        let mut slope = gradient.to_vec();
        for _ in 0..SWEEPS_MAX {
            let mut largest: f64 = 0.0;
            for index in 0..size {
                let curvature = matrix[(index, index)];
                if curvature <= 0.0 {
                    continue;
                }
                let here = coefficients[index] + direction[index];
                let bound = if self.is_free(index) {
                    0.0
                } else {
                    self.penalty.l1 / curvature
                };
                let change = soften(here - slope[index] / curvature, bound) - here;
                if change != 0.0 {
                    direction[index] += change;
                    let column = matrix.column(index);
                    slope
                        .iter_mut()
                        .zip(column.iter())
                        .for_each(|(slope, entry)| *slope += entry * change);
                    largest = largest.max(change * change * curvature);
                }
            }
            if largest <= 1e-18 {
                break;
            }
        }
        direction
    }

    /// Goes the whole way, or half of it, or a quarter, … as soon as that is better; none where nothing is.
    fn search(&self, point: &Point, direction: &[f64]) -> Option<Point> {
        let mut share = 1.0;
        for _ in 0..HALVINGS_MAX {
            let coefficients = point
                .coefficients
                .iter()
                .zip(direction)
                .map(|(coefficient, change)| coefficient + share * change)
                .collect();
            let next = self.at(coefficients);
            if next.objective < point.objective {
                return Some(next);
            }
            share /= 2.0;
        }
        None
    }
}

fn add(sum: &mut Slope, slope: &Slope) {
    sum.value += slope.value;
    sum.gradient
        .iter_mut()
        .zip(&slope.gradient)
        .for_each(|(sum, part)| *sum += part);
    sum.curvature
        .iter_mut()
        .zip(&slope.curvature)
        .for_each(|(sum, part)| *sum += part);
}

/// Towards zero by so much, but not beyond.
fn soften(value: f64, by: f64) -> f64 {
    value.signum() * (value.abs() - by).max(0.0)
}

/// H · d = -g. Columns that depend on each other leave H without an inverse: then a little is added to its diagonal.
fn solve(matrix: DMatrix<f64>, gradient: &[f64]) -> Result<Vec<f64>, Fault> {
    let size = gradient.len();
    let right = DVector::from_iterator(size, gradient.iter().map(|value| -value));
    let mean = matrix.diagonal().sum() / size as f64;
    let mut jitter = JITTER * mean.max(f64::MIN_POSITIVE);
    for _ in 0..12 {
        let mut lifted = matrix.clone();
        (0..size).for_each(|index| lifted[(index, index)] += jitter);
        if let Some(factor) = Cholesky::new(lifted) {
            let solution = factor.solve(&right);
            if solution.iter().all(|value| value.is_finite()) {
                return Ok(solution.iter().copied().collect());
            }
        }
        jitter *= 100.0;
    }
    let message = "the linear model has no solution: its features are too large or too much alike";
    Err(Fault::message(Blame::Data, message).hint("raise `linear.lambda_l2`, or use `trees`"))
}

#[cfg(test)]
mod tests;
