use super::*;
use crate::judgement::{VALIDATION, judge};
use crate::metrics::testing::numbers;
use crate::predictions::Predictions;
use crate::training::parse;

fn predictions(seed: u64, labels: Vec<f64>, scores: Vec<Vec<f64>>) -> Predictions {
    Predictions {
        place: format!("{seed}.parquet"),
        labels,
        per_class: scores.len() > 1,
        scores,
        ..Predictions::default()
    }
}

fn binary(seed: u64, rows: usize) -> Predictions {
    let scores: Vec<f64> = numbers(seed, rows)
        .iter()
        .map(|score| score * score)
        .collect();
    let chance = numbers(seed + 7, rows);
    let labels = scores
        .iter()
        .zip(&chance)
        .map(|(score, chance)| f64::from(u8::from(chance < score)));
    predictions(seed, labels.collect(), vec![scores])
}

fn multiclass(seed: u64, rows: usize) -> Predictions {
    let first: Vec<f64> = numbers(seed, rows)
        .iter()
        .map(|score| score / 2.0)
        .collect();
    let second = first.iter().map(|score| 0.75 - score).collect();
    let labels = numbers(seed + 7, rows)
        .iter()
        .map(|label| (label * 3.0).floor())
        .collect();
    predictions(seed, labels, vec![first, second, vec![0.25; rows]])
}

fn regression(seed: u64, rows: usize) -> Predictions {
    let scores: Vec<f64> = numbers(seed, rows)
        .iter()
        .map(|score| score * 90.0)
        .collect();
    let labels = scores
        .iter()
        .zip(numbers(seed + 7, rows))
        .map(|(score, noise)| score + noise * 20.0 - 10.0);
    predictions(seed, labels.collect(), vec![scores])
}

const TRAINING: &[u8] = br#"{"best_round": 3, "curves": [
    {"partition": "train", "metric": "auc", "values": [0.6, 0.7, 0.72, 0.73]},
    {"partition": "validation", "metric": "auc", "values": [0.6, 0.65, 0.66, 0.655]}],
    "importance": [{"feature": "age", "gain": 3.5, "split": 12}, {"feature": "<city>", "gain": 12.0, "split": 3}]}"#;

fn html(part: fn(u64, usize) -> Predictions, training: &Left) -> String {
    let parts = vec![(VALIDATION, part(1, 500)), (TEST, part(2, 400))];
    let case = judge(&Settings::default(), parts).unwrap();
    page(&case, &Settings::default(), training)
        .unwrap()
        .render()
        .unwrap()
}

#[track_caller]
fn check(part: fn(u64, usize) -> Predictions, expected: &[&str]) {
    let html = html(part, &Some(parse(TRAINING)));
    for title in expected {
        assert!(
            html.contains(&format!("<h3>{title}</h3>")),
            "{title} in {html}"
        );
    }
    assert!(!html.contains("NaN"), "{html}");
    assert!(html.contains("&lt;city&gt;"));
}

#[test]
fn two_classes_have_their_pictures() {
    let titles = [
        "ROC curve",
        "Precision–recall curve",
        "By threshold",
        "Calibration",
        "Scores by class",
        "auc",
    ];
    check(binary, &titles);
}

#[test]
fn more_classes_have_their_pictures() {
    check(multiclass, &["Calibration", "Belief in the truth", "auc"]);
}

#[test]
fn numbers_have_their_pictures() {
    check(
        regression,
        &[
            "Truth by prediction",
            "Calibration",
            "Residual by prediction",
            "Residuals",
            "auc",
        ],
    );
}

#[test]
fn the_same_predictions_give_the_same_page() {
    assert_eq!(html(regression, &None), html(regression, &None));
}

#[test]
fn a_page_of_many_rows_stays_small() {
    let part = binary(1, 50_000);
    let case = judge(&Settings::default(), vec![(TEST, part)]).unwrap();
    let html = page(&case, &Settings::default(), &None)
        .unwrap()
        .render()
        .unwrap();
    assert!(html.len() < 100_000, "{}", html.len());
}

#[test]
fn a_training_that_is_not_understood_is_told() {
    let html = html(binary, &Some(parse(b"[3]")));
    assert!(html.contains("training.json is not shown"), "{html}");
}

#[test]
fn one_class_alone_still_makes_a_page() {
    let part = predictions(1, vec![1.0; 20], vec![vec![0.5; 20]]);
    let case = judge(&Settings::default(), vec![(TEST, part)]).unwrap();
    let html = page(&case, &Settings::default(), &None)
        .unwrap()
        .render()
        .unwrap();
    assert!(!html.contains("NaN"), "{html}");
}

#[test]
fn a_line_has_a_height_everywhere() {
    let line = [(0.0, 0.0), (1.0, 2.0)];
    assert_eq!(
        [-1.0, 0.0, 0.5, 1.0, 9.0].map(|x| interpolate(&line, x)),
        [0.0, 0.0, 1.0, 2.0, 2.0]
    );
}
