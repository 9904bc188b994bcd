//! What a user is told.

use std::sync::Arc;

use arrow_array::{ArrayRef, BooleanArray, Date32Array};
use insta::assert_snapshot;

use crate::support::{ALL_TRAIN, Project, floats, integers, one_feature, table, told, words};

fn refused(settings: &str, split: &str) -> String {
    let batch = table(&[
        ("arr_delay", floats("1 2 - 4")),
        ("carrier", words("AA AS AA DL")),
        ("month", integers(&[Some(1), Some(1), Some(2), Some(2)])),
        (
            "date",
            Arc::new(Date32Array::from(vec![1, 2, 3, 4])) as ArrayRef,
        ),
        (
            "late",
            Arc::new(BooleanArray::from(vec![true, false, true, false])) as ArrayRef,
        ),
        ("weight", floats("1 -1 1 1")),
    ]);
    let fault = Project::new(settings, split).and_then(|project| {
        let transform = project.fit(std::slice::from_ref(&batch))?;
        project.apply(&transform, &batch)
    });
    told(&fault.unwrap_err())
}

#[track_caller]
fn label(label: &str) -> String {
    refused(&format!(r#"{{"label": {label}}}"#), ALL_TRAIN)
}

fn features(columns: &str, transforms: &str) -> String {
    let settings = format!(
        r#"{{"label": {{"column": "late"}}, "features": [{{"columns": [{columns}], "transforms": [{transforms}]}}]}}"#
    );
    refused(&settings, ALL_TRAIN)
}

#[test]
fn labels_that_cannot_be() {
    assert_snapshot!(label(r#"{"column": "arr_dely"}"#), @"
Settings: `label.column`: there is no column `arr_dely`
hint: did you mean `arr_delay`?
");
    assert_snapshot!(label(r#"{"column": "arr_delay"}"#), @r#"
Item: column `arr_delay`: 1 of 4 rows have no label
hint: drop them by a rule of clean (`{"drop_rows": {"when": {"missing": "arr_delay"}}}`), or keep them without a label by `"missing_label": "keep"`
"#);
    assert_snapshot!(label(r#"{"column": "month"}"#), @r#"
Settings: `label`: `month` is an integer, which may be a value or a class
hint: say `"as": "value"` or `"as": "classes"`
"#);
    assert_snapshot!(label(r#"{"column": "date", "as": "classes"}"#), @"Settings: `label.column`: expected a number, text or a boolean, found `date`, which is a date");
    assert_snapshot!(label(r#"{"column": "carrier", "as": "value"}"#), @r#"
Settings: `label.as`: expected a number, found `carrier`, which is a string
hint: say `"as": "classes"`, or make it a number in the settings of validate
"#);
    assert_snapshot!(label(r#"{"column": "month", "as": {"above": 1}, "positive": 2}"#), @r#"Settings: `label.positive` is only for `"as": "classes"`"#);
    assert_snapshot!(label(r#"{"column": "carrier", "positive": "AA"}"#), @"Settings: `label.positive`: expected a label of two classes, found 3 classes");
    assert_snapshot!(label(r#"{"column": "late", "positive": "tru"}"#), @"
Settings: `label.positive`: `tru` is no class of the train rows
hint: did you mean `true`?
");
    assert_snapshot!(label(r#"{"column": "carrier", "classes": ["AA", "AS"]}"#), @"
Item: column `carrier`: class `DL` does not occur in the train rows
hint: name all classes by `classes` in `label`, or drop such rows in the settings of clean
");
    assert_snapshot!(label(r#"{"column": "month", "as": "classes", "classes": ["one", "two"]}"#), @"Settings: `label.classes`: expected integers, as in column `month`, found `one`");
}

#[test]
fn columns_that_are_not_there_or_taken() {
    let with = |rest: &str| {
        refused(
            &format!(r#"{{"label": {{"column": "late"}}, {rest}}}"#),
            ALL_TRAIN,
        )
    };
    assert_snapshot!(with(r#""drop": ["arr_dely"]"#), @"
Settings: `drop[0]`: there is no column `arr_dely`
hint: did you mean `arr_delay`?
");
    assert_snapshot!(with(r#""weight": "carrier""#), @"Settings: `weight`: expected a number, found `carrier`, which is a string");
    assert_snapshot!(with(r#""weight": "weight""#), @"
Item: column `weight`: expected weights of 0 or more, found 1 of 4 rows without
hint: drop them, or fill them in, in the settings of clean
");
    assert_snapshot!(with(r#""slice": ["late"]"#), @"Settings: `slice`: `late` is the label and cannot be used for this");
    assert_snapshot!(with(r#""drop": ["carrier"], "features": [{"columns": ["carrier"]}]"#), @"Settings: `features[0].columns`: `carrier` stands in `drop` as well");
    assert_snapshot!(with(r#""features": [{"columns": ["late"]}]"#), @"Settings: `features[0].columns`: `late` is the label and cannot be a feature");
    assert_snapshot!(with(r#""features": []"#), @"Settings: `features`: no column is left to be a feature");
    let by_label = ALL_TRAIN.replace("id", "late");
    assert_snapshot!(refused(r#"{"label": {"column": "late"}}"#, &by_label), @"Settings: the split rule: `late` is the label and cannot be used for this");
    let unknown = ALL_TRAIN.replace("id", "idd");
    assert_snapshot!(refused(r#"{"label": {"column": "late"}}"#, &unknown), @"
Settings: the split rule: there is no column `idd`
hint: did you mean `id`?
");
}

#[test]
fn transforms_that_do_not_fit_their_column() {
    assert_snapshot!(features(r#""carrier""#, r#""standard_scale""#), @"
Settings: `features[0].transforms`: `standard_scale` needs numbers, and `carrier` is a string
hint: use `ordinal`, `one_hot`, `hashing` or `target_encode`, or make it a number in the settings of validate or clean
");
    assert_snapshot!(features(r#""date""#, r#""log1p""#), @"
Settings: `features[0].transforms`: `log1p` needs numbers, and `date` is a date
hint: use `date_parts`
");
    assert_snapshot!(features(r#""date""#, r#""one_hot""#), @"
Settings: `features[0].transforms`: `one_hot` needs categories, and `date` is a date
hint: use `date_parts`
");
    assert_snapshot!(features(r#""month""#, r#""date_parts""#), @"
Settings: `features[0].transforms`: `date_parts` needs a date or time, and `month` is an integer
hint: parse it in the settings of validate or clean
");
    assert_snapshot!(features(r#""date""#, r#"{"date_parts": {"parts": ["hour"]}}"#), @"Settings: `features[0].transforms`: `date_parts.parts`: `date` is a date, which has no hour");
    assert_snapshot!(features(r#""carrier""#, r#""impute", "one_hot""#), @"
Settings: `features[0].transforms`: `impute.strategy`: categories have no mean or median (before `one_hot`)
hint: use `most_frequent` or `constant`
");
    assert_snapshot!(features(r#""carrier""#, r#""impute""#), @"
Settings: `features[0].transforms`: `impute` needs numbers, and `carrier` is a string
hint: use `ordinal`, `one_hot`, `hashing` or `target_encode`, or make it a number in the settings of validate or clean
");
}

#[test]
fn chains_that_make_no_sense() {
    assert_snapshot!(features(r#""month""#, ""), @"Settings: `features[0].transforms`: expected at least one transform, found none");
    assert_snapshot!(features(r#""month""#, r#""standard_scale", "log1p""#), @"Settings: `features[0].transforms`: `log1p` cannot follow a scale or bins, which end a chain");
    assert_snapshot!(features(r#""month""#, r#""impute", "auto""#), @"Settings: `features[0].transforms`: `auto` stands alone, without another transform");
    assert_snapshot!(features(r#""month""#, r#""one_hot", "standard_scale""#), @"Settings: `features[0].transforms`: `standard_scale` cannot follow `one_hot`, which ends a chain");
    assert_snapshot!(features(r#""month""#, r#"{"impute": {"fill_value": 3}}"#), @r#"Settings: `features[0].transforms`: `impute.fill_value` is only for `"strategy": "constant"`"#);
    assert_snapshot!(features(r#""month""#, r#"{"min_max_scale": {"feature_range": [1, 0]}}"#), @"Settings: `features[0].transforms`: `min_max_scale.feature_range`: expected two numbers, the less first, found [1, 0]");
    assert_snapshot!(features(r#""month""#, r#"{"quantile_bins": {"n_bins": 1}}"#), @"Settings: `features[0].transforms`: `quantile_bins.n_bins`: expected a number from 2 to 10000, found 1");
    assert_snapshot!(features(r#""month""#, r#"{"ordinal": {"unknown_value": -1}}"#), @r#"Settings: `features[0].transforms`: `ordinal.unknown_value` needs `"ordered": true`: a code of its own is a number, not a category"#);
    assert_snapshot!(features(r#""month""#, r#"{"ordinal": {"ordered": true, "unknown_value": 1}}"#), @"Settings: column `month`: `ordinal.unknown_value`: 1 is the code of a category already");
    assert_snapshot!(features(r#""month""#, r#"{"ordinal": {"categories": ["one"]}}"#), @"Settings: column `month`: `ordinal.categories`: expected an integer, found `one`");
}

#[test]
fn data_that_cannot_be_fitted() {
    let nothing = table(&[("x", floats("- - -")), ("y", floats("1 2 3"))]);
    let fit = |transforms: &str| {
        let project = Project::new(&one_feature(transforms), ALL_TRAIN).unwrap();
        told(&project.fit(std::slice::from_ref(&nothing)).unwrap_err())
    };
    assert_snapshot!(fit(r#""impute""#), @r#"
Data: column `x`: has no value in the train rows
hint: drop it, or impute with `"strategy": "constant"`
"#);
    assert_snapshot!(fit(r#""auto""#), @"
Data: no column is of use as a feature
hint: `x` has no value in the train rows
");
    let none = r#"{"rule": "time", "column": "id", "validation_from": -5}"#;
    assert_snapshot!(refused(r#"{"label": {"column": "late"}}"#, none), @"
Data: no row is in train, so nothing can be fitted
hint: look at the shares, cuts or values of the split rule
");
    let one_class = r#"{"rule": "time", "column": "id", "validation_from": 1}"#;
    assert_snapshot!(refused(r#"{"label": {"column": "late"}}"#, one_class), @"
Data: column `late`: expected at least two classes in the train rows, found only `true`
hint: look at the shares or cuts of the split rule
");
    let new_class = r#"{"rule": "time", "column": "id", "validation_from": 3}"#;
    assert_snapshot!(refused(r#"{"label": {"column": "carrier"}}"#, new_class), @"
Item: column `carrier`: class `DL` does not occur in the train rows
hint: name all classes by `classes` in `label`, or drop such rows in the settings of clean
");
    let settings = r#"{"label": {"column": "late"}, "features": [{"columns": ["carrier"], "transforms": [{"one_hot": {"handle_unknown": "error"}}]}]}"#;
    assert_snapshot!(refused(settings, new_class), @"
Item: column `carrier`: category `DL` does not occur in the train rows
hint: set `handle_unknown` in the settings of featurize, or drop such rows in clean
");
}
