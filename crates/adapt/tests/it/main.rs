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
    assert_eq!(letter["reason"], "`sh` ended with status 3: two\none\ntwo");
    assert_eq!(
        (&letter["cause"], &letter["tries"]),
        (&"item".into(), &1.into())
    );
}

#[test]
fn a_place_in_what_is_said_is_one_in_the_queue() {
    let queue = Queue::new();
    let ended = queue
        .adapt("--each", r#"echo "$1/a.txt:1: bad" >&2; exit 1"#)
        .expect(1);
    ended.said("adapt: a.txt: in/a.txt:1: bad\n");
    ended.said("adapt: failed: `sh` ended with status 1: in/a.txt:1: bad\n");
}

#[test]
fn a_log_in_json_is_nothing_but_json() {
    let queue = Queue::new();
    let script = r#"printf 'talk "quoted"\n\tmore' >&2; exit 1"#;
    let ended = queue.adapt("--each --log-format json", script).expect(1);
    let events: Vec<serde_json::Value> = ended
        .stderr
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let said = |event: &serde_json::Value| {
        event["event"] == "said"
            && event["item"] == "more/c.txt"
            && event["text"] == "talk \"quoted\""
    };
    assert!(events.iter().any(said), "{ended}");
    let last = events.last().unwrap();
    assert_eq!(
        (&last["event"], &last["status"]),
        (&"error".into(), &1.into())
    );
}

#[test]
fn status_75_and_death_by_a_signal_from_outside_are_tried_again() {
    for script in ["exit 75", "kill -9 $$"] {
        let letter = Queue::new().letter("", script);
        let found = (&letter["cause"], &letter["tries"]);
        assert_eq!(found, (&"machine".into(), &3.into()), "{script}");
    }
    let queue = Queue::new();
    let second = r#"[ $WAYSTATION_ATTEMPT = 2 ] && echo 1 > "$2/a" && exit; exit 75"#;
    queue.adapt("", second).expect(0).said("trying again");
}

#[test]
fn other_statuses_may_ask_for_another_try() {
    let tries = |options: &str, status: u8| {
        Queue::new().letter(options, &format!("exit {status}"))["tries"].clone()
    };
    assert_eq!(tries("--retry-on 75,111", 111), 3);
    assert_eq!(tries("--retry-on 75,111", 75), 3);
    assert_eq!(tries("--retry-on 111", 75), 1);
    let queue = Queue::new();
    queue.adapt("--retry-on 0", COPY).expect(64);
}

#[test]
fn a_crash_is_tried_again_and_then_poison() {
    let queue = Queue::new();
    let letter = queue.letter("", "kill -SEGV $$");
    assert_eq!(letter["reason"], "`sh` crashed with SIGSEGV");
    let found = (&letter["cause"], &letter["tries"]);
    assert_eq!(found, (&"poison".into(), &3.into()));
    let planned = queue.adapt("--dry-run", "kill -SEGV $$").expect(0);
    assert!(planned.stdout.starts_with("failed, kept"), "{planned}");
}

#[test]
fn a_program_may_not_take_more_memory_than_its_limit() {
    let queue = Queue::new();
    // `dd` takes a buffer of that size.
    let script = r#"dd if=/dev/zero of="$2/x" bs=300M count=1"#;
    let letter = queue.letter("--memory-limit 100M", script);
    let reason = letter["reason"].as_str().unwrap();
    assert!(
        reason.starts_with("`sh` needs more memory than the 100 MiB of `--memory-limit`: dd: "),
        "{reason}"
    );
    // Another run may have another limit.
    let found = (&letter["cause"], &letter["tries"]);
    assert_eq!(found, (&"machine".into(), &1.into()));
    let planned = queue.adapt("--dry-run", script).expect(0);
    assert!(planned.stdout.starts_with("failed before"), "{planned}");
}

#[test]
fn a_program_may_not_write_more_than_its_limit() {
    let one_file = r#"head -c 3000000 /dev/zero > "$2/x""#;
    let many_files = r#"while :; do i=$((i + 1)); head -c 10000 /dev/zero > "$2/$i"; done"#;
    for script in [one_file, many_files] {
        let letter = Queue::new().letter("--output-limit 1M", script);
        let reason = letter["reason"].as_str().unwrap();
        let expected = "`sh` wrote more than the 1 MiB of `--output-limit`";
        assert!(reason.starts_with(expected), "{reason}");
    }
}

#[test]
fn a_program_that_writes_into_its_input_is_told_so() {
    for (script, expected) in [
        (r#"echo 1 > "$1/new""#, "`sh` has written `new` into INPUT"),
        (r#"rm "$1/a.txt""#, "`sh` has taken `a.txt` from INPUT"),
        (
            r#"echo 1 >> "$1/a.txt""#,
            "`a.txt` changed while `sh` was at work",
        ),
    ] {
        let queue = Queue::new();
        let script = format!("{script}; {COPY}");
        let letter = queue.letter("", &script);
        assert_eq!(letter["reason"], expected);
    }
}

#[test]
fn a_batch_is_narrowed_to_the_item_to_blame() {
    let queue = Queue::new();
    queue.write("in/b.txt", "sick");
    let script = r#"cd "$1"; echo start >> ../../../../starts
        for item in $(find . -name '*.txt'); do
            grep -q sick $item && echo "sick: $item" >&2 && exit 1
            mkdir -p "$2/$(dirname $item)"; cp $item "$2/$item"; done"#;
    let ended = queue.adapt("--batch 10 --jobs 1", script).expect(1);
    ended.said("a.txt and 2 more: `sh` ended with status 1: sick: ./b.txt; trying each alone");
    assert_eq!(queue.tree("out.partial/_failed").names(), ["b.txt.json"]);
    assert_eq!(queue.read("starts").lines().count(), 4);
    queue.write("in/b.txt", "well");
    queue.adapt("--batch 10 --jobs 1", script).expect(0);
    assert_eq!(queue.read("starts").lines().count(), 5);
    // How many items are given at a time does not matter to what is done.
    queue
        .adapt("--each", script)
        .expect(0)
        .said("nothing to do");
}

#[test]
fn a_program_that_takes_one_item_only_loses_none_of_a_batch() {
    let queue = Queue::new();
    let script = r#"item=$(cd "$1"; find . -name '*.txt' | sort | head -n 1)
        mkdir -p "$2/$(dirname $item)"; cp "$1/$item" "$2/$item""#;
    let ended = queue.adapt("--batch 3 --jobs 1", script).expect(0);
    ended.said("nothing was written for `b.txt`; trying each alone");
    assert_eq!(queue.tree("out").items(), ["a.txt", "b.txt", "more/c.txt"]);
}

#[test]
fn a_failure_of_the_whole_queue_is_narrowed_when_asked() {
    let queue = Queue::new();
    queue.write("in/b.txt", "sick");
    let script = r#"! grep -rl sick "$1"/*"#;
    let letter = queue.letter("", script);
    let hint = letter["hint"].as_str().unwrap();
    assert!(hint.starts_with("`--narrow`"), "{hint}");
    let letter = queue.letter("--force --narrow", script);
    let reason = letter["reason"].as_str().unwrap();
    assert_eq!(
        reason.lines().next().unwrap(),
        "`sh` ended with status 1; of 3 items it fails on `b.txt` alone"
    );
}

#[test]
fn row_counts_are_told_and_must_reconcile() {
    let queue = Queue::new();
    let script = format!(
        r#"{COPY}; for name in a b; do
            echo '{{"item": "'$name'.txt", "read": 3, "written": 2, "dropped": {{"late": 1}}}}'
        done >> "$WAYSTATION_COUNTS""#
    );
    let said = "6 rows in, 4 out, 2 dropped (late)";
    queue.adapt("", &script).expect(0).said(said);
    queue
        .adapt("--batch 3 --force --jobs 1", &script)
        .expect(0)
        .said(said);
    let wrong = r#"echo '{"read": 3, "written": 2}' >> "$WAYSTATION_COUNTS""#;
    let letter = Queue::new().letter("", wrong);
    let reason = letter["reason"].as_str().unwrap();
    assert!(reason.contains("the counts do not reconcile"), "{reason}");
}

#[test]
fn a_program_that_takes_too_long_is_ended() {
    let queue = Queue::new();
    let started = Instant::now();
    let letter = queue.letter("--timeout 2s", "echo epoch 7 >&2; sleep 60");
    assert!(started.elapsed() < Duration::from_secs(20));
    assert_eq!(
        letter["reason"],
        "took longer than the 2s of `--timeout`: epoch 7"
    );
}

#[test]
fn a_signal_ends_the_program_too() {
    let queue = Queue::new();
    let script = format!("echo $$ > {}; exec sleep 60", queue.path("pid").display());
    let running = queue.adapt("", &script).start();
    running.until("the program", || queue.path("pid").exists());
    running.signal(Signal::TERM);
    running.wait().assert(143);
    assert_ends(&queue, "pid");
}

/// Whether the process whose number is in this file ends within some seconds. One that waits to be reaped has ended.
#[track_caller]
fn assert_ends(queue: &Queue, file: &str) {
    let stat = format!("/proc/{}/stat", queue.read(file).trim());
    let patience = Instant::now() + Duration::from_secs(10);
    while Instant::now() < patience {
        match fs_err::read_to_string(&stat) {
            Ok(stat) if !stat.contains(") Z ") => std::thread::sleep(Duration::from_millis(5)),
            _ => return,
        }
    }
    panic!("the process of `{file}` still runs");
}

#[test]
fn nothing_of_a_program_outlives_an_adapt_that_is_killed() {
    let queue = Queue::new();
    let pid = |name: &str| queue.path(name).display().to_string();
    let script = format!(
        "echo $$ > {}; sleep 60 & echo $! > {}; wait",
        pid("leader"),
        pid("follower")
    );
    let running = queue.adapt("", &script).start();
    running.until("the follower", || {
        fs_err::read_to_string(queue.path("follower")).is_ok_and(|pid| pid.ends_with('\n'))
    });
    running.signal(Signal::KILL);
    running.wait().assert(137);
    assert_ends(&queue, "leader");
    assert_ends(&queue, "follower");
}

#[test]
fn what_a_program_leaves_running_is_ended_with_it() {
    let queue = Queue::new();
    let pid = queue.path("pid").display().to_string();
    let script = format!("{COPY}; sleep 60 & echo $! > {pid}");
    queue.adapt("", &script).expect(0);
    assert_ends(&queue, "pid");
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
    assert!(!queue.path("out.partial").exists());
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
