//! How well scores fit labels.

use rayon::prelude::*;

use crate::dataset::Dataset;
use crate::gradient::CHUNK;
use crate::math::{Vectored, exp, ln, vectored};
use crate::objective::normaliser;
use crate::parameters::Metric;
use crate::scores::Scores;

/// Probabilities are kept off 0 by this much when a logarithm is taken; LightGBM's constant, a rounded `float`.
const EPSILON: f64 = 1e-15_f32 as f64;

/// The metric of these scores.
pub(crate) fn measure(metric: Metric, scores: &Scores, data: &Dataset) -> f64 {
    let class = |row: usize| data.label()[row] as usize;
    let score = |row: usize| scores.of(0)[row];
    let all = |row: usize| (0..).map_while(move |k| scores.get(k).map(|class| class[row]));
    match metric {
        Metric::Auc => auc(scores.of(0), data),
        Metric::BinaryLogloss => log_loss(scores.of(0), data),
        Metric::BinaryError => mean(data, |row| {
            f64::from(u8::from((score(row) > 0.0) != (class(row) == 1)))
        }),
        Metric::MultiLogloss => mean(data, |row| {
            let (greatest, scale) = normaliser(all(row));
            let p = exp(scores.of(class(row))[row] - greatest) * scale;
            -ln(p.max(EPSILON))
        }),
        Metric::MultiError => mean(data, |row| {
            // As in LightGBM, a tie is an error.
            let own = scores.of(class(row))[row];
            f64::from(u8::from(all(row).filter(|other| *other >= own).count() > 1))
        }),
        Metric::L2 => mean(data, |row| (score(row) - data.label()[row]).powi(2)),
        Metric::Rmse => mean(data, |row| (score(row) - data.label()[row]).powi(2)).sqrt(),
        Metric::L1 => mean(data, |row| (score(row) - data.label()[row]).abs()),
    }
}

/// The weighted mean of a loss over all rows, summed chunk by chunk.
fn mean(data: &Dataset, loss: impl Fn(usize) -> f64 + Sync) -> f64 {
    let weight = |row: usize| data.weight().map_or(1.0, |weight| weight[row]);
    let rows = data.num_rows();
    let sums: Vec<f64> = (0..rows.div_ceil(CHUNK))
        .into_par_iter()
        .map(|chunk| {
            let rows = chunk * CHUNK..rows.min((chunk + 1) * CHUNK);
            rows.map(|row| loss(row) * weight(row)).sum()
        })
        .collect();
    sums.iter().sum::<f64>() / data.total_weight()
}

/// The mean log loss of two classes.
fn log_loss(scores: &[f64], data: &Dataset) -> f64 {
    let rows = data.num_rows();
    let chunks = (0..rows.div_ceil(CHUNK)).into_par_iter();
    let sums: Vec<f64> = chunks
        .map(|chunk| {
            let rows = chunk * CHUNK..rows.min((chunk + 1) * CHUNK);
            vectored(LogLosses {
                scores: &scores[rows.clone()],
                label: &data.label()[rows.clone()],
                weight: data.weight().map(|weight| &weight[rows]),
            })
        })
        .collect();
    sums.iter().sum::<f64>() / data.total_weight()
}

/// The sum of the log losses of some rows.
struct LogLosses<'a> {
    scores: &'a [f64],
    label: &'a [f64],
    weight: Option<&'a [f64]>,
}

impl Vectored for LogLosses<'_> {
    type Output = f64;

    #[inline(always)]
    fn call(self) -> f64 {
        let mut losses = [0.0; CHUNK];
        let rows = losses.iter_mut().zip(self.scores).zip(self.label);
        for ((loss, score), label) in rows {
            let p = 1.0 / (1.0 + exp(-score));
            let p = if *label == 1.0 { p } else { 1.0 - p };
            *loss = -ln(p.max(EPSILON));
        }
        let losses = &losses[..self.scores.len()];
        match self.weight {
            None => losses.iter().sum(),
            Some(weight) => losses
                .iter()
                .zip(weight)
                .map(|(loss, weight)| loss * weight)
                .sum(),
        }
    }
}

/// The share of pairs of a one and a zero in which the one has the greater score; equal scores count half.
fn auc(scores: &[f64], data: &Dataset) -> f64 {
    let mut order: Vec<u32> = (0..scores.len() as u32).collect();
    let score = |row: &u32| scores[*row as usize];
    order.par_sort_unstable_by(|a, b| score(a).total_cmp(&score(b)).then(a.cmp(b)));
    let weight = |row: usize| data.weight().map_or(1.0, |weight| weight[row]);
    let (mut pairs, mut zeros_below, mut ones_all) = (0.0, 0.0, 0.0);
    for equal in order.chunk_by(|a, b| score(a) == score(b)) {
        let (mut zeros, mut ones) = (0.0, 0.0);
        for row in equal.iter().map(|row| *row as usize) {
            let side = if data.label()[row] > 0.0 {
                &mut ones
            } else {
                &mut zeros
            };
            *side += weight(row);
        }
        pairs += ones * (zeros_below + zeros * 0.5);
        zeros_below += zeros;
        ones_all += ones;
    }
    if zeros_below > 0.0 && ones_all > 0.0 {
        pairs / (zeros_below * ones_all)
    } else {
        1.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::labelled;

    #[track_caller]
    fn check(
        metric: Metric,
        classes: &[&[f64]],
        label: &[f64],
        weight: Option<&[f64]>,
        expected: f64,
    ) {
        let mut scores = Scores::new(&vec![0.0; classes.len()], label.len());
        for (class, values) in classes.iter().enumerate() {
            scores.set(class, values);
        }
        let found = measure(metric, &scores, &labelled(label, weight));
        assert!((found - expected).abs() < 1e-12, "{found}");
    }

    #[test]
    fn auc_is_the_share_of_pairs_in_order() {
        let scores: &[f64] = &[0.1, 0.4, 0.35, 0.8];
        check(Metric::Auc, &[scores], &[0.0, 0.0, 1.0, 1.0], None, 0.75);
    }

    #[test]
    fn equal_scores_are_half_in_order() {
        check(
            Metric::Auc,
            &[&[1.0, 1.0, 1.0]],
            &[0.0, 1.0, 1.0],
            None,
            0.5,
        );
    }

    #[test]
    fn weights_count_pairs() {
        let scores: &[f64] = &[1.0, 2.0, 3.0];
        let weight: &[f64] = &[1.0, 1.0, 3.0];
        check(Metric::Auc, &[scores], &[0.0, 1.0, 0.0], Some(weight), 0.25);
    }

    #[test]
    fn auc_of_one_class_is_one() {
        check(Metric::Auc, &[&[1.0, 2.0]], &[1.0, 1.0], None, 1.0);
    }

    #[test]
    fn losses_of_two_classes() {
        let (scores, label): (&[f64], &[f64]) = (&[0.0, 3.0_f64.ln()], &[1.0, 0.0]);
        // P(class 1) is a half and three quarters.
        let expected = -(0.5_f64.ln() + 0.25_f64.ln()) / 2.0;
        check(Metric::BinaryLogloss, &[scores], label, None, expected);
        check(Metric::BinaryError, &[scores], label, None, 1.0);
        check(
            Metric::BinaryError,
            &[scores],
            label,
            Some(&[3.0, 1.0]),
            1.0,
        );
        check(
            Metric::BinaryError,
            &[&[1.0, 1.0]],
            label,
            Some(&[3.0, 1.0]),
            0.25,
        );
    }

    #[test]
    fn losses_of_many_classes() {
        let classes: [&[f64]; 3] = [&[2.0_f64.ln(), 0.0], &[0.0, 0.0], &[0.0, 0.0]];
        let label: &[f64] = &[0.0, 2.0];
        let expected = -(0.5_f64.ln() + (1.0_f64 / 3.0).ln()) / 2.0;
        check(Metric::MultiLogloss, &classes, label, None, expected);
        // The second row's classes tie.
        check(Metric::MultiError, &classes, label, None, 0.5);
    }

    #[test]
    fn losses_of_numbers() {
        let (scores, label): (&[f64], &[f64]) = (&[1.0, 5.0], &[2.0, 2.0]);
        check(Metric::L1, &[scores], label, None, 2.0);
        check(Metric::L2, &[scores], label, None, 5.0);
        check(Metric::Rmse, &[scores], label, None, 5.0_f64.sqrt());
        check(Metric::L2, &[scores], label, Some(&[3.0, 1.0]), 3.0);
    }
}
