//! A project in a temporary directory, and the stage run in it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant, SystemTime};

/// A project: `raw`, and whatever the stage makes of it.
pub(crate) struct Project {
    folder: tempfile::TempDir,
}

/// How a run ended.
pub(crate) struct Ended {
    pub(crate) status: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Project {
    /// A project with these raw items.
    pub(crate) fn new(items: &[(&str, &str)]) -> Self {
        let project = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        items
            .iter()
            .for_each(|(name, content)| project.write(&format!("raw/{name}"), content));
        project
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, content: &str) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    pub(crate) fn remove(&self, name: &str) {
        std::fs::remove_file(self.path(name)).unwrap();
    }

    pub(crate) fn exists(&self, name: &str) -> bool {
        self.path(name).exists()
    }

    fn command(&self, arguments: &str) -> Command {
        let mut command = Command::new(lines());
        command
            .args(arguments.split_whitespace())
            .current_dir(self.folder.path());
        command
    }

    /// Runs the stage with these arguments, which have no spaces in them.
    #[track_caller]
    pub(crate) fn run(&self, arguments: &str, status: i32) -> Ended {
        let output = self.command(arguments).output().unwrap();
        let ended = Ended::of(&output);
        assert_eq!(
            ended.status, status,
            "lines {arguments}\n--- stdout\n{}\n--- stderr\n{}",
            ended.stdout, ended.stderr
        );
        ended
    }

    /// Runs the stage, however it ends; the status is -1 when a signal killed it.
    pub(crate) fn run_any(&self, arguments: &str) -> i32 {
        Ended::of(&self.command(arguments).output().unwrap()).status
    }

    /// The same with so many kilobytes of memory and no more.
    pub(crate) fn run_with_memory(&self, arguments: &str, kilobytes: u32) -> i32 {
        let limited = format!("ulimit -v {kilobytes} && exec \"$0\" \"$@\"");
        let mut command = Command::new("sh");
        command
            .args(["-c", &limited])
            .arg(lines())
            .args(arguments.split_whitespace())
            .current_dir(self.folder.path());
        Ended::of(&command.output().unwrap()).status
    }

    /// Starts the stage and leaves it to itself.
    pub(crate) fn start(&self, arguments: &str) -> Child {
        let mut command = self.command(arguments);
        command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }

    /// The time stamp of a file's content.
    pub(crate) fn modified(&self, name: &str) -> SystemTime {
        std::fs::metadata(self.path(name))
            .unwrap()
            .modified()
            .unwrap()
    }

    /// Waits until a file is there.
    #[track_caller]
    pub(crate) fn wait_for(&self, name: &str) {
        self.wait_until(name, || self.exists(name));
    }

    /// Waits until something holds.
    #[track_caller]
    pub(crate) fn wait_until(&self, what: &str, holds: impl Fn() -> bool) {
        let end = Instant::now() + Duration::from_secs(30);
        while !holds() {
            assert!(Instant::now() < end, "`{what}` never came");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Waits until so many items have been begun.
    #[track_caller]
    pub(crate) fn wait_for_begun(&self, count: usize) {
        self.wait_for("out.partial/_journal.jsonl");
        self.wait_until("items begun", || {
            let journal = self.read("out.partial/_journal.jsonl");
            journal.matches("\"begin\"").count() >= count
        });
    }

    /// All files below a folder with their content, but for what may differ from run to run.
    pub(crate) fn tree(&self, name: &str) -> BTreeMap<String, Vec<u8>> {
        let mut files = BTreeMap::new();
        walk(&self.path(name), "", &mut files);
        files.retain(|name, _| {
            !matches!(name.as_str(), "_run.json" | "_stat.json" | "_history.jsonl")
        });
        files
    }
}

impl Ended {
    fn of(output: &Output) -> Self {
        Self {
            status: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

fn walk(folder: &Path, prefix: &str, files: &mut BTreeMap<String, Vec<u8>>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if entry.path().is_dir() {
            walk(&entry.path(), &format!("{name}/"), files);
        } else {
            files.insert(name, std::fs::read(entry.path()).unwrap());
        }
    }
}

/// Cargo builds examples beside the tests, but names them to nobody.
fn lines() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let profile = test.parent().unwrap().parent().unwrap();
    profile.join("examples/lines")
}

/// Three small items.
pub(crate) const THREE: &[(&str, &str)] =
    &[("a.txt", "one\ntwo\n"), ("b.txt", "three\n"), ("c.txt", "")];
