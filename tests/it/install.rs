//! Installed, the line is one command on the path, and `make uninstall` leaves nothing.

use std::path::Path;

use waystation_tests::{Command, DAYS, Project, binaries, day, repository, rows};

fn make(prefix: &Path, goal: &str) -> Command {
    // Built before: what is installed are the binaries the tests use.
    let bin = binaries().display();
    Command::new("make")
        .directory(repository())
        .args(["-s", goal, "CARGO=true"])
        .arg(format!("BIN={bin}"))
        .arg(format!("PREFIX={}", prefix.display()))
}

#[test]
fn what_is_installed_runs_a_project_and_goes_without_a_trace() {
    let project = Project::empty();
    for number in 1..=2 * DAYS {
        project.write(&format!("given/{}", day(number)), &rows(number, 100, 1));
    }
    let prefix = project.path("prefix");
    make(&prefix, "install").expect(0);
    let waystation = prefix.join("bin/waystation").display().to_string();
    let waystation = |words: &[&str]| {
        Command::new(&waystation)
            .args(words)
            .directory(project.directory())
    };
    let help = waystation(&["help"]).expect(0);
    for entry in fs_err::read_dir(prefix.join("libexec/waystation")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(
            help.stdout.contains(&format!("\n  {name} ")),
            "{name}: {help}"
        );
        waystation(&[&name, "--help"]).expect(0);
        let page = prefix.join(format!("share/man/man1/waystation-{name}.1"));
        let page = fs_err::read_to_string(page).unwrap();
        assert!(page.contains("EXIT STATUS"), "{page}");
    }
    waystation(&["vaildate"])
        .expect(64)
        .said("no command `vaildate`");
    waystation(&["../bin/waystation"]).expect(64);

    waystation(&["new", "--label", "late", "mine", "given"]).expect(0);
    Command::new("make")
        .directory(&project.path("mine"))
        .expect(0);
    assert!(project.has("mine/reports/report.html"));

    make(&prefix, "uninstall").expect(0);
    assert_eq!(fs_err::read_dir(&prefix).unwrap().count(), 0);
}
