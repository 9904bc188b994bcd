//! Bins of numbers against hand-computed ones.

use super::*;
use proptest::prelude::*;

#[track_caller]
fn check(values: &[f64], max_bin: usize, min_data_in_bin: usize, expected: &[f64]) {
    let bins = NumberBins::find(values.to_vec(), false, max_bin, min_data_in_bin);
    let mut expected = expected.to_vec();
    expected.push(f64::INFINITY);
    assert_eq!(bins.bounds, expected);
}

/// The bound that LightGBM puts between two neighbours.
fn middle(a: f64, b: f64) -> f64 {
    ((a + b) / 2.0).next_up()
}

const ZERO: f64 = ZERO_THRESHOLD;

#[test]
fn few_distinct_values_have_a_bin_each() {
    check(
        &[1.0, 2.0, 2.0, 5.0],
        255,
        1,
        &[ZERO, middle(1.0, 2.0), middle(2.0, 5.0)],
    );
}

#[test]
fn zero_has_a_bin_of_its_own() {
    check(
        &[-3.0, -1.0, 0.0, 0.0, 4.0],
        255,
        1,
        &[middle(-3.0, -1.0), -ZERO, ZERO],
    );
}

#[test]
fn values_that_are_all_negative_need_no_bin_above_zero() {
    check(&[-3.0, -1.0], 255, 1, &[middle(-3.0, -1.0), -ZERO]);
}

#[test]
fn a_bin_is_not_cut_before_it_has_rows_enough() {
    // 1 and 2 make two rows, 3 the third.
    check(
        &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0],
        255,
        3,
        &[ZERO, middle(3.0, 4.0)],
    );
}

#[test]
fn a_frequent_value_has_a_bin_alone() {
    // Three bins beside that of zero; the mean is 10/3 rows, so 2 is big and takes one; the others share two.
    let values = [1.0, 2.0, 2.0, 2.0, 2.0, 2.0, 3.0, 4.0, 5.0, 6.0];
    check(&values, 4, 1, &[ZERO, middle(2.0, 3.0), middle(5.0, 6.0)]);
}

#[test]
fn even_values_get_even_bins() {
    let values: Vec<f64> = (1..=100).map(f64::from).collect();
    check(
        &values,
        5,
        1,
        &[
            ZERO,
            middle(25.0, 26.0),
            middle(50.0, 51.0),
            middle(75.0, 76.0),
        ],
    );
}

#[test]
fn sides_of_zero_get_bins_by_their_rows() {
    let values: Vec<f64> = (-20..=60).map(f64::from).collect();
    let bins = NumberBins::find(values, false, 9, 1);
    let negative = bins.bounds.iter().filter(|b| **b < 0.0).count();
    assert_eq!((negative, bins.count()), (2, 9));
}

#[test]
fn missing_values_have_the_last_bin() {
    let bins = NumberBins::find(vec![1.0, 2.0], true, 255, 1);
    assert_eq!(bins.count(), 4);
    assert_eq!(bins.code(f64::NAN), 3);
    assert_eq!(bins.code(f64::INFINITY), 2);
}

#[test]
fn a_missing_value_without_a_bin_counts_as_zero() {
    let bins = NumberBins::find(vec![-1.0, 1.0], false, 255, 1);
    assert_eq!(bins.code(f64::NAN), bins.code(0.0));
}

#[test]
fn no_value_at_all_has_one_bin() {
    assert_eq!(NumberBins::find(Vec::new(), false, 255, 3).count(), 1);
}

#[test]
fn values_a_float_apart_are_one() {
    let values = [1.0, 1.0_f64.next_up(), 1.0_f64.next_up().next_up()];
    assert_eq!(Distinct::of_sorted(&values).counts, [3]);
}

#[test]
fn infinite_values_have_bins_too() {
    let values = vec![f64::NEG_INFINITY, -1.0, 1.0, f64::INFINITY];
    let bins = NumberBins::find(values.clone(), false, 255, 1);
    let codes: Vec<usize> = values.iter().map(|v| bins.code(*v)).collect();
    assert!(codes.is_sorted(), "{codes:?}");
    assert!(bins.bounds.iter().all(|b| !b.is_nan()));
}

proptest! {
    #[test]
    fn bins_are_ascending_few_and_hold_what_is_below_their_bound(
        values in prop::collection::vec(-100i32..100, 1..300),
        max_bin in 2usize..40,
        min_data_in_bin in 1usize..5,
        missing: bool,
    ) {
        let values: Vec<f64> = values.iter().map(|v| f64::from(*v) / 4.0).collect();
        let bins = NumberBins::find(values.clone(), missing, max_bin, min_data_in_bin);
        prop_assert!(bins.count() <= max_bin.max(2 + usize::from(missing)), "{:?}", bins);
        prop_assert!(bins.bounds.windows(2).all(|pair| pair[0] < pair[1]));
        for value in values {
            let code = bins.code(value);
            prop_assert!(value <= bins.bounds[code]);
            prop_assert!(code == 0 || value > bins.bounds[code - 1]);
        }
    }
}
