//! The example scripts, each in the place of the stage it is named after.

use waystation_tests::{Command, LINE, Project, python_or_skip, repository};

/// The scripts in `scripts/examples` that take the place of a stage: `train_sklearn.py` of `train`.
fn examples(stage: &str) -> Vec<String> {
    let directory = repository().join("scripts/examples");
    let mut names: Vec<String> = fs_err::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.split(['_', '.', '-']).next() == Some(stage))
        .collect();
    names.sort();
    names
}

/// The line with an example in the place of a stage, by the command the README gives. Gives the test AUC.
fn swap(project: &Project, python: &str, name: &str, variable: &str) -> f64 {
    let program = if name.ends_with(".py") { python } else { "sh" };
    let make: Command = project
        .make("reports")
        .arg(format!("{variable}={program} scripts/examples/{name}"));
    make.expect(0)
        .said(&format!("{}: ", variable.to_lowercase()));
    let rested = make.expect(0);
    assert!(rested.stdout.contains("Nothing to be done"), "{rested}");
    let metrics = project.json("reports/metrics.json");
    metrics["partitions"]["test"]["metrics"]["auc"]
        .as_f64()
        .unwrap()
}

#[test]
fn every_example_takes_the_place_of_its_stage() {
    let Some(python) = python_or_skip("examples in the place of stages") else {
        return;
    };
    let project = Project::demo();
    project.make("reports").expect(0);
    let mut tried = 0;
    for stage in LINE {
        for name in examples(stage.binary) {
            let variable = stage.binary.to_uppercase();
            let auc = swap(&project, &python, &name, &variable);
            assert!(auc > 0.65, "{name}: test AUC {auc}");
            tried += 1;
        }
    }
    assert!(tried >= 3, "{tried} examples");
}
