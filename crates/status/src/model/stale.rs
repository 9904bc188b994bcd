//! Why a queue is not what a run would make it now.

use schemars::JsonSchema;
use serde::Serialize;

/// Why a queue is not what a run would make it now.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(tag = "because", rename_all = "snake_case")]
pub(crate) enum Stale {
    /// The queue it is made from is itself not complete.
    Upstream {
        /// The name of that queue.
        queue: String,
    },
    /// Items of its input came, went or changed.
    Input {
        /// Items that came.
        added: Names,
        /// Items that went.
        removed: Names,
        /// Items with other content.
        changed: Names,
    },
    /// A setting changed.
    Setting {
        /// The settings file.
        file: String,
        /// The setting: `rules[0].max`.
        key: String,
        /// What it was, as JSON; absent where it is new.
        #[serde(skip_serializing_if = "Option::is_none")]
        old: Option<String>,
        /// What it is, as JSON; absent where it is gone.
        #[serde(skip_serializing_if = "Option::is_none")]
        new: Option<String>,
    },
    /// A settings file is gone or is not JSON.
    Settings {
        /// What is wrong with it.
        problem: String,
    },
    /// The program changed.
    Program {
        /// The file, or the first of the files, that are the program.
        file: String,
        /// Its digest in the keys of the queue.
        old: String,
        /// Its digest now.
        new: String,
    },
    /// The queue would be made by another command.
    Command {
        /// The command by which it was last made.
        old: String,
        /// The command by which it would be made now.
        new: String,
    },
    /// Files of the queue are gone or have another size.
    Output {
        /// Those files.
        files: Names,
    },
}

/// Names, the first of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct Names {
    /// How many there are.
    pub(crate) count: u64,
    /// The first of them.
    pub(crate) first: Vec<String>,
}

/// How many names, failures and attempts are told in full.
pub(crate) const FIRST_MAX: usize = 10;

impl Names {
    /// Counts a name.
    pub(crate) fn push(&mut self, name: &str) {
        self.count += 1;
        if self.first.len() < FIRST_MAX {
            self.first.push(name.to_owned());
        }
    }
}
