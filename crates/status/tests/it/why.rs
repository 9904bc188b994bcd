//! Why something will be done, or not; and where a file comes from.

use regex::Regex;
use waystation_tests::{Command, Ended, Project};

use crate::line::Line;

/// What `status why` says, without digests.
#[track_caller]
fn why(line: &Line, words: &[&str]) -> String {
    let status = Command::new(env!("CARGO_BIN_EXE_status")).directory(&line.path(""));
    let ended = status.arg("why").args(words).expect(0);
    let digest = Regex::new("[0-9a-f]{32}").unwrap();
    let text = digest.replace_all(&ended.stdout, "#");
    let ago = Regex::new(r"\d+[smhd] ago").unwrap();
    ago.replace_all(&text, "#s ago").into_owned()
}

#[test]
fn nothing_will_be_done() {
    let line = Line::made();
    insta::assert_snapshot!(why(&line, &["second"]), @r#"
    second (two): complete
      nothing will be done: no part of any key has changed
      its last attempt, #s ago (complete), had to do: 3 new
    "#);
    insta::assert_snapshot!(why(&line, &["two", "a.txt"]), @r#"
    a.txt in second (two)
      nothing will be done: no part of its key has changed
      input bytes are the same: #
      wrote a.txt, 5 bytes, #
    "#);
}

#[test]
fn a_setting_is_told_with_its_old_and_new_value() {
    let line = Line::made();
    line.write("settings.json", r#"{"depth": 4, "rate": 0.1}"#);
    insta::assert_snapshot!(why(&line, &["first"]), @r#"
    first (one): stale
      because settings.json: `depth` was 3, is 4
      at least 3 of 3 items will be done again
      its last attempt, #s ago (complete), had to do: 3 new
    "#);
    insta::assert_snapshot!(why(&line, &["first", "a.txt"]), @r#"
    a.txt in first (one)
      will be done again: what every key depends on has changed
      input bytes are the same: #
      because settings.json: `depth` was 3, is 4
      wrote a.txt, 5 bytes, #
    "#);
}

#[test]
fn items_that_came_went_and_changed() {
    let line = Line::made();
    line.write("raw/a.txt", "other");
    line.write("raw/d.txt", "new");
    line.remove("raw/b.txt");
    insta::assert_snapshot!(why(&line, &["first"]), @r#"
    first (one): stale
      because of 1 new item (`d.txt`), 1 changed item (`a.txt`), 1 removed item
      (`b.txt`)
      at least 2 of 3 items will be done again
      its last attempt, #s ago (complete), had to do: 3 new
    "#);
    let verdict = |item| {
        why(&line, &["first", item])
            .lines()
            .nth(1)
            .unwrap()
            .trim()
            .to_owned()
    };
    insta::assert_snapshot!(verdict("a.txt"), @r#"will be done again: its content has changed"#);
    insta::assert_snapshot!(verdict("b.txt"), @r#"will be taken away with its outputs: it is no longer in the input"#);
    insta::assert_snapshot!(verdict("c.txt"), @r#"nothing will be done: no part of its key has changed"#);
    insta::assert_snapshot!(verdict("d.txt"), @r#"will be done: it is new"#);
    insta::assert_snapshot!(why(&line, &["second"]), @r#"
    second (two): stale
      because `one` is not complete
        see `status why one`
      its last attempt, #s ago (complete), had to do: 3 new
    "#);
}

#[test]
fn a_program_is_told_by_its_digests() {
    let line = Line::made();
    line.write("work.sh", "exit 0");
    let text = why(&line, &["first"]);
    assert!(text.contains("because the program `"), "{text}");
    assert!(text.contains("    was #\n    is  #\n"), "{text}");
}

#[test]
fn an_item_that_is_set_aside_is_tried_again_only_when_something_has_changed() {
    let line = Line::new();
    line.write("raw/b.txt", "sick");
    line.run("first", 1);
    insta::assert_snapshot!(why(&line, &["first", "b.txt"]), @r#"
    b.txt in first (one)
      will not be tried again: neither it nor settings nor program has changed since
      it failed (`--force` tries all again)
      input bytes are #
      failed, tried once: `sh work.sh` ended with status 1: ValueError: could not
      convert
      │ reading
      │ ValueError: could not convert
    "#);
    insta::assert_snapshot!(why(&line, &["first", "a.txt"]), @r#"
    a.txt in first (one)
      is done, and waits for the others: nothing will be done
      input bytes are the same: #
      wrote a.txt, 5 bytes, #
    "#);
    line.write("raw/b.txt", "well");
    let text = why(&line, &["first", "b.txt"]);
    assert!(
        text.contains("will be tried again: it has changed since it failed"),
        "{text}"
    );
}

#[test]
fn what_was_fitted_is_part_of_the_key() {
    let project = Project::with("features");
    let status = Command::new(env!("CARGO_BIN_EXE_status"));
    let words = ["why", "featurize", "2024-01-01.parquet", "--project"];
    let ended = status.args(words).path(project.directory()).expect(0);
    assert!(ended.stdout.contains("  fitted state "), "{ended}");
}

#[test]
fn a_wrong_name_is_answered_with_the_nearest() {
    let line = Line::made();
    let status = Command::new(env!("CARGO_BIN_EXE_status")).directory(&line.path(""));
    let ended = status.clone().args(["why", "frist"]).expect(64);
    ended.said("hint: did you mean `first`?");
    let ended = status.args(["why", "first", "aa.txt"]).expect(64);
    ended
        .said("`raw` has no item `aa.txt`")
        .said("hint: did you mean `a.txt`?");
}

/// Follows a file of a line back.
#[track_caller]
fn lineage(line: &Line, file: &str, status: i32) -> Ended {
    let command = Command::new(env!("CARGO_BIN_EXE_status")).directory(&line.path(""));
    command.args(["lineage", file]).expect(status)
}

#[test]
fn a_file_is_followed_back_to_the_raw_files() {
    let line = Line::made();
    insta::assert_snapshot!(lineage(&line, "two/a.txt", 0).stdout, @r#"
      two: a.txt (by second), as it was
    ← one: a.txt (by first), as it was
    ← raw: a.txt (raw), as it was
    "#);
    line.write("raw/b.txt", "other");
    lineage(&line, "two/a.txt", 0);
    let ended = lineage(&line, "two/b.txt", 1);
    insta::assert_snapshot!(ended.stdout, @r#"
      two: b.txt (by second), as it was
    ← one: b.txt (by first), as it was
    ← raw: b.txt (raw), OTHER than it was
    "#);
    insta::assert_snapshot!(ended.stderr, @r#"status: `two/b.txt` cannot be made again from what is there: `raw` has changed since"#);
    // What lies between has moved on.
    line.run("first", 0);
    let ended = lineage(&line, "two/b.txt", 1);
    ended.said("`one` has changed since");
    let there = line.copied();
    lineage(&there, "two/a.txt", 0);
}

#[test]
fn a_file_that_was_altered_by_hand_is_found() {
    let line = Line::made();
    line.write("two/a.txt", "forged");
    lineage(&line, "two/a.txt", 1).said("`two` has changed since");
    line.write("two/mine.txt", "mine");
    lineage(&line, "two/mine.txt", 65).said("is of no receipt");
    lineage(&line, "raw/a.txt", 66).said("is in no complete queue");
}

#[test]
fn a_report_comes_of_all_raw_files() {
    let project = Project::with("reports");
    let report = project.path("reports/report.html");
    let status = Command::new(env!("CARGO_BIN_EXE_status"));
    let ended = status.arg("lineage").path(report).arg("--json").expect(0);
    let lineage: serde_json::Value = serde_json::from_str(&ended.stdout).unwrap();
    let steps = lineage["steps"].as_array().unwrap();
    let stages: Vec<_> = steps
        .iter()
        .map(|step| step["stage"].as_str().unwrap_or("raw"))
        .collect();
    let line = [
        "evaluate",
        "train",
        "split",
        "featurize",
        "clean",
        "validate",
        "raw",
    ];
    assert_eq!(stages, line);
    assert_eq!(steps[6]["files"]["count"], waystation_tests::DAYS);
    assert_eq!(lineage["is_whole"], true);
}

#[test]
fn make_asks_why_too() {
    let project = Project::with("cleaned");
    project.make("cleaned").expect(0);
    let make = project.make("why").arg("STAGE=clean");
    assert!(make.expect(0).stdout.contains("nothing will be done"));
    project.write("config/clean.json", r#"{"rules": []}"#);
    let ended = make.arg("ITEM=2024-01-01.parquet").expect(0);
    assert!(ended.stdout.contains("will be done again"), "{ended}");
}
