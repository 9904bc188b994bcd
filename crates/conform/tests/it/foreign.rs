//! Foreign programs: a good one, and the mistakes that are made.

use conform::{Mode, Report};

use crate::{foreign, found, judged};

/// Passes items on if they begin as they should. Every mistake is this program with a change.
const GOOD: &str = r#"set -eu
check() { [ "$(head -c 3 "$1")" = id, ] || { echo "$1: no header" >&2; exit 1; }; }
for item in "$1"/*; do
    check "$item"
    cp "$item" "$2/${item##*/}"
done
"#;

/// The good program with one text in the place of another.
#[track_caller]
fn changed(from: &str, to: &str) -> Report {
    assert!(GOOD.contains(from));
    let script = GOOD.replace(from, to);
    judged(&["sh", "-c", &script, "sh"], foreign(Mode::Whole), &[])
}

/// The clauses that are broken.
#[track_caller]
fn check(from: &str, to: &str, expected: &[&str]) -> Report {
    let report = changed(from, to);
    assert_eq!(report.ids("failed"), expected, "{:#}", report.to_json());
    report
}

#[test]
fn a_good_program_breaks_no_clause() {
    for (mode, unjudged) in [
        (
            Mode::Whole,
            &["counts", "max-failed", "settings", "description"][..],
        ),
        (Mode::Batch(2), &["counts", "settings", "description"]),
    ] {
        let report = judged(&["sh", "-c", GOOD, "sh"], foreign(mode), &[]);
        assert_eq!(report.ids("failed"), [""; 0], "{:#}", report.to_json());
        assert_eq!(report.ids("skipped"), unjudged, "{:#}", report.to_json());
    }
}

#[test]
fn a_program_that_writes_into_its_input_is_seen() {
    check(
        "    check",
        "    touch \"$item\"; check",
        &["input-untouched"],
    );
    let report = check(
        "done\n",
        "done\necho 1 > \"$1/log\"\n",
        &["input-untouched"],
    );
    assert_eq!(found(&report, "input-untouched"), "`log` is new");
}

#[test]
fn a_program_that_leaves_files_elsewhere_is_seen() {
    let report = check("done\n", "done\necho done >> log.txt\n", &["one-directory"]);
    assert_eq!(found(&report, "one-directory"), "`log.txt` is new");
}

#[test]
fn a_program_that_writes_nothing_is_no_stage() {
    let report = check(
        "    cp \"$item\" \"$2/${item##*/}\"\n",
        "",
        &["one-directory"],
    );
    assert_eq!(found(&report, "one-directory"), "none");
    let hopeless = conform::Verdict::Skipped(conform::NO_PLAIN_RUN.to_owned());
    assert!(
        report
            .clauses
            .iter()
            .any(|judged| judged.verdict == hopeless)
    );
}

/// The good program, which then adds a line to each output.
#[track_caller]
fn adding(line: &str, expected: &[&str]) -> Report {
    check(
        "done",
        &format!("    echo {line} >> \"$2/${{item##*/}}\"\ndone"),
        expected,
    )
}

#[test]
fn bytes_that_come_of_chance_or_of_the_clock_are_seen() {
    let report = adding("$$", &["same-bytes"]);
    let found = found(&report, "same-bytes");
    assert!(
        found.starts_with("`2024-01-01.csv` differs from byte 7"),
        "{found}"
    );
    adding("$(date +%s)", &["same-bytes"]);
}

#[test]
fn bytes_that_come_of_the_calendar_of_a_place_are_seen() {
    adding("$(date +%F)", &["same-anywhere"]);
}

#[test]
fn bytes_that_come_of_the_age_of_files_are_seen() {
    check(
        "done\n",
        "done\nls -tL \"$1\" > \"$2/list.txt\"\n",
        &["same-anywhere"],
    );
}

#[test]
fn bytes_that_come_of_the_number_of_threads_are_seen() {
    adding("$WAYSTATION_THREADS", &["same-jobs"]);
}

#[test]
fn a_program_that_stumbles_over_names_is_seen() {
    check(
        "for item in \"$1\"/*; do",
        "for name in $(ls \"$1\"); do item=$1/$name",
        &["any-name"],
    );
}

#[test]
fn a_program_that_ends_with_0_over_what_it_cannot_read_or_write_is_seen() {
    check(
        "    check",
        "    [ -e \"$item\" ] || continue; check",
        &["read-error"],
    );
    check(
        "${item##*/}\"\n",
        "${item##*/}\" || true\n",
        &["write-error"],
    );
}

#[test]
fn a_program_that_takes_a_torn_item_with_a_shrug_is_seen() {
    let complains =
        "cat \"$1\" > /dev/null; [ \"$(head -c 3 \"$1\")\" = id, ] || echo \"$1: no header\" >&2";
    let expects = "[ \"$(head -c 3 \"$1\")\" = id, ] || { echo \"$1: no header\" >&2; exit 1; }";
    let report = check(expects, complains, &["torn-item"]);
    let found = found(&report, "torn-item");
    assert!(found.starts_with("status 0\n"), "{found}");
}

#[test]
fn a_torn_item_must_be_named_and_its_fault_told_and_no_try_asked_for() {
    check("$1: no header", "no header", &["torn-item"]);
    check("echo \"$1: no header\" >&2", "true", &["torn-item"]);
    check("exit 1", "exit 75", &["torn-item"]);
}
