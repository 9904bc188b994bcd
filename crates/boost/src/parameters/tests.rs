//! Parameters: defaults, checks and names.

use super::*;

#[track_caller]
fn check(change: impl FnOnce(&mut Parameters), expected: &str) {
    let mut parameters = Parameters::default();
    change(&mut parameters);
    let found = match parameters.check() {
        Ok(_) => "fine".to_owned(),
        Err(error) => error.to_string(),
    };
    assert_eq!(found, expected);
}

#[test]
fn the_defaults_are_fine() {
    check(|_| (), "fine");
}

#[test]
fn a_share_of_no_feature_is_refused() {
    check(
        |p| p.feature_fraction = 0.0,
        "`feature_fraction`: expected a number above 0, at most 1, found `0`",
    );
    check(
        |p| p.bagging_fraction = f64::NAN,
        "`bagging_fraction`: expected a number above 0, at most 1, found `NaN`",
    );
}

#[test]
fn more_bins_than_a_byte_holds_are_refused() {
    check(
        |p| p.max_bin = 256,
        "`max_bin`: expected a whole number from 2 to 255, found `256`",
    );
}

#[test]
fn classes_go_with_multiclass_only() {
    check(
        |p| p.num_class = 3,
        "`num_class`: expected 1, unless `objective` is `multiclass`, found `3`",
    );
    check(
        |p| p.objective = Objective::Multiclass,
        "`num_class`: expected a whole number from 2 to 10000, found `1`",
    );
}

#[test]
fn a_metric_of_another_objective_is_refused() {
    check(
        |p| p.metric = Some(Metric::Rmse),
        "`metric`: expected `binary_logloss`, `binary_error` or `auc` for the objective `binary`, found `rmse`",
    );
}

#[test]
fn multiclass_is_regularised_by_default() {
    let parameters = Parameters {
        objective: Objective::Multiclass,
        num_class: 3,
        ..Parameters::default()
    };
    let checked = parameters.check().unwrap();
    assert_eq!(checked.lambda_l2(), 1.0);
    assert_eq!(checked.min_sum_hessian_in_leaf(), 1.0);
    assert_eq!(checked.metric(), Metric::MultiLogloss);
}

#[test]
fn an_unknown_name_is_refused() {
    let error = serde_json::from_str::<Parameters>(r#"{"num_leafs": 3}"#).unwrap_err();
    assert!(
        error.to_string().contains("unknown field `num_leafs`"),
        "{error}"
    );
}
