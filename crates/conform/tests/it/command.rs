//! The program `conform`, as a user runs it.

use waystation_tests::{Command, Ended};

fn conform(arguments: &[&str]) -> Command {
    Command::new(env!("CARGO_BIN_EXE_conform"))
        .options(["--adapt", &waystation_tests::binary("adapt")])
        .args(arguments)
}

fn lines(ended: &Ended) -> String {
    // How long it took is all that differs.
    let plain = |line: &str| line.split(" (").next().unwrap_or_default().to_owned();
    ended
        .lines()
        .into_iter()
        .map(plain)
        .collect::<Vec<_>>()
        .join("\n")
}

const COPY: &str = r#"set -e; for item in "$1"/*; do cp "$item" "$2"; done"#;

#[test]
fn a_line_for_each_clause_says_what_was_found() {
    let directory = tempfile::tempdir().unwrap();
    let script = directory.path().join("stage.sh");
    fs_err::write(&script, COPY).unwrap();
    let only = "input-untouched,one-directory,torn-item,settings";
    let good = conform(&["--only", only, "--", "sh", "stage.sh"]).directory(directory.path());
    insta::assert_snapshot!(lines(&good.expect(0)), @r"
    sh stage.sh, under `adapt`, on three small CSV files

      ✓ leaves its input as it is
      ✓ reads one directory and writes one other
      - sets a torn item aside, and says which and why: not judged, it takes any bytes
      - refuses unknown settings

    2 kept, 2 not judged
    ");
    fs_err::write(&script, format!("{COPY}; rm \"$1\"/*01.csv")).unwrap();
    let bad = good.expect(1);
    bad.said("conform: no stage: it breaks input-untouched");
    insta::assert_snapshot!(lines(&bad), @r"
    sh stage.sh, under `adapt`, on three small CSV files

      ✗ leaves its input as it is [input-untouched]
          did       ran it and looked at its input before and after
          expected  the same files, untouched
          found     `2024-01-01.csv` is gone
      - reads one directory and writes one other: not judged, it writes into its input
      - refuses unknown settings
      - 1 other clauses: not judged, a plain run does not end well

    0 kept, 1 broken, 3 not judged
    ");
}

#[test]
fn programs_read_json_and_junit_xml() {
    let directory = tempfile::tempdir().unwrap();
    let command = conform(&[
        "--only",
        "input-untouched,counts",
        "--json",
        "--junit",
        "out.xml",
    ]);
    let ended = command
        .directory(directory.path())
        .args(["--", "sh", "-c", COPY, "sh"])
        .expect(0);
    let report: serde_json::Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(
        (&report["passed"], &report["skipped"]),
        (&1.into(), &1.into())
    );
    let xml = fs_err::read_to_string(directory.path().join("out.xml")).unwrap();
    assert!(
        xml.contains("<skipped message=\"it counts none\"/>"),
        "{xml}"
    );
}

#[test]
fn what_cannot_be_tried_is_refused() {
    conform(&["--only", "no-such", "--", "true"])
        .expect(64)
        .said("there is no clause `no-such`")
        .said("hint: `conform --list`");
    conform(&["--input", "/no/such", "--", "true"])
        .expect(66)
        .said("`/no/such` has no items");
    conform(&[]).expect(64);
    conform(&["--", "/no/such"])
        .expect(64)
        .said("`/no/such` is not a program");
}

#[test]
fn the_clauses_are_listed() {
    let listed = conform(&["--list"]).expect(0);
    assert_eq!(listed.lines().len(), conform::CLAUSES.len());
}
