//! Programs that claim to be stages by themselves, and are not.

use conform::Kind;

use crate::judged;

/// Writes OUTPUT directly, as programs do that know no contract.
const NAIVE: &str = r#"
while [ $# -gt 2 ]; do shift; done
[ -d "$1" ] || { echo "$1: no input" >&2; exit 66; }
mkdir -p "$2"
rm -f "$2/_manifest.json"
for item in "$1"/*; do cp "$item" "$2"/; sleep 0.02; done
echo '{"items": [{"item": "a", "counts": COUNTS}], "counts": COUNTS}' > "$2/_manifest.json"
"#;

#[track_caller]
fn check(script: &str, clause: &str, broken: bool) -> String {
    let report = judged(&["sh", "-c", script, "sh"], Kind::Native, &[clause]);
    let verdict = if broken { "failed" } else { "passed" };
    assert_eq!(report.ids(verdict), [clause], "{:#}", report.to_json());
    if broken {
        crate::found(&report, clause).to_owned()
    } else {
        String::new()
    }
}

fn naive() -> String {
    NAIVE.replace("COUNTS", r#"{"read": 3, "written": 3}"#)
}

#[test]
fn what_a_program_does_well_is_granted() {
    for clause in ["input-untouched", "one-directory", "same-bytes"] {
        check(&naive(), clause, false);
    }
}

#[test]
fn half_an_output_is_seen_by_a_reader_and_after_a_kill() {
    let found = check(&naive(), "last-good", true);
    assert_eq!(found, "`out` is there without `_manifest.json`");
    let found = check(&naive(), "killed", true);
    assert_eq!(found, "`out` is there without `_manifest.json`");
}

#[test]
fn an_output_that_outlives_its_item_is_seen() {
    let found = check(&naive(), "retraction", true);
    assert_eq!(found, "`2024-01-01.csv` is new");
}

#[test]
fn a_second_run_that_does_it_all_again_is_seen() {
    // Of the manifest, or of the items where its inode happened to be taken again.
    let found = check(&naive(), "nothing-twice", true);
    assert!(found.ends_with("written again"), "{found}");
}

#[test]
fn a_dry_run_that_is_none_is_seen() {
    assert_eq!(check(&naive(), "dry-run", true), "an output");
}

#[test]
fn counts_that_do_not_reconcile_are_seen() {
    check(&naive(), "counts", false);
    let losing = naive().replace("\"written\": 3", "\"written\": 2");
    let found = check(&losing, "counts", true);
    assert_eq!(found, "3 in, 2 out, rejected and dropped");
}

#[test]
fn wrong_exit_statuses_are_seen() {
    assert!(check(&naive().replace("exit 66", "exit 1"), "no-input", true).starts_with("status 1"));
    assert!(check(&naive(), "settings", true).starts_with("status 0"));
    assert!(check("exit 2", "usage", true).starts_with("status 2"));
    assert!(check("exit 0", "description", true).starts_with("status 0"));
}
