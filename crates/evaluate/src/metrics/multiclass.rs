//! Metrics of more than two classes.

use super::{Metrics, Weights, clip, collect, quotient};

/// All metrics of class codes and one column of probabilities per class.
pub(crate) fn metrics(labels: &[f64], scores: &[Vec<f64>], weights: Weights<'_>) -> Metrics {
    let confusion = confusion(labels, scores, weights);
    let all: f64 = confusion.iter().flatten().sum();
    let right: f64 = (0..confusion.len())
        .map(|class| confusion[class][class])
        .sum();
    let present: Vec<f64> = classes(&confusion)
        .iter()
        .filter(|class| class.truth + class.called > 0.0)
        .map(|class| class.f1)
        .collect();
    collect([
        ("log_loss", log_loss(labels, scores, weights)),
        ("accuracy", right / all),
        (
            "macro_f1",
            present.iter().sum::<f64>() / present.len() as f64,
        ),
    ])
}

/// The weight of rows by true class (first index) and predicted class.
pub(crate) fn confusion(
    labels: &[f64],
    scores: &[Vec<f64>],
    weights: Weights<'_>,
) -> Vec<Vec<f64>> {
    let mut confusion = vec![vec![0.0; scores.len()]; scores.len()];
    for (row, label) in labels.iter().enumerate() {
        confusion[*label as usize][likeliest(scores, row)] += weights.of(row);
    }
    confusion
}

/// The class of the highest probability; among equals the first.
pub(crate) fn likeliest(scores: &[Vec<f64>], row: usize) -> usize {
    let mut best = 0;
    for class in 1..scores.len() {
        if scores[class][row] > scores[best][row] {
            best = class;
        }
    }
    best
}

/// How well one class is told from the others.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Class {
    /// The weight of its rows.
    pub(crate) truth: f64,
    /// The weight of the rows that were taken for it.
    pub(crate) called: f64,
    pub(crate) precision: f64,
    pub(crate) recall: f64,
    pub(crate) f1: f64,
}

/// How well each class is told from the others.
pub(crate) fn classes(confusion: &[Vec<f64>]) -> Vec<Class> {
    (0..confusion.len())
        .map(|class| {
            let right = confusion[class][class];
            let truth: f64 = confusion[class].iter().sum();
            let called: f64 = confusion.iter().map(|row| row[class]).sum();
            Class {
                truth,
                called,
                precision: quotient(right, called),
                recall: quotient(right, truth),
                f1: quotient(2.0 * right, truth + called),
            }
        })
        .collect()
}

fn log_loss(labels: &[f64], scores: &[Vec<f64>], weights: Weights<'_>) -> f64 {
    weights.mean(labels.len(), |row| {
        // Probabilities that are rounded do not sum to 1 to the last bit.
        let sum: f64 = scores.iter().map(|column| clip(column[row])).sum();
        -(clip(scores[labels[row] as usize][row]) / sum).ln()
    })
}

#[cfg(test)]
mod tests {
    use super::super::testing::{close, numbers};
    use super::*;

    // Golden values of scikit-learn 1.9.1 (`numbers` as in the tests of two classes):
    //
    // p = np.stack([numbers(s, 400) + 0.1 for s in (1, 2, 3)], axis=1); p /= p.sum(axis=1, keepdims=True)
    // y = (numbers(4, 400) * 3).astype(int); w = numbers(5, 400) + 0.5
    // for sw in (None, w):
    //     print(log_loss(y, p, sample_weight=sw), accuracy_score(y, p.argmax(1), sample_weight=sw),
    //           f1_score(y, p.argmax(1), average="macro", sample_weight=sw))
    const GOLDEN: [(&str, f64); 3] = [
        ("log_loss", 1.2247513251666493),
        ("accuracy", 0.3725),
        ("macro_f1", 0.3683518654752964),
    ];
    const GOLDEN_WEIGHTED: [(&str, f64); 3] = [
        ("log_loss", 1.2178513031343925),
        ("accuracy", 0.3878468836661739),
        ("macro_f1", 0.38322703843295686),
    ];

    #[track_caller]
    fn check(weighted: bool, expected: [(&str, f64); 3]) {
        let mut scores: Vec<Vec<f64>> = (1..=3)
            .map(|seed| numbers(seed, 400).iter().map(|p| p + 0.1).collect())
            .collect();
        for row in 0..400 {
            let sum: f64 = scores.iter().map(|column| column[row]).sum();
            scores.iter_mut().for_each(|column| column[row] /= sum);
        }
        let labels: Vec<f64> = numbers(4, 400).iter().map(|y| (y * 3.0).floor()).collect();
        let weights: Vec<f64> = numbers(5, 400).iter().map(|w| w + 0.5).collect();
        let found = metrics(
            &labels,
            &scores,
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
    fn among_equals_the_first_class_is_the_likeliest() {
        assert_eq!(likeliest(&[vec![0.2], vec![0.4], vec![0.4]], 0), 1);
    }

    #[test]
    fn a_class_that_is_nowhere_does_not_count() {
        let found = metrics(
            &[0.0, 1.0],
            &[vec![0.9, 0.1], vec![0.1, 0.9], vec![0.0, 0.0]],
            Weights(None),
        );
        assert_eq!(found["macro_f1"], Some(1.0));
    }
}
