//! Metrics of numbers.

use super::{Metrics, Weights, collect};

/// All metrics of numbers and their predictions.
pub(crate) fn metrics(labels: &[f64], predictions: &[f64], weights: Weights<'_>) -> Metrics {
    let rows = labels.len();
    let error = |row: usize| labels[row] - predictions[row];
    let squared = weights.mean(rows, |row| error(row).powi(2));
    let mean = weights.mean(rows, |row| labels[row]);
    let variance = weights.mean(rows, |row| (labels[row] - mean).powi(2));
    collect([
        ("rmse", squared.sqrt()),
        ("mae", weights.mean(rows, |row| error(row).abs())),
        ("r2", 1.0 - squared / variance),
        (
            "median_absolute_error",
            median((0..rows).map(|row| error(row).abs()).collect(), weights),
        ),
    ])
}

/// The weighted median: the mean of the two middle values where the weights split evenly between them.
fn median(values: Vec<f64>, weights: Weights<'_>) -> f64 {
    let mut order: Vec<(f64, usize)> = values
        .into_iter()
        .enumerate()
        .map(|(row, value)| (value, row))
        .collect();
    order.retain(|(_, row)| weights.of(*row) > 0.0);
    order.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    let half = order.iter().map(|(_, row)| weights.of(*row)).sum::<f64>() / 2.0;
    let mut below = 0.0;
    for (index, (value, row)) in order.iter().enumerate() {
        below += weights.of(*row);
        if below > half {
            return *value;
        }
        if below == half {
            return order
                .get(index + 1)
                .map_or(*value, |next| f64::midpoint(*value, next.0));
        }
    }
    f64::NAN
}

#[cfg(test)]
mod tests {
    use super::super::testing::{close, numbers};
    use super::*;

    // Golden values of scikit-learn 1.9.1 (`numbers` as in the tests of two classes):
    //
    // y, e, w = numbers(1, 400) * 10, numbers(2, 400) - 0.5, numbers(3, 400) + 0.5
    // p = y + 3 * e
    // for sw in (None, w):
    //     print(root_mean_squared_error(y, p, sample_weight=sw), mean_absolute_error(y, p, sample_weight=sw),
    //           r2_score(y, p, sample_weight=sw), median_absolute_error(y, p, sample_weight=sw))
    const GOLDEN: [(&str, f64); 4] = [
        ("rmse", 0.8897869757543335),
        ("mae", 0.7759574161400087),
        ("r2", 0.9027787118656875),
        ("median_absolute_error", 0.7547819539904594),
    ];
    const GOLDEN_WEIGHTED: [(&str, f64); 4] = [
        ("rmse", 0.9068492051301134),
        ("mae", 0.79498819531835),
        ("r2", 0.8997070242909215),
        ("median_absolute_error", 0.7982005518861115),
    ];

    #[track_caller]
    fn check(weighted: bool, expected: [(&str, f64); 4]) {
        let labels: Vec<f64> = numbers(1, 400).iter().map(|y| y * 10.0).collect();
        let errors = numbers(2, 400);
        let predictions: Vec<f64> = labels
            .iter()
            .zip(&errors)
            .map(|(y, e)| y + 3.0 * (e - 0.5))
            .collect();
        let weights: Vec<f64> = numbers(3, 400).iter().map(|w| w + 0.5).collect();
        let found = metrics(
            &labels,
            &predictions,
            Weights(weighted.then_some(weights.as_slice())),
        );
        for (key, value) in expected {
            close(found[key].unwrap(), value);
        }
    }

    #[test]
    fn metrics_are_those_of_scikit_learn() {
        check(false, GOLDEN);
    }

    #[test]
    fn weighted_metrics_are_those_of_scikit_learn() {
        check(true, GOLDEN_WEIGHTED);
    }

    #[test]
    fn the_median_of_an_even_number_of_rows_lies_between_the_middle_two() {
        assert_eq!(median(vec![4.0, 1.0, 3.0, 2.0], Weights(None)), 2.5);
        assert_eq!(
            median(vec![4.0, 1.0, 3.0], Weights(Some(&[1.0, 1.0, 2.0]))),
            3.0
        );
        assert_eq!(median(vec![9.0, 1.0], Weights(Some(&[0.0, 2.0]))), 1.0);
    }

    #[test]
    fn labels_that_are_all_equal_have_no_r2() {
        assert_eq!(metrics(&[1.0, 1.0], &[0.5, 1.0], Weights(None))["r2"], None);
    }
}
