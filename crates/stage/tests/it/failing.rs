//! Runs in which something goes wrong, by whose fault it is.

use crate::project::{Project, THREE};

/// Three items, of which one is sick.
fn sick() -> Project {
    let project = Project::new(THREE);
    project.write("raw/b.txt", "sick");
    project
}

#[test]
fn a_sick_item_becomes_a_dead_letter_and_the_others_get_done() {
    let project = sick();
    let ended = project.run("raw out", 1);
    assert!(
        ended
            .stderr
            .contains("lines: failed: raw/b.txt: found `sick`\nhint: heal it")
    );
    assert!(project.exists("out.partial/a.txt") && !project.exists("out"));
    let letter: serde_json::Value =
        serde_json::from_str(&project.read("out.partial/_failed/b.txt.json")).unwrap();
    assert_eq!(
        (&letter["cause"], &letter["tries"]),
        (&"item".into(), &1.into())
    );
}

#[test]
fn the_last_good_output_survives_a_failing_run() {
    let project = Project::new(THREE);
    project.run("raw out", 0);
    let before = project.tree("out");
    project.write("raw/b.txt", "sick");
    project.run("raw out", 1);
    assert_eq!(project.tree("out"), before);
}

#[test]
fn a_dead_letter_is_tried_again_only_when_its_cause_can_have_changed() {
    let project = sick();
    project.run("raw out", 1);
    assert_eq!(
        project.run("raw out --dry-run", 0).stdout,
        "failed, kept              b.txt\n"
    );
    project.run("raw out", 1);
    project.write("raw/b.txt", "healed");
    let ended = project.run("raw out", 0);
    assert!(
        ended
            .stderr
            .starts_with("lines: 3 items, 1 processed, 2 unchanged"),
        "{}",
        ended.stderr
    );
    assert!(!project.exists("out/_failed") && !project.exists("out.partial"));
}

#[test]
fn max_failed_commits_without_the_dead_letters_and_says_so() {
    let project = sick();
    project.run("raw out --max-failed 1", 0);
    assert!(
        project
            .read("out/_manifest.json")
            .contains(r#""reason":"raw/b.txt: found `sick`""#)
    );
    assert!(project.exists("out/_failed/b.txt.json") && !project.exists("out/b.txt"));
    project.run("raw out --max-failed 40%", 0);
    project.run("raw out", 1);
}

#[test]
fn the_machines_fault_is_tried_again() {
    let project = Project::new(THREE);
    project.write("raw/b.txt", "flaky");
    let ended = project.run("raw out --retries 2 --backoff 1ms", 1);
    assert_eq!(
        ended.stderr.matches("trying again").count(),
        2,
        "{}",
        ended.stderr
    );
    project.write("raw/b.cured", "");
    project.remove("raw/c.txt");
    // Two items of one name cannot both be written: a third kind of fault, which stops the run.
    let ended = project.run("raw out", 65);
    assert!(
        ended
            .stderr
            .contains("items `b.cured` and `b.txt` would both be written to `"),
        "{}",
        ended.stderr
    );
}

#[test]
fn what_the_machine_spoilt_is_tried_again_in_the_next_run() {
    let project = Project::new(THREE);
    project.write("raw/b.txt", "flaky");
    project.run("raw out --retries 0", 1);
    assert_eq!(
        project.run("raw out --dry-run", 0).stdout,
        "failed before             b.txt\n"
    );
}

#[test]
fn a_panic_is_a_dead_letter_and_the_others_get_done() {
    let project = Project::new(THREE);
    project.write("raw/b.txt", "panic");
    let ended = project.run("raw out", 1);
    assert!(
        ended.stderr.contains("lines.rs:") && ended.stderr.contains("asked to"),
        "{}",
        ended.stderr
    );
    assert!(project.exists("out.partial/a.txt"));
}

#[test]
fn what_is_no_file_is_a_dead_letter() {
    for target in ["nowhere", "d.txt", "a.txt/d.txt"] {
        let project = Project::new(THREE);
        std::os::unix::fs::symlink(target, project.path("raw/d.txt")).unwrap();
        let ended = project.run("raw out", 1);
        assert!(
            ended
                .stderr
                .contains("raw/d.txt: a symbolic link that leads nowhere"),
            "{target}: {}",
            ended.stderr
        );
    }
}

#[test]
fn a_sick_item_stops_a_fit_before_the_others_are_transformed() {
    let project = sick();
    project.write("c.json", r#"{"form": "center"}"#);
    project.run("raw out --config c.json", 1);
    assert!(project.exists("out.partial/_journal.jsonl") && !project.exists("out.partial/a.txt"));
    project.run("raw out --config c.json --max-failed 1", 0);
    assert_eq!(project.read("out/a.txt"), "one\ntwo\n");
    project.run("raw out --config c.json --max-failed 1", 0);
}

#[test]
fn a_sick_item_stops_a_whole_queue() {
    let project = sick();
    project.write("c.json", r#"{"form": "count"}"#);
    let ended = project.run("raw out --config c.json", 1);
    assert!(
        ended.stderr.contains("raw/b.txt: found `sick`"),
        "{}",
        ended.stderr
    );
    assert!(project.exists("out.partial/_failed/queue.json"));
    project.write("raw/b.txt", "healed");
    project.run("raw out --config c.json", 0);
    assert_eq!(project.read("out/lines.txt"), "3\n");
}

#[test]
fn wrong_settings_stop_the_run_before_anything_is_touched() {
    let project = Project::new(THREE);
    project.write("c.json", r#"{"form": "centre"}"#);
    let ended = project.run("raw out --config c.json", 78);
    insta::assert_snapshot!(ended.stderr, @r"
    lines: c.json:1: `form`: unknown variant `centre`, expected one of `upper`, `batch`, `center`, `count`
    hint: did you mean `center`?
    ");
    assert!(!project.exists("out.partial"));
}

#[test]
fn wrong_ways_to_call_are_told_apart() {
    let project = Project::new(THREE);
    assert!(
        project
            .run("nowhere out", 66)
            .stderr
            .contains("`nowhere` is not there")
    );
    assert!(project.run("raw raw/out", 64).stderr.contains("overlap"));
    assert!(project.run("raw out --job 3", 64).stderr.contains("--jobs"));
    assert!(
        project
            .run("raw out --max-failed lots", 64)
            .stderr
            .contains("expected a count")
    );
    std::fs::create_dir(project.path("empty")).unwrap();
    assert!(
        project
            .run("empty out", 66)
            .stderr
            .contains("`empty` has no items")
    );
    project.write("file", "");
    assert_eq!(project.run("raw file/out", 73).status, 73);
}

#[test]
fn settings_are_described_by_a_schema() {
    let project = Project::new(&[]);
    let schema: serde_json::Value =
        serde_json::from_str(&project.run("--config-schema", 0).stdout).unwrap();
    assert_eq!(schema["additionalProperties"], false);
    assert!(schema["properties"]["prefix"].is_object());
}

#[test]
fn what_no_stage_has_written_is_never_replaced() {
    let project = Project::new(THREE);
    project.write("thesis/chapter.tex", "years of work");
    let ended = project.run("raw thesis", 73);
    assert!(
        ended
            .stderr
            .contains("`thesis` holds `chapter.tex`, which no stage has written there"),
        "{}",
        ended.stderr
    );
    project.run("raw out", 0);
    project.write("out/notes/mine.txt", "more work");
    project.write("raw/d.txt", "new");
    let ended = project.run("raw out", 73);
    assert!(
        ended.stderr.contains("`out` holds `notes/mine.txt`"),
        "{}",
        ended.stderr
    );
    assert_eq!(project.read("thesis/chapter.tex"), "years of work");
    assert_eq!(project.read("out/notes/mine.txt"), "more work");
}

#[test]
fn a_very_long_name_can_be_a_dead_letter() {
    let long = format!("{}.txt", "n".repeat(251));
    let project = Project::new(&[(&long, "sick")]);
    project.run("raw out", 1);
    project.run("raw out", 1);
    project.write(&format!("raw/{long}"), "healed");
    project.run("raw out", 0);
    assert_eq!(project.read(&format!("out/{long}")), "HEALED\n");
}

/// Runs the same stage batch by batch.
fn in_batches(project: &Project, options: &str, status: i32) -> String {
    project.write("batch.json", r#"{"form": "batch"}"#);
    let options = format!("raw out --config batch.json --jobs 1 --backoff 1ms {options}");
    project.run(&options, status).stderr
}

#[test]
fn of_a_batch_only_the_sick_item_is_set_aside() {
    let project = sick();
    let said = in_batches(&project, "", 1);
    assert!(
        said.contains("a.txt and 1 more: raw/b.txt: found `sick`; trying each alone"),
        "{said}"
    );
    let letters = project.tree("out.partial/_failed");
    assert_eq!(
        letters.keys().map(String::as_str).collect::<Vec<_>>(),
        ["b.txt.json"]
    );
    assert!(project.exists("out.partial/a.txt") && project.exists("out.partial/c.txt"));
    project.write("raw/b.txt", "healed");
    let said = in_batches(&project, "", 0);
    assert!(said.contains("1 processed, 2 unchanged"), "{said}");
}

#[test]
fn a_batch_that_the_machine_fails_is_tried_again_and_then_item_by_item() {
    let project = Project::new(THREE);
    project.write("raw/b.txt", "flaky");
    let said = in_batches(&project, "--retries 1", 1);
    assert_eq!(said.matches("; trying again in").count(), 2, "{said}");
    assert_eq!(said.matches("; trying each alone").count(), 1, "{said}");
    assert!(project.exists("out.partial/_failed/b.txt.json"));
    assert!(project.exists("out.partial/a.txt"));
}

#[test]
fn an_item_that_kills_its_batch_is_found() {
    let project = Project::new(THREE);
    project.write("raw/b.txt", "die");
    project.write("batch.json", r#"{"form": "batch"}"#);
    let mut statuses = Vec::new();
    while statuses.last() != Some(&1) {
        assert!(statuses.len() < 10, "{statuses:?}");
        statuses.push(project.run_any("raw out --config batch.json --retries 1"));
    }
    assert!(project.exists("out.partial/_failed/b.txt.json"));
    assert!(project.exists("out.partial/a.txt") && project.exists("out.partial/c.txt"));
}
