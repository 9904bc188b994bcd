//! The demo project from raw files to a judged model.

use std::time::{Duration, Instant};

use waystation_tests::{Command, LINE, Project, Random, Signal, Tree, repository, slow};

#[test]
fn the_demo_gives_a_model_as_good_as_expected() {
    let project = Project::demo();
    project.make("reports").expect(0);
    let metrics = project.json("reports/metrics.json");
    let auc = metrics["partitions"]["test"]["metrics"]["auc"]
        .as_f64()
        .unwrap();
    assert!((0.70..0.76).contains(&auc), "test AUC {auc}");
    let constant = metrics["partitions"]["test"]["baseline"]["auc"]
        .as_f64()
        .unwrap();
    assert!(
        (constant - 0.5).abs() < 1e-9,
        "the constant's AUC {constant}"
    );
    for stage in &LINE[..3] {
        let tree = project.tree(stage.writes);
        assert!(
            tree.items().len() >= 8,
            "{}: {:?}",
            stage.writes,
            tree.items()
        );
        check_counts(&project, stage.writes);
    }
    check_counts(&project, "splits");
    let report = project.read("reports/report.html");
    let foreign = ["src=\"http", "href=\"http", "url(http", "@import"];
    assert!(foreign.iter().all(|link| !report.contains(link)));
}

/// Rows in are rows out, rejected or dropped, by item and in all.
fn check_counts(project: &Project, queue: &str) {
    let manifest = project.json(&format!("{queue}/_manifest.json"));
    let mut read = 0;
    for receipt in manifest["items"].as_array().unwrap() {
        let counts = &receipt["counts"];
        let number = |name: &str| counts[name].as_u64().unwrap_or_default();
        let dropped = counts["dropped"].as_object();
        let dropped = dropped.into_iter().flat_map(|reasons| reasons.values());
        let dropped: u64 = dropped.filter_map(serde_json::Value::as_u64).sum();
        assert!(number("read") > 0, "{queue}: {receipt}");
        assert_eq!(
            number("read"),
            number("written") + number("rejected") + dropped
        );
        read += number("read");
    }
    assert_eq!(manifest["counts"]["read"].as_u64(), Some(read), "{queue}");
}

#[test]
fn make_prints_the_metrics_and_where_the_report_is() {
    let project = Project::demo();
    let make = Command::new("make")
        .directory(repository())
        .arg(format!("PROJECT={}", project.directory().display()));
    // Also when there is nothing to do.
    for _ in 0..2 {
        let ended = make.expect(0);
        let report = project.path("reports/report.html").display().to_string();
        assert!(ended.stdout.contains("AUC"), "{ended}");
        assert_eq!(ended.stdout.matches(&report).count(), 1, "{ended}");
    }
}

#[test]
fn a_line_killed_at_any_moment_gives_the_same_in_the_end() {
    if !slow("killing the demo's line") {
        return;
    }
    let undisturbed = Project::demo();
    // An item over which the process is killed again and again would be set aside as poison.
    let make = |project: &Project| project.make("reports").arg("FLAGS=--retries 1000");
    let started = Instant::now();
    make(&undisturbed).expect(0);
    let whole = u64::try_from(started.elapsed().as_millis()).unwrap();
    let mut random = Random::new(14);
    let (mut project, mut killed) = (Project::demo(), 0);
    while killed < 20 {
        let running = make(&project).start();
        // Short runs kill the early stages, which are quick; long ones the late.
        let most = if random.below(2) == 0 {
            whole / 4
        } else {
            whole
        };
        let time = Duration::from_millis(random.below(most));
        running.sleep(time).signal(Signal::KILL);
        if running.wait().status == 0 {
            check_same(&project, &undisturbed.tree(""));
            project = Project::demo();
        } else {
            killed += 1;
        }
    }
    make(&project).expect(0);
    check_same(&project, &undisturbed.tree(""));
}

#[track_caller]
fn check_same(project: &Project, expected: &Tree) {
    project.tree("").assert_same(expected, "a killed line");
}

#[test]
fn the_bytes_are_the_same_with_one_job_and_with_four() {
    let trees = ["1", "4"].map(|jobs| {
        let project = Project::demo();
        project
            .make("reports")
            .arg(format!("FLAGS=--jobs {jobs}"))
            .expect(0);
        project.tree("")
    });
    trees[0].assert_same(&trees[1], "one job and four");
}
