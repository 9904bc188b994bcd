//! A small project in a temporary directory.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock, PoisonError};

use tempfile::TempDir;

use crate::command::Command;
use crate::line::{LINE, Stage};
use crate::random::Random;
use crate::tree::Tree;
use crate::{binaries, repository};

/// The items of a small project: four days to train on, one for validation, one for test.
pub const DAYS: u32 = 6;
/// The rows of an item.
const ROWS: u32 = 150;

/// A project in a temporary directory, which goes when it is dropped.
#[derive(Debug)]
pub struct Project {
    directory: TempDir,
}

impl Project {
    /// A project with settings and [`DAYS`] small raw items.
    #[track_caller]
    pub fn small() -> Self {
        let project = Self::empty();
        for number in 1..=DAYS {
            project.write(&format!("raw/{}", day(number)), &rows(number, ROWS, 1));
        }
        project
    }

    /// A project with the settings of the small one, and no raw items.
    #[track_caller]
    pub fn empty() -> Self {
        let project = Self::temporary();
        let settings = repository().join("tests/small/config");
        copy(&settings, &project.path("config"));
        fs(fs_err::create_dir_all(project.path("raw")));
        project
    }

    /// The demo project as it is laid out.
    #[track_caller]
    pub fn demo() -> Self {
        let project = Self::temporary();
        for part in ["config", "raw"] {
            copy(
                &repository().join("tests/demo").join(part),
                &project.path(part),
            );
        }
        project
    }

    /// A small project whose queues are complete up to this one.
    #[track_caller]
    pub fn with(queue: &str) -> Self {
        // The line is run once, as far as somebody needs it.
        static LONGEST: OnceLock<Mutex<Project>> = OnceLock::new();
        let longest = LONGEST.get_or_init(|| Mutex::new(Self::small()));
        let longest = longest.lock().unwrap_or_else(PoisonError::into_inner);
        if !longest.has(queue) {
            longest.run_to(queue);
        }
        let project = Self::temporary();
        copy(&longest.path("config"), &project.path("config"));
        let queues = LINE.iter().map(|stage| stage.writes);
        for name in ["raw"].into_iter().chain(queues) {
            copy(&longest.path(name), &project.path(name));
            if name == queue {
                break;
            }
        }
        project
    }

    /// An empty directory, in memory where there is such a file system.
    #[track_caller]
    pub fn in_memory() -> Self {
        const MEMORY: &str = "/dev/shm";
        let mut builder = tempfile::Builder::new();
        builder.prefix("waystation-");
        let directory = match builder.tempdir_in(MEMORY) {
            Ok(directory) => directory,
            Err(_) => fs(builder.tempdir()),
        };
        Self { directory }
    }

    /// The same project elsewhere, in memory where there is such a file system.
    #[track_caller]
    pub fn copy(&self) -> Self {
        let project = Self::in_memory();
        copy(self.directory(), project.directory());
        project
    }

    #[track_caller]
    fn temporary() -> Self {
        Self {
            directory: fs(tempfile::Builder::new().prefix("waystation-").tempdir()),
        }
    }

    /// Where the project is.
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// A path in the project.
    pub fn path(&self, name: &str) -> PathBuf {
        self.directory().join(name)
    }

    /// Writes a file, folders included.
    #[track_caller]
    pub fn write(&self, name: &str, content: &str) {
        let path = self.path(name);
        if let Some(folder) = path.parent() {
            fs(fs_err::create_dir_all(folder));
        }
        fs(fs_err::write(path, content));
    }

    /// Writes other rows into a raw item.
    #[track_caller]
    pub fn change(&self, number: u32) {
        self.write(&format!("raw/{}", day(number)), &rows(number, ROWS, 2));
    }

    /// Removes a file.
    #[track_caller]
    pub fn remove(&self, name: &str) {
        fs(fs_err::remove_file(self.path(name)));
    }

    /// Reads a file.
    #[track_caller]
    pub fn read(&self, name: &str) -> String {
        fs(fs_err::read_to_string(self.path(name)))
    }

    /// Reads a JSON file.
    #[track_caller]
    pub fn json(&self, name: &str) -> serde_json::Value {
        match serde_json::from_str(&self.read(name)) {
            Ok(value) => value,
            Err(error) => panic!("{name}: {error}"),
        }
    }

    /// Whether there is such a file or directory.
    pub fn has(&self, name: &str) -> bool {
        self.path(name).exists()
    }

    /// The files of a queue, or of the whole project (`""`).
    #[track_caller]
    pub fn tree(&self, queue: &str) -> Tree {
        Tree::of(&self.path(queue))
    }

    /// A stage's command in this project.
    pub fn stage(&self, stage: &Stage) -> Command {
        stage.command(self.directory())
    }

    /// Runs the stages of the line up to the one that writes this queue.
    #[track_caller]
    pub fn run_to(&self, queue: &str) {
        if queue == "raw" {
            return;
        }
        for stage in LINE {
            self.stage(stage).expect(0);
            if stage.writes == queue {
                return;
            }
        }
        panic!("no stage writes `{queue}`");
    }

    /// Make, as a project's own Makefile would run it: with the binaries as they are.
    #[track_caller]
    pub fn make(&self, goal: &str) -> Command {
        Command::new("make")
            .directory(repository())
            .args(["-f", "scripts/pipeline.mk"])
            .arg(format!("PROJECT={}", self.directory().display()))
            .arg(format!("BIN={}", binaries().display()))
            .arg(goal)
    }
}

/// The name of a raw item.
pub fn day(number: u32) -> String {
    format!("2024-01-{number:02}.csv")
}

/// Rows of a day: some cells are missing, two colours are rarely late, large amounts often are.
pub fn rows(number: u32, rows: u32, seed: u64) -> String {
    let mut random = Random::new(seed * 1000 + u64::from(number));
    let mut text = "id,date,colour,amount,late\n".to_owned();
    for row in 0..rows {
        let colour = ["red", "green", "blue", "black"][random.below(4) as usize];
        let amount = random.share() * 100.0;
        let bias = if colour == "red" { 30.0 } else { 0.0 };
        let late = u8::from(amount + bias + random.share() * 50.0 > 100.0);
        let amount = if random.below(20) == 0 {
            "NA".to_owned()
        } else {
            format!("{amount:.2}")
        };
        let id = number * 1_000_000 + row;
        // Writing to a string does not fail.
        let _ = writeln!(text, "{id},2024-01-{number:02},{colour},{amount},{late}");
    }
    text
}

/// Copies a directory.
#[track_caller]
pub fn copy(from: &Path, to: &Path) {
    fs(fs_err::create_dir_all(to));
    for entry in fs(fs_err::read_dir(from)) {
        let entry = fs(entry);
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs(fs_err::copy(entry.path(), target));
        }
    }
}

#[track_caller]
fn fs<T>(result: std::io::Result<T>) -> T {
    match result {
        Ok(value) => value,
        Err(error) => panic!("{error}"),
    }
}
