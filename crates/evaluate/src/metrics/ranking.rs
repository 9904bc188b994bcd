//! Rows of two classes ranked by score: what all thresholds would give, in one pass over the sorted scores.

use super::{Weights, quotient};

/// What each threshold would give: rows of an equal score are one step, so ties never depend on the order of rows.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Ranking {
    /// The steps, highest score first.
    pub(crate) steps: Vec<Step>,
    /// The weight of all positive rows.
    pub(crate) positive: f64,
    /// The weight of all negative rows.
    pub(crate) negative: f64,
}

/// All rows whose score is at least `score`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Step {
    pub(crate) score: f64,
    /// The weight of the positive ones among them.
    pub(crate) true_positive: f64,
    /// The weight of the negative ones among them.
    pub(crate) false_positive: f64,
}

impl Ranking {
    /// Labels are 0 or 1; scores are numbers.
    pub(crate) fn new(labels: &[f64], scores: &[f64], weights: Weights<'_>) -> Self {
        let mut ranking = Self::default();
        for (score, row) in sorted(scores) {
            let weight = weights.of(row);
            if weight == 0.0 {
                continue;
            }
            if labels[row] == 1.0 {
                ranking.positive += weight;
            } else {
                ranking.negative += weight;
            }
            let step = Step {
                score,
                true_positive: ranking.positive,
                false_positive: ranking.negative,
            };
            match ranking.steps.last_mut() {
                Some(last) if last.score == score => *last = step,
                _ => ranking.steps.push(step),
            }
        }
        ranking
    }

    /// The area under the ROC curve: the chance that a positive row scores higher than a negative one, ties counting
    /// half. Not a number where one class is missing.
    pub(crate) fn auc(&self) -> f64 {
        let mut area = 0.0;
        let (mut left, mut below) = (0.0, 0.0);
        for step in &self.steps {
            area += (step.false_positive - left) * (step.true_positive + below) / 2.0;
            (left, below) = (step.false_positive, step.true_positive);
        }
        area / (self.positive * self.negative)
    }

    /// The sum of precision over the gains in recall, without interpolation (scikit-learn's `average_precision_score`).
    pub(crate) fn average_precision(&self) -> f64 {
        let mut sum = 0.0;
        let mut found = 0.0;
        for step in &self.steps {
            let precision = step.true_positive / (step.true_positive + step.false_positive);
            sum += (step.true_positive - found) * precision;
            found = step.true_positive;
        }
        sum / self.positive
    }

    /// The threshold of the highest F1; among equals the highest one. None without a positive row.
    pub(crate) fn best_f1(&self) -> Option<f64> {
        let mut best = None;
        let mut most = 0.0;
        for step in &self.steps {
            let f1 = quotient(
                2.0 * step.true_positive,
                step.true_positive + step.false_positive + self.positive,
            );
            if f1 > most {
                (best, most) = (Some(step.score), f1);
            }
        }
        best
    }
}

/// Scores with their rows, highest first; rows of an equal score in their order.
fn sorted(scores: &[f64]) -> Vec<(f64, usize)> {
    let mut keys: Vec<(u64, u32)> = scores
        .iter()
        .enumerate()
        .map(|(row, score)| (descending(*score), row as u32))
        .collect();
    // Integers sort about twice as fast as a comparison of floats through an index.
    keys.sort_unstable();
    keys.into_iter()
        .map(|(_, row)| (scores[row as usize], row as usize))
        .collect()
}

/// An integer that is smaller the larger the number is; 0 and -0 have the same.
fn descending(value: f64) -> u64 {
    let bits = (value + 0.0).to_bits();
    let ascending = if bits >> 63 == 1 {
        !bits
    } else {
        bits | 1 << 63
    };
    !ascending
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(labels: &[f64], scores: &[f64], auc: f64, average_precision: f64) {
        let ranking = Ranking::new(labels, scores, Weights(None));
        assert_eq!(
            (ranking.auc(), ranking.average_precision()),
            (auc, average_precision)
        );
    }

    #[test]
    fn a_perfect_ranking_has_all_the_area() {
        check(&[0.0, 1.0, 0.0, 1.0], &[0.1, 0.9, 0.2, 0.8], 1.0, 1.0);
    }

    #[test]
    fn equal_scores_count_half_whatever_the_order_of_rows() {
        check(&[0.0, 1.0], &[0.5, 0.5], 0.5, 0.5);
        check(&[1.0, 0.0], &[0.5, 0.5], 0.5, 0.5);
        check(&[1.0, 0.0], &[0.0, -0.0], 0.5, 0.5);
    }

    #[test]
    fn one_class_has_no_area() {
        assert!(
            Ranking::new(&[1.0, 1.0], &[0.1, 0.2], Weights(None))
                .auc()
                .is_nan()
        );
    }

    #[test]
    fn a_row_of_weight_two_counts_as_two_rows() {
        let labels = [1.0, 0.0, 1.0, 0.0];
        let scores = [0.9, 0.8, 0.4, 0.4];
        let weighted = Ranking::new(&labels, &scores, Weights(Some(&[2.0, 1.0, 1.0, 1.0])));
        let repeated = Ranking::new(
            &[1.0, 1.0, 0.0, 1.0, 0.0],
            &[0.9, 0.9, 0.8, 0.4, 0.4],
            Weights(None),
        );
        assert_eq!(weighted, repeated);
    }

    #[test]
    fn a_row_without_weight_does_not_count() {
        let ranking = Ranking::new(
            &[1.0, 0.0, 0.0],
            &[0.5, 0.4, 0.9],
            Weights(Some(&[1.0, 1.0, 0.0])),
        );
        assert_eq!(ranking.auc(), 1.0);
    }

    #[test]
    fn the_best_threshold_finds_the_highest_f1() {
        let ranking = Ranking::new(
            &[1.0, 1.0, 0.0, 1.0, 0.0, 0.0],
            &[0.9, 0.8, 0.7, 0.6, 0.2, 0.1],
            Weights(None),
        );
        assert_eq!(ranking.best_f1(), Some(0.6));
        assert_eq!(Ranking::new(&[0.0], &[0.3], Weights(None)).best_f1(), None);
    }

    #[test]
    fn negative_scores_sort_below_positive_ones() {
        let rows: Vec<usize> = sorted(&[-1.0, 2.0, -3.0, 0.0])
            .into_iter()
            .map(|pair| pair.1)
            .collect();
        assert_eq!(rows, [1, 3, 0, 2]);
    }
}
