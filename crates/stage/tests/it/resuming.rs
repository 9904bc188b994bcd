//! Runs that are stopped, and what the next one makes of it.

use std::process::Child;
use std::time::Duration;

use crate::project::{Project, THREE};

/// Twenty items of which each takes a moment.
fn slow(form: &str) -> Project {
    let items: Vec<_> = (10..30)
        .map(|i| (format!("{i}.txt"), "line\n".repeat(i)))
        .collect();
    let items: Vec<_> = items
        .iter()
        .map(|(name, text)| (name.as_str(), text.as_str()))
        .collect();
    let project = Project::new(&items);
    project.write(
        "slow.json",
        &format!(r#"{{"form": "{form}", "delay_ms": 40}}"#),
    );
    project
}

fn signal(child: &Child, name: &str) {
    let pid = child.id().to_string();
    let status = std::process::Command::new("kill")
        .args(["-s", name, &pid])
        .status()
        .unwrap();
    assert!(status.success());
}

#[track_caller]
fn check_killed_runs_end_the_same(form: &str) {
    let project = slow(form);
    project.run("raw undisturbed --config slow.json", 0);
    for kill_ms in [5, 60, 150, 250, 350, 450] {
        let mut child = project.start("raw out --config slow.json --jobs 2");
        std::thread::sleep(Duration::from_millis(kill_ms));
        child.kill().unwrap();
        child.wait().unwrap();
    }
    project.run("raw out --config slow.json", 0);
    assert!(project.tree("out") == project.tree("undisturbed"), "{form}");
    assert!(!project.exists("out.partial"));
}

#[test]
fn items_survive_being_killed_again_and_again() {
    check_killed_runs_end_the_same("upper");
}

#[test]
fn a_fit_survives_being_killed_again_and_again() {
    check_killed_runs_end_the_same("center");
}

#[test]
fn a_whole_queue_survives_being_killed_again_and_again() {
    check_killed_runs_end_the_same("count");
}

/// Waits until a whole-queue run has a checkpoint of its first step.
#[track_caller]
fn wait_for_checkpoint(project: &Project) {
    project.wait_until("a checkpoint", || {
        let keys = std::fs::read_dir(project.path("out.partial/_checkpoint"));
        let mut keys = keys.into_iter().flatten().flatten();
        keys.any(|key| key.path().join("state").exists())
    });
}

#[test]
fn a_whole_queue_goes_on_from_its_checkpoint() {
    let project = slow("count");
    let mut child = project.start("raw out --config slow.json");
    wait_for_checkpoint(&project);
    child.kill().unwrap();
    child.wait().unwrap();
    let ended = project.run("raw out --config slow.json", 0);
    assert!(ended.stderr.contains("resumed after "), "{}", ended.stderr);
}

#[test]
fn a_checkpoint_is_offered_for_the_same_key_only() {
    let project = slow("count");
    let mut child = project.start("raw out --config slow.json");
    wait_for_checkpoint(&project);
    child.kill().unwrap();
    child.wait().unwrap();
    project.write("raw/10.txt", "other\n");
    let ended = project.run("raw out --config slow.json", 0);
    assert!(!ended.stderr.contains("resumed"), "{}", ended.stderr);
}

#[test]
fn a_polite_signal_leaves_a_partial_that_the_next_run_ends() {
    for (name, status) in [("INT", 130), ("TERM", 143)] {
        let project = slow("upper");
        let child = project.start("raw out --config slow.json --jobs 2");
        // By then one of them is done.
        project.wait_for_begun(3);
        signal(&child, name);
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(status));
        let done = project
            .read("out.partial/_journal.jsonl")
            .matches("\"done\"")
            .count();
        assert!((1..20).contains(&done), "{done} items were done");
        let ended = project.run("raw out --config slow.json", 0);
        assert!(
            ended.stderr.contains(&format!("{done} unchanged")),
            "{}",
            ended.stderr
        );
    }
}

#[test]
fn a_second_run_refuses_at_once_and_names_the_owner() {
    let project = slow("upper");
    let mut child = project.start("raw out --config slow.json");
    project.wait_for("out.partial/_run.json");
    let ended = project.run("raw out --config slow.json", 75);
    assert!(
        ended.stderr.contains(&format!(
            "another run is writing `out` (process {}",
            child.id()
        )),
        "{}",
        ended.stderr
    );
    child.kill().unwrap();
    child.wait().unwrap();
    project.run("raw out --config slow.json", 0);
}

#[test]
fn an_item_over_which_the_process_dies_becomes_a_dead_letter() {
    let project = Project::new(THREE);
    project.write("raw/b.txt", "die");
    let mut deaths = 0;
    while project.run_any("raw out --retries 2") != 1 {
        deaths += 1;
        assert!(deaths < 6, "the line crash-loops");
    }
    // The first time it may have had company.
    assert!((3..=4).contains(&deaths), "{deaths} deaths");
    assert!(project.exists("out.partial/a.txt") && project.exists("out.partial/c.txt"));
    let letter = project.read("out.partial/_failed/b.txt.json");
    assert!(letter.contains(r#""cause": "poison""#), "{letter}");
    project.run("raw out --retries 2", 1);
    project.write("raw/b.txt", "healed");
    project.run("raw out", 0);
}

#[test]
fn an_item_that_listens_is_stopped_at_its_time_limit() {
    let project = Project::new(THREE);
    project.write("raw/b.txt", "slow");
    let ended = project.run("raw out --timeout 500ms --retries 1 --backoff 1ms", 1);
    assert!(
        ended
            .stderr
            .contains("took longer than the 500ms of `--timeout`"),
        "{}",
        ended.stderr
    );
}

#[test]
fn an_item_that_hangs_becomes_a_dead_letter_and_the_others_get_done() {
    let project = Project::new(THREE);
    project.write("raw/b.txt", "hang");
    let ended = project.run("raw out --timeout 500ms --retries 0", 1);
    assert!(
        ended.stderr.contains("died or hung 1 times"),
        "{}",
        ended.stderr
    );
    assert!(project.exists("out.partial/a.txt") && project.exists("out.partial/c.txt"));
}

#[test]
fn a_leftover_of_a_commit_cut_short_after_the_exchange_is_removed() {
    let project = Project::new(THREE);
    project.run("raw old", 0);
    project.write("raw/a.txt", "new");
    project.run("raw out", 0);
    std::fs::rename(project.path("old"), project.path("out.partial")).unwrap();
    let before = project.tree("out");
    project.run("raw out", 0);
    assert!(!project.exists("out.partial"));
    assert_eq!(project.tree("out"), before);
}

#[test]
fn a_commit_cut_short_before_the_exchange_costs_nothing_to_end() {
    let project = Project::new(THREE);
    project.run("raw out", 0);
    std::fs::rename(project.path("out"), project.path("out.partial")).unwrap();
    let ended = project.run("raw out", 0);
    assert!(
        ended.stderr.contains("3 unchanged") || ended.stderr.contains("nothing to do"),
        "{}",
        ended.stderr
    );
    assert!(!project.exists("out.partial"));
    assert_eq!(project.read("out/a.txt"), "ONE\nTWO\n");
}

#[test]
fn a_torn_output_in_a_partial_is_not_trusted() {
    let project = Project::new(THREE);
    project.run("raw out", 0);
    std::fs::rename(project.path("out"), project.path("out.partial")).unwrap();
    project.write("out.partial/a.txt", "ONE\nTW");
    project.run("raw out", 0);
    assert_eq!(project.read("out/a.txt"), "ONE\nTWO\n");
}

#[test]
fn a_commit_cut_short_between_two_renames_is_ended_by_a_plain_run() {
    let project = Project::new(THREE);
    project.run("raw out", 0);
    project.write("raw/a.txt", "new");
    project.run("raw new", 0);
    let rename = |from, to| std::fs::rename(project.path(from), project.path(to)).unwrap();
    rename("out", "out.previous");
    rename("new", "out.partial");
    project.run("raw out", 0);
    assert_eq!(project.read("out/a.txt"), "NEW\n");
    assert!(!project.exists("out.partial") && !project.exists("out.previous"));
}

#[test]
fn a_run_cut_short_at_its_very_beginning_is_taken_up() {
    for name in ["_history.jsonl", "_history.jsonl.new", "_journal.jsonl"] {
        let project = Project::new(THREE);
        project.write(&format!("out.partial/{name}"), "{\"torn");
        project.run("raw out", 0);
        assert!(!project.exists("out.partial"), "{name}");
    }
}

#[test]
fn a_partial_that_leads_elsewhere_is_refused() {
    let project = Project::new(THREE);
    project.run("raw other", 0);
    std::os::unix::fs::symlink("other", project.path("out.partial")).unwrap();
    let before = project.tree("other");
    let ended = project.run("raw out", 73);
    assert!(
        ended.stderr.contains("it is not a directory"),
        "{}",
        ended.stderr
    );
    assert_eq!(project.tree("other"), before);
}

#[test]
fn links_in_a_partial_lead_nobody_elsewhere() {
    let project = Project::new(THREE);
    project.run("raw other", 0);
    project.write("out.partial/_journal.jsonl", "");
    let before = project.tree("other");
    for name in [
        "_stat.json",
        "_run.json.new",
        "_items.json.new",
        "_checkpoint",
        "_failed",
        "a.txt",
    ] {
        let link = project.path(&format!("out.partial/{name}"));
        std::os::unix::fs::symlink("../other", link).unwrap();
    }
    std::fs::remove_file(project.path("out.partial/_journal.jsonl")).unwrap();
    std::os::unix::fs::symlink(
        "../other/_manifest.json",
        project.path("out.partial/_journal.jsonl"),
    )
    .unwrap();
    project.run("raw out", 0);
    assert_eq!(project.tree("other"), before);
    assert_eq!(project.tree("out"), before);
}

#[test]
fn an_item_that_eats_all_memory_becomes_a_dead_letter_and_the_others_get_done() {
    let project = Project::new(THREE);
    project.write("raw/b.txt", "eat");
    let mut deaths = 0;
    while project.run_with_memory("raw out --retries 1", 300_000) != 1 {
        deaths += 1;
        assert!(deaths < 5, "the line crash-loops");
    }
    assert!((2..=3).contains(&deaths), "{deaths} deaths");
    assert!(project.exists("out.partial/a.txt") && project.exists("out.partial/c.txt"));
    let letter = project.read("out.partial/_failed/b.txt.json");
    assert!(letter.contains(r#""cause": "poison""#), "{letter}");
}
