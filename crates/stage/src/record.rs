//! `_run.json`: who, where, when, how long. All that is not deterministic, for people and for `status`.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::layout;

/// What a run says of itself, again and again while it is under way.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct RunRecord {
    pub(crate) contract: u32,
    pub(crate) stage: String,
    pub(crate) state: RunState,
    pub(crate) command: Vec<String>,
    pub(crate) host: String,
    pub(crate) pid: u32,
    /// Tells one start of the machine from the next: a process that died with it is nobody's fault.
    pub(crate) boot: String,
    pub(crate) started: String,
    /// When this file was last written.
    pub(crate) heartbeat: String,
    /// When an item was last done.
    pub(crate) progress: String,
    pub(crate) seconds: f64,
    /// Items in the input queue.
    pub(crate) items: u64,
    /// Items taken over from the last good output or from a stopped run.
    pub(crate) unchanged: u64,
    /// Items processed in this run.
    pub(crate) processed: u64,
    pub(crate) failed: u64,
    pub(crate) retries: u64,
    /// What a whole-queue stage, or this phase, is doing.
    pub(crate) step: String,
    /// Why it ended, where it did not end well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<String>,
}

/// How a run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum RunState {
    Running,
    Complete,
    Failed,
    Stopped,
}

impl RunRecord {
    /// The record in a queue or a partial; a missing or torn one is none.
    pub(crate) fn read(directory: &Path) -> Option<Self> {
        let text = fs_err::read(directory.join(layout::RUN)).ok()?;
        serde_json::from_slice(&text).ok()
    }

    /// Replaces the record. Not synced: after a power cut nobody needs to know who was running.
    pub(crate) fn write(&self, directory: &Path) -> std::io::Result<()> {
        let text = serde_json::to_vec_pretty(self).map_err(std::io::Error::other)?;
        let new = directory.join("_run.json.new");
        fs_err::write(&new, text)?;
        fs_err::rename(&new, directory.join(layout::RUN))
    }

    /// The command, as one would type it in a shell.
    pub(crate) fn command_line(&self) -> String {
        let plain = |word: &str| {
            !word.is_empty()
                && word
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || "-_./=:,+@%".contains(c))
        };
        let quote = |word: &String| {
            if plain(word) {
                word.clone()
            } else {
                format!("'{}'", word.replace('\'', "'\\''"))
            }
        };
        self.command.iter().map(quote).collect::<Vec<_>>().join(" ")
    }
}

/// The machine's name.
pub(crate) fn host() -> String {
    rustix::system::uname()
        .nodename()
        .to_string_lossy()
        .into_owned()
}

/// An identifier of this start of the machine; empty where there is none.
pub(crate) fn boot() -> String {
    fs_err::read_to_string("/proc/sys/kernel/random/boot_id")
        .unwrap_or_default()
        .trim()
        .to_owned()
}
