//! What the program is told by its environment.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What the program is told besides its arguments.
#[derive(Debug, Default)]
pub(crate) struct Told<'a> {
    pub(crate) item: Option<&'a str>,
    pub(crate) attempt: u32,
    pub(crate) threads: usize,
    pub(crate) checkpoint: Option<PathBuf>,
}

/// Sets the variables; those of an `adapt` around this one go.
pub(crate) fn set(
    command: &mut Command,
    stage: &str,
    config: Option<&Path>,
    counts: &Path,
    told: &Told<'_>,
) {
    let path = |path: &Path| path.as_os_str().to_owned();
    let variables: [(&str, Option<OsString>); 7] = [
        ("WAYSTATION_STAGE", Some(stage.into())),
        ("WAYSTATION_CONFIG", config.map(path)),
        ("WAYSTATION_ITEM", told.item.map(OsString::from)),
        ("WAYSTATION_ATTEMPT", Some(told.attempt.to_string().into())),
        ("WAYSTATION_THREADS", Some(told.threads.to_string().into())),
        (
            "WAYSTATION_CHECKPOINT",
            told.checkpoint.as_deref().map(path),
        ),
        ("WAYSTATION_COUNTS", Some(path(counts))),
    ];
    for (name, value) in variables {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
}
