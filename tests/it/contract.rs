//! What every stage promises, clause by clause: ours from first to last, and foreign programs through `adapt`. The clauses
//! themselves, and how each is tried, are in the crate `conform`, where anybody's program is judged by them.

use std::collections::BTreeSet;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use conform::{Candidate, Kind, Mode, Settings, judge};
use waystation_tests::{
    DAYS, FOREIGN, LINE, Project, Stage, Tree, Unit, binary, day, python_or_skip, repository, slow,
};

/// Crates that make no stage of the line.
const NO_STAGES: [&str; 9] = [
    "boost",
    "conform",
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

/// With WAYSTATION_ONLY=train in the environment only that stage.
fn chosen(stage: &&Stage) -> bool {
    std::env::var("WAYSTATION_ONLY").map_or(true, |only| only == stage.binary)
}

/// The stage as `conform` starts it: all settings but the first are options like any other.
fn candidate(stage: &Stage, project: &Project) -> Candidate {
    let config = |file: &str| project.path("config").join(file);
    let (first, further) = stage.settings.split_first().unzip();
    let further = further.into_iter().flatten();
    let options = further
        .flat_map(|(option, file)| [(*option).to_owned(), config(file).display().to_string()]);
    let adapt = PathBuf::from(binary("adapt"));
    let (words, kind) = if stage.program.is_empty() {
        (vec![binary(stage.binary)], Kind::Native)
    } else {
        let each = stage.options.contains(&"--each");
        let mode = if each { Mode::Each } else { Mode::Whole };
        let words = stage.program.iter().map(|word| (*word).to_owned());
        (words.collect(), Kind::Foreign { adapt, mode })
    };
    let words: Vec<String> = words.into_iter().chain(options).collect();
    let settings = first.map(|(_, file)| config(file));
    Candidate::new(&words, kind).config(settings.as_deref())
}

/// Judges a candidate on a queue of a project. No clause may be broken, and none left out but those that do not concern
/// it.
#[track_caller]
fn check(candidate: &Candidate, input: &Path, kills: Option<u32>, unjudged: &[&str]) {
    let settings = Settings {
        input: Some(input.to_owned()),
        kills,
        ..Settings::default()
    };
    let report = judge(candidate, &settings, |_| ()).unwrap();
    let found = (report.ids("failed"), report.ids("skipped"));
    assert_eq!(found, (vec![], unjudged.to_vec()), "{:#}", report.to_json());
}

#[test]
fn our_stages_keep_every_clause() {
    for stage in LINE.iter().filter(chosen) {
        let project = Project::with(stage.reads);
        let unjudged: &[&str] = match stage.unit {
            Unit::Queue => &["counts", "max-failed"],
            _ => &[],
        };
        let input = project.path(stage.reads);
        check(&candidate(stage, &project), &input, None, unjudged);
    }
}

#[test]
fn foreign_programs_keep_every_clause() {
    for stage in FOREIGN.iter().filter(chosen) {
        let project = Project::with(stage.reads);
        let unjudged: &[&str] = match stage.unit {
            Unit::Queue => &["counts", "max-failed", "settings", "description"],
            _ => &["counts", "settings", "description"],
        };
        let input = project.path(stage.reads);
        check(&candidate(stage, &project), &input, None, unjudged);
    }
}

#[test]
fn the_examples_keep_every_clause() {
    if !slow("the examples under the contract") {
        return;
    }
    let Some(python) = python_or_skip("the examples under the contract") else {
        return;
    };
    let adapt = PathBuf::from(binary("adapt"));
    let check = |name: &str, project: &Project, queue: &str, mode: Mode, unjudged: &[&str]| {
        let script = repository().join("scripts/examples").join(name);
        let words = [python.clone(), script.display().to_string()];
        let adapt = adapt.clone();
        let candidate = Candidate::new(&words, Kind::Foreign { adapt, mode });
        check(&candidate, &project.path(queue), Some(3), unjudged);
    };
    let project = Project::demo();
    project.make("validated").expect(0);
    let foreign = ["settings", "description"];
    let by_item = ["counts"].into_iter().chain(foreign);
    let by_item: Vec<&str> = by_item.collect();
    check("clean.py", &project, "validated", Mode::Batch(9), &by_item);
    let whole: Vec<&str> = ["counts", "max-failed"]
        .into_iter()
        .chain(foreign)
        .collect();
    let project = Project::with("splits");
    for name in ["train_sklearn.py", "train_lightgbm.py"] {
        check(name, &project, "splits", Mode::Whole, &whole);
    }
}

fn inode(path: &Path) -> u64 {
    fs_err::metadata(path).unwrap().ino()
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

#[test]
fn a_changed_item_is_the_only_one_done_again() {
    // Also of stages that learn: as long as nothing new is learnt.
    let by_item = |stage: &&Stage| stage.unit != Unit::Queue;
    for stage in LINE.iter().chain(FOREIGN).filter(chosen).filter(by_item) {
        let project = Project::with(stage.reads);
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
        let before = inodes(&project);
        // The last day is in the test partition: nothing is learnt from it.
        project.change(DAYS);
        project.run_to(stage.reads);
        project.stage(stage).expect(0);
        let changed = day(DAYS);
        let changed = changed.trim_end_matches(".csv");
        for ((name, old), (_, new)) in before.iter().zip(inodes(&project)) {
            assert_eq!(
                *old != new,
                name.contains(changed),
                "{}: {name}",
                stage.binary
            );
        }
        project
            .tree(stage.writes)
            .assert_same(&undisturbed(stage, &project), "one changed item");
    }
}
