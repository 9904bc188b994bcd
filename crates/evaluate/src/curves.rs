//! What the pictures show, as points: thinned so that a page of a million rows is as small as one of a thousand.

use report::chart::{self, Point};

use crate::metrics::Weights;
use crate::metrics::ranking::{Ranking, Step};

/// How close two points of a curve may lie, in shares of the picture.
const DISTANCE: f64 = 0.006;

/// False positive rate and true positive rate of all thresholds.
pub(crate) fn roc(ranking: &Ranking) -> Vec<Point> {
    let mut points = vec![(0.0, 0.0)];
    points.extend(ranking.steps.iter().map(|step| {
        (
            step.false_positive / ranking.negative,
            step.true_positive / ranking.positive,
        )
    }));
    chart::thin(&points, DISTANCE)
}

/// Recall and precision of all thresholds.
pub(crate) fn precision_recall(ranking: &Ranking) -> Vec<Point> {
    let points: Vec<Point> = ranking
        .steps
        .iter()
        .map(|step| (step.true_positive / ranking.positive, precision(step)))
        .collect();
    chart::thin(&points, DISTANCE)
}

/// Precision and recall over the threshold.
pub(crate) fn by_threshold(ranking: &Ranking) -> (Vec<Point>, Vec<Point>) {
    let over = |value: &dyn Fn(&Step) -> f64| {
        let points: Vec<Point> = ranking
            .steps
            .iter()
            .map(|step| (step.score, value(step)))
            .collect();
        chart::thin(&points, DISTANCE)
    };
    (
        over(&precision),
        over(&|step| step.true_positive / ranking.positive),
    )
}

fn precision(step: &Step) -> f64 {
    step.true_positive / (step.true_positive + step.false_positive)
}

/// One bin of a calibration curve.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Bin {
    /// The mean of the predictions.
    pub(crate) predicted: f64,
    /// The mean of the labels.
    pub(crate) observed: f64,
    /// The weight of the rows.
    pub(crate) weight: f64,
}

/// Mean label over mean prediction, in so many bins of about equal weight. Rows of an equal prediction share a bin.
pub(crate) fn calibration(
    labels: &[f64],
    scores: &[f64],
    weights: Weights<'_>,
    bins: usize,
) -> Vec<Bin> {
    let mut order: Vec<usize> = (0..labels.len()).collect();
    order.sort_unstable_by(|a, b| scores[*a].total_cmp(&scores[*b]).then(a.cmp(b)));
    let share = weights.sum(labels.len()) / bins as f64;
    let mut found = Vec::with_capacity(bins);
    let (mut bin, mut passed) = (
        Bin {
            predicted: 0.0,
            observed: 0.0,
            weight: 0.0,
        },
        0.0,
    );
    for (index, row) in order.iter().copied().enumerate() {
        let weight = weights.of(row);
        bin.weight += weight;
        bin.predicted += weight * scores[row];
        bin.observed += weight * labels[row];
        let last = order
            .get(index + 1)
            .is_none_or(|next| scores[*next] != scores[row]);
        let full = passed + bin.weight >= share * (found.len() + 1) as f64 * (1.0 - 1e-12);
        if last && (full || index + 1 == order.len()) && bin.weight > 0.0 {
            passed += bin.weight;
            bin.predicted /= bin.weight;
            bin.observed /= bin.weight;
            found.push(bin);
            bin = Bin {
                predicted: 0.0,
                observed: 0.0,
                weight: 0.0,
            };
        }
    }
    found
}

/// A histogram over equal bins: edges, and the share of the weight in each bin.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Histogram {
    pub(crate) edges: Vec<f64>,
    pub(crate) shares: Vec<f64>,
}

impl Histogram {
    /// Values with their weights, in so many bins from `low` to `high`; what lies beyond counts in the outer bins.
    pub(crate) fn new(
        values: impl Iterator<Item = (f64, f64)>,
        low: f64,
        high: f64,
        bins: usize,
    ) -> Self {
        let width = (high - low) / bins as f64;
        let mut shares = vec![0.0; bins];
        let mut sum = 0.0;
        for (value, weight) in values {
            shares[position(value, low, width, bins)] += weight;
            sum += weight;
        }
        if sum > 0.0 {
            shares.iter_mut().for_each(|share| *share /= sum);
        }
        let edges = (0..=bins).map(|edge| low + width * edge as f64).collect();
        Self { edges, shares }
    }

    /// Its outline.
    pub(crate) fn outline(&self) -> Vec<Point> {
        chart::steps(&self.edges, &self.shares)
    }
}

fn position(value: f64, low: f64, width: f64, bins: usize) -> usize {
    // A cast of a negative number to an unsigned one gives 0.
    (((value - low) / width) as usize).min(bins - 1)
}

/// The value below which a share of the sorted values lies.
pub(crate) fn quantile(sorted: &[f64], share: f64) -> f64 {
    let index = (share * sorted.len().saturating_sub(1) as f64).round() as usize;
    sorted.get(index).copied().unwrap_or(f64::NAN)
}

/// How many points lie where: shaded tiles of a grid of `bins` × `bins`, the fullest one with a weight of 1.
pub(crate) fn density(
    points: impl Iterator<Item = Point>,
    x: (f64, f64),
    y: (f64, f64),
    bins: usize,
) -> Vec<chart::Tile> {
    let (width, height) = ((x.1 - x.0) / bins as f64, (y.1 - y.0) / bins as f64);
    let mut counts = vec![0_u64; bins * bins];
    for (right, up) in points {
        let (column, row) = (
            position(right, x.0, width, bins),
            position(up, y.0, height, bins),
        );
        counts[row * bins + column] += 1;
    }
    let most = counts.iter().copied().max().unwrap_or(0).max(1);
    let tile = |(index, count): (usize, &u64)| {
        let (left, low) = (
            x.0 + width * (index % bins) as f64,
            y.0 + height * (index / bins) as f64,
        );
        chart::Tile {
            from: (left, low),
            to: (left + width, low + height),
            // The root makes thin places visible beside thick ones.
            weight: (*count as f64 / most as f64).sqrt(),
        }
    };
    counts
        .iter()
        .enumerate()
        .filter(|(_, count)| **count > 0)
        .map(tile)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_perfect_ranking_goes_up_before_it_goes_right() {
        let ranking = Ranking::new(&[1.0, 0.0], &[0.9, 0.1], Weights(None));
        assert_eq!(roc(&ranking), [(0.0, 0.0), (0.0, 1.0), (1.0, 1.0)]);
        assert_eq!(precision_recall(&ranking), [(1.0, 1.0), (1.0, 0.5)]);
    }

    #[test]
    fn a_long_curve_is_thinned() {
        let scores: Vec<f64> = (0..10_000).map(|row| f64::from(row) / 1e4).collect();
        let labels: Vec<f64> = (0..10_000).map(|row| f64::from(row % 2)).collect();
        let ranking = Ranking::new(&labels, &scores, Weights(None));
        assert!(roc(&ranking).len() < 400);
    }

    #[test]
    fn calibration_bins_hold_about_the_same_weight() {
        let scores = [0.1, 0.2, 0.3, 0.4];
        let found = calibration(&[0.0, 1.0, 1.0, 1.0], &scores, Weights(None), 2);
        let found: Vec<(f64, f64)> = found.iter().map(|bin| (bin.observed, bin.weight)).collect();
        assert_eq!(found, [(0.5, 2.0), (1.0, 2.0)]);
    }

    #[test]
    fn equal_predictions_share_a_bin() {
        let found = calibration(&[0.0, 1.0, 1.0, 0.0], &[0.5; 4], Weights(None), 2);
        assert_eq!(
            found,
            [Bin {
                predicted: 0.5,
                observed: 0.5,
                weight: 4.0
            }]
        );
    }

    #[test]
    fn what_lies_beyond_a_histogram_counts_in_its_outer_bins() {
        let values = [-9.0, 0.1, 0.9, 9.0].map(|value| (value, 1.0));
        let found = Histogram::new(values.into_iter(), 0.0, 1.0, 2);
        assert_eq!(
            found,
            Histogram {
                edges: vec![0.0, 0.5, 1.0],
                shares: vec![0.5, 0.5]
            }
        );
    }

    #[test]
    fn the_fullest_tile_is_darkest() {
        let points = [(0.1, 0.1), (0.2, 0.2), (0.3, 0.3), (0.1, 0.4), (0.9, 0.9)];
        let tiles = density(points.into_iter(), (0.0, 1.0), (0.0, 1.0), 2);
        let weights: Vec<f64> = tiles.iter().map(|tile| tile.weight).collect();
        assert_eq!(weights, [1.0, 0.5]);
    }
}
