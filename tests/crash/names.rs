//! Items with names and natures that nobody expects.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use waystation_tests::{Command, Project, day, rows};

use crate::scene::{stage, tiny};

/// Names that are legal and awkward: for shells, for options, for terminals, for Make, for lists with a line each.
const AWKWARD: [&str; 12] = [
    "-rf.csv",
    "--config.csv",
    "two\nlines.csv",
    "tab\tand \u{1b}[31mred.csv",
    " leading and trailing .csv",
    "*?[a-z].csv",
    "quote'\"`$(x).csv",
    "100%.csv",
    "a:b=c,d.csv",
    "été.csv",
    "e\u{301}te\u{301}.csv",
    "日本語\u{202e}.csv",
];

/// The longest name a file may have, with a suffix.
fn longest(suffix: &str) -> String {
    format!("{}{suffix}", "n".repeat(255 - suffix.len()))
}

fn item(project: &Project, name: &str, number: u32) {
    project.write(&format!("raw/{name}"), &rows(number, 4, 1));
}

#[test]
fn awkward_names_go_through_the_line() {
    let project = tiny([1, 5, 6]);
    for (number, name) in (10..).zip(AWKWARD) {
        item(&project, name, number);
    }
    // Its outputs' names are no longer than this one.
    item(&project, &longest(".textfile"), 30);
    project.run_to("splits");
    let tree = project.tree("cleaned");
    for name in AWKWARD {
        let output = name.replace(".csv", ".parquet");
        assert!(tree.names().contains(&output.as_str()), "{name:?}");
    }
    let manifest = project.json("cleaned/_manifest.json");
    assert_eq!(
        manifest["items"].as_array().unwrap().len(),
        3 + AWKWARD.len() + 1
    );
    project.remove(&format!("raw/{}", AWKWARD[2]));
    project.run_to("cleaned");
    assert!(!project.has("cleaned/two\nlines.parquet"));
}

#[test]
fn a_name_too_long_for_its_output_is_the_items_fault() {
    let project = tiny([1]);
    let name = longest(".csv");
    item(&project, &name, 2);
    let ended = project.stage(stage("validate")).expect(1);
    ended
        .said("File name too long")
        .said("hint: give the item a shorter name");
    assert!(!ended.stderr.contains("trying again"), "{ended}");
    assert!(project.has(&format!(
        "validated.partial/{}",
        day(1).replace("csv", "parquet")
    )));
    project
        .stage(stage("validate"))
        .options(["--max-failed", "1"])
        .expect(0);
}

#[test]
fn a_name_that_is_not_utf_8_is_refused_before_anything_is_done() {
    let project = tiny([1]);
    let name = OsStr::from_bytes(b"no\xff.csv");
    fs_err::write(project.path("raw").join(name), rows(2, 4, 1)).unwrap();
    let ended = project.stage(stage("validate")).expect(65);
    ended
        .said("the name is not UTF-8")
        .said("hint: rename the file");
    assert!(!project.has("validated") && !project.has("validated.partial"));
}

#[test]
fn what_is_no_file_is_set_aside_and_holds_nobody_up() {
    let project = tiny([1, 2]);
    let raw = project.path("raw");
    let link = |to: &str, name: &str| fs_err::os::unix::fs::symlink(to, raw.join(name)).unwrap();
    // Links to files count as the files; folders as what is in them.
    project.write("elsewhere.csv", &rows(3, 4, 1));
    link("../elsewhere.csv", "link.csv");
    project.write("raw/folder/inside.csv", &rows(4, 4, 1));
    fs_err::create_dir(raw.join("empty folder")).unwrap();
    // Anything else is no item.
    link("nowhere", "dangling.csv");
    link("loop.csv", "loop.csv");
    link("..", "up");
    Command::new("mkfifo").path(raw.join("fifo.csv")).expect(0);
    project.write("raw/empty.csv", "");
    project.stage(stage("validate")).expect(1);
    let failed = project.tree("validated.partial/_failed");
    assert_eq!(
        failed.names(),
        [
            "dangling.csv.json",
            "empty.csv.json",
            "fifo.csv.json",
            "loop.csv.json",
            "up.json"
        ]
    );
    for name in ["link.parquet", "folder/inside.parquet"] {
        assert!(project.has(&format!("validated.partial/{name}")), "{name}");
    }
}
