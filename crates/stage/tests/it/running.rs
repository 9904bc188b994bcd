//! Runs in which nothing goes wrong.

use std::os::unix::fs::MetadataExt;
use std::time::Duration;

use crate::project::{Project, THREE};

#[test]
fn a_queue_is_written_whole_with_its_manifest() {
    let project = Project::new(THREE);
    project.run("raw out", 0);
    assert_eq!(project.read("out/a.txt"), "ONE\nTWO\n");
    assert_eq!(project.read("out/_length.json"), "3");
    assert!(project.exists("out/_manifest.json") && !project.exists("out.partial"));
}

#[test]
fn a_second_run_does_nothing() {
    let project = Project::new(THREE);
    project.run("raw out", 0);
    let before = project.tree("out");
    let ended = project.run("raw out", 0);
    assert!(
        ended.stderr.contains("nothing to do (3 items"),
        "{}",
        ended.stderr
    );
    assert_eq!(project.tree("out"), before);
}

#[test]
fn a_second_run_freshens_the_manifest() {
    let project = Project::new(THREE);
    project.run("raw out", 0);
    let time = || project.modified("out/_manifest.json");
    let before = time();
    std::thread::sleep(Duration::from_millis(20));
    project.run("raw out", 0);
    assert!(time() > before);
}

#[track_caller]
fn check_only_processed(project: &Project, arguments: &str, expected: &str) {
    let ended = project.run(&format!("{arguments} --dry-run"), 0);
    assert_eq!(ended.stdout, expected);
    project.run(arguments, 0);
    assert_eq!(project.run(&format!("{arguments} --dry-run"), 0).stdout, "");
}

#[test]
fn one_new_item_costs_one_item() {
    let project = Project::new(THREE);
    project.run("raw out", 0);
    project.write("raw/d.txt", "four");
    check_only_processed(&project, "raw out", "new                       d.txt\n");
}

#[test]
fn a_changed_item_is_done_again() {
    let project = Project::new(THREE);
    project.run("raw out", 0);
    project.write("raw/a.txt", "other");
    check_only_processed(&project, "raw out", "input changed             a.txt\n");
    assert_eq!(project.read("out/a.txt"), "OTHER\n");
}

#[test]
fn an_older_file_of_the_same_size_is_noticed() {
    let project = Project::new(THREE);
    project.run("raw out", 0);
    project.write("raw/a.txt", "own\ntow\n");
    let file = std::fs::File::options()
        .write(true)
        .open(project.path("raw/a.txt"))
        .unwrap();
    file.set_modified(std::time::UNIX_EPOCH).unwrap();
    check_only_processed(&project, "raw out", "input changed             a.txt\n");
}

#[test]
fn a_rewrite_in_the_same_tick_at_the_same_size_is_noticed() {
    let project = Project::new(THREE);
    for content in ["abc", "abd", "abe", "abf", "abg"] {
        project.write("raw/a.txt", content);
        project.run("raw out", 0);
        assert_eq!(
            project.read("out/a.txt"),
            format!("{}\n", content.to_uppercase())
        );
    }
}

#[test]
fn a_touched_item_costs_nothing() {
    let project = Project::new(THREE);
    project.run("raw out", 0);
    project.write("raw/a.txt", "one\ntwo\n");
    check_only_processed(&project, "raw out", "");
}

#[test]
fn an_item_that_is_gone_takes_its_output_with_it() {
    let project = Project::new(THREE);
    project.run("raw out", 0);
    project.remove("raw/b.txt");
    check_only_processed(&project, "raw out", "retracted                 b.txt\n");
    assert!(!project.exists("out/b.txt"));
    assert_eq!(project.read("out/_length.json"), "2");
}

#[test]
fn changed_settings_do_everything_again() {
    let project = Project::new(THREE);
    project.run("raw out", 0);
    project.write("c.json", r#"{"prefix": "> "}"#);
    let all = "settings changed          a.txt\nsettings changed          b.txt\nsettings changed          c.txt\n";
    check_only_processed(&project, "raw out --config c.json", all);
    assert_eq!(project.read("out/b.txt"), "> THREE\n");
}

#[test]
fn a_damaged_output_is_made_again() {
    let project = Project::new(THREE);
    project.run("raw out", 0);
    project.write("out/a.txt", "damaged");
    check_only_processed(&project, "raw out", "output missing or changed a.txt\n");
    assert_eq!(project.read("out/a.txt"), "ONE\nTWO\n");
}

#[test]
fn force_does_everything_again() {
    let project = Project::new(THREE);
    project.run("raw out", 0);
    let before = project.tree("out");
    let ended = project.run("raw out --force", 0);
    assert!(
        ended.stderr.starts_with("lines: 3 items; 3 rows in"),
        "{}",
        ended.stderr
    );
    assert_eq!(project.tree("out"), before);
}

#[test]
fn unchanged_items_are_hard_links_and_the_old_ones_are_never_written_to() {
    use std::os::unix::fs::MetadataExt;
    let project = Project::new(THREE);
    project.run("raw out", 0);
    let kept = std::fs::File::open(project.path("out/a.txt")).unwrap();
    project.write("raw/b.txt", "other");
    project.run("raw out", 0);
    let inode = std::fs::metadata(project.path("out/a.txt")).unwrap().ino();
    assert_eq!(inode, kept.metadata().unwrap().ino());
    project.write("raw/a.txt", "changed");
    project.run("raw out", 0);
    assert_eq!(std::io::read_to_string(kept).unwrap(), "ONE\nTWO\n");
}

#[test]
fn names_may_be_nested_and_odd() {
    let odd = [
        ("train/a b:c%.txt", "x"),
        ("train/-rf.txt", "y"),
        ("λ\n.txt", "z"),
    ];
    let project = Project::new(&odd);
    project.run("raw out", 0);
    assert_eq!(project.read("out/train/a b:c%.txt"), "X\n");
    assert_eq!(project.read("out/train/-rf.txt"), "Y\n");
    assert_eq!(project.read("out/λ\n.txt"), "Z\n");
}

#[test]
fn hidden_files_are_never_items() {
    let project = Project::new(&[
        ("a.txt", "x"),
        ("_notes.txt", "no"),
        (".git/x", "no"),
        ("_d/x", "no"),
    ]);
    project.run("raw out", 0);
    let names: Vec<_> = project.tree("out").into_keys().collect();
    assert_eq!(
        names,
        ["_length.json", "_manifest.json", "_parts.bin", "a.txt"]
    );
}

#[test]
fn the_bytes_are_the_same_for_any_number_of_jobs() {
    let items: Vec<_> = (0..200)
        .map(|i| (format!("{i}.txt"), format!("line {i}\n").repeat(i)))
        .collect();
    let items: Vec<_> = items
        .iter()
        .map(|(name, text)| (name.as_str(), text.as_str()))
        .collect();
    let project = Project::new(&items);
    for form in ["upper", "center", "count"] {
        project.write("c.json", &format!(r#"{{"form": "{form}"}}"#));
        project.run(&format!("raw {form}1 --config c.json --jobs 1"), 0);
        project.run(&format!("raw {form}4 --config c.json --jobs 4"), 0);
        assert!(
            project.tree(&format!("{form}1")) == project.tree(&format!("{form}4")),
            "{form}"
        );
    }
}

#[test]
fn what_is_fitted_wakes_the_others_only_when_it_moves() {
    let project = Project::new(THREE);
    project.write("c.json", r#"{"form": "center"}"#);
    project.run("raw out --config c.json", 0);
    project.write("raw/d.txt", "4");
    let ended = project.run("raw out --config c.json", 0);
    assert!(
        ended
            .stderr
            .starts_with("lines: 4 items, 1 processed, 3 unchanged"),
        "{}",
        ended.stderr
    );
    project.write("raw/d.txt", "a longer line");
    let ended = project.run("raw out --config c.json", 0);
    assert!(
        ended.stderr.starts_with("lines: 4 items; 4 rows in"),
        "{}",
        ended.stderr
    );
    assert_eq!(project.read("out/b.txt"), "    three    \n");
    assert_eq!(
        project.run("raw out --config c.json --dry-run", 0).stdout,
        ""
    );
}

#[test]
fn a_queue_is_read_only_when_it_is_as_its_manifest_says() {
    let project = Project::new(THREE);
    project.run("raw out", 0);
    project.run("out out2", 0);
    project.write("out/stray.txt", "x");
    let ended = project.run("out out2", 65);
    assert!(
        ended
            .stderr
            .contains("`out` is not as its manifest says: `stray.txt` is not of it")
    );
    assert!(ended.stderr.contains("hint: run `"), "{}", ended.stderr);
}

#[test]
fn log_lines_can_be_json() {
    let project = Project::new(THREE);
    let ended = project.run("raw out --log-format json", 0);
    let event: serde_json::Value = serde_json::from_str(ended.stderr.trim()).unwrap();
    assert_eq!(
        (&event["event"], &event["processed"]),
        (&"end".into(), &3.into())
    );
    assert_eq!(project.run("raw out --quiet", 0).stderr, "");
}

#[test]
fn what_the_stage_before_vouches_for_is_not_read_again() {
    let project = Project::new(THREE);
    // Stamps of the last moments say nothing.
    let settle = || std::thread::sleep(Duration::from_millis(50));
    project.write("slow.json", r#"{"delay_ms": 50}"#);
    settle();
    project.run("raw one --config slow.json --jobs 1", 0);
    settle();
    project.run("one two", 0);
    settle();
    let remembered = |queue: &str| {
        let stats = project.path(queue).join("_stat.json");
        std::fs::metadata(stats).unwrap().ino()
    };
    let (one, two) = (remembered("one"), remembered("two"));
    for (folder, item) in [("raw", "a.txt"), ("one", "a.txt")] {
        let link = project.path(&format!("link-to-{folder}"));
        std::fs::hard_link(project.path(folder).join(item), link).unwrap();
    }
    settle();
    // Of a raw file only its content tells that it is the same: it is read, and its stat remembered.
    let ended = project.run("raw one --config slow.json", 0);
    assert!(ended.stderr.contains("nothing to do"));
    assert_ne!(remembered("one"), one);
    assert!(project.run("one two", 0).stderr.contains("nothing to do"));
    assert_eq!(remembered("two"), two);
}

#[test]
fn a_large_file_bears_the_time_at_which_the_run_began() {
    let long = "line\n".repeat(50_000);
    let project = Project::new(&[("long.txt", &long), ("short.txt", "line\n")]);
    project.run("raw out", 0);
    let began = project.modified("out/_manifest.json");
    assert_eq!(project.modified("out/long.txt"), began);
    assert!(project.modified("out/short.txt") >= began);
}
