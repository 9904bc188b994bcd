//! `evaluate` from the outside: queues of models in, queues of reports out.

#[cfg(test)]
mod support;

use support::{Models, numbers};

const ROWS: usize = 200;

/// Two classes, as a trainer of ours leaves them: with weights and the constant.
fn two_classes() -> Models {
    let scores = numbers(1, ROWS);
    let labels: Vec<f64> = scores
        .iter()
        .zip(numbers(2, ROWS))
        .map(|(s, chance)| f64::from(u8::from(chance < *s)))
        .collect();
    let columns = [
        ("label", labels),
        ("weight", numbers(3, ROWS)),
        ("prediction", scores),
        ("baseline", vec![0.25; ROWS]),
    ];
    Models::new()
        .table("predictions/validation.parquet", &columns)
        .table("predictions/test.parquet", &columns)
}

#[test]
fn predictions_become_metrics_and_a_report() {
    let models = two_classes().file("model.txt", "any bytes at all");
    let run = models.evaluate("{}");
    run.check(0);
    let metrics = run.metrics();
    let test = &metrics["partitions"]["test"];
    assert_eq!(test["rows"], ROWS);
    assert!(test["metrics"]["auc"].as_f64().unwrap() > 0.7, "{metrics}");
    assert_eq!(test["baseline"]["auc"], 0.5);
    assert_eq!(metrics["baseline_from"], "train");
    assert!(run.report().contains("ROC curve"));
}

#[test]
fn the_metrics_are_printed_also_when_there_is_nothing_to_do() {
    let models = two_classes();
    let first = models.evaluate("{}");
    let second = models.evaluate("{}");
    assert!(first.stdout().contains("AUC"), "{}", first.stdout());
    assert_eq!(first.stdout(), second.stdout());
    assert!(
        second.stderr().contains("nothing to do"),
        "{}",
        second.stderr()
    );
}

#[test]
fn a_foreign_trainer_need_write_only_label_and_prediction() {
    let models = Models::new().table(
        "predictions/test.parquet",
        &[
            ("label", vec![1.5, 2.5, 4.0]),
            ("prediction", vec![1.0, 3.0, 3.5]),
        ],
    );
    let run = models.evaluate("{}");
    run.check(0);
    let metrics = run.metrics();
    assert_eq!(metrics["task"], "regression");
    assert_eq!(metrics["task_from"], "values");
    assert_eq!(metrics["partitions"]["test"]["metrics"]["mae"], 0.5);
}

#[test]
fn the_same_predictions_give_the_same_bytes() {
    let (one, other) = (two_classes().evaluate("{}"), two_classes().evaluate("{}"));
    assert_eq!(one.report(), other.report());
    assert_eq!(one.metrics(), other.metrics());
}

#[test]
fn a_setting_that_does_not_exist_is_refused_with_the_nearest_one() {
    let run = two_classes().evaluate(r#"{"treshold": 0.4}"#);
    run.check(78);
    assert!(
        run.stderr().contains("did you mean `threshold`?"),
        "{}",
        run.stderr()
    );
}

#[test]
fn a_column_that_is_missing_is_named_with_the_nearest_one() {
    let models = Models::new().table(
        "predictions/test.parquet",
        &[("label", vec![1.0]), ("predicton", vec![1.0])],
    );
    let run = models.evaluate("{}");
    run.check(1);
    let expected =
        "predictions/test.parquet: column `prediction` is missing\nhint: did you mean `predicton`?";
    assert!(run.stderr().contains(expected), "{}", run.stderr());
}

#[test]
fn a_queue_without_predictions_is_refused() {
    let run = Models::new().file("model.txt", "tree").evaluate("{}");
    assert!(
        run.stderr().contains("no item `predictions/test.parquet`"),
        "{}",
        run.stderr()
    );
}
