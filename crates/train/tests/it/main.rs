//! `train` from the outside: queues of splits in, queues of models out.

#[cfg(test)]
mod support;

use support::{Column, Splits, numbers};
use table::roles::{Role, Task};

const ROWS: usize = 600;

/// Two classes that follow from a number and a category, in two items of train.
fn splits() -> Splits {
    Splits::new()
        .table("train/a.parquet", &columns(1, ROWS))
        .table("train/b.parquet", &columns(2, ROWS))
        .table("validation/a.parquet", &columns(3, ROWS))
        .table("test/a.parquet", &columns(4, ROWS))
}

fn columns(seed: u64, rows: usize) -> Vec<Column> {
    let age = numbers(seed, rows);
    let city: Vec<f64> = numbers(seed + 10, rows)
        .iter()
        .map(|city| (city * 3.0).floor())
        .collect();
    let chance = numbers(seed + 20, rows);
    let late =
        (0..rows).map(|row| f64::from(u8::from(chance[row] * 2.0 < age[row] + city[row] / 3.0)));
    let classes = ["on time".to_owned(), "late".to_owned()];
    vec![
        Column::number(
            "id",
            (0..rows).map(|row| row as f64).collect(),
            &[Role::Key],
        ),
        Column::codes("late", late.collect(), &[Role::Label]).task(Task::Binary, &classes),
        Column::number("age", age, &[Role::Feature]),
        Column::codes("city", city, &[Role::Feature, Role::Slice]).categories(3),
        Column::number(
            "weight",
            chance.iter().map(|weight| weight + 0.5).collect(),
            &[Role::Weight],
        ),
    ]
}

const TREES: &str = r#"{"trees": {"num_iterations": 40, "learning_rate": 0.2, "num_leaves": 7, "early_stopping_round": 10,
    "bagging_fraction": 0.7, "bagging_freq": 1, "feature_fraction": 0.9, "is_provide_training_metric": true}}"#;

/// The mean prediction of late rows less that of rows on time.
fn separation(predictions: &support::Table) -> f64 {
    let (labels, values) = (
        predictions.numbers("label"),
        predictions.numbers("prediction"),
    );
    let mean = |class: f64| {
        let of: Vec<f64> = labels
            .iter()
            .zip(&values)
            .filter(|(label, _)| **label == class)
            .map(|pair| *pair.1)
            .collect();
        of.iter().sum::<f64>() / of.len() as f64
    };
    mean(1.0) - mean(0.0)
}

#[test]
fn trees_become_a_model_a_training_and_predictions() {
    let run = splits().train(TREES, &[]);
    run.check(0);
    assert!(
        run.text("model.txt").starts_with("tree\n"),
        "{}",
        run.text("model.txt")
    );
    let training = run.json("training.json");
    assert_eq!(training["rows"]["train"], 2 * ROWS);
    assert_eq!(training["curves"][0]["partition"], "train");
    assert_eq!(
        training["curves"][1]["values"].as_array().unwrap().len() as u64,
        training["rounds"].as_u64().unwrap()
    );
    assert_eq!(training["importance"][0]["feature"], "age");
    let test = run.table("predictions/test.parquet");
    assert_eq!(
        test.names(),
        "label weight prediction baseline item row id city"
    );
    assert_eq!(test.numbers("row")[ROWS - 1], (ROWS - 1) as f64);
    assert!(separation(&test) > 0.1, "{}", separation(&test));
}

#[test]
fn a_linear_model_takes_categories_as_they_are() {
    let run = splits().train(r#"{"model": "linear"}"#, &[]);
    run.check(0);
    let model = run.json("model.json");
    assert_eq!(model["terms"].as_array().unwrap().len(), 4);
    assert!(
        model["outputs"][0]["coefficients"][0].as_f64().unwrap() > 0.1,
        "{model}"
    );
    assert!(separation(&run.table("predictions/validation.parquet")) > 0.1);
}

#[test]
fn the_baseline_is_the_weighted_mean_of_train() {
    let run = splits().train(r#"{"model": "baseline"}"#, &[]);
    run.check(0);
    let constant = run.json("model.json")["prediction"][0].as_f64().unwrap();
    let test = run.table("predictions/test.parquet");
    assert!(
        test.numbers("prediction")
            .iter()
            .all(|value| *value == constant)
    );
    assert_eq!(test.numbers("prediction"), test.numbers("baseline"));
}

#[test]
fn the_same_bytes_for_any_number_of_threads() {
    for settings in [
        TREES,
        r#"{"model": "linear"}"#,
        r#"{"model": "linear", "linear": {"lambda_l1": 5}}"#,
    ] {
        let one = splits().train(settings, &["--jobs", "1"]);
        let four = splits().train(settings, &["--jobs", "4"]);
        one.check(0);
        assert_eq!(one.files(), four.files(), "{settings}");
    }
}

#[test]
fn a_killed_training_goes_on_and_gives_the_same_bytes() {
    let settings = TREES
        .replace("40", "400")
        .replace("\"early_stopping_round\": 10,", "");
    let whole = splits().train(&settings, &[]);
    whole.check(0);
    let splits = splits();
    let often = ["--checkpoint-rounds", "1"];
    for _ in 0..3 {
        splits.train_until_checkpoint(&settings, &often);
    }
    let resumed = splits.train(&settings, &often);
    resumed.check(0);
    assert_eq!(whole.files(), resumed.files());
}

#[test]
fn splits_without_a_row_to_train_on_are_refused() {
    let run = Splits::new()
        .table("test/a.parquet", &columns(1, 10))
        .train("{}", &[]);
    run.check_fault("there is no item in `train/`");
    let run = Splits::new()
        .table("train/a.parquet", &columns(1, 0))
        .train("{}", &[]);
    run.check_fault("there is no row in `train/`");
}

#[test]
fn one_class_alone_is_refused() {
    let mut columns = columns(1, 20);
    columns[1].values = vec![1.0; 20];
    let run = Splits::new()
        .table("train/a.parquet", &columns)
        .train("{}", &[]);
    run.check_fault("column `late`: all rows in `train/` are of one class, `late`");
}

#[test]
fn early_stopping_without_validation_is_refused() {
    let run = Splits::new()
        .table("train/a.parquet", &columns(1, 50))
        .train(TREES, &[]);
    run.check(78);
    run.check_fault("`trees.early_stopping_round`: expected 0, since there is no row in `validation/`, found `10`");
}

#[test]
fn items_of_different_columns_are_refused() {
    let mut other = columns(2, 20);
    other.remove(2);
    let splits = Splits::new()
        .table("train/a.parquet", &columns(1, 50))
        .table("validation/b.parquet", &other);
    splits
        .train("{}", &[])
        .check_fault("validation/b.parquet: column `age` is missing");
}

#[test]
fn a_linear_model_refuses_a_number_that_is_missing() {
    let mut columns = columns(1, 50);
    columns[2].values[6] = f64::NAN;
    let run = Splits::new()
        .table("train/a.parquet", &columns)
        .train(r#"{"model": "linear"}"#, &[]);
    run.check_fault("train/a.parquet:7: column `age`: a linear model needs a number, found `null`");
}

#[test]
fn a_label_that_does_not_say_what_it_is_needs_the_setting() {
    let mut columns = columns(1, 50);
    columns[1] = Column::number("late", numbers(5, 50), &[Role::Label]);
    let splits = Splits::new().table("train/a.parquet", &columns);
    splits
        .train("{}", &[])
        .check_fault("column `late`: nothing says whether it is a class or a number");
    splits
        .train(r#"{"task": "regression", "model": "linear"}"#, &[])
        .check(0);
}
