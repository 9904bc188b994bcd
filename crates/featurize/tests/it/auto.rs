//! What `auto` picks, and what becomes of the columns that are carried along.

use std::sync::Arc;

use arrow_array::{ArrayRef, BooleanArray, Date32Array, Int64Array};
use insta::assert_snapshot;
use table::roles::{categories, classes, label_task, roles_of};

use crate::support::{ALL_TRAIN, Project, floats, integers, show, strings, table, words};

const COUNT: i64 = 120;

fn flights() -> arrow_array::RecordBatch {
    let each = |value: fn(i64) -> i64| {
        Arc::new(Int64Array::from_iter_values((0..COUNT).map(value))) as ArrayRef
    };
    let text = |value: fn(i64) -> String| {
        let texts: Vec<String> = (0..COUNT).map(value).collect();
        strings(
            &texts
                .iter()
                .map(|text| Some(text.as_str()))
                .collect::<Vec<_>>(),
        )
    };
    table(&[
        ("number", each(|row| row + 7)),
        ("distance", each(|row| row % 50)),
        ("year", each(|_| 2014)),
        ("carrier", text(|row| format!("C{}", row % 3))),
        ("note", text(|row| format!("free text {row}"))),
        (
            "night",
            Arc::new(BooleanArray::from_iter(
                (0..COUNT).map(|row| Some(row % 2 == 0)),
            )),
        ),
        (
            "date",
            Arc::new(Date32Array::from_iter_values(
                (0..COUNT).map(|row| row as i32),
            )),
        ),
        ("empty", floats(&"- ".repeat(COUNT as usize))),
        ("arr_delay", each(|row| row - 60)),
        ("dep_delay", each(|row| row - 60)),
    ])
}

fn settings(rest: &str) -> String {
    format!(
        r#"{{"label": {{"column": "arr_delay", "as": {{"above": 15}}}}, "drop": ["dep_delay"], {rest}}}"#
    )
}

#[test]
fn auto_writes_down_what_it_picked() {
    let project = Project::new(&settings(r#""slice": ["carrier"]"#), ALL_TRAIN).unwrap();
    let transform = project.fit(&[flights()]).unwrap();
    assert_snapshot!(transform.to_json(), @r#"
{
  "version": 1,
  "train_rows": 120,
  "label": {
    "column": "arr_delay",
    "kind": "integer",
    "as": {
      "above": 15.0
    },
    "task": "binary",
    "classes": ["arr_delay <= 15", "arr_delay > 15"]
  },
  "carried": [{
    "column": "carrier",
    "roles": ["slice"]
  }, {
    "column": "id",
    "roles": []
  }],
  "features": [{
    "column": "distance",
    "kind": "integer",
    "auto": true,
    "steps": ["passthrough"],
    "outputs": ["distance"]
  }, {
    "column": "carrier",
    "kind": "string",
    "auto": true,
    "steps": [{
      "ordinal": {
        "ordered": false,
        "coding": {
          "categories": ["C0", "C1", "C2"],
          "codes": 3
        }
      }
    }],
    "outputs": ["carrier_ordinal"]
  }, {
    "column": "night",
    "kind": "boolean",
    "auto": true,
    "steps": [{
      "ordinal": {
        "ordered": false,
        "coding": {
          "categories": ["false", "true"],
          "codes": 2
        }
      }
    }],
    "outputs": ["night"]
  }, {
    "column": "date",
    "kind": "date",
    "auto": true,
    "steps": [{
      "date_parts": {
        "parts": ["month", "day", "weekday"]
      }
    }],
    "outputs": ["date_month", "date_day", "date_weekday"]
  }],
  "unused": [{
    "column": "number",
    "reason": "numbers the rows: nearly all values differ and lie close together"
  }, {
    "column": "year",
    "reason": "has one value only in the train rows"
  }, {
    "column": "note",
    "reason": "has a value of its own in most train rows"
  }, {
    "column": "empty",
    "reason": "has no value in the train rows"
  }, {
    "column": "dep_delay",
    "reason": "stands in `drop`"
  }]
}
"#);
}

#[test]
fn columns_carry_their_roles() {
    let project = Project::new(
        &settings(r#""slice": ["carrier", "distance"], "key": ["id"], "time": "date""#),
        ALL_TRAIN,
    )
    .unwrap();
    let transform = project.fit(&[flights()]).unwrap();
    let features = project.apply(&transform, &flights()).unwrap();
    let schema = features.schema();
    let line = |field: &arrow_schema::FieldRef| {
        let roles: Vec<String> = roles_of(field).iter().map(ToString::to_string).collect();
        let levels = categories(field).map_or(String::new(), |levels| format!(", {levels} levels"));
        let task = label_task(field).map_or(String::new(), |task| {
            format!(", {task}: {}", classes(field).unwrap().unwrap().join(" | "))
        });
        format!(
            "{} {}: {}{levels}{task}",
            field.name(),
            field.data_type(),
            roles.join(",")
        )
    };
    let lines: Vec<String> = schema.fields().iter().map(line).collect();
    assert_snapshot!(lines.join("\n"), @"
distance Int64: feature,slice
carrier_ordinal Int32: feature, 3 levels
night Int32: feature, 2 levels
date_month Int64: feature
date_day Int64: feature
date_weekday Int64: feature
arr_delay Int32: label, binary: arr_delay <= 15 | arr_delay > 15
id Int64: key
carrier Utf8: slice
date Date32: time
");
}

#[test]
fn the_fit_does_not_hang_on_how_rows_are_cut() {
    let settings = settings(
        r#""features": [
            {"columns": ["distance"], "transforms": [{"impute": {"strategy": "median"}}, "standard_scale"]},
            {"columns": ["number"], "transforms": ["log1p", "robust_scale"]},
            {"columns": ["carrier"], "transforms": ["one_hot"]},
            {"columns": ["*"]}
        ]"#,
    );
    let project = Project::new(&settings, ALL_TRAIN).unwrap();
    let whole = flights();
    let expected = project.fit(std::slice::from_ref(&whole)).unwrap();
    for cut in [1, 40, 119] {
        let (first, second) = (
            whole.slice(0, cut),
            whole.slice(cut, whole.num_rows() - cut),
        );
        let parts = project.fit(&[second, first]).unwrap();
        assert_eq!(parts.to_json(), expected.to_json(), "cut at {cut}");
    }
}

#[test]
fn new_rows_that_bring_nothing_new_leave_the_digest() {
    let project = Project::new(
        &settings(r#""slice": ["carrier"]"#)
            .replace(r#"["dep_delay"]"#, r#"["dep_delay", "number", "note"]"#),
        ALL_TRAIN,
    )
    .unwrap();
    let one = project.fit(&[flights()]).unwrap();
    let two = project.fit(&[flights(), flights()]).unwrap();
    assert_ne!(one.to_json(), two.to_json());
    assert_eq!(one.digest(), two.digest());
}

#[test]
fn labels_are_coded() {
    let coded = |column: ArrayRef, label: &str| {
        let batch = table(&[("x", floats("1 2 3 4")), ("y", column)]);
        let project = Project::new(
            &format!(r#"{{"label": {{"column": "y"{label}}}, "missing_label": "keep"}}"#),
            ALL_TRAIN,
        )
        .unwrap();
        let transform = project.fit(std::slice::from_ref(&batch)).unwrap();
        let features = project.apply(&transform, &batch).unwrap();
        let place = features.schema().index_of("y").unwrap();
        format!(
            "{} ({} {})",
            show(&features.project(&[place]).unwrap()),
            transform.label.task,
            transform.label.classes.join(" ")
        )
    };
    let classes = r#", "as": "classes""#;
    assert_snapshot!(coded(words("no yes - no"), ""), @"y: 0 1 - 0 (binary no yes)");
    assert_snapshot!(coded(words("no yes no no"), r#", "positive": "no""#), @"y: 1 0 1 1 (binary yes no)");
    assert_snapshot!(coded(words("c a b a"), ""), @"y: 2 0 1 0 (multiclass a b c)");
    assert_snapshot!(coded(words("c a b a"), r#", "classes": ["c", "b", "a", "z"]"#), @"y: 0 2 1 2 (multiclass c b a z)");
    assert_snapshot!(coded(integers(&[Some(10), Some(9), None, Some(9)]), classes), @"y: 1 0 - 0 (binary 9 10)");
    assert_snapshot!(coded(floats("1 0 NaN 1"), classes), @"y: 1 0 - 1 (binary 0 1)");
    assert_snapshot!(coded(floats("1.5 0 - 1"), ""), @"y: 1.5 0.0 - 1.0 (regression )");
    assert_snapshot!(coded(integers(&[Some(10), Some(9), None, Some(9)]), r#", "as": {"above": 9}"#), @"y: 1 0 - 0 (binary y <= 9 y > 9)");
}
