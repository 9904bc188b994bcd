//! A line of two stages in a temporary directory: `first` from raw to one, `second` from one to two. Both run a shell script
//! that copies an item, and makes the trouble that the item asks for.

use std::path::{Path, PathBuf};

use regex::Regex;
use waystation_tests::{Command, Ended, Running, binary};

const SCRIPT: &str = r#"
for item in "$1"/*; do
    case $(cat "$item") in
        sick*) echo "reading" >&2; echo "ValueError: could not convert" >&2; exit 1 ;;
        busy*) exit 75 ;;
        slow*) sleep 20 ;;
    esac
    cp "$item" "$2"/
done
"#;

/// The line, which goes when it is dropped.
pub(crate) struct Line(tempfile::TempDir);

impl Line {
    /// A line with three raw items that has never run.
    pub(crate) fn new() -> Self {
        let line = Self(tempfile::tempdir().unwrap());
        line.write("work.sh", SCRIPT);
        line.write("settings.json", r#"{"depth": 3, "rate": 0.1}"#);
        for name in ["a.txt", "b.txt", "c.txt"] {
            line.write(&format!("raw/{name}"), "well\n");
        }
        line
    }

    /// The same, with its queues made.
    #[track_caller]
    pub(crate) fn made() -> Self {
        let line = Self::new();
        line.run("first", 0);
        line.run("second", 0);
        line
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    #[track_caller]
    pub(crate) fn write(&self, name: &str, content: &str) {
        let path = self.path(name);
        fs_err::create_dir_all(path.parent().unwrap()).unwrap();
        fs_err::write(path, content).unwrap();
    }

    #[track_caller]
    pub(crate) fn read(&self, name: &str) -> String {
        fs_err::read_to_string(self.path(name)).unwrap()
    }

    #[track_caller]
    pub(crate) fn remove(&self, name: &str) {
        fs_err::remove_file(self.path(name)).unwrap();
    }

    fn words(stage: &str) -> String {
        let (raw, input, output) = match stage {
            "first" => ("--raw ", "raw", "one"),
            _ => ("", "one", "two"),
        };
        let adapt = binary("adapt");
        let options = "--retries 0 --jobs 1 --config settings.json";
        format!("{adapt} --name {stage} {raw}--each {options} {input} {output} -- sh work.sh")
    }

    /// The command of a stage.
    pub(crate) fn stage(&self, stage: &str) -> Command {
        let words = Self::words(stage);
        let mut words = words.split(' ');
        Command::new(words.next().unwrap())
            .args(words)
            .directory(self.0.path())
    }

    #[track_caller]
    pub(crate) fn run(&self, stage: &str, status: i32) -> Ended {
        self.stage(stage).expect(status)
    }

    /// Starts the first stage, and waits until it has this item in hand.
    #[track_caller]
    pub(crate) fn start_until(&self, item: &str) -> Running {
        let journal = self.path("one.partial/_journal.jsonl");
        let begin = format!("{{\"begin\":{{\"phase\":\"item\",\"item\":\"{item}\"");
        let begun = || {
            let text = fs_err::read_to_string(&journal).unwrap_or_default();
            text.matches(&begin).count()
        };
        let before = begun();
        let running = self.stage("first").start();
        running.until(&format!("the begin of `{item}`"), || begun() != before);
        running
    }

    /// `status` with the line given, as Make gives it.
    pub(crate) fn status(&self, options: &[&str]) -> Command {
        Command::new(env!("CARGO_BIN_EXE_status"))
            .directory(self.0.path())
            .args(options)
            .args(["--make", "make"])
            .args(["--stage", &Self::words("first")])
            .args(["--stage", &Self::words("second")])
            .arg(".")
    }

    /// The screen, without what differs from run to run.
    #[track_caller]
    pub(crate) fn screen(&self, options: &[&str]) -> String {
        normal(&self.status(options).expect(0).stdout, self.0.path())
    }

    #[track_caller]
    pub(crate) fn json(&self, options: &[&str]) -> serde_json::Value {
        let options = [&["--json"], options].concat();
        serde_json::from_str(&self.status(&options).expect(0).stdout).unwrap()
    }

    /// How the stages stand, in a word each.
    #[track_caller]
    pub(crate) fn states(&self) -> Vec<String> {
        let line = self.json(&[]);
        let stages = line["stages"].as_array().unwrap().iter();
        stages
            .map(|stage| stage["state"].as_str().unwrap().to_owned())
            .collect()
    }

    /// Copies the line to another place, times and all.
    #[track_caller]
    pub(crate) fn copied(&self) -> Self {
        let copy = Self(tempfile::tempdir().unwrap());
        let from = format!("{}/.", self.0.path().display());
        Command::new("cp")
            .args(["-a", &from])
            .path(copy.0.path())
            .expect(0);
        copy
    }
}

/// Takes directory, processes, machine, ages and rates out of a screen, columns kept in place.
fn normal(text: &str, directory: &Path) -> String {
    let text = text.replace(&directory.display().to_string(), "$DIR");
    let name = directory.file_name().unwrap().to_string_lossy();
    let text = text.replace(&*name, &format!("{:<1$}", "$DIR", name.len()));
    let text = text.replace(&binary("adapt"), "adapt");
    let replace = |pattern: &str, text: &str, with: &str| {
        let pattern = Regex::new(pattern).unwrap();
        pattern.replace_all(text, with).into_owned()
    };
    let text = replace(r"process \d+ on \S*\w", &text, "process $$PID");
    let text = replace(r"kill -9 \d+", &text, "kill -9 $$PID");
    let text = replace(r"[\d.]+/s", &text, "#/s");
    let age = Regex::new(r" +\d+[smhd]\b").unwrap();
    let aligned = |found: &regex::Captures<'_>| format!("{:>1$}", "#s", found[0].len());
    age.replace_all(&text, aligned).into_owned()
}
