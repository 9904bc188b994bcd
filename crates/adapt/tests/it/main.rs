//! Foreign programs under the contract, as a user would run them.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::PathBuf;
use std::time::{Duration, Instant};

use waystation_tests::{Command, Ended, Signal, Tree};

/// A directory with a raw queue of three items.
struct Queue(tempfile::TempDir);

impl Queue {
    fn new() -> Self {
        let queue = Self(tempfile::tempdir().unwrap());
        for (name, content) in [("a.txt", "1"), ("b.txt", "2"), ("more/c.txt", "3")] {
            queue.write(&format!("in/{name}"), content);
        }
        queue
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, content: &str) {
        let path = self.path(name);
        fs_err::create_dir_all(path.parent().unwrap()).unwrap();
        fs_err::write(path, content).unwrap();
    }

    fn read(&self, name: &str) -> String {
        fs_err::read_to_string(self.path(name)).unwrap()
    }

    fn tree(&self, name: &str) -> Tree {
        Tree::of(&self.path(name))
    }

    /// `adapt OPTIONS in out -- sh -c SCRIPT sh`.
    fn adapt(&self, options: &str, script: &str) -> Command {
        Command::new(env!("CARGO_BIN_EXE_adapt"))
            .directory(self.0.path())
            .args(["--raw", "--retries", "2", "--backoff", "1ms"])
            .args(options.split_whitespace())
            .args(["in", "out", "--", "sh", "-c", script, "sh"])
    }

    /// Fails, and gives the only dead letter.
    #[track_caller]
    fn letter(&self, options: &str, script: &str) -> serde_json::Value {
        self.adapt(options, script).expect(1);
        let letters = self.tree("out.partial/_failed");
        let letter = self.read(&format!("out.partial/_failed/{}", letters.names()[0]));
        serde_json::from_str(&letter).unwrap()
    }
}

const COPY: &str = r#"cp -R "$1"/* "$2""#;

#[test]
fn the_whole_queue_is_shown_and_what_is_written_is_taken_over() {
    let queue = Queue::new();
    queue.adapt("", COPY).expect(0);
    let names = ["_manifest.json", "a.txt", "b.txt", "more/c.txt"];
    assert_eq!(queue.tree("out").names(), names);
    assert_eq!(queue.read("out/more/c.txt"), "3");
    queue.adapt("", COPY).expect(0).said("nothing to do");
}

#[test]
fn each_item_is_shown_alone() {
    let queue = Queue::new();
    let script = r#"cd "$1"; for item in $(find . -name '*.txt'); do
        mkdir -p "$2/$(dirname $item)"; find . -name '*.txt' | wc -l > "$2/$item"; done"#;
    queue.adapt("--each", script).expect(0);
    for name in ["a.txt", "b.txt", "more/c.txt"] {
        assert_eq!(queue.read(&format!("out/{name}")).trim(), "1", "{name}");
    }
    queue.write("in/a.txt", "changed");
    let planned = queue.adapt("--each --dry-run", script).expect(0);
    assert_eq!(planned.lines().len(), 1, "{planned}");
}

#[test]
fn the_environment_tells_stage_settings_and_checkpoint() {
    let queue = Queue::new();
    queue.write("settings.json", r#"{"depth": 3}"#);
    let script = r#"echo "$WAYSTATION_STAGE $(cat "$WAYSTATION_CONFIG")" > "$2/a"
        [ -d "$WAYSTATION_CHECKPOINT" ] && echo yes > "$2/checkpoint""#;
    let options = "--name forest --config settings.json";
    queue.adapt(options, script).expect(0).said("forest: ");
    assert_eq!(queue.read("out/a"), "forest {\"depth\": 3}\n");
    assert_eq!(queue.read("out/checkpoint"), "yes\n");
}

#[test]
fn settings_and_program_files_are_part_of_the_key() {
    let queue = Queue::new();
    queue.write("settings.json", "{}");
    queue.write("module.py", "one");
    let options = "--config settings.json --program-file module.py";
    let run = || queue.adapt(options, COPY).expect(0);
    let rests = |ended: &Ended| ended.stderr.contains("nothing to do");
    assert!(!rests(&run()) && rests(&run()));
    queue.write("settings.json", r#"{"depth": 3}"#);
    assert!(!rests(&run()) && rests(&run()));
    queue.write("module.py", "two");
    assert!(!rests(&run()) && rests(&run()));
}

#[test]
fn the_end_of_stderr_is_the_reason() {
    let letter = Queue::new().letter("", "echo one >&2; echo two >&2; exit 3");
    assert_eq!(letter["reason"], "`sh` ended with status 3:\none\ntwo");
    assert_eq!(
        (&letter["cause"], &letter["tries"]),
        (&"item".into(), &1.into())
    );
}

#[test]
fn status_75_and_death_by_a_signal_are_tried_again() {
    for script in ["exit 75", "kill -9 $$"] {
        let letter = Queue::new().letter("", script);
        let found = (&letter["cause"], &letter["tries"]);
        assert_eq!(found, (&"machine".into(), &3.into()), "{script}");
    }
    let queue = Queue::new();
    let second = r#"[ -e "$WAYSTATION_CHECKPOINT/x" ] && echo 1 > "$2/a" && exit
        touch "$WAYSTATION_CHECKPOINT/x"; exit 75"#;
    queue.adapt("", second).expect(0).said("trying again");
}

#[test]
fn a_program_that_takes_too_long_is_ended() {
    let queue = Queue::new();
    let started = Instant::now();
    let letter = queue.letter("--timeout 100ms", "sleep 60");
    assert!(started.elapsed() < Duration::from_secs(20));
    assert!(letter["reason"].as_str().unwrap().contains("--timeout"));
}

#[test]
fn a_signal_ends_the_program_too() {
    let queue = Queue::new();
    let script = format!("echo $$ > {}; exec sleep 60", queue.path("pid").display());
    let running = queue.adapt("", &script).start();
    let patience = Instant::now() + Duration::from_secs(10);
    while !queue.path("pid").exists() && Instant::now() < patience {
        running.sleep(Duration::from_millis(5));
    }
    running.signal(Signal::TERM);
    running.wait().assert(143);
    let pid = queue.read("pid");
    assert!(!PathBuf::from(format!("/proc/{}/stat", pid.trim())).exists());
}

#[test]
fn names_that_belong_to_the_contract_are_refused() {
    let letter = Queue::new().letter("", r#"echo {} > "$2/_manifest.json""#);
    let reason = letter["reason"].as_str().unwrap();
    assert_eq!(reason, "`_manifest.json` cannot be the name of an output");
}

#[test]
fn an_output_that_is_not_named_after_its_item_is_refused() {
    let queue = Queue::new();
    queue
        .adapt("--each", r#"echo 1 > "$2/model.txt""#)
        .expect(1);
    let letter = queue.read("out.partial/_failed/a.txt.json");
    assert!(
        letter.contains("`model.txt` is not named after the item `a.txt`"),
        "{letter}"
    );
}

#[test]
fn what_a_failed_try_has_written_is_not_taken_over() {
    let queue = Queue::new();
    let script = r#"[ -e "$WAYSTATION_CHECKPOINT/x" ] && echo 1 > "$2/good" && exit
        echo half > "$2/half"; touch "$WAYSTATION_CHECKPOINT/x"; exit 75"#;
    queue.adapt("", script).expect(0);
    assert_eq!(queue.tree("out").names(), ["_manifest.json", "good"]);
}

#[test]
fn a_program_that_is_not_there_is_refused_before_anything_is_done() {
    let queue = Queue::new();
    let command = Command::new(env!("CARGO_BIN_EXE_adapt")).directory(queue.0.path());
    let command = command.args(["--raw", "in", "out", "--", "no-such-program"]);
    command
        .expect(64)
        .said("`no-such-program` is not a program");
    assert!(!queue.path("out.partial").exists());
}
