//! What the tests of the binaries together have in common: a project, a way to run stages and Make in it, and trees of
//! digests to compare.
//!
//! All of it panics where something is not as expected, with the command, its status and what it printed.

mod command;
mod line;
mod project;
mod python;
mod queue;
mod random;
#[cfg(all(target_os = "linux", target_arch = "x86_64", target_env = "gnu"))]
pub mod trace;
mod tree;

pub use command::{Command, Ended, Running, Signal, say};
pub use line::{FOREIGN, LINE, Stage, Unit};
pub use project::{DAYS, Project, copy, day, rows};
pub use python::{python, python_or_skip};
pub use queue::complete;
pub use random::Random;
pub use tree::{Tree, digest};

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// The repository.
pub fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap_or(Path::new("/"))
}

/// The directory of the binaries, which are built first: `cargo test` builds no binary of another package.
#[track_caller]
pub fn binaries() -> &'static Path {
    static BINARIES: OnceLock<PathBuf> = OnceLock::new();
    BINARIES.get_or_init(|| {
        let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
        Command::new(&cargo)
            .args(["build", "--release", "--workspace", "--bins", "--quiet"])
            .directory(repository())
            .expect(0);
        let target = std::env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into());
        repository().join(target).join("release")
    })
}

/// A binary of ours.
#[track_caller]
pub fn binary(name: &str) -> String {
    binaries().join(name).display().to_string()
}

/// Whether slow suites run. Else says aloud that one is skipped.
pub fn slow(suite: &str) -> bool {
    let slow = std::env::var_os("WAYSTATION_SLOW").is_some_and(|value| value == "1");
    if !slow {
        skip(&format!("{suite} (set WAYSTATION_SLOW=1)"));
    }
    slow
}

/// Says aloud that something is skipped, and why.
pub fn skip(what: &str) {
    command::say(&format!("skipped: {what}"));
}
