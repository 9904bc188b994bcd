//! Our transforms beside scikit-learn's, on one small table.
//!
//! Needs Python with scikit-learn, and says aloud that it is skipped without.

use std::process::Command;

use arrow_array::{ArrayRef, RecordBatch};
use waystation_tests::python_or_skip;

use crate::support::{ALL_TRAIN, Project, column, floats, table, words};

/// Names of our features, and the transforms that make them; `scikit_learn.py` knows the same names.
const CASES: &[(&str, &str, &str)] = &[
    ("impute_mean", "x", r#""impute""#),
    (
        "impute_median",
        "x",
        r#"{"impute": {"strategy": "median"}}"#,
    ),
    (
        "impute_most_frequent",
        "x",
        r#"{"impute": {"strategy": "most_frequent"}}"#,
    ),
    (
        "impute_constant",
        "x",
        r#"{"impute": {"strategy": "constant", "fill_value": -7.5}}"#,
    ),
    ("standard_scale", "x", r#""standard_scale""#),
    (
        "standard_scale_without_mean",
        "x",
        r#"{"standard_scale": {"with_mean": false}}"#,
    ),
    (
        "min_max_scale",
        "x",
        r#"{"min_max_scale": {"feature_range": [-1, 2]}}"#,
    ),
    ("robust_scale", "x", r#""robust_scale""#),
    (
        "robust_scale_wide",
        "x",
        r#"{"robust_scale": {"quantile_range": [10, 90]}}"#,
    ),
    ("log1p", "x", r#""log1p""#),
    ("impute_standard", "x", r#""impute", "standard_scale""#),
    (
        "impute_median_robust",
        "x",
        r#"{"impute": {"strategy": "median"}}, "robust_scale""#,
    ),
    (
        "log1p_impute_min_max",
        "x",
        r#""log1p", "impute", "min_max_scale""#,
    ),
    (
        "impute_log1p_standard",
        "x",
        r#""impute", "log1p", "standard_scale""#,
    ),
    (
        "impute_bins",
        "x",
        r#""impute", {"quantile_bins": {"n_bins": 4}}"#,
    ),
    ("ordinal", "c", r#""ordinal""#),
    (
        "ordinal_min_frequency",
        "c",
        r#"{"ordinal": {"min_frequency": 4}}"#,
    ),
    (
        "ordinal_max_categories",
        "c",
        r#"{"ordinal": {"max_categories": 3}}"#,
    ),
    ("one_hot", "c", r#""one_hot""#),
    (
        "one_hot_min_frequency",
        "c",
        r#"{"one_hot": {"min_frequency": 0.2}}"#,
    ),
    (
        "one_hot_max_categories",
        "c",
        r#"{"one_hot": {"max_categories": 4}}"#,
    ),
];

const LABELS: &[(&str, &str, &str)] = &[
    ("target_auto_number", "y", r#""target_encode""#),
    (
        "target_smooth_number",
        "y",
        r#"{"target_encode": {"smooth": 3.5}}"#,
    ),
    ("target_auto_binary", "late", r#""target_encode""#),
    (
        "target_smooth_binary",
        "late",
        r#"{"target_encode": {"smooth": 2}}"#,
    ),
    ("target_auto_class", "kind", r#""target_encode""#),
];

const X: &str = "1.5 2.25 - 40 0.125 7 7 - 3.3333333333333335 12 9 0.7 100.25 6 2.25 5 5 5 - 31";
const C: &str = "b a c - b a d b a e a b - a c b a b d a";
const Y: &str = "1 2.5 0 3 1.25 9 4 2 7 1 0.5 6 2 8 3 1 2 5 4 0.25";
const LATE: &str = "no yes no no yes yes no no yes no no yes no yes yes no no yes no no";
const KIND: &str = "p q r p q r p p q r p q q r p q r p q p";

fn rows() -> RecordBatch {
    let columns: [(&str, ArrayRef); 5] = [
        ("x", floats(X)),
        ("c", words(C)),
        ("y", floats(Y)),
        ("late", words(LATE)),
        ("kind", words(KIND)),
    ];
    table(&columns)
}

/// Features of the table whose label column is `label`, as new rows: nothing out of fold.
fn ours(label: &str, input: &str, transforms: &str) -> Vec<Vec<f64>> {
    let settings = format!(
        r#"{{"label": {{"column": "{label}"}}, "features": [{{"columns": ["{input}"], "transforms": [{transforms}]}}]}}"#
    );
    let project = Project::new(&settings, ALL_TRAIN).unwrap();
    let transform = project.fit(&[rows()]).unwrap();
    let features = featurize::Fitted::new(transform)
        .unwrap()
        .features(&rows())
        .unwrap();
    let schema = features.schema();
    schema
        .fields()
        .iter()
        .map(|field| column(&features, field.name()))
        .collect()
}

#[test]
fn transforms_agree_with_scikit_learn() {
    let Some(python) = python_or_skip("transforms beside scikit-learn's") else {
        return;
    };
    let output = Command::new(python)
        .arg(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/tests/it/scikit_learn.py"
        ))
        .args([X, C, Y, LATE, KIND])
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{told}");
    let theirs: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let cases = CASES
        .iter()
        .map(|(name, input, transforms)| (*name, "y", *input, *transforms));
    let labels = LABELS
        .iter()
        .map(|(name, label, transforms)| (*name, *label, "c", *transforms));
    for (name, label, input, transforms) in cases.chain(labels) {
        compare(name, &ours(label, input, transforms), &theirs[name]);
    }
}

#[track_caller]
fn compare(name: &str, ours: &[Vec<f64>], theirs: &serde_json::Value) {
    let theirs: Vec<Vec<Option<f64>>> = serde_json::from_value(theirs.clone()).unwrap();
    assert_eq!(ours.len(), theirs.len(), "{name}: columns");
    for (ours, theirs) in ours.iter().zip(&theirs) {
        assert_eq!(ours.len(), theirs.len(), "{name}: rows");
        for (row, (ours, theirs)) in ours.iter().zip(theirs).enumerate() {
            let same = match theirs {
                Some(theirs) => (ours - theirs).abs() <= 1e-12 * theirs.abs().max(1.0),
                None => ours.is_nan(),
            };
            assert!(same, "{name}, row {row}: {ours} is not {theirs:?}");
        }
    }
}
