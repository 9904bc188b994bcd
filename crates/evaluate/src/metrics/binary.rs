//! Metrics of two classes.

use super::ranking::Ranking;
use super::{Metrics, Weights, clip, collect, quotient};

/// Rows by true and by predicted class: `[[true negative, false positive], [false negative, true positive]]`.
pub(crate) type Confusion = [[f64; 2]; 2];

/// All metrics of labels 0 or 1 and probabilities of class 1.
pub(crate) fn metrics(
    labels: &[f64],
    scores: &[f64],
    weights: Weights<'_>,
    threshold: f64,
) -> Metrics {
    let ranking = Ranking::new(labels, scores, weights);
    let [
        [true_negative, false_positive],
        [false_negative, true_positive],
    ] = confusion(labels, scores, weights, threshold);
    let all = true_negative + false_positive + false_negative + true_positive;
    collect([
        ("auc", ranking.auc()),
        ("average_precision", ranking.average_precision()),
        ("log_loss", log_loss(labels, scores, weights)),
        ("brier", brier(labels, scores, weights)),
        ("accuracy", (true_negative + true_positive) / all),
        (
            "f1",
            quotient(
                2.0 * true_positive,
                2.0 * true_positive + false_positive + false_negative,
            ),
        ),
        (
            "precision",
            quotient(true_positive, true_positive + false_positive),
        ),
        (
            "recall",
            quotient(true_positive, true_positive + false_negative),
        ),
    ])
}

/// The weight of rows by true and predicted class; a score of at least `threshold` is called positive.
pub(crate) fn confusion(
    labels: &[f64],
    scores: &[f64],
    weights: Weights<'_>,
    threshold: f64,
) -> Confusion {
    let mut confusion = [[0.0; 2]; 2];
    for (row, (label, score)) in labels.iter().zip(scores).enumerate() {
        confusion[usize::from(*label == 1.0)][usize::from(*score >= threshold)] += weights.of(row);
    }
    confusion
}

fn log_loss(labels: &[f64], scores: &[f64], weights: Weights<'_>) -> f64 {
    weights.mean(labels.len(), |row| {
        let probability = clip(scores[row]);
        if labels[row] == 1.0 {
            -probability.ln()
        } else {
            -(1.0 - probability).ln()
        }
    })
}

fn brier(labels: &[f64], scores: &[f64], weights: Weights<'_>) -> f64 {
    weights.mean(labels.len(), |row| (scores[row] - labels[row]).powi(2))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{close, numbers};
    use super::*;

    // Golden values of scikit-learn 1.9.1:
    //
    // def numbers(seed, n):
    //     out = []
    //     for _ in range(n):
    //         seed = (seed * 1103515245 + 12345) % 2**31
    //         out.append(seed / 2**31)
    //     return np.array(out)
    // u, v, w = numbers(1, 500), numbers(2, 500), numbers(3, 500) + 0.5
    // s = np.round(u, 2)                       # two digits: many ties
    // y = (v < 0.2 + 0.6 * u).astype(int)
    // for sw in (None, w):
    //     print(roc_auc_score(y, s, sample_weight=sw), average_precision_score(y, s, sample_weight=sw),
    //           log_loss(y, s, sample_weight=sw), brier_score_loss(y, s, sample_weight=sw),
    //           accuracy_score(y, s >= 0.4, sample_weight=sw), f1_score(y, s >= 0.4, sample_weight=sw),
    //           precision_score(y, s >= 0.4, sample_weight=sw), recall_score(y, s >= 0.4, sample_weight=sw))
    const GOLDEN: [(&str, f64); 8] = [
        ("auc", 0.6702805203949369),
        ("average_precision", 0.6531245504125659),
        ("log_loss", 0.7311212040280511),
        ("brier", 0.24717119999999998),
        ("accuracy", 0.63),
        ("f1", 0.663023679417122),
        ("precision", 0.6148648648648649),
        ("recall", 0.7193675889328063),
    ];
    const GOLDEN_WEIGHTED: [(&str, f64); 8] = [
        ("auc", 0.6587098029658655),
        ("average_precision", 0.614555639746778),
        ("log_loss", 0.7468937020539219),
        ("brier", 0.2533781747890373),
        ("accuracy", 0.6227449503963031),
        ("f1", 0.6528101871468202),
        ("precision", 0.5932328849556434),
        ("recall", 0.7256899077929552),
    ];

    #[track_caller]
    fn check(weighted: bool, expected: [(&str, f64); 8]) {
        let (u, v) = (numbers(1, 500), numbers(2, 500));
        let weights: Vec<f64> = numbers(3, 500).iter().map(|w| w + 0.5).collect();
        let scores: Vec<f64> = u.iter().map(|u| (u * 100.0).round() / 100.0).collect();
        let labels: Vec<f64> = u
            .iter()
            .zip(&v)
            .map(|(u, v)| f64::from(u8::from(*v < 0.2 + 0.6 * u)))
            .collect();
        let weights = Weights(weighted.then_some(weights.as_slice()));
        let found = metrics(&labels, &scores, weights, 0.4);
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
    fn a_score_at_the_threshold_is_positive() {
        let found = confusion(&[0.0, 1.0, 1.0], &[0.5, 0.5, 0.4], Weights(None), 0.5);
        assert_eq!(found, [[0.0, 1.0], [1.0, 1.0]]);
    }

    #[test]
    fn certainty_that_is_wrong_costs_much_but_not_infinity() {
        let loss = log_loss(&[1.0], &[0.0], Weights(None));
        close(loss, -f64::EPSILON.ln());
    }

    #[test]
    fn one_class_has_no_auc_but_the_rest() {
        let found = metrics(&[1.0, 1.0], &[0.6, 0.7], Weights(None), 0.5);
        assert_eq!(found["auc"], None);
        assert_eq!(found["accuracy"], Some(1.0));
    }
}
