//! What is remembered of runs, good and bad.

use serde_json::{Value, json};

use crate::project::{Project, THREE};

/// The attempts a queue tells of.
#[track_caller]
fn attempts(project: &Project, directory: &str) -> Vec<Value> {
    let text = project.read(&format!("{directory}/_history.jsonl"));
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// How the attempts ended, and how often each did in a row.
#[track_caller]
fn check(project: &Project, directory: &str, expected: &[(&str, u64)]) {
    let attempts = attempts(project, directory);
    let found: Vec<_> = attempts
        .iter()
        .map(|attempt| {
            let times = attempt["times"].as_u64().unwrap_or(1);
            (attempt["how"].as_str().unwrap(), times)
        })
        .collect();
    assert_eq!(found, expected, "{attempts:#?}");
}

#[test]
fn a_run_leaves_a_line_and_one_with_nothing_to_do_leaves_none() {
    let project = Project::new(THREE);
    project.run("raw out", 0);
    project.run("raw out", 0);
    check(&project, "out", &[("complete", 1)]);
    let attempt = &attempts(&project, "out")[0];
    assert_eq!(attempt["counts"], json!({"read": 3, "written": 3}));
    assert_eq!(attempt["reasons"], json!({"new": 3}));
    assert_eq!(attempt["version"], env!("CARGO_PKG_VERSION"));
}

#[test]
fn a_failed_attempt_is_not_erased_by_the_next() {
    let project = Project::new(THREE);
    project.write("raw/b.txt", "sick");
    project.run("raw out", 1);
    check(&project, "out.partial", &[("failed", 1)]);
    project.write("raw/b.txt", "healed");
    project.run("raw out", 0);
    check(&project, "out", &[("failed", 1), ("complete", 1)]);
    let failed = &attempts(&project, "out")[0];
    let failure =
        json!({"item": "b.txt", "cause": "item", "reason": "raw/b.txt: found `sick`", "tries": 1});
    assert_eq!(failed["failures"], json!([failure]));
    project.write("raw/d.txt", "four");
    project.run("raw out", 0);
    check(
        &project,
        "out",
        &[("failed", 1), ("complete", 1), ("complete", 1)],
    );
}

#[test]
fn attempts_that_end_alike_are_counted() {
    let project = Project::new(THREE);
    project.write("raw/b.txt", "sick");
    for _ in 0..3 {
        project.run("raw out", 1);
    }
    check(&project, "out.partial", &[("failed", 3)]);
}

#[test]
fn a_killed_run_is_entered_by_the_next() {
    let project = Project::new(&[("a.txt", "one"), ("b.txt", "hang")]);
    let mut child = project.start("raw out --jobs 1");
    // Until the second item is in hand, the first is still to be done.
    project.wait_for_begun(2);
    child.kill().unwrap();
    child.wait().unwrap();
    project.write("raw/b.txt", "healed");
    project.run("raw out", 0);
    check(&project, "out", &[("died", 1), ("complete", 1)]);
    let died = &attempts(&project, "out")[0];
    assert_eq!(died["in_hand"], json!(["b.txt"]));
    assert_eq!(died["reason"], "killed, or crashed");
    assert_eq!(died["pid"], child.id());
}

#[test]
fn a_run_killed_over_and_over_is_counted() {
    let project = Project::new(THREE);
    project.write("raw/b.txt", "die");
    while project.run_any("raw out --retries 2 --jobs 1") != 1 {}
    check(&project, "out.partial", &[("died", 3), ("failed", 1)]);
    let failures = &attempts(&project, "out.partial")[1]["failures"];
    assert_eq!(failures[0]["cause"], "poison", "{failures}");
}

#[test]
fn a_hang_is_entered_by_the_run_that_starts_over() {
    let project = Project::new(THREE);
    project.write("raw/b.txt", "hang");
    project.run("raw out --timeout 500ms --retries 0", 1);
    check(&project, "out.partial", &[("died", 1), ("failed", 1)]);
    let reason = &attempts(&project, "out.partial")[0]["reason"];
    assert!(reason.as_str().unwrap().contains("hung"), "{reason}");
}

#[test]
fn a_refusal_is_kept_where_there_is_a_queue() {
    let project = Project::new(THREE);
    project.write("c.json", r#"{"prefix": 3}"#);
    project.run("raw out --config c.json", 78);
    assert!(!project.exists("out") && !project.exists("out.partial"));
    project.run("raw out", 0);
    project.run("raw out --config c.json", 78);
    project.run("raw out --config c.json", 78);
    project.run("gone out", 66);
    check(
        &project,
        "out",
        &[("complete", 1), ("refused", 2), ("refused", 1)],
    );
    let reason = &attempts(&project, "out")[1]["reason"];
    let expected = "c.json:1: `prefix`: invalid type: integer `3`, expected a string";
    assert_eq!(reason, expected);
}

#[test]
fn an_attempt_that_ended_just_before_its_commit_did_not_end_well() {
    let project = Project::new(THREE);
    project.run("raw out", 0);
    std::fs::rename(project.path("out"), project.path("out.partial")).unwrap();
    project.run("raw out", 0);
    check(&project, "out", &[("died", 1), ("complete", 1)]);
}

#[test]
fn what_failed_is_remembered_when_there_is_nothing_to_do_any_more() {
    let project = Project::new(THREE);
    project.run("raw out", 0);
    project.write("raw/d.txt", "sick");
    project.run("raw out", 1);
    project.remove("raw/d.txt");
    project.run("raw out", 0);
    assert!(!project.exists("out.partial"));
    check(&project, "out", &[("complete", 1), ("failed", 1)]);
}

#[test]
fn the_record_of_a_run_tells_what_it_reads_and_which_settings_it_has() {
    let project = Project::new(THREE);
    project.write("c.json", r#"{"prefix": "> "}"#);
    project.run("raw out --config c.json", 0);
    let record: Value = serde_json::from_str(&project.read("out/_run.json")).unwrap();
    assert!(record["input"].as_str().unwrap().ends_with("/raw"));
    let settings = &record["settings_files"][0]["content"];
    assert_eq!(settings, &json!({"prefix": "> "}));
    // The same settings in other words are remembered, and nothing is done.
    project.write("c.json", r#"{"prefix": "> ", "delay_ms": 0}"#);
    let ended = project.run("raw out --config c.json", 0);
    assert!(ended.stderr.contains("nothing to do"), "{}", ended.stderr);
    let record: Value = serde_json::from_str(&project.read("out/_run.json")).unwrap();
    assert_eq!(record["settings_files"][0]["content"]["delay_ms"], 0);
}
