//! What is to be said of a line: what `--json` prints, and what the screen is drawn from.
//!
//! Fields are only ever added. Times are RFC 3339 in UTC, ages whole seconds before `time`.

mod stale;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

pub(crate) use self::stale::{FIRST_MAX, Names, Stale};

/// The version of this form.
pub(crate) const VERSION: u32 = 1;

/// A line and where it stopped.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct Line {
    /// The version of this form: 1.
    pub(crate) version: u32,
    /// The project's directory, as given.
    pub(crate) project: String,
    /// When this was true.
    pub(crate) time: String,
    /// The stages, in line order.
    pub(crate) stages: Vec<Stage>,
    /// The first cause for which the line is not complete; absent where it is complete, or running without trouble.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) stopped: Option<Stopped>,
    /// What to type next.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) next: Option<String>,
}

/// One stage and the queue it writes.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct Stage {
    /// The stage's name.
    pub(crate) stage: String,
    /// The name of the queue it writes.
    pub(crate) queue: String,
    /// The directory it reads.
    pub(crate) input: String,
    /// The directory it writes.
    pub(crate) output: String,
    /// How it stands.
    pub(crate) state: State,
    /// The same in a sentence; empty where there is nothing more to say.
    pub(crate) detail: String,
    /// Items of its input, by what has become of them.
    pub(crate) items: Items,
    /// Rows it has set aside, each with its reason in `_rejected`.
    pub(crate) rejected_rows: u64,
    /// How long the oldest waiting item has waited.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) oldest_waiting_seconds: Option<u64>,
    /// How long ago something was last done; in a complete queue, when it was completed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) progress_seconds: Option<u64>,
    /// The run under way.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) run: Option<Run>,
    /// Why the queue is not what a run would make it now.
    pub(crate) stale: Vec<Stale>,
    /// Items set aside, the first of them: `items.dead` and `items.retrying` say how many there are.
    pub(crate) failures: Vec<Failure>,
    /// The last attempts, the oldest first.
    pub(crate) attempts: Vec<Attempt>,
    /// For how long each waiting item has waited.
    #[serde(skip)]
    pub(crate) waiting_seconds: Vec<u64>,
    /// What to type to make this queue.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) command: Option<String>,
}

/// How a stage stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum State {
    /// Its queue is what a run would make it.
    Complete,
    /// A run is under way.
    Running,
    /// A run is under way, but nothing has moved for long.
    Stalled,
    /// A run was killed, crashed or was asked to stop; the next one resumes.
    Stopped,
    /// Items failed, or a run was refused.
    Failed,
    /// Its queue is whole, but not what a run would make it now.
    Stale,
    /// Its queue cannot be read.
    Damaged,
    /// There is no queue.
    NeverRun,
}

impl State {
    /// All states, the good ones first.
    pub(crate) const ALL: [Self; 8] = [
        Self::Complete,
        Self::Running,
        Self::Stalled,
        Self::Stopped,
        Self::Failed,
        Self::Stale,
        Self::Damaged,
        Self::NeverRun,
    ];

    /// In words.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::Running => "running",
            Self::Stalled => "stalled",
            Self::Stopped => "stopped",
            Self::Failed => "failed",
            Self::Stale => "stale",
            Self::Damaged => "damaged",
            Self::NeverRun => "never run",
        }
    }

    /// Whether somebody has to do something about it, whatever the other stages do.
    pub(crate) fn is_trouble(self) -> bool {
        matches!(
            self,
            Self::Stalled | Self::Stopped | Self::Failed | Self::Damaged
        )
    }
}

/// Items by what has become of them; together they are the items of the input.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct Items {
    /// To be done.
    pub(crate) waiting: u64,
    /// In hand.
    pub(crate) running: u64,
    /// Done.
    pub(crate) done: u64,
    /// Failed by the machine's fault, and tried again now or by the next run.
    pub(crate) retrying: u64,
    /// Set aside: not tried again until something has changed.
    pub(crate) dead: u64,
}

impl Items {
    /// All of them.
    pub(crate) fn total(self) -> u64 {
        self.waiting + self.running + self.done + self.retrying + self.dead
    }
}

/// A run under way.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct Run {
    /// The machine's name.
    pub(crate) host: String,
    /// The process.
    pub(crate) pid: u32,
    /// When it began.
    pub(crate) started: String,
    /// How long ago it was last heard of; it speaks each second.
    pub(crate) heartbeat_seconds: u64,
    /// What it is doing.
    pub(crate) step: String,
    /// Pieces of work of this step that are done.
    pub(crate) done: u64,
    /// Pieces of work of this step.
    pub(crate) total: u64,
    /// Pieces of work done in a second.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) per_second: Option<f64>,
    /// How long this step will still take at this rate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) seconds_left: Option<u64>,
}

/// An item set aside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct Failure {
    /// The item.
    pub(crate) item: String,
    /// Whose fault it was: `item`, `machine` or `poison` (the process died over it, each time).
    pub(crate) cause: String,
    /// What happened, its first line.
    pub(crate) reason: String,
    /// The last lines that a foreign program said.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) last_words: Vec<String>,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) hint: Option<String>,
    /// How often it was tried.
    pub(crate) tries: u32,
    /// How many items failed for this reason, this one included.
    pub(crate) alike: u64,
}

/// An attempt at a queue.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub(crate) struct Attempt {
    /// When it began.
    pub(crate) started: String,
    /// When it ended.
    pub(crate) ended: String,
    /// How long ago that was.
    pub(crate) ended_seconds: u64,
    /// How long it took.
    pub(crate) seconds: f64,
    /// How it ended: `complete`, `failed`, `stopped`, `died` or `refused`.
    pub(crate) how: String,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<String>,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) hint: Option<String>,
    /// How many in a row ended just so.
    pub(crate) times: u64,
    /// Items processed.
    pub(crate) processed: u64,
    /// Items set aside.
    pub(crate) failed: u64,
    /// Items in hand when it died.
    pub(crate) in_hand: Vec<String>,
    /// The first of the failed items.
    pub(crate) failures: Vec<Failure>,
    /// How many items were to be done for which reason.
    pub(crate) reasons: BTreeMap<String, u64>,
    /// The machine's name.
    pub(crate) host: String,
    /// The process.
    pub(crate) pid: u32,
    /// The program's version.
    pub(crate) version: String,
}

/// Where a line stopped: the first cause, not what follows from it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct Stopped {
    /// The stage.
    pub(crate) stage: String,
    /// The queue it writes.
    pub(crate) queue: String,
    /// How it stands.
    pub(crate) state: State,
    /// What happened, in a sentence.
    pub(crate) what: String,
    /// The item, where it is one's fault.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) failure: Option<Failure>,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) hint: Option<String>,
    /// Other stages that are in trouble by themselves.
    pub(crate) also: Vec<String>,
}
