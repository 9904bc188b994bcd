//! How well scores fit labels.

use rayon::prelude::*;

use crate::dataset::Dataset;
use crate::math::{Vectored, exp, ln, vectored};
use crate::objective::normaliser;
use crate::parameters::Metric;
use crate::scores::Scores;

/// Rows whose losses are summed up together.
pub(crate) const CHUNK: usize = 1 << 12;

/// Probabilities are kept off 0 by this much when a logarithm is taken; LightGBM's constant, a rounded `float`.
const EPSILON: f64 = 1e-15_f32 as f64;

/// The metric of these scores.
pub(crate) fn measure(metric: Metric, scores: &Scores, data: &Dataset) -> f64 {
    let rows = data.num_rows();
    let chunks = (0..rows.div_ceil(CHUNK)).into_par_iter();
    let loss = |chunk: usize| {
        let rows = chunk * CHUNK..rows.min((chunk + 1) * CHUNK);
        loss(metric, &scores.within(rows.clone()), data, rows.start)
    };
    let losses: Vec<f64> = chunks.map(loss).collect();
    finish(metric, &losses, scores, data)
}

/// The metric of scores, of which this is the [`loss`], chunk by chunk.
pub(crate) fn finish(metric: Metric, losses: &[f64], scores: &Scores, data: &Dataset) -> f64 {
    let mean = || losses.iter().sum::<f64>() / data.total_weight();
    match metric {
        Metric::Auc => auc(scores.of(0), data),
        Metric::Rmse => mean().sqrt(),
        _ => mean(),
    }
}

/// The weighted sum of the losses of rows from `first` on, no more than a [`CHUNK`], by their scores, class by class. For an
/// AUC no row counts by itself.
pub(crate) fn loss(metric: Metric, scores: &[&[f64]], data: &Dataset, first: usize) -> f64 {
    let rows = first..first + scores[0].len();
    let label = &data.label()[rows.clone()];
    let weight = data.weight().map(|weight| &weight[rows.clone()]);
    let score = |row: usize| scores[0][row];
    let class = |row: usize| label[row] as usize;
    let all = |row: usize| scores.iter().map(move |class| class[row]);
    let sum = |loss: &dyn Fn(usize) -> f64| {
        let weight = |row: usize| weight.map_or(1.0, |weight| weight[row]);
        (0..rows.len()).map(|row| loss(row) * weight(row)).sum()
    };
    match metric {
        Metric::Auc => 0.0,
        Metric::BinaryLogloss => vectored(LogLosses {
            scores: scores[0],
            label,
            weight,
        }),
        Metric::BinaryError => sum(&|row| {
            let wrong = (score(row) > 0.0) != (class(row) == 1);
            f64::from(u8::from(wrong))
        }),
        Metric::MultiLogloss => sum(&|row| {
            let (greatest, scale) = normaliser(all(row));
            let p = exp(scores[class(row)][row] - greatest) * scale;
            -ln(p.max(EPSILON))
        }),
        Metric::MultiError => sum(&|row| {
            // As in LightGBM, a tie is an error.
            let own = scores[class(row)][row];
            f64::from(u8::from(all(row).filter(|other| *other >= own).count() > 1))
        }),
        Metric::L2 | Metric::Rmse => sum(&|row| (score(row) - label[row]).powi(2)),
        Metric::L1 => sum(&|row| (score(row) - label[row]).abs()),
    }
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
