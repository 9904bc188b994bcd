//! What every stage promises, tried on each of them: ours from first to last, and a foreign program through `adapt`.

use std::collections::BTreeSet;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::Duration;

use waystation_tests::{
    Command, DAYS, Ended, FOREIGN, LINE, Project, Signal, Stage, Tree, Unit, day, repository,
};

/// Crates that make no stage of the line.
const NO_STAGES: [&str; 8] = [
    "boost",
    "new",
    "partition",
    "report",
    "stage",
    "statistics",
    "status",
    "table",
];

#[test]
fn every_stage_is_in_the_list() {
    let mut crates: BTreeSet<String> = fs_err::read_dir(repository().join("crates"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    for stage in LINE.iter().chain(FOREIGN) {
        crates.remove(stage.binary);
    }
    let others: BTreeSet<String> = NO_STAGES.map(str::to_owned).into();
    assert_eq!(crates, others);
}

/// Tries something on each stage, in a project whose queues are complete up to its input. With WAYSTATION_ONLY=train in
/// the environment only on that one.
#[expect(clippy::print_stdout, reason = "shown when the check fails")]
fn each(check: impl Fn(&Stage, &Project)) {
    let only = std::env::var("WAYSTATION_ONLY").ok();
    let chosen = |stage: &&Stage| only.as_ref().is_none_or(|only| only == stage.binary);
    for stage in LINE.iter().chain(FOREIGN).filter(chosen) {
        println!("stage: {stage:?}");
        check(stage, &Project::with(stage.reads));
    }
}

/// The same for stages that work item by item.
fn each_by_item(check: impl Fn(&Stage, &Project)) {
    each(|stage, project| {
        if stage.unit != Unit::Queue {
            check(stage, project);
        }
    });
}

/// What an undisturbed run gives.
fn undisturbed(stage: &Stage, project: &Project) -> Tree {
    let output = project.path("undisturbed");
    stage
        .command_between(project.directory(), &project.path(stage.reads), &output)
        .expect(0);
    let tree = Tree::of(&output);
    fs_err::remove_dir_all(output).unwrap();
    tree
}

fn inode(path: &Path) -> u64 {
    fs_err::metadata(path).unwrap().ino()
}

/// The first table among the stage's input.
fn first_table(stage: &Stage, project: &Project) -> String {
    let tree = project.tree(stage.reads);
    let is_table = |name: &&str| name.ends_with(".csv") || name.ends_with(".parquet");
    tree.items().into_iter().find(is_table).unwrap().to_owned()
}

/// What a plan says of items, without the reasons.
fn planned(ended: &Ended) -> Vec<String> {
    let item = |line: &str| line.rsplit(' ').next().unwrap_or_default().to_owned();
    ended.lines().into_iter().map(item).collect()
}

#[test]
fn a_stage_reads_one_directory_and_writes_another() {
    each(|stage, project| {
        let before = project.tree("");
        project.stage(stage).expect(0);
        assert!(!project.tree(stage.writes).items().is_empty());
        let written = format!("{}/", stage.writes);
        let after = project.tree("").without(&[&written]);
        after.assert_same(&before, "files besides the output");
    });
}

#[test]
fn a_second_run_does_nothing() {
    each(|stage, project| {
        project.stage(stage).expect(0);
        let manifest = project.path(stage.writes).join("_manifest.json");
        let (before, old) = (project.tree(""), inode(&manifest));
        let modified = fs_err::metadata(&manifest).unwrap().modified().unwrap();
        std::thread::sleep(Duration::from_millis(20));
        project.stage(stage).expect(0).said("nothing to do");
        project.tree("").assert_same(&before, "a second run");
        assert_eq!(inode(&manifest), old);
        assert!(fs_err::metadata(&manifest).unwrap().modified().unwrap() > modified);
    });
}

#[test]
fn the_bytes_are_the_same_for_any_number_of_jobs_and_every_time() {
    each(|stage, project| {
        let expected = undisturbed(stage, project);
        for jobs in ["1", "4", "4"] {
            project.stage(stage).options(["--jobs", jobs]).expect(0);
            project.tree(stage.writes).assert_same(&expected, jobs);
            fs_err::remove_dir_all(project.path(stage.writes)).unwrap();
        }
    });
}

#[test]
fn a_changed_item_is_the_only_one_done_again() {
    each_by_item(|stage, project| {
        project.stage(stage).expect(0);
        let inodes = |project: &Project| -> Vec<(String, u64)> {
            let tree = project.tree(stage.writes);
            let names = tree.items().into_iter();
            names
                .map(|name| {
                    (
                        name.to_owned(),
                        inode(&project.path(stage.writes).join(name)),
                    )
                })
                .collect()
        };
        let before = inodes(project);
        // The last day is in the test partition: nothing is learnt from it.
        project.change(DAYS);
        project.run_to(stage.reads);
        project.stage(stage).expect(0);
        let changed = day(DAYS);
        let changed = changed.trim_end_matches(".csv");
        for ((name, old), (_, new)) in before.iter().zip(inodes(project)) {
            assert_eq!(
                *old != new,
                name.contains(changed),
                "{}: {name}",
                stage.binary
            );
        }
        project
            .tree(stage.writes)
            .assert_same(&undisturbed(stage, project), "one changed item");
    });
}

#[test]
fn a_removed_item_takes_its_outputs_with_it() {
    each_by_item(|stage, project| {
        project.stage(stage).expect(0);
        project.remove(&format!("raw/{}", day(2)));
        project.run_to(stage.reads);
        project.stage(stage).expect(0);
        let tree = project.tree(stage.writes);
        assert!(tree.names().iter().all(|name| !name.contains("2024-01-02")));
        tree.assert_same(&undisturbed(stage, project), "one item less");
    });
}

/// Overwrites an item of the stage's input with as many bytes of nonsense, as a failing disk might.
fn tear(stage: &Stage, project: &Project) -> (String, Vec<u8>) {
    let name = format!("{}/{}", stage.reads, first_table(stage, project));
    let whole = fs_err::read(project.path(&name)).unwrap();
    fs_err::write(project.path(&name), vec![0xff; whole.len()]).unwrap();
    (name, whole)
}

#[test]
fn a_torn_item_is_set_aside_and_nothing_commits_until_it_is_whole() {
    each(|stage, project| {
        let expected = undisturbed(stage, project);
        let (name, whole) = tear(stage, project);
        let ended = project.stage(stage).expect(1);
        assert!(!project.has(stage.writes), "{ended}");
        let letters = project.tree(&format!("{}.partial/_failed", stage.writes));
        assert_eq!(letters.names().len(), 1, "{ended}");
        fs_err::write(project.path(&name), whole).unwrap();
        project.stage(stage).expect(0);
        assert!(!project.has(&format!("{}.partial", stage.writes)));
        project
            .tree(stage.writes)
            .assert_same(&expected, "a torn item");
    });
}

#[test]
fn a_queue_commits_without_failed_items_when_told_so() {
    each_by_item(|stage, project| {
        tear(stage, project);
        project
            .stage(stage)
            .options(["--max-failed", "1"])
            .expect(0);
        let manifest = project.json(&format!("{}/_manifest.json", stage.writes));
        assert_eq!(manifest["failed"].as_array().unwrap().len(), 1);
        let tree = project.tree(stage.writes);
        assert!(!tree.items().iter().any(|name| name.contains("2024-01-01")));
    });
}

#[test]
fn a_dry_run_gives_reasons_and_does_nothing() {
    each(|stage, project| {
        let before = project.tree("");
        let ended = project.stage(stage).options(["--dry-run"]).expect(0);
        let expected: Vec<String> = match stage.unit {
            Unit::Queue => vec!["queue".to_owned()],
            _ => project
                .tree(stage.reads)
                .items()
                .into_iter()
                .map(str::to_owned)
                .collect(),
        };
        assert_eq!(planned(&ended), expected);
        assert!(
            ended.lines().iter().all(|line| line.starts_with("new ")),
            "{ended}"
        );
        project.tree("").assert_same(&before, "a dry run");
    });
}

#[test]
fn an_unknown_setting_is_refused_before_data_is_read() {
    each(|stage, project| {
        if !stage.is_strict() {
            return;
        }
        let (_, file) = stage.settings[0];
        let name = format!("config/{file}");
        let mut settings = project.json(&name);
        settings["no_such_setting"] = true.into();
        project.write(&name, &settings.to_string());
        project
            .stage(stage)
            .expect(78)
            .said("no_such_setting")
            .said(file);
        assert!(!project.has(stage.writes));
        assert!(!project.has(&format!("{}.partial", stage.writes)));
    });
}

#[test]
fn an_input_that_is_not_there_or_not_complete_is_refused() {
    each(|stage, project| {
        let complete = project.path(stage.reads);
        if stage.reads != "raw" {
            project.remove(&format!("{}/_manifest.json", stage.reads));
            project.stage(stage).expect(66).said("_manifest.json");
        }
        fs_err::remove_dir_all(complete).unwrap();
        project.stage(stage).expect(66).said(stage.reads);
        assert!(!project.has(&format!("{}.partial", stage.writes)));
    });
}

#[test]
fn a_second_run_is_refused_while_the_first_is_under_way() {
    each(|stage, project| {
        let partial = project.path(&format!("{}.partial", stage.writes));
        fs_err::create_dir(&partial).unwrap();
        let directory = fs_err::File::open(&partial).unwrap();
        let exclusive = rustix::fs::FlockOperation::NonBlockingLockExclusive;
        rustix::fs::flock(&directory, exclusive).unwrap();
        project.stage(stage).expect(75).said("another run");
        drop(directory);
        project.stage(stage).expect(0);
    });
}

#[test]
fn a_stage_describes_its_settings_and_itself() {
    each(|stage, _| {
        let binary = waystation_tests::binary(stage.binary);
        let schema = Command::new(&binary).arg("--config-schema").expect(0);
        serde_json::from_str::<serde_json::Value>(&schema.stdout).unwrap();
        let help = Command::new(&binary).arg("--help").expect(0);
        assert!(help.stdout.contains("--dry-run"));
        Command::new(&binary).arg("--no-such-option").expect(64);
        Command::new(&binary).expect(64);
    });
}

/// Starts the stage again and again, each time ended by a signal a little later, until a run gets through.
/// Gives the statuses of the runs that were ended. Without so many retries an item over which the process was killed
/// again and again would be set aside as poison, which is right, but not what is tried here.
fn stop_again_and_again(stage: &Stage, project: &Project, signal: Signal) -> Vec<i32> {
    let mut statuses = Vec::new();
    for attempt in 0..200 {
        let running = project
            .stage(stage)
            .options(["--jobs", "1", "--retries", "1000"])
            .start();
        running
            .sleep(Duration::from_millis(1 + 4 * attempt))
            .signal(signal);
        let ended = running.wait();
        if ended.status == 0 {
            assert!(!statuses.is_empty(), "{} was never stopped", stage.binary);
            return statuses;
        }
        statuses.push(ended.status);
    }
    panic!("{} never gets through: {statuses:?}", stage.binary);
}

#[test]
fn a_killed_run_is_taken_up_and_gives_the_same_bytes() {
    each(|stage, project| {
        let expected = undisturbed(stage, project);
        let statuses = stop_again_and_again(stage, project, Signal::KILL);
        assert!(statuses.iter().all(|status| *status == 137), "{statuses:?}");
        project
            .tree(stage.writes)
            .assert_same(&expected, "killed runs");
    });
}

#[test]
fn a_run_that_is_asked_to_stop_says_so_and_is_taken_up() {
    each(|stage, project| {
        let expected = undisturbed(stage, project);
        let statuses = stop_again_and_again(stage, project, Signal::TERM);
        // In the first moment of a process a signal ends it outright: both are 143.
        assert!(statuses.iter().all(|status| *status == 143), "{statuses:?}");
        project
            .tree(stage.writes)
            .assert_same(&expected, "stopped runs");
    });
}
