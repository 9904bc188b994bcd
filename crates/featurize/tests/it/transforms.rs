//! Each transform on a column small enough to see through.

use std::sync::Arc;

use arrow_array::{ArrayRef, BooleanArray, Date32Array};
use insta::assert_snapshot;

use crate::support::{column, feature, features, floats, integers, show, words};

fn seen(transforms: &str, x: ArrayRef) -> String {
    show(&features(&feature(transforms, x).unwrap()))
}

#[track_caller]
fn check(transforms: &str, x: &str, expected: &[f64]) {
    let found = column(&feature(transforms, floats(x)).unwrap(), "x");
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(expected) {
        let same = (found - expected).abs() < 1e-12 || (found.is_nan() && expected.is_nan());
        assert!(same, "{transforms}: {found} is not {expected}");
    }
}

#[test]
fn numbers_pass_as_they_are() {
    check(r#""passthrough""#, "1 - 3", &[1.0, f64::NAN, 3.0]);
    assert_snapshot!(seen(r#""passthrough""#, integers(&[Some(5), None])), @"x: 5 -");
    assert_snapshot!(seen(r#""passthrough""#, Arc::new(BooleanArray::from(vec![Some(true), None]))), @"x: true -");
}

#[test]
fn missing_values_are_filled_in() {
    check(r#""impute""#, "1 - 3 5", &[1.0, 3.0, 3.0, 5.0]);
    check(
        r#"{"impute": {"strategy": "median"}}"#,
        "1 - 3 90",
        &[1.0, 3.0, 3.0, 90.0],
    );
    check(
        r#"{"impute": {"strategy": "most_frequent"}}"#,
        "7 - 3 7 3",
        &[7.0, 3.0, 3.0, 7.0, 3.0],
    );
    check(
        r#"{"impute": {"strategy": "constant", "fill_value": -1}}"#,
        "1 - 3",
        &[1.0, -1.0, 3.0],
    );
    assert_snapshot!(seen(r#"{"impute": {"strategy": "constant", "add_indicator": true}}, {"quantile_bins": {"n_bins": 2}}"#, floats("1 - 3")), @"
x: 1 0 1
x_missing: false true false
");
}

#[test]
fn nan_is_missing() {
    check(r#""impute""#, "1 NaN 3", &[1.0, 2.0, 3.0]);
}

#[test]
fn scales_follow_what_was_filled_in() {
    // Mean 2 of 1, 2, 3 with the missing one filled in as 2; the variance is 0.5.
    let half = 0.5_f64.sqrt();
    check(
        r#""impute", "standard_scale""#,
        "1 - 3 2",
        &[-1.0 / half, 0.0, 1.0 / half, 0.0],
    );
    check(
        r#"{"impute": {"strategy": "constant", "fill_value": 9}}, "min_max_scale""#,
        "1 - 5",
        &[0.0, 1.0, 0.5],
    );
    check(
        r#""log1p", {"impute": {"strategy": "constant"}}, "min_max_scale""#,
        "0 - -5",
        &[0.0, 0.0, 0.0],
    );
}

#[test]
fn a_constant_column_has_scale_one() {
    check(r#""standard_scale""#, "4 4 4", &[0.0, 0.0, 0.0]);
    check(r#""min_max_scale""#, "4 4 4", &[0.0, 0.0, 0.0]);
    check(r#""robust_scale""#, "4 4 4", &[0.0, 0.0, 0.0]);
}

#[test]
fn logarithms_of_what_has_none_are_missing() {
    check(
        r#""log1p""#,
        "0 -1 -2 -",
        &[0.0, f64::NAN, f64::NAN, f64::NAN],
    );
}

#[test]
fn bins_hold_equally_many_rows() {
    assert_snapshot!(seen(r#"{"quantile_bins": {"n_bins": 3}}"#, floats("1 2 3 4 5 6 - 100")), @"x: 0 0 1 1 2 2 - 2");
    assert_snapshot!(seen(r#"{"quantile_bins": {"n_bins": 2, "encode": "onehot"}}"#, floats("1 2 3 4 -")), @"
x_0: true true false false false
x_1: false false true true false
");
}

#[test]
fn each_category_gets_a_column() {
    assert_snapshot!(seen(r#""one_hot""#, words("b a - b")), @"
x_a: false true false false
x_b: true false false true
x_missing: false false true false
");
    assert_snapshot!(seen(r#"{"one_hot": {"min_frequency": 2}}"#, words("b a - b c c")), @"
x_b: true false false true false false
x_c: false false false false true true
x_infrequent: false true true false false false
");
    assert_snapshot!(seen(r#"{"one_hot": {"categories": ["c", "a"]}}"#, words("b a c")), @"
x_c: false false true
x_a: false true false
");
    assert_snapshot!(seen(r#"{"impute": {"strategy": "most_frequent"}}, "one_hot""#, words("b a - b")), @"
x_a: false true false false
x_b: true false true true
");
    assert_snapshot!(seen(r#""one_hot""#, integers(&[Some(10), Some(9)])), @"
x_9: false true
x_10: true false
");
}

#[test]
fn each_category_gets_a_code() {
    assert_snapshot!(seen(r#""ordinal""#, words("b a - b")), @"x: 1 0 - 1");
    assert_snapshot!(seen(r#""ordinal""#, integers(&[Some(10), Some(9), None])), @"x: 1 0 -");
    assert_snapshot!(seen(r#"{"ordinal": {"max_categories": 2}}"#, words("b a - b c c c")), @"x: 1 1 - 1 0 0 0");
    assert_snapshot!(seen(r#"{"ordinal": {"categories": ["low", "high"], "ordered": true, "unknown_value": -1, "encoded_missing_value": -2}}"#, words("high low - huge")), @"x: 1 0 -2 -1");
    assert_snapshot!(seen(r#"{"impute": {"strategy": "constant", "fill_value": "none"}}, "ordinal""#, words("z a -")), @"x: 2 0 1");
}

#[test]
fn categories_hash_to_codes() {
    assert_snapshot!(seen(r#"{"hashing": {"n_features": 64}}"#, words("b a - b")), @"x: 63 31 - 63");
    assert_snapshot!(seen(r#"{"hashing": {"n_features": 64}}"#, integers(&[Some(5), Some(6)])), @"x: 50 13");
    assert_snapshot!(seen(r#"{"hashing": {"n_features": 64}}"#, words("5 6")), @"x: 50 13");
    assert_snapshot!(seen(r#"{"hashing": {"n_features": 2, "encode": "onehot"}}"#, words("b a -")), @"
x_0: false false false
x_1: true true false
");
}

#[test]
fn dates_fall_into_parts() {
    let dates = Arc::new(Date32Array::from(vec![Some(16_095), None]));
    assert_snapshot!(seen(r#""date_parts""#, dates.clone()), @"
x_year: 2014 -
x_month: 1 -
x_day: 25 -
x_weekday: 5 -
");
    assert_snapshot!(seen(r#"{"date_parts": {"parts": ["week", "epoch"]}}"#, dates), @"
x_week: 4 -
x_epoch: 1390608000 -
");
}
