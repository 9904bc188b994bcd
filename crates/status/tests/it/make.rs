//! The line as Make gives it, and without Make.

use waystation_tests::{Command, Project, day};

use crate::line::Line;

#[test]
fn a_thousand_failed_items_fit_the_screen() {
    let project = Project::empty();
    for number in 0..1000 {
        let row = format!("id,date,colour,amount,late\n{number},2024-01-01,red,much,1\n");
        project.write(&format!("raw/{number}.csv"), &row);
    }
    project.make("validated").expect(2);
    let ended = project.make("status").expect(0);
    assert!(ended.lines().len() < 24, "{ended}");
    let lines = ended.lines();
    // What to type cannot be broken.
    let mut drawn = lines.iter().filter(|line| !line.starts_with("next:"));
    assert!(drawn.all(|line| line.chars().count() <= 80), "{ended}");
    assert!(ended.stdout.contains("999 more like it"), "{ended}");
    assert!(
        ended
            .stdout
            .contains(&format!("PROJECT={}", project.directory().display()))
    );
}

#[test]
fn without_make_the_queues_tell_the_line() {
    let line = Line::made();
    let status = Command::new(env!("CARGO_BIN_EXE_status")).path(line.path(""));
    let ended = status.clone().arg("--json").expect(0);
    let found: serde_json::Value = serde_json::from_str(&ended.stdout).unwrap();
    let stages = found["stages"].as_array().unwrap();
    let queues: Vec<_> = stages
        .iter()
        .map(|stage| stage["queue"].as_str().unwrap())
        .collect();
    assert_eq!(queues, ["one", "two"]);
    line.write("raw/b.txt", "sick");
    line.run("first", 1);
    let ended = status.expect(0);
    // The command as it was given, and where.
    let next = format!("next: cd {} && ", line.path("").display());
    assert!(
        ended.stdout.contains(next.trim_end_matches("/ && ")),
        "{ended}"
    );
}

#[test]
fn make_tells_of_stages_that_never_ran_and_of_changed_commands() {
    let project = Project::with("cleaned");
    // As Make leaves it: with the command by which each queue was made.
    project.make("cleaned").expect(0);
    let states = |flags: &str| -> Vec<String> {
        let ended = project
            .make("status")
            .arg("STATUS_FLAGS=--json")
            .arg(flags)
            .expect(0);
        let line: serde_json::Value = serde_json::from_str(&ended.stdout).unwrap();
        let stages = line["stages"].as_array().unwrap().iter();
        stages
            .map(|stage| stage["state"].as_str().unwrap().to_owned())
            .collect()
    };
    let never = "never_run";
    assert_eq!(
        states("FLAGS=--jobs 1"),
        ["complete", "complete", never, never, never, never]
    );
    let found = states("VALIDATE_FLAGS=--rows-per-item 50");
    assert_eq!(found[..2], ["stale", "stale"]);
    project.change(1);
    assert_eq!(states("FLAGS=")[..2], ["stale", "stale"]);
    project.remove(&format!("raw/{}", day(2)));
    project.make("cleaned").expect(0);
    assert_eq!(states("FLAGS=")[..2], ["complete", "complete"]);
}
