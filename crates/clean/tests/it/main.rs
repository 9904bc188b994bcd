//! `clean` from the outside: queues of tables in, queues of cleaned tables out.

#[cfg(test)]
mod support;

use insta::assert_snapshot;
use support::Project;

/// Two weeks of flights, the second with a fare that is none.
fn flights() -> Project {
    let project = Project::new();
    project.table(
        "a.parquet",
        "tail,fare,delay\n N1 ,\"£1,200\",5\nN2,£30,-\n",
    );
    project.table(
        "b.parquet",
        "tail,fare,delay\nN1,£7.50,20\nn3,free,-3\nN3,£8,-3\n",
    );
    project
}

const RULES: &str = r#"{
  "rules": [
    {"trim": {}},
    {"case": {"columns": ["tail"], "to": "upper"}},
    {"missing": {"columns": ["delay"], "values": ["-"]}},
    {"drop_rows": {"when": {"missing": "delay"}, "reason": "cancelled"}},
    {"number": {"columns": ["fare"], "thousands": ",", "units": {"£": 1}}},
    {"cast": {"columns": ["delay"], "to": "integer"}}
  ],
  "max_rejected": 1
}"#;

#[test]
fn rules_change_drop_and_reject_rows() {
    let project = flights();
    project.clean(RULES).check(0);
    assert_snapshot!(project.rows("a.parquet"), @r#"
    tail | fare | delay
    "N1" | 1200.0 | 5
    "#);
    assert_snapshot!(project.rows("b.parquet"), @r#"
    tail | fare | delay
    "N1" | 7.5 | 20
    "N3" | 8.0 | -3
    "#);
    assert_snapshot!(project.text("cleaned/_rejected/b.jsonl"), @r#"{"file":"b.parquet","row":2,"column":"fare","rule":"rules[4].number","expected":"number","value":"free"}"#);
    assert_snapshot!(project.counts(), @r#"{"dropped":{"cancelled":1},"read":5,"rejected":1,"written":3}"#);
}

#[test]
fn rows_of_later_batches_are_told_by_their_number_in_the_item() {
    let project = Project::new();
    let mut lines = "fare\n".to_owned() + &"1\n".repeat(70_000);
    lines.push_str("free\n");
    project.table("a.parquet", &lines);
    let run =
        project.clean(r#"{"rules": [{"number": {"columns": ["fare"], "on_error": "fail"}}]}"#);
    run.check(1);
    let expected = "validated/a.parquet: row 70001: column `fare`: expected number, found `free`";
    assert!(run.stderr().contains(expected), "{}", run.stderr());
}

#[test]
fn too_many_rejected_rows_set_the_item_aside() {
    let run = flights().clean(&RULES.replace("\"max_rejected\": 1", "\"max_rejected\": \"10%\""));
    run.check(1);
    assert_snapshot!(run.stderr(), @r#"
    clean: failed: validated/b.parquet: row 2: column `fare`: expected number, found `free`; 1 of 3 rows rejected, more than the allowed 10%
    hint: correct the rule or the data, or allow more with `max_rejected`
    clean: 1 of 2 items failed
    hint: what is done is kept in `cleaned.partial`, the reasons are in `cleaned.partial/_failed`; mend the items and run again, or go on without them with `--max-failed`
    "#);
}

#[test]
fn without_settings_every_row_passes_and_that_is_said() {
    let project = flights();
    let run = project.clean_plainly();
    run.check(0);
    assert_snapshot!(run.stderr(), @r#"
    clean: a.parquet: there are no rules: every row passes unchanged
    clean: 2 items; 5 rows in, 5 out (TIME)
    "#);
    assert_eq!(project.rows("b.parquet").lines().count(), 4);
}

/// Handed on under a second name, and not written again by anything that follows.
#[test]
fn without_rules_an_item_is_the_file_it_was() {
    use std::os::unix::fs::MetadataExt;
    let project = flights();
    let inode = |path: &str| std::fs::metadata(project.path(path)).unwrap().ino();
    project.clean_plainly().check(0);
    assert_eq!(inode("cleaned/a.parquet"), inode("validated/a.parquet"));
    let before = std::fs::read(project.path("validated/a.parquet")).unwrap();
    let again = project.clean_plainly();
    again.check(0);
    assert_snapshot!(again.stderr(), @"clean: nothing to do (2 items, TIME)");
    project.clean(RULES).check(0);
    assert_ne!(inode("cleaned/a.parquet"), inode("validated/a.parquet"));
    assert_eq!(
        std::fs::read(project.path("validated/a.parquet")).unwrap(),
        before
    );
}

#[test]
fn a_column_that_is_missing_everywhere_is_the_settings_fault() {
    let run = flights().clean(r#"{"rules": [{"drop_columns": ["tial"]}]}"#);
    run.check(78);
    assert_snapshot!(run.stderr(), @r#"
    clean: clean.json: `rules[0].drop_columns`: there is no column `tial` here
    hint: did you mean `tail`?
    "#);
}

#[test]
fn a_column_that_is_missing_in_one_item_only_is_that_items_fault() {
    let project = flights();
    project.table("c.parquet", "tale\nN1\n");
    let run = project.clean(RULES);
    run.check(1);
    assert_snapshot!(run.stderr(), @r#"
    clean: failed: c.parquet: clean.json: `rules[1].case`: there is no column `tail` here
    hint: did you mean `tale`?
    clean: 1 of 3 items failed
    hint: what is done is kept in `cleaned.partial`, the reasons are in `cleaned.partial/_failed`; mend the items and run again, or go on without them with `--max-failed`
    "#);
}

#[test]
fn a_pattern_that_is_none_is_refused_before_any_data_is_read() {
    let rules =
        r#"{"rules": [{"replace_pattern": {"columns": ["tail"], "pattern": "N(", "with": ""}}]}"#;
    let run = Project::new().clean(rules);
    run.check(78);
    assert_snapshot!(run.stderr(), @"clean: clean.json: `rules[0].replace_pattern`: pattern `N(`: unclosed group");
}

const FIRST_OF_EQUALS: &str =
    r#"{"rules": [{"trim": {}}, {"drop_duplicates": {"by": ["tail"], "reason": "flown before"}}]}"#;

#[test]
fn of_equal_rows_the_first_in_item_order_stays() {
    let project = flights();
    project.clean(FIRST_OF_EQUALS).check(0);
    assert_snapshot!(project.rows("a.parquet"), @r#"
    tail | fare | delay
    "N1" | "£1,200" | "5"
    "N2" | "£30" | "-"
    "#);
    assert_snapshot!(project.rows("b.parquet"), @r#"
    tail | fare | delay
    "n3" | "free" | "-3"
    "N3" | "£8" | "-3"
    "#);
    assert_snapshot!(project.counts(), @r#"{"dropped":{"flown before":1},"read":5,"written":4}"#);
}

#[test]
fn an_item_is_done_again_only_when_its_own_repeats_change() {
    let project = flights();
    project.table("c.parquet", "tail,fare,delay\nN9,£1,1\n");
    project.clean(FIRST_OF_EQUALS).check(0);
    // The row of `b` that repeated one of `a` is now the first of its kind; `c` is not touched by that.
    project.table("a.parquet", "tail,fare,delay\nN8,£30,-\n");
    let run = project.clean(FIRST_OF_EQUALS);
    run.check(0);
    assert_snapshot!(project.rows("b.parquet"), @r#"
    tail | fare | delay
    "N1" | "£7.50" | "20"
    "n3" | "free" | "-3"
    "N3" | "£8" | "-3"
    "#);
    assert!(
        run.stderr().contains("2 processed, 1 unchanged"),
        "{}",
        run.stderr()
    );
}

#[test]
fn the_bytes_are_the_same_for_any_number_of_jobs() {
    let bytes = |jobs| {
        let project = flights();
        project
            .clean_with(FIRST_OF_EQUALS, &["--jobs", jobs])
            .check(0);
        project.text("cleaned/_manifest.json")
    };
    assert_eq!(bytes("1"), bytes("4"));
}

#[test]
fn the_settings_are_described_for_editors() {
    let schema = Project::new().schema();
    assert_eq!(schema["properties"]["rules"]["type"], "array");
    assert!(schema["$defs"]["Condition"].is_object(), "{schema}");
}
