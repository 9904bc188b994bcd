//! Models as text, and what they predict.

use super::*;
use crate::tree::{Answer, Missing, Node, Rule};

/// Written by LightGBM 4.7 (its header and first tree): a number with missing values, then two sets of categories.
const LIGHTGBM: &str = "\
tree
version=v4
num_class=1
num_tree_per_iteration=1
label_index=0
max_feature_idx=2
objective=binary sigmoid:1
feature_names=Column_0 Column_1 Column_2
feature_infos=[-3.899421730054339:3.0660367390488967] -1:5:3:11:10:2:8:9:1:4:6:7:0 -1:1:2:0
tree_sizes=570

Tree=0
num_leaves=4
num_cat=2
split_feature=0 1 1
split_gain=76.9741 169.257 113.897
threshold=0.071581408376156189 0 1
decision_type=10 1 1
left_child=1 -1 -2
right_child=2 -3 -4
leaf_value=-0.07769128005246409 -0.32605926208009861 -0.36520950115686091 -0.044051962483737911
leaf_weight=22.237560600042343 15.319208413362501 52.381809413433075 33.603424906730652
leaf_count=90 62 212 136
internal_value=-0.216846 -0.280759 -0.119361
internal_weight=123.542 74.6194 48.9226
internal_count=500 302 198
cat_boundaries=0 1 2
cat_threshold=585 585
is_linear=0
shrinkage=1


end of trees

feature_importances:
Column_1=2
Column_0=1

parameters:
[boosting: gbdt]

end of parameters

pandas_categorical:null
";

fn small() -> Model {
    let answer = |value: f64, weight: f64, count: u64| Answer {
        value,
        weight,
        count,
    };
    let node = |feature, rule, left, right, answer| Node {
        feature,
        rule,
        gain: 12.5,
        left,
        right,
        answer,
    };
    let number = Rule::Number {
        threshold: 0.1 + 0.2,
        missing: Missing::Nan,
        default_left: true,
    };
    let tree = Tree {
        nodes: vec![
            node(0, number, 1, -2, answer(0.5, 7.0, 28)),
            node(
                1,
                Rule::of_categories([1, 33]),
                -1,
                -3,
                answer(-1e-7, 4.0, 16),
            ),
        ],
        leaves: vec![
            answer(1.0 / 3.0, 1.0, 4),
            answer(-0.25, 3.0, 12),
            answer(1e300, 3.0, 12),
        ],
        shrinkage: 0.1,
    };
    Model {
        objective: Objective::Regression,
        num_class: 1,
        names: vec!["age".to_owned(), "city".to_owned()],
        infos: vec!["[0:9.5]".to_owned(), "-1:1:33:2".to_owned()],
        trees: vec![tree, Tree::constant(2.0)],
        parameters: vec!["[objective: regression]".to_owned()],
    }
}

#[test]
fn a_model_is_written_as_lightgbm_writes_it() {
    insta::assert_snapshot!(small().to_text(), @r"
    tree
    version=v4
    num_class=1
    num_tree_per_iteration=1
    label_index=0
    max_feature_idx=1
    objective=regression
    feature_names=age city
    feature_infos=[0:9.5] -1:1:33:2
    tree_sizes=364 223

    Tree=0
    num_leaves=3
    num_cat=1
    split_feature=0 1
    split_gain=12.5 12.5
    threshold=0.30000000000000004 0
    decision_type=10 9
    left_child=1 -1
    right_child=-2 -3
    leaf_value=0.3333333333333333 -0.25 1e300
    leaf_weight=1 3 3
    leaf_count=4 12 12
    internal_value=0.5 -1e-7
    internal_weight=7 4
    internal_count=28 16
    cat_boundaries=0 2
    cat_threshold=2 2
    is_linear=0
    shrinkage=0.1


    Tree=1
    num_leaves=1
    num_cat=0
    split_feature=
    split_gain=
    threshold=
    decision_type=
    left_child=
    right_child=
    leaf_value=2
    leaf_weight=0
    leaf_count=0
    internal_value=
    internal_weight=
    internal_count=
    is_linear=0
    shrinkage=1


    end of trees

    feature_importances:
    age=1
    city=1

    parameters:
    [objective: regression]

    end of parameters

    pandas_categorical:null
    ");
}

#[test]
fn a_model_read_back_is_the_same() {
    assert_eq!(Model::from_text(&small().to_text()), Ok(small()));
}

#[test]
fn tree_sizes_are_those_of_the_text() {
    let text = small().to_text();
    let (_, sizes) = text.split_once("tree_sizes=").unwrap();
    let sizes = sizes.lines().next().unwrap().split(' ');
    let sizes: Vec<usize> = sizes.map(|size| size.parse().unwrap()).collect();
    let start = text.find("Tree=0").unwrap();
    assert!(text[start + sizes[0]..].starts_with("Tree=1"));
    assert!(text[start + sizes[0] + sizes[1]..].starts_with("end of trees"));
}

#[test]
fn predictions_on_lightgbms_model_are_its_own() {
    let model = Model::from_text(LIGHTGBM).unwrap();
    let columns: [&[f64]; 3] = [
        &[0.0, f64::NAN, 1.0, 1.0, f64::INFINITY],
        &[0.0, 2.0, 6.0, f64::NAN, 33.0],
        &[0.0; 5],
    ];
    // What Python's `lightgbm` 4.7 answers on the same rows.
    let leaves = [
        -0.077_691_280_052_464_09,
        -0.365_209_501_156_860_9,
        -0.326_059_262_080_098_6,
        -0.044_051_962_483_737_91,
        -0.044_051_962_483_737_91,
    ];
    assert_eq!(model.predict_raw(&columns).unwrap(), leaves);
    let expected = leaves.map(|leaf| 1.0 / (1.0 + (-leaf).exp()));
    assert_eq!(model.predict(&columns).unwrap(), expected);
}

#[test]
fn importance_counts_splits_or_sums_gains() {
    let model = Model::from_text(LIGHTGBM).unwrap();
    assert_eq!(model.importance(Importance::Split), [1.0, 2.0, 0.0]);
    assert_eq!(
        model.importance(Importance::Gain),
        [76.9741, 169.257 + 113.897, 0.0]
    );
}

#[test]
fn columns_must_be_those_of_the_model() {
    let model = Model::from_text(LIGHTGBM).unwrap();
    let error = model.predict(&[&[1.0]]).unwrap_err();
    assert_eq!(error.to_string(), "expected 3 columns, found 1");
    let error = model.predict(&[&[1.0], &[1.0], &[]]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "column `Column_2`: expected 1 values, found 0"
    );
}

/// LightGBM's model with one text for another must be refused.
#[track_caller]
fn check(from: &str, to: &str, expected: &str) {
    let text = LIGHTGBM.replacen(from, to, 1);
    assert_ne!(text, LIGHTGBM);
    assert_eq!(Model::from_text(&text).unwrap_err().to_string(), expected);
}

#[test]
fn what_is_no_model_is_refused() {
    check("tree\n", "{}\n", "line 1: expected `tree`, found `{}`");
    check(
        "=v4",
        "=v9",
        "line 2: expected version v2, v3 or v4, found `v9`",
    );
    check(
        "num_class=1\n",
        "",
        "line 1: expected `num_class` below this line",
    );
    check(
        "num_class=1",
        "num_class=one",
        "line 3: `num_class`: expected a number, found `one`",
    );
    check(
        "objective=binary sigmoid:1",
        "objective=lambdarank",
        "line 7: expected `binary sigmoid:1`, `multiclass` or `regression`, found `lambdarank`",
    );
    check(
        "Column_2\n",
        "\n",
        "line 8: `feature_names`: expected 3 values, found 2",
    );
    check(
        "is_linear=0",
        "is_linear=1",
        "line 13: expected a constant in each leaf, found a linear model",
    );
}

#[test]
fn a_tree_that_does_not_hold_together_is_refused() {
    check(
        "left_child=1 -1 -2",
        "left_child=0 -1 -2",
        "line 19: the children of node 0 are none of its tree",
    );
    check(
        "right_child=2 -3 -4",
        "right_child=2 -3 -5",
        "line 19: the children of node 2 are none of its tree",
    );
    check(
        "split_feature=0 1 1",
        "split_feature=0 1 3",
        "line 19: node 2 splits by a feature that is none of the model's",
    );
    check(
        "threshold=0.071581408376156189 0 1",
        "threshold=0.07 0 2",
        "line 18: no set of categories 2",
    );
    check(
        "cat_boundaries=0 1 2",
        "cat_boundaries=0 1 3",
        "line 27: `cat_boundaries`: expected bounds of the sets in `cat_threshold`",
    );
    check(
        "decision_type=10 1 1",
        "decision_type=12 1 1",
        "line 18: unknown decision type 12",
    );
}

#[test]
fn a_model_without_a_tree_is_refused() {
    let (head, _) = LIGHTGBM.split_once("=570").unwrap();
    let error = Model::from_text(&format!("{head}=\n\nend of trees\n")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "line 12: expected trees, 1 for each round, found 0"
    );
}

#[test]
fn a_torn_model_is_refused() {
    let text = small().to_text();
    let whole = text.find("end of trees").unwrap() + "end of trees".len();
    for length in 0..whole {
        assert!(
            Model::from_text(&text[..length]).is_err(),
            "torn after {length} bytes"
        );
    }
    check(
        "end of trees\n",
        "",
        "line 43: expected `end of trees` after 1 trees, found 1",
    );
}
