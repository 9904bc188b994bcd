//! `_run.json`: who, where, when, how long. All that is not deterministic, for people and for `status`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use crate::clock::rfc3339;
use crate::digest::Digest;
use crate::fault::Fault;
use crate::layout;
use crate::receipt::CONTRACT;
use crate::run::Run;
use crate::settings;

/// What a run says of itself, again and again while it is under way.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RunRecord {
    /// The version of all that is on disk.
    pub contract: u32,
    /// The program's version.
    #[serde(default)]
    pub version: String,
    /// The stage's name.
    pub stage: String,
    /// How the run stands.
    pub state: RunState,
    /// The command line.
    pub command: Vec<String>,
    /// The directory the command was given in.
    #[serde(default)]
    pub directory: PathBuf,
    /// The queue it reads, as an absolute path.
    #[serde(default)]
    pub input: PathBuf,
    /// The queue it writes, as an absolute path.
    #[serde(default)]
    pub output: PathBuf,
    /// The machine's name.
    pub host: String,
    /// The process.
    pub pid: u32,
    /// Tells one start of the machine from the next: a process that died with it is nobody's fault.
    pub boot: String,
    /// When it began.
    pub started: String,
    /// When this file was last written.
    pub heartbeat: String,
    /// When an item was last done.
    pub progress: String,
    /// How long it has taken so far.
    pub seconds: f64,
    /// Items in the input queue.
    pub items: u64,
    /// Items taken over from the last good output or from a stopped run.
    pub unchanged: u64,
    /// Items processed in this run.
    pub processed: u64,
    /// Items set aside.
    pub failed: u64,
    /// Tries that failed by the machine's fault.
    pub retries: u64,
    /// What a whole-queue stage, or this phase, is doing.
    pub step: String,
    /// Pieces of work done in this step.
    #[serde(default)]
    pub done: u64,
    /// Those of them that were done before this run.
    #[serde(default)]
    pub resumed: u64,
    /// Pieces of work in this step.
    #[serde(default)]
    pub total: u64,
    /// How long this step has taken so far.
    #[serde(default)]
    pub step_seconds: f64,
    /// Items that wait for another try, or have it now.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub retrying: Vec<Retrying>,
    /// How many items were to be done for which reason.
    #[serde(default)]
    pub reasons: BTreeMap<String, u64>,
    /// Digest of the program.
    #[serde(default)]
    pub program: Digest,
    /// The files that are the program.
    #[serde(default)]
    pub program_files: Vec<PathBuf>,
    /// Digest of the settings with all defaults, as it is part of the keys.
    #[serde(default)]
    pub settings: Digest,
    /// The settings as they were read.
    #[serde(default)]
    pub settings_files: Vec<SettingsFile>,
    /// Why it ended, where it did not end well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// An item that failed by the machine's fault and is tried again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retrying {
    /// The item.
    pub item: String,
    /// How often it was tried.
    pub tries: u32,
    /// What happened the last time.
    pub reason: String,
}

/// A file of settings, as it was read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SettingsFile {
    /// Where it is, as an absolute path.
    pub path: PathBuf,
    /// What is in it.
    pub content: serde_json::Value,
}

/// How a run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RunState {
    /// Under way, or dead without a word.
    Running,
    /// Committed, or about to.
    Complete,
    /// Ended by failed items or another fault.
    Failed,
    /// Ended by a signal.
    Stopped,
}

impl RunRecord {
    /// The record of a run that begins to work.
    pub(crate) fn begin(run: &Run<'_>) -> Result<Self, Fault> {
        let absolute = |path: &PathBuf| std::path::absolute(path);
        let programs = run.definition.program_files()?;
        Ok(Self {
            contract: CONTRACT,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            stage: run.definition.name.clone(),
            state: RunState::Running,
            command: std::env::args_os()
                .map(|word| word.to_string_lossy().into_owned())
                .collect(),
            directory: std::env::current_dir()?,
            input: absolute(&run.input.directory)?,
            output: absolute(&run.output)?,
            host: host(),
            pid: std::process::id(),
            boot: boot(),
            started: rfc3339(SystemTime::now()),
            heartbeat: String::new(),
            progress: String::new(),
            seconds: 0.0,
            items: 0,
            unchanged: 0,
            processed: 0,
            failed: 0,
            retries: 0,
            step: String::new(),
            done: 0,
            resumed: 0,
            total: 0,
            step_seconds: 0.0,
            retrying: Vec::new(),
            reasons: BTreeMap::new(),
            program: run.keys.program,
            program_files: programs.iter().map(absolute).collect::<Result<_, _>>()?,
            settings: run.keys.settings,
            settings_files: settings::files(),
            reason: None,
        })
    }

    /// The record in a queue or a partial; a missing or torn one is none.
    pub fn read(directory: &Path) -> Option<Self> {
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
    pub fn command_line(&self) -> String {
        let words: Vec<String> = self.command.iter().map(|word| quoted(word)).collect();
        words.join(" ")
    }

    /// Whether this machine was restarted since the run began.
    pub fn is_from_before_restart(&self) -> bool {
        !self.boot.is_empty() && self.host == host() && self.boot != boot()
    }

    /// Whether this and another record speak of the same run.
    pub fn is_of(&self, started: &str, host: &str, pid: u32) -> bool {
        (self.started.as_str(), self.host.as_str(), self.pid) == (started, host, pid)
    }
}

/// A word, as one would type it in a shell.
pub fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,+@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

/// The machine's name.
pub fn host() -> String {
    rustix::system::uname()
        .nodename()
        .to_string_lossy()
        .into_owned()
}

/// An identifier of this start of the machine; empty where there is none.
pub fn boot() -> String {
    fs_err::read_to_string("/proc/sys/kernel/random/boot_id")
        .unwrap_or_default()
        .trim()
        .to_owned()
}
