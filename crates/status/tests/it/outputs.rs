//! The other forms of the answer: JSON, alarms, ages, and metrics for a node exporter.

use waystation_tests::{Command, Signal, python_or_skip};

use crate::line::Line;

/// The second item failed, the second stage never ran.
fn failed() -> Line {
    let line = Line::new();
    line.write("raw/b.txt", "sick");
    line.run("first", 1);
    line
}

/// Takes times and machine out of JSON; what is left is the same each time.
fn normal(value: &mut serde_json::Value) {
    const DIFFERS: [&str; 9] = [
        "time",
        "started",
        "ended",
        "seconds",
        "ended_seconds",
        "host",
        "pid",
        "command",
        "next",
    ];
    match value {
        serde_json::Value::Object(fields) => {
            for (name, value) in fields.iter_mut() {
                let differs = DIFFERS.contains(&name.as_str()) || name.ends_with("_seconds");
                if differs {
                    *value = "…".into();
                } else {
                    normal(value);
                }
            }
        }
        serde_json::Value::Array(values) => values.iter_mut().for_each(normal),
        _ => {}
    }
}

#[test]
fn json_is_stable() {
    let mut line = failed().json(&[]);
    normal(&mut line);
    insta::assert_snapshot!(serde_json::to_string_pretty(&line).unwrap(), @r#"
    {
      "next": "…",
      "project": ".",
      "stages": [
        {
          "attempts": [
            {
              "ended": "…",
              "ended_seconds": "…",
              "failed": 1,
              "failures": [
                {
                  "alike": 1,
                  "cause": "item",
                  "item": "b.txt",
                  "last_words": [
                    "reading",
                    "ValueError: could not convert"
                  ],
                  "reason": "`sh work.sh` ended with status 1: ValueError: could not convert",
                  "tries": 1
                }
              ],
              "hint": "what is done is kept in `one.partial`, the reasons are in `one.partial/_failed`; mend the items and run again, or go on without them with `--max-failed`",
              "host": "…",
              "how": "failed",
              "in_hand": [],
              "pid": "…",
              "processed": 2,
              "reason": "1 of 3 items failed",
              "reasons": {
                "new": 3
              },
              "seconds": "…",
              "started": "…",
              "times": 1,
              "version": "0.1.0"
            }
          ],
          "command": "…",
          "detail": "1 of 3 items failed",
          "failures": [
            {
              "alike": 1,
              "cause": "item",
              "item": "b.txt",
              "last_words": [
                "reading",
                "ValueError: could not convert"
              ],
              "reason": "`sh work.sh` ended with status 1: ValueError: could not convert",
              "tries": 1
            }
          ],
          "input": "raw",
          "items": {
            "dead": 1,
            "done": 2,
            "retrying": 0,
            "running": 0,
            "waiting": 0
          },
          "output": "one",
          "progress_seconds": "…",
          "queue": "one",
          "rejected_rows": 0,
          "stage": "first",
          "stale": [],
          "state": "failed"
        },
        {
          "attempts": [],
          "command": "…",
          "detail": "",
          "failures": [],
          "input": "one",
          "items": {
            "dead": 0,
            "done": 0,
            "retrying": 0,
            "running": 0,
            "waiting": 0
          },
          "output": "two",
          "queue": "two",
          "rejected_rows": 0,
          "stage": "second",
          "stale": [],
          "state": "never_run"
        }
      ],
      "stopped": {
        "also": [],
        "failure": {
          "alike": 1,
          "cause": "item",
          "item": "b.txt",
          "last_words": [
            "reading",
            "ValueError: could not convert"
          ],
          "reason": "`sh work.sh` ended with status 1: ValueError: could not convert",
          "tries": 1
        },
        "hint": "mend the item, or go on without it by `--max-failed`; what is done is kept",
        "queue": "one",
        "stage": "first",
        "state": "failed",
        "what": "1 of 3 items failed"
      },
      "time": "…",
      "version": 1
    }
    "#);
}

#[test]
fn every_field_of_the_json_is_described() {
    let line = failed();
    let schema = line.status(&["--json-schema"]).expect(0).stdout;
    let schema: serde_json::Value = serde_json::from_str(&schema).unwrap();
    let described = schema.to_string();
    for (name, _) in line.json(&[])["stages"][0].as_object().unwrap() {
        assert!(described.contains(&format!("\"{name}\":{{")), "{name}");
    }
    assert!(!schema["description"].as_str().unwrap().is_empty());
}

#[test]
fn an_alarm_goes_by_what_is_there_and_not_by_how_the_last_run_ended() {
    let line = Line::made();
    line.status(&["--check"]).expect(0);
    line.write("raw/d.txt", "new");
    line.status(&["--check"]).expect(0);
    std::thread::sleep(std::time::Duration::from_millis(1100));
    let ended = line.status(&["--check", "--max-age", "0s"]).expect(1);
    assert!(
        ended.stdout.contains("first (one): an item has waited for"),
        "{ended}"
    );
    line.run("first", 0);
    line.write("raw/e.txt", "slow");
    let running = line.start_until("e.txt");
    line.status(&["--check"]).expect(0);
    running.signal(Signal::KILL);
    running.wait();
    let ended = line.status(&["--check"]).expect(1);
    assert!(
        ended.stdout.contains("first (one) stopped: process"),
        "{ended}"
    );
    assert!(
        ended
            .stdout
            .contains("was killed, or crashed, with `e.txt` in hand"),
        "{ended}"
    );
}

#[test]
fn waiting_items_are_counted_by_age() {
    let line = Line::new();
    let table = line.screen(&["--age"]);
    insta::assert_snapshot!(table, @r#"
    waiting, min   total     5    10    20    40    80   160   320   640  1280 1280+
    first              3     3     ·     ·     ·     ·     ·     ·     ·     ·     ·
    second             ·     ·     ·     ·     ·     ·     ·     ·     ·     ·     ·
    all                3     3     ·     ·     ·     ·     ·     ·     ·     ·     ·
    "#);
}

#[test]
fn metrics_are_replaced_as_a_whole() {
    let line = failed();
    line.write("metrics.prom", "old");
    line.status(&["--openmetrics", "metrics.prom", "--check"])
        .expect(1);
    let text = line.read("metrics.prom");
    assert!(text.ends_with("# EOF\n"));
    let dead = "waystation_items{project=\".\",stage=\"first\",fate=\"dead\"} 1\n";
    assert!(text.contains(dead), "{text}");
    let names = fs_err::read_dir(line.path("")).unwrap();
    let left = names.filter(|entry| {
        let name = entry.as_ref().unwrap().file_name();
        name.to_string_lossy().contains("prom.")
    });
    assert_eq!(left.count(), 0);
}

#[test]
fn metrics_are_read_by_prometheus_own_parsers() {
    let Some(python) = python_or_skip("reading metrics with prometheus-client") else {
        return;
    };
    let line = failed();
    line.write("raw/\"odd\"\\\n.txt", "well");
    line.status(&["--openmetrics", "metrics.prom"]).expect(0);
    let script = "
import sys
from prometheus_client.openmetrics.parser import text_string_to_metric_families as new
from prometheus_client.parser import text_string_to_metric_families as old
text = open(sys.argv[1]).read()
for parse in new, old:
    found = {f.name: f for f in parse(text)}
    dead = [s for s in found['waystation_items'].samples
            if s.labels['stage'] == 'first' and s.labels['fate'] == 'dead']
    states = [s.labels['state'] for s in found['waystation_state'].samples if s.value == 1]
    print(len(found), int(dead[0].value), ' '.join(states))
";
    let ended = Command::new(&python)
        .args(["-c", script])
        .path(line.path("metrics.prom"))
        .expect(0);
    assert_eq!(ended.lines(), ["6 1 failed never_run"; 2], "{ended}");
}

#[test]
fn a_live_screen_is_drawn_again_and_given_back_at_the_end() {
    let line = Line::made();
    let running = line.status(&["--watch"]).start();
    running.sleep(std::time::Duration::from_millis(2500));
    running.signal(Signal::TERM);
    let ended = running.wait();
    ended.assert(0);
    assert!(ended.stdout.matches("complete").count() >= 4, "{ended}");
    assert!(ended.stdout.starts_with("\u{1b}[?1049h"), "{ended}");
    assert!(
        ended.stdout.ends_with("\u{1b}[?25h\u{1b}[?1049l"),
        "{ended}"
    );
}

#[test]
fn what_is_no_project_is_refused() {
    let line = Line::new();
    let status = Command::new(env!("CARGO_BIN_EXE_status"));
    status
        .clone()
        .path(line.path("nowhere"))
        .expect(66)
        .said("is not there");
    status.clone().arg("--no-such-option").expect(64);
    let empty = status.path(line.path("")).expect(0);
    assert!(
        empty.stdout.contains("no stage has run here yet"),
        "{empty}"
    );
}
