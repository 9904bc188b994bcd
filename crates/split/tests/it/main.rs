//! `split` from the outside: a queue in, a queue with a folder for each partition out.

#[cfg(test)]
mod support;

use insta::assert_snapshot;
use support::Project;
use table::roles::{Role, roles_of};

const CUT: &str = r#"{"rule": "time", "column": "day", "validation_from": 20, "test_from": 30}"#;

#[test]
fn every_row_goes_to_one_partition() {
    let project = Project::new(CUT)
        .days("a.parquet", 0..15)
        .days("b.parquet", 15..40)
        .days("c.parquet", 40..41)
        .item("empty.parquet", &[]);
    project.split(&[]).check(0);
    assert_snapshot!(project.tree(), @"
test/b.parquet: 30 to 39, 10 rows
test/c.parquet: 40 to 40, 1 rows
train/a.parquet: 0 to 14, 15 rows
train/b.parquet: 15 to 19, 5 rows
validation/b.parquet: 20 to 29, 10 rows
");
    let manifest = fs_err::read(project.path("splits/_manifest.json")).unwrap();
    let manifest: serde_json::Value = serde_json::from_slice(&manifest).unwrap();
    assert_eq!(manifest["counts"]["read"], 41);
    assert_eq!(manifest["counts"]["written"], 41);
}

#[test]
fn an_item_of_many_batches_keeps_its_order() {
    let rule = CUT.replace("20", "100000").replace("30", "150000");
    let project = Project::new(&rule).days("a.parquet", 0..200_000);
    project.split(&["--jobs", "3"]).check(0);
    assert_snapshot!(project.tree(), @"
test/a.parquet: 150000 to 199999, 50000 rows
train/a.parquet: 0 to 99999, 100000 rows
validation/a.parquet: 100000 to 149999, 50000 rows
");
}

#[test]
fn roles_stay() {
    let project = Project::new(CUT).days("a.parquet", 0..5);
    project.split(&[]).check(0);
    let reader = project.read("train/a.parquet");
    assert_eq!(roles_of(reader.schema().field(0)), [Role::Feature]);
}

#[test]
fn bytes_do_not_hang_on_jobs() {
    let rule = r#"{"rule": "hash", "columns": ["day"], "shares": {"train": 0.6, "validation": 0.2, "test": 0.2}}"#;
    let make = |jobs: &str| {
        let project = Project::new(rule).days("a.parquet", 0..100_000);
        project.split(&["--jobs", jobs]).check(0);
        ["train", "validation", "test"].map(|partition| {
            fs_err::read(project.path("splits").join(partition).join("a.parquet")).unwrap()
        })
    };
    assert!(make("1") == make("4"));
}

#[test]
fn a_row_without_a_time_fails_its_item() {
    let project = Project::new(CUT)
        .days("a.parquet", 0..15)
        .item("b.parquet", &[Some(1), None]);
    project.split(&[]).check(1);
    let letter = project.path("splits.partial/_failed/b.parquet.json");
    let letter = fs_err::read_to_string(letter).unwrap();
    assert!(letter.contains("some of 2 rows have no value"), "{letter}");
    fs_err::write(
        project.path("split.json"),
        CUT.replace('}', r#", "missing": "test"}"#),
    )
    .unwrap();
    project.split(&[]).check(0);
}

#[test]
fn a_rule_that_makes_no_sense_stops_the_run() {
    let run = |rule: &str| {
        Project::new(rule)
            .days("a.parquet", 0..15)
            .split(&[])
            .check(78)
    };
    assert_snapshot!(run(&CUT.replace("30", "10")), @"split: split.json: `test_from`: expected a later moment than `validation_from`, found an earlier or the same");
    assert_snapshot!(run(&CUT.replace("day", "dai")), @"
split: split.json: there is no column `dai`
hint: did you mean `day`?
");
    assert_snapshot!(run(&CUT.replace("rule", "rool")), @"split: split.json:1: missing field `rule`");
}
