//! All stages, as the suites go through them.

use std::path::Path;

use crate::binary;
use crate::command::Command;

/// What a stage works on at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// An item.
    Item,
    /// An item, after something was learnt from all of them.
    Fit,
    /// The whole queue.
    Queue,
}

/// A stage of the line, or a foreign program in its place.
#[derive(Clone, Copy, Debug)]
pub struct Stage {
    /// The binary's name, which is the crate's.
    pub binary: &'static str,
    /// The queue it reads.
    pub reads: &'static str,
    /// The queue it writes.
    pub writes: &'static str,
    /// What it works on at a time.
    pub unit: Unit,
    /// Options that name a file of settings, with that file.
    pub settings: &'static [(&'static str, &'static str)],
    /// Further options.
    pub options: &'static [&'static str],
    /// The program `adapt` runs.
    pub program: &'static [&'static str],
}

const OURS: Stage = Stage {
    binary: "",
    reads: "",
    writes: "",
    unit: Unit::Item,
    settings: &[],
    options: &[],
    program: &[],
};

/// The stages in their order.
pub const LINE: &[Stage] = &[
    Stage {
        binary: "validate",
        reads: "raw",
        writes: "validated",
        settings: &[("--config", "validate.json")],
        ..OURS
    },
    Stage {
        binary: "clean",
        reads: "validated",
        writes: "cleaned",
        unit: Unit::Fit,
        settings: &[("--config", "clean.json")],
        ..OURS
    },
    Stage {
        binary: "featurize",
        reads: "cleaned",
        writes: "features",
        unit: Unit::Fit,
        settings: &[("--config", "featurize.json"), ("--split", "split.json")],
        ..OURS
    },
    Stage {
        binary: "split",
        reads: "features",
        writes: "splits",
        settings: &[("--config", "split.json")],
        ..OURS
    },
    Stage {
        binary: "train",
        reads: "splits",
        writes: "models",
        unit: Unit::Queue,
        settings: &[("--config", "train.json")],
        ..OURS
    },
    Stage {
        binary: "evaluate",
        reads: "models",
        writes: "reports",
        unit: Unit::Queue,
        settings: &[("--config", "evaluate.json")],
        ..OURS
    },
];

/// Passes items on if they are not torn: raw files must begin with the heading, the others as Parquet does.
const PASS_ON: &str = r#"
for item in "$1"/*; do
    case $(head -c 4 "$item" | tr -d '\0') in
        PAR1 | id,d) cp "$item" "$2"/ || exit ;;
        *) echo "$item: torn" >&2; exit 1 ;;
    esac
    sleep 0.01
done
"#;

/// A foreign program in each way of running one.
pub const FOREIGN: &[Stage] = &[
    Stage {
        binary: "adapt",
        reads: "raw",
        writes: "validated",
        options: &["--each", "--raw"],
        program: &["sh", "-c", PASS_ON, "sh"],
        ..OURS
    },
    Stage {
        binary: "adapt",
        reads: "raw",
        writes: "validated",
        unit: Unit::Queue,
        options: &["--raw"],
        program: &["sh", "-c", PASS_ON, "sh"],
        ..OURS
    },
];

impl Stage {
    /// The stage's command, reading and writing queues of this project.
    pub fn command(&self, project: &Path) -> Command {
        self.command_between(
            project,
            &project.join(self.reads),
            &project.join(self.writes),
        )
    }

    /// The stage's command with the settings of this project and any two directories.
    pub fn command_between(&self, project: &Path, input: &Path, output: &Path) -> Command {
        let mut command = Command::new(&binary(self.binary)).args(self.options);
        for (option, file) in self.settings {
            command = command.arg(option).path(project.join("config").join(file));
        }
        command = command.path(input).path(output);
        if !self.program.is_empty() {
            command = command.arg("--").args(self.program);
        }
        command
    }

    /// Whether settings are read strictly; a foreign program's may be any.
    pub fn is_strict(&self) -> bool {
        !self.settings.is_empty()
    }
}
