//! A project laid out from anyone's files runs to a report with nothing edited.

use std::path::{Path, PathBuf};

use waystation_tests::{Command, DAYS, Project, binary, day, repository, rows, slow};

/// Lays out `project` beside a project's own files.
fn new(project: &Path, label: &str, options: &[&str], data: &[PathBuf]) -> Command {
    let command = Command::new(&binary("new"))
        .args(["--label", label])
        .args(options)
        .path(project);
    data.iter().fold(command, Command::path)
}

/// The whole line in a project that was laid out.
#[track_caller]
fn report(project: &Path) -> serde_json::Value {
    Command::new("make")
        .directory(repository())
        .args(["-s", "-f", "scripts/pipeline.mk", "reports"])
        .arg(format!("PROJECT={}", project.display()))
        .arg(format!("BIN={}", waystation_tests::binaries().display()))
        .expect(0);
    assert!(project.join("reports/report.html").is_file());
    let metrics = fs_err::read(project.join("reports/metrics.json")).unwrap();
    serde_json::from_slice(&metrics).unwrap()
}

fn days() -> Project {
    let project = Project::empty();
    for number in 1..=2 * DAYS {
        project.write(&format!("given/{}", day(number)), &rows(number, 100, 1));
    }
    project
}

#[test]
fn files_become_a_project_that_runs_to_a_report() {
    let files = days();
    let project = files.path("laid out");
    let ended = new(&project, "late", &[], &[files.path("given")]).expect(0);
    let told = ended
        .stdout
        .replace(&files.directory().display().to_string(), "");
    insta::assert_snapshot!(told, @r"
    /laid out: 1,200 rows, 5 columns
      `late` is predicted as classes: it is an integer with two values
      validation begins at `date` 2024-01-09, test at 2024-01-11: `date` tells when a row was: a model is judged on what came after what it learnt from
    read /laid out/README.md, then run: make PROJECT=/laid out
    ");
    let page = fs_err::read_to_string(project.join("README.md")).unwrap();
    assert!(
        page.contains("Predicts `late` from 4 columns of 1,200 rows."),
        "{page}"
    );
    // Make takes no space in a path.
    let plain = files.path("plain");
    fs_err::rename(project, &plain).unwrap();
    let metrics = report(&plain);
    let auc = &metrics["partitions"]["test"]["metrics"]["auc"];
    assert!(auc.as_f64().unwrap() > 0.7, "{metrics}");
}

#[test]
fn a_label_that_is_no_column_is_refused_and_nothing_is_left() {
    let files = days();
    let project = files.path("project");
    let ended = new(&project, "lat", &[], &[files.path("given")]).expect(64);
    insta::assert_snapshot!(ended.stderr, @r"
    new: `--label lat`: the data has no such column
    hint: did you mean `late`?
    ");
    let left: Vec<_> = fs_err::read_dir(files.directory()).unwrap().collect();
    assert_eq!(left.len(), 3, "config, given, raw: {left:?}");
}

#[test]
fn a_project_that_is_there_is_left_as_it_is() {
    let files = days();
    let before = files.tree("config");
    let ended = new(&files.path("config"), "late", &[], &[files.path("given")]).expect(73);
    assert!(ended.stderr.contains("is there already"), "{ended}");
    assert_eq!(files.tree("config"), before);
}

#[test]
fn two_files_of_one_name_are_refused() {
    let files = days();
    files.write("other/2024-01-01.csv", &rows(1, 100, 2));
    let data = [files.path("given"), files.path("other/2024-01-01.csv")];
    let ended = new(&files.path("project"), "late", &[], &data).expect(64);
    ended.said("another file of that name was given");
}

/// A real table, and what must come of it.
struct Real {
    path: &'static str,
    label: &'static str,
    options: &'static [&'static str],
    metric: &'static str,
    expected: std::ops::Range<f64>,
}

const fn real(
    path: &'static str,
    label: &'static str,
    metric: &'static str,
    least: f64,
    most: f64,
) -> Real {
    Real {
        path,
        label,
        options: &[],
        metric,
        expected: least..most,
    }
}

const TABLES: &[Real] = &[
    real("abalone/abalone.csv", "column_9", "rmse", 1.8, 2.5),
    real("adult/adult-train.csv", "column_15", "auc", 0.915, 0.94),
    real("beijing_pm25/pollution.csv", "pm2.5", "rmse", 55.0, 72.0),
    real("diamonds/diamonds.csv", "price", "rmse", 480.0, 620.0),
    real("horse_colic/horse-colic.csv", "column_24", "auc", 0.8, 1.0),
    real(
        "lightgbm_multiclass/multiclass.train",
        "column_1",
        "log_loss",
        1.0,
        1.3,
    ),
    real("nyc_taxi_monthly", "tip_amount", "r2", 0.7, 1.0),
    real(
        "penguins_raw/penguins_raw.csv",
        "Species",
        "accuracy",
        0.9,
        1.01,
    ),
    real("phoneme/phoneme.csv", "column_6", "auc", 0.93, 0.98),
    real("wikiticker_jsonl", "isRobot", "auc", 0.95, 1.0),
    Real {
        options: &["--as", "value"],
        ..real(
            "wine_quality/winequality-white.csv",
            "column_12",
            "rmse",
            0.6,
            0.8,
        )
    },
];

#[test]
fn real_tables_run_to_a_report_with_nothing_edited() {
    let data = repository().join("../shared/data");
    if !data.is_dir() {
        waystation_tests::skip("own projects, for want of ../shared/data");
        return;
    }
    if !slow("own projects from real tables") {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    for Real {
        path,
        label,
        options,
        metric,
        expected,
    } in TABLES
    {
        let name = path.split('/').next().unwrap();
        let project = directory.path().join(name);
        new(&project, label, options, &[data.join(path)]).expect(0);
        let metrics = report(&project);
        let found = &metrics["partitions"]["test"]["metrics"][metric];
        let found = found.as_f64().unwrap_or(f64::NAN);
        assert!(expected.contains(&found), "{name}: {metric} is {found}");
    }
}
