//! Codes of rows, and rows that are refused.

use super::*;
use crate::bins::Sampler;
use crate::feature::Feature;
use crate::parameters::Parameters;
use crate::testing::code;

fn bins(columns: &[&[f64]], features: Vec<Feature>, pool: &Pool) -> Bins {
    let parameters = Parameters {
        min_data_in_bin: 1,
        ..Parameters::default()
    };
    let mut sampler = Sampler::new(
        features,
        &parameters.check().unwrap(),
        columns[0].len() as u64,
    )
    .unwrap();
    sampler.push(0, columns).unwrap();
    sampler.bins(pool).unwrap()
}

/// Nine numbers, the first constant, then a category of many levels.
fn columns(rows: usize) -> (Vec<Vec<f64>>, Vec<Feature>) {
    let column = |f: usize| (0..rows).map(|r| ((r * f) % 13) as f64).collect();
    let mut columns: Vec<Vec<f64>> = (0..10).map(column).collect();
    columns.push((0..rows).map(|r| (r % 700) as f64).collect());
    let mut features: Vec<Feature> = (0..10).map(|f| Feature::number(format!("x{f}"))).collect();
    features.push(Feature::category("c"));
    (columns, features)
}

#[test]
fn codes_are_those_of_the_bins_for_any_cut_into_batches() {
    let (columns, features) = columns(5000);
    let slices: Vec<&[f64]> = columns.iter().map(Vec::as_slice).collect();
    let label = vec![0.0; 5000];
    let pool = Pool::new(2).unwrap();
    let bins = bins(&slices, features, &pool);
    assert_eq!(bins.layout().narrow, 9);
    // The 700 categories are equally frequent: 99 % of the rows need 693.
    assert_eq!(bins.layout().wide, [694]);
    for cuts in [vec![0, 5000], vec![0, 1, 4999, 5000]] {
        let mut builder = DatasetBuilder::new(&bins);
        for cut in cuts.windows(2) {
            let part: Vec<&[f64]> = slices.iter().map(|s| &s[cut[0]..cut[1]]).collect();
            builder
                .push(&part, &label[cut[0]..cut[1]], None, &pool)
                .unwrap();
        }
        let data = builder.finish().unwrap();
        for &(feature, place) in &bins.layout().used {
            for row in (0..5000).step_by(7) {
                let expected = bins.of(feature).code(columns[feature][row]);
                assert_eq!(code(&data, place, row), expected);
            }
        }
    }
}

#[track_caller]
fn check(label: &[f64], weight: Option<&[f64]>, expected: &str) {
    let pool = Pool::new(1).unwrap();
    let column: &[f64] = &[1.0, 2.0];
    let bins = bins(&[column], vec![Feature::number("x")], &pool);
    let mut builder = DatasetBuilder::new(&bins);
    let error = builder.push(&[column], label, weight, &pool).unwrap_err();
    assert_eq!(error.to_string(), expected);
}

#[test]
fn labels_and_weights_must_be_numbers_one_per_row() {
    check(&[1.0], None, "label: expected 2 values, found 1");
    check(
        &[1.0, f64::NAN],
        None,
        "label: expected a finite number, found `NaN`",
    );
    check(
        &[1.0, 0.0],
        Some(&[1.0]),
        "weight: expected 2 values, found 1",
    );
    check(
        &[1.0, 0.0],
        Some(&[1.0, -1.0]),
        "weight: expected a finite, non-negative number, found `-1`",
    );
}

#[test]
fn weights_come_in_all_batches_or_in_none() {
    let pool = Pool::new(1).unwrap();
    let column: &[f64] = &[1.0, 2.0];
    let bins = bins(&[column], vec![Feature::number("x")], &pool);
    for (first, second) in [(None, Some(column)), (Some(column), None)] {
        let mut builder = DatasetBuilder::new(&bins);
        builder.push(&[column], column, first, &pool).unwrap();
        assert!(builder.push(&[column], column, second, &pool).is_err());
    }
}
