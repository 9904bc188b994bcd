use std::sync::Arc;

use arrow_array::{ArrayRef, BooleanArray, Float64Array, Int32Array, StringArray};

use super::*;

fn batch(columns: Vec<(&str, ArrayRef)>) -> RecordBatch {
    RecordBatch::try_from_iter_with_nullable(
        columns.into_iter().map(|(name, array)| (name, array, true)),
    )
    .unwrap()
}

fn read(batches: Vec<RecordBatch>) -> Result<Predictions, Fault> {
    let schema = batches[0].schema();
    Predictions::read("test.parquet", &schema, batches.into_iter().map(Ok))
}

fn codes(values: Vec<i32>) -> ArrayRef {
    Arc::new(Int32Array::from(values))
}

fn numbers(values: Vec<f64>) -> ArrayRef {
    Arc::new(Float64Array::from(values))
}

#[track_caller]
fn check_fault(columns: Vec<(&str, ArrayRef)>, expected: &str) {
    let fault = read(vec![batch(columns)]).unwrap_err();
    let hint = fault.hint.as_deref().unwrap_or("-");
    assert_eq!(format!("{fault} | {hint}"), expected);
}

#[test]
fn a_foreign_trainer_need_write_only_label_and_prediction() {
    let labels: ArrayRef = Arc::new(BooleanArray::from(vec![true, false]));
    let found = read(vec![batch(vec![
        ("label", labels),
        ("prediction", numbers(vec![0.9, 0.2])),
    ])])
    .unwrap();
    assert_eq!(found.labels, [1.0, 0.0]);
    assert_eq!(found.scores, [[0.9, 0.2]]);
    assert_eq!(
        (found.task, found.weights, found.baseline),
        (None, None, None)
    );
}

#[test]
fn the_columns_of_classes_are_taken_in_the_order_of_their_numbers() {
    let found = read(vec![batch(vec![
        ("prediction_1", numbers(vec![0.7])),
        ("prediction_0", numbers(vec![0.3])),
        ("label", codes(vec![1])),
    ])]);
    assert_eq!(found.unwrap().scores, [[0.3], [0.7]]);
}

#[test]
fn a_missing_column_is_named_with_the_nearest_one() {
    check_fault(
        vec![
            ("labels", codes(vec![1])),
            ("prediction", numbers(vec![0.5])),
        ],
        "test.parquet: column `label` is missing | did you mean `labels`?",
    );
    check_fault(
        vec![
            ("label", codes(vec![1])),
            ("predictions", numbers(vec![0.5])),
        ],
        "test.parquet: column `prediction` is missing | did you mean `predictions`?",
    );
    check_fault(
        vec![
            ("label", codes(vec![1])),
            ("prediction_0", numbers(vec![0.5])),
            ("prediction_2", numbers(vec![0.5])),
        ],
        "test.parquet: column `prediction_1` is missing | did you mean `prediction_2`?",
    );
}

#[test]
fn what_is_not_a_number_is_found_with_its_row() {
    let first = batch(vec![
        ("label", codes(vec![1])),
        ("prediction", numbers(vec![0.5])),
    ]);
    let second = batch(vec![
        ("label", codes(vec![0, 0])),
        ("prediction", numbers(vec![0.5, f64::NAN])),
    ]);
    let fault = read(vec![first, second]).unwrap_err();
    assert_eq!(
        fault.to_string(),
        "test.parquet:3: column `prediction`: expected a number, found `NaN`"
    );
    let missing: ArrayRef = Arc::new(Int32Array::from(vec![Some(1), None]));
    check_fault(
        vec![("label", missing), ("prediction", numbers(vec![0.5, 0.5]))],
        "test.parquet:2: column `label`: expected a number, found `null` | -",
    );
}

#[test]
fn labels_that_are_words_are_refused() {
    let words: ArrayRef = Arc::new(StringArray::from(vec!["yes"]));
    check_fault(
        vec![("label", words), ("prediction", numbers(vec![0.5]))],
        "test.parquet: column `label`: expected numbers, found string | \
         write classes as codes 0, 1, … and their names into the field's metadata",
    );
}

#[test]
fn weights_below_zero_or_without_sum_are_refused() {
    let columns = |weights| {
        vec![
            ("label", codes(vec![1, 0])),
            ("prediction", numbers(vec![0.5, 0.5])),
            ("weight", numbers(weights)),
        ]
    };
    check_fault(
        columns(vec![1.0, -2.0]),
        "test.parquet:2: column `weight`: expected a number of at least 0, found `-2` | -",
    );
    check_fault(
        columns(vec![0.0, 0.0]),
        "test.parquet: column `weight`: expected a sum above 0, found `0` | -",
    );
}

#[test]
fn a_file_without_rows_is_refused() {
    check_fault(
        vec![("label", codes(vec![])), ("prediction", numbers(vec![]))],
        "test.parquet: no row to judge | -",
    );
}
