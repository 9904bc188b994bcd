//! What Make notices, and what it leaves alone.

use std::path::Path;
use std::time::{Duration, SystemTime};

use waystation_tests::{
    Command, DAYS, Ended, LINE, Project, Random, Signal, binaries, binary, day, repository, rows,
};

/// The stages that Make has asked, in order.
fn asked(ended: &Ended) -> Vec<&str> {
    let known = |name: &&str| LINE.iter().any(|stage| stage.binary == *name) || *name == "adapt";
    let programs = ended
        .stdout
        .lines()
        .filter_map(|line| line.split(' ').next());
    let names = programs.filter_map(|path| path.rsplit('/').next());
    names.filter(known).collect()
}

/// Those of them that had something to do.
fn worked(ended: &Ended) -> Vec<&str> {
    let end = |line: &&str| line.ends_with(" s)") && !line.contains("nothing to do");
    let lines = ended.stderr.lines().filter(end);
    lines.filter_map(|line| line.split(':').next()).collect()
}

fn all() -> Vec<&'static str> {
    LINE.iter().map(|stage| stage.binary).collect()
}

/// A project made to the end.
fn made() -> Project {
    let project = Project::with("reports");
    project.make("reports").expect(0);
    rests(&project.make("reports"));
    project
}

/// Make has nothing to do, and says so.
#[track_caller]
fn rests(make: &Command) {
    let ended = make.expect(0);
    assert!(ended.stdout.contains("Nothing to be done"), "{ended}");
    make.clone().arg("--question").expect(0);
}

/// Makes a project again: these stages work, and then Make rests.
#[track_caller]
fn check(project: &Project, expected: &[&str]) -> Ended {
    let ended = project.make("reports").expect(0);
    assert_eq!(worked(&ended), expected, "{ended}");
    rests(&project.make("reports"));
    ended
}

/// The project is what it would be if it had been made from nothing.
#[track_caller]
fn as_from_nothing(project: &Project) {
    let again = Project::empty();
    for part in ["raw", "config"] {
        let (from, to) = (project.path(part), again.path(part));
        fs_err::remove_dir_all(&to).unwrap();
        Command::new("cp")
            .args(["-R"])
            .path(from)
            .path(to)
            .expect(0);
    }
    again.make("reports").expect(0);
    project.tree("").assert_same(&again.tree(""), "made again");
}

fn set_modified(path: &Path, time: SystemTime) {
    let file = fs_err::OpenOptions::new().write(true).open(path).unwrap();
    file.file().set_modified(time).unwrap();
}

#[test]
fn a_line_is_made_from_nothing_and_then_rests() {
    let project = Project::small();
    let ended = project.make("reports").expect(0);
    assert_eq!(asked(&ended), all());
    assert_eq!(worked(&ended), all());
    rests(&project.make("reports"));
}

#[test]
fn a_queue_is_made_with_all_before_it() {
    let project = Project::small();
    assert_eq!(worked(&project.make("features").expect(0)), all()[..3]);
    assert_eq!(worked(&project.make("reports").expect(0)), all()[3..]);
}

#[test]
fn a_touched_file_is_looked_at_and_nothing_is_done() {
    let project = made();
    let path = project.path(&format!("raw/{}", day(3)));
    set_modified(&path, SystemTime::now() + Duration::from_secs(60));
    assert_eq!(asked(&check(&project, &[])), all());
}

#[test]
fn an_added_file_goes_through_the_line() {
    let project = made();
    project.write("raw/2024-01-02 more.csv", &rows(2, 50, 3));
    check(&project, &all());
    as_from_nothing(&project);
}

#[test]
fn a_removed_file_takes_its_outputs_with_it() {
    let project = made();
    project.remove(&format!("raw/{}", day(2)));
    check(&project, &all());
    as_from_nothing(&project);
}

#[test]
fn an_older_file_in_the_place_of_a_newer_one_is_noticed() {
    let project = made();
    let other = project.path("other.csv");
    fs_err::write(&other, rows(2, 150, 7)).unwrap();
    set_modified(
        &other,
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000),
    );
    fs_err::rename(other, project.path(&format!("raw/{}", day(2)))).unwrap();
    check(&project, &all());
    as_from_nothing(&project);
}

#[test]
fn a_rewrite_with_the_same_size_and_the_same_time_is_noticed() {
    let project = made();
    let path = project.path(&format!("raw/{}", day(2)));
    let time = fs_err::metadata(&path).unwrap().modified().unwrap();
    let text = fs_err::read_to_string(&path).unwrap();
    let other = text.replacen(",red,", ",rod,", 1);
    assert_ne!(text, other);
    fs_err::write(&path, other).unwrap();
    set_modified(&path, time);
    check(&project, &all());
    as_from_nothing(&project);
}

#[test]
fn another_directory_behind_a_link_is_noticed() {
    let project = made();
    fs_err::rename(project.path("raw"), project.path("old")).unwrap();
    Command::new("cp")
        .arg("-R")
        .path(project.path("old"))
        .path(project.path("new"))
        .expect(0);
    fs_err::remove_file(project.path(&format!("new/{}", day(1)))).unwrap();
    let link = |to| fs_err::os::unix::fs::symlink(to, project.path("raw")).unwrap();
    link("old");
    check(&project, &[]);
    fs_err::remove_file(project.path("raw")).unwrap();
    link("new");
    check(&project, &all());
}

#[test]
fn a_changed_setting_wakes_its_stage_and_those_after_it() {
    let project = made();
    let mut settings = project.json("config/train.json");
    settings["trees"]["learning_rate"] = 0.05.into();
    project.write("config/train.json", &settings.to_string());
    assert_eq!(
        asked(&check(&project, &["train", "evaluate"])),
        ["train", "evaluate"]
    );
    as_from_nothing(&project);
}

#[test]
fn settings_written_otherwise_are_the_same_settings() {
    let project = made();
    let settings = project.json("config/split.json");
    let text = format!("\n{}\n", serde_json::to_string_pretty(&settings).unwrap());
    project.write("config/split.json", &text);
    assert_eq!(asked(&check(&project, &[])), all()[2..]);
}

#[test]
fn a_changed_program_wakes_its_stage_but_not_those_after_it_if_its_outputs_stay() {
    let project = made();
    let copies = project.path("binaries");
    fs_err::create_dir(&copies).unwrap();
    for name in all().into_iter().chain(["adapt"]) {
        fs_err::copy(binary(name), copies.join(name)).unwrap();
    }
    let make = project
        .make("reports")
        .arg(format!("BIN={}", copies.display()));
    // Other paths are other commands, but the same programs.
    assert_eq!(worked(&make.expect(0)), [""; 0]);
    rests(&make);
    let mut program = fs_err::read(copies.join("clean")).unwrap();
    program.extend_from_slice(b"another build");
    fs_err::write(copies.join("clean"), program).unwrap();
    let ended = make.expect(0);
    assert_eq!(worked(&ended), ["clean"], "{ended}");
    assert_eq!(asked(&ended), all()[1..], "{ended}");
    rests(&make);
}

#[test]
fn changed_options_ask_their_stage() {
    let project = made();
    let make = project.make("reports").arg("TRAIN_FLAGS=--retries 5");
    let ended = make.expect(0);
    assert_eq!(asked(&ended), ["train", "evaluate"]);
    assert_eq!(worked(&ended), [""; 0]);
    rests(&make);
    assert_eq!(
        asked(&project.make("reports").expect(0)),
        ["train", "evaluate"]
    );
}

#[test]
fn a_foreign_program_takes_a_place_and_is_noticed_when_it_changes() {
    let project = made();
    let script = project.path("pass.sh");
    fs_err::write(&script, "cp \"$1\"/* \"$2\"\n").unwrap();
    let command = format!("CLEAN=sh {}", script.display());
    let make = project.make("cleaned").arg(command);
    let ended = make.expect(0);
    assert_eq!(asked(&ended), ["adapt"], "{ended}");
    assert_eq!(worked(&ended), ["clean"], "{ended}");
    let (cleaned, validated) = (project.tree("cleaned"), project.tree("validated"));
    assert_eq!(cleaned.items(), validated.items());
    rests(&make);
    fs_err::write(&script, "cp \"$1\"/*.parquet \"$2\"\n").unwrap();
    assert_eq!(worked(&make.expect(0)), ["clean"]);
    rests(&make);
    // And back to ours.
    assert_eq!(worked(&project.make("cleaned").expect(0)), ["clean"]);
}

#[test]
fn many_jobs_ask_each_stage_once() {
    let project = Project::small();
    let ended = project
        .make("reports")
        .args(["-j4", "models", "validated"])
        .expect(0);
    assert_eq!(asked(&ended), all());
    as_from_nothing(&project);
}

#[test]
fn names_of_raw_files_never_reach_make() {
    let project = Project::empty();
    let names = [
        "a b.csv",
        "c:d.csv",
        "e%f.csv",
        "g$h.csv",
        "i'j\".csv",
        "k#l.csv",
        "ü;m.csv",
    ];
    for (number, name) in (1..).zip(names) {
        // Days 5 and 6 are validation and test.
        let day = number.min(DAYS);
        project.write(&format!("raw/{name}"), &rows(day, 60, number.into()));
    }
    project.write("raw/folder/2024 01.csv", &rows(1, 60, 9));
    let ended = project.make("reports").expect(0);
    assert_eq!(worked(&ended), all(), "{ended}");
    rests(&project.make("reports"));
    project.write("raw/folder/2024 01.csv", &rows(1, 60, 10));
    check(&project, &all());
    project.remove("raw/folder/2024 01.csv");
    check(&project, &all());
}

#[test]
fn a_failed_item_stops_the_line_until_it_is_mended() {
    let project = Project::small();
    let path = format!("raw/{}", day(2));
    let whole = project.read(&path);
    fs_err::write(project.path(&path), [0xff; 100]).unwrap();
    let ended = project.make("reports").arg("--keep-going").expect(2);
    assert_eq!(asked(&ended), ["validate"], "{ended}");
    assert!(!project.has("validated") && project.has("validated.partial"));
    project.write(&path, &whole);
    check(&project, &all());
    as_from_nothing(&project);
}

#[test]
fn the_last_good_queue_stays_while_an_item_fails() {
    let project = made();
    let before = project.tree("").without(&["raw/"]);
    let path = format!("raw/{}", day(2));
    fs_err::write(project.path(&path), [0xff; 100]).unwrap();
    project.make("reports").expect(2);
    let after = project.tree("").without(&["raw/", ".partial/"]);
    after.assert_same(&before, "a failing night");
    project.write(&path, &rows(2, 150, 1));
    // The last good queue is what the mended item gives.
    check(&project, &[]);
    as_from_nothing(&project);
}

#[test]
fn a_stopped_make_is_taken_up() {
    let expected = made().tree("");
    for signal in [Signal::INT, Signal::TERM, Signal::KILL] {
        let project = Project::small();
        let mut random = Random::new(3);
        for _ in 0..5 {
            let running = project.make("reports").start();
            let time = Duration::from_millis(random.below(150));
            running.sleep(time).signal(signal);
            running.wait();
        }
        project.make("reports").expect(0);
        project.tree("").assert_same(&expected, "a stopped make");
        rests(&project.make("reports"));
    }
}

#[test]
fn two_makes_at_once_do_no_harm() {
    let project = Project::small();
    let running = [
        project.make("reports").start(),
        project.make("reports").start(),
    ];
    let statuses = running.map(|running| running.wait().status);
    assert!(
        statuses.iter().all(|status| [0, 2].contains(status)),
        "{statuses:?}"
    );
    project.make("reports").expect(0);
    as_from_nothing(&project);
}

#[test]
fn a_makefile_of_ones_own_includes_the_line() {
    let project = Project::small();
    let (binaries, repository) = (binaries().display(), repository().display());
    let makefile = format!("BIN := {binaries}\ninclude {repository}/scripts/pipeline.mk\n");
    project.write("Makefile", &makefile);
    let make = Command::new("make").directory(project.directory());
    assert_eq!(worked(&make.expect(0)), all());
    rests(&make);
    assert_eq!(
        project.tree("reports"),
        Project::with("reports").tree("reports")
    );
}

#[test]
fn clean_leaves_raw_files_and_settings() {
    let project = made();
    project.write("features.partial/_run.json", "{}");
    project.write("notes/mine.txt", "stays");
    project.make("clean").expect(0);
    let tree = project.tree("").without(&["raw/", "config/"]);
    assert_eq!(tree.names(), ["notes/mine.txt"]);
    assert_eq!(project.tree("raw").names().len(), DAYS as usize);
}

#[test]
fn a_path_that_make_cannot_hold_is_refused() {
    let ended = Project::empty()
        .make("reports")
        .arg("PROJECT=a b")
        .expect(2);
    ended.said("one path without spaces");
}
