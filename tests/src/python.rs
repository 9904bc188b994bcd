//! Python with the packages of `tests/requirements.txt`, where it is installed.

use std::path::PathBuf;

use crate::command::say;
use crate::repository;

/// The interpreter in `target/venv`, which `.ci/run` makes.
pub fn python() -> Option<String> {
    let target = std::env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into());
    let python: PathBuf = repository().join(target).join("venv/bin/python");
    python.exists().then(|| python.display().to_string())
}

/// The interpreter, or a loud word that the suite is skipped. With WAYSTATION_PYTHON=required it is a failure.
#[track_caller]
pub fn python_or_skip(suite: &str) -> Option<String> {
    let python = python();
    if python.is_none() {
        let required =
            std::env::var_os("WAYSTATION_PYTHON").is_some_and(|value| value == "required");
        let text = format!("{suite}: no target/venv with tests/requirements.txt, see .ci/run");
        assert!(!required, "{text}");
        say(&format!("skipped: {text}"));
    }
    python
}
