//! A stage that was just laid out keeps the contract, in every language.

use conform::{Kind, Mode};
use waystation_tests::{Command, python_or_skip, repository};

use crate::{foreign, judged};

fn new_stage() -> Command {
    Command::new("sh").path(repository().join("scripts/new-stage"))
}

/// Lays out a stage called `fresh`.
fn lay_out(language: &str) -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    new_stage()
        .args(["fresh", language])
        .path(directory.path())
        .expect(0);
    directory
}

#[track_caller]
fn check(command: &[&str], kind: Kind, unjudged: &[&str]) {
    let report = judged(command, kind, &[]);
    assert_eq!(report.ids("failed"), [""; 0], "{:#}", report.to_json());
    assert_eq!(report.ids("skipped"), unjudged, "{:#}", report.to_json());
}

#[test]
fn the_shell_template_is_a_stage() {
    let directory = lay_out("shell");
    let script = directory.path().join("fresh.sh").display().to_string();
    for (mode, unjudged) in [
        (Mode::Each, &["settings", "description"][..]),
        (Mode::Whole, &["max-failed", "settings", "description"]),
    ] {
        check(&["sh", &script], foreign(mode), unjudged);
    }
}

#[test]
fn the_python_template_is_a_stage() {
    let Some(python) = python_or_skip("the Python template under the contract") else {
        return;
    };
    let directory = lay_out("python");
    let script = directory.path().join("fresh.py").display().to_string();
    check(
        &[&python, &script],
        foreign(Mode::Batch(2)),
        &["settings", "description"],
    );
}

#[test]
fn the_rust_template_is_a_stage() {
    let workspace = lay_out("rust");
    let root = workspace.path();
    // A workspace of the template alone, built where ours is: all that it needs is there already.
    let ours = fs_err::read_to_string(repository().join("Cargo.toml")).unwrap();
    let stage = format!("path = \"{}\"", repository().join("crates/stage").display());
    let theirs = ours
        .replace(r#""crates/*", "tests""#, r#""crates/*""#)
        .replace(r#"path = "crates/stage""#, &stage);
    fs_err::write(root.join("Cargo.toml"), theirs).unwrap();
    for file in ["Cargo.lock", ".clippy.toml"] {
        fs_err::copy(repository().join(file), root.join(file)).unwrap();
    }
    let target = waystation_tests::binaries().join("..");
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    for task in ["build", "test"] {
        Command::new(&cargo)
            .directory(root)
            .args([task, "--release", "--quiet", "--offline", "-p", "fresh"])
            .environment("CARGO_TARGET_DIR", &target.display().to_string())
            .expect(0);
    }
    let binary = target.join("release/fresh").display().to_string();
    check(&[&binary], Kind::Native, &[]);
}

#[test]
fn what_cannot_be_laid_out_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let python = || new_stage().args(["fresh", "python"]).path(directory.path());
    python().expect(0);
    python().expect(64).said("is there already");
    new_stage()
        .args(["Fresh!", "shell"])
        .expect(64)
        .said("is not a name");
    new_stage()
        .args(["fresh", "cobol"])
        .expect(64)
        .said("expected rust, python or shell");
}
