//! Files that somebody has edited, torn or made up: refused with place and cure, or of no account; and nothing outside
//! the output is ever touched.

use serde_json::{Value, json};
use waystation_tests::{LINE, Project, Random, Tree, digest, slow};

use crate::scene::{stage, tiny};

/// A project with a complete queue and a file beside it that is nobody's business.
fn complete() -> Project {
    let project = tiny([1, 2, 5, 6]);
    project.run_to("cleaned");
    project.write("victim/precious.parquet", "precious");
    project
}

/// The files that a run may not touch.
fn others(project: &Project) -> Tree {
    project
        .tree("")
        .without(&["validated/", "validated.partial/"])
}

/// A file of the output named as if it were elsewhere.
fn stolen() -> Value {
    json!({"name": "../victim/precious.parquet", "bytes": 8, "digest": digest(b"precious")})
}

/// Runs `validate` over what was tampered with. It must end so, say this, and touch nothing else.
#[track_caller]
fn check_refused(project: &Project, status: i32, said: &[&str]) {
    let before = others(project);
    let ended = project.stage(stage("validate")).expect(status);
    for text in said {
        ended.said(text);
    }
    others(project).assert_same(&before, "outside the output");
}

#[track_caller]
fn check_manifest(edit: impl FnOnce(&mut Value), said: &str) {
    let project = complete();
    let mut manifest = project.json("validated/_manifest.json");
    edit(&mut manifest);
    project.write("validated/_manifest.json", &manifest.to_string());
    let cure = "hint: ";
    check_refused(&project, 65, &["validated/_manifest.json", said, cure]);
    // Who reads the queue refuses it as well, with the same words.
    project
        .stage(stage("clean"))
        .expect(65)
        .said(said)
        .said(cure);
    // The cure that is told is one.
    fs_err::remove_dir_all(project.path("validated")).unwrap();
    project.run_to("cleaned");
}

#[test]
fn a_manifest_that_is_not_as_it_was_written_is_refused() {
    let escape = "is not the name of a file in the queue";
    check_manifest(
        |manifest| manifest["items"][0]["outputs"][0] = stolen(),
        escape,
    );
    check_manifest(|manifest| manifest["outputs"][0] = stolen(), escape);
    for name in ["/etc/passwd", "a/../../x", "./x", "a//b", "..", ""] {
        let edit = |manifest: &mut Value| manifest["items"][0]["outputs"][0]["name"] = name.into();
        check_manifest(edit, escape);
    }
    check_manifest(
        |manifest| manifest["contract"] = 2.into(),
        "expected contract version 1, found 2",
    );
    check_manifest(
        |manifest| manifest["items"][0]["part"] = 1_000_000_000_000_u64.into(),
        "has not the size of all parts",
    );
    check_manifest(
        |manifest| manifest["items"] = "none".into(),
        "not a manifest",
    );
    check_manifest(
        |manifest| manifest["extra"] = true.into(),
        "unknown field `extra`",
    );
}

#[test]
fn a_manifest_that_was_torn_anywhere_is_refused() {
    let project = complete();
    let whole = project.read("validated/_manifest.json");
    for torn in [0, 1, whole.len() / 2, whole.len() - 3] {
        project.write("validated/_manifest.json", &whole[..torn]);
        check_refused(
            &project,
            65,
            &["not a manifest", "hint: delete the queue it is in"],
        );
    }
}

/// Puts a line into the journal of a stopped run.
fn stopped(line: &str) -> Project {
    let project = complete();
    let old = project.path("validated");
    fs_err::rename(&old, project.path("validated.partial")).unwrap();
    project.remove("validated.partial/_manifest.json");
    project.write("validated.partial/_journal.jsonl", &format!("{line}\n"));
    project
}

/// A receipt, as a journal has it.
fn done(outputs: &Value) -> String {
    let receipt = json!({"item": "2024-01-01.csv", "key": digest(b"k"), "input": digest(b"i"), "outputs": outputs});
    json!({"done": {"phase": "item", "receipt": receipt}}).to_string()
}

#[test]
fn a_journal_that_speaks_of_files_elsewhere_is_refused() {
    let project = stopped(&done(&json!([stolen()])));
    let place =
        "_journal.jsonl:1: `../victim/precious.parquet` is not the name of a file in the queue";
    check_refused(
        &project,
        65,
        &[place, "hint: it was edited by hand: delete the directory"],
    );
    fs_err::remove_dir_all(project.path("validated.partial")).unwrap();
    project.run_to("cleaned");
}

#[test]
fn what_a_journal_says_that_is_not_so_costs_work_and_no_more() {
    let expected = complete().tree("validated");
    let lines = [
        "",
        "{}",
        "null",
        "{\"done\":{\"phase\":\"item\"",
        "{\"begin\":{\"phase\":\"item\",\"item\":\"../../x\",\"key\":\"00000000000000000000000000000000\"}}",
        "{\"fail\":{\"phase\":\"item\",\"item\":\"../../x\"}}",
        "{\"start\":{\"boot\":\"\\u0000\"}}",
        &done(&json!([{"name": "no-such.parquet", "bytes": 3, "digest": digest(b"x")}])),
        &"[".repeat(100_000),
    ];
    for line in lines {
        let project = stopped(line);
        check_refused(&project, 0, &[]);
        let tree = project.tree("validated");
        tree.assert_same(&expected, &format!("{line:.80}"));
    }
}

#[test]
fn notes_that_are_torn_or_made_up_cost_work_and_no_more() {
    let expected = complete().tree("validated");
    let hostile = [
        "",
        "\u{0}\u{0}\u{0}\u{0}",
        "{",
        "[]",
        "{\"contract\":2,\"items\":[\"../../x\"]}",
        "{\"taken\":9223372036854775807,\"inputs\":{\"../../x\":null},\"outputs\":{}}",
        "{\"item\":\"../../../x\",\"phase\":\"item\",\"cause\":\"item\",\"reason\":\"r\",\"tries\":1,\"key\":null}",
    ];
    let notes = [
        "_stat.json",
        "_run.json",
        "_history.jsonl",
        "_items.json",
        "_failed/2024-01-01.csv.json",
        "_checkpoint/00/state",
        "_parts/item/2024-01-01.csv",
        "_scratch/1-0/output/x",
    ];
    for text in hostile {
        let project = stopped("");
        for note in notes {
            project.write(&format!("validated.partial/{note}"), text);
        }
        check_refused(&project, 0, &[]);
        project.tree("validated").assert_same(&expected, text);
        // The same in a queue that is complete.
        for note in ["_stat.json", "_run.json", "_history.jsonl"] {
            project.write(&format!("validated/{note}"), text);
        }
        check_refused(&project, 0, &["nothing to do"]);
    }
}

#[test]
fn torn_parts_are_made_again() {
    let project = tiny([1, 2, 5, 6]);
    project.run_to("features");
    for name in [
        "validated/_parts.bin",
        "cleaned/_parts.bin",
        "features/_parts.bin",
    ] {
        let whole = project.tree("");
        project.write(name, "torn");
        project.run_to("features");
        project.tree("").assert_same(&whole, name);
    }
}

/// Settings as nobody writes them.
fn mutate(text: &str, random: &mut Random) -> String {
    const TOKENS: [&str; 14] = [
        "null",
        "-1",
        "1e999",
        "{}",
        "[]",
        "\"\"",
        "\"../../x\"",
        "true",
        "\u{0}",
        "18446744073709551616",
        "\u{feff}",
        "\"\u{1b}[31m\\n\"",
        ",",
        ":",
    ];
    let mut chars: Vec<char> = text.chars().collect();
    let at = usize::try_from(random.below(chars.len() as u64)).unwrap();
    let end = (at + usize::try_from(random.below(12)).unwrap()).min(chars.len());
    let token = TOKENS[usize::try_from(random.below(TOKENS.len() as u64)).unwrap()];
    match random.below(4) {
        0 => chars.truncate(at),
        1 => drop(chars.drain(at..end)),
        _ => drop(chars.splice(at..end, token.chars())),
    }
    chars.into_iter().collect()
}

#[test]
fn settings_of_any_content_are_taken_or_refused() {
    let project = tiny([1, 2, 5, 6]);
    project.run_to("reports");
    let tries = if slow("settings in 150 wrong ways instead of 15") {
        150
    } else {
        15
    };
    let mut random = Random::new(13);
    for stage in LINE {
        for (_, file) in stage.settings {
            let name = format!("config/{file}");
            let good = project.read(&name);
            let text = if good.trim() == "{}" {
                "{\"slices\": [\"colour\"], \"bins\": 10}"
            } else {
                &good
            };
            for _ in 0..tries {
                let settings = mutate(text, &mut random);
                project.write(&name, &settings);
                let before = project.tree("");
                let ended = project.stage(stage).options(["--dry-run"]).run();
                let known =
                    matches!(ended.status, 0 | 65 | 78) && !ended.stderr.contains("panicked");
                assert!(known, "{settings}\n{ended}");
                let lines = ended
                    .stderr
                    .lines()
                    .filter(|line| !line.starts_with("hint: "));
                assert!(
                    ended.status == 0 || lines.count() == 1,
                    "{settings}\n{ended}"
                );
                project.tree("").assert_same(&before, "a dry run");
            }
            project.write(&name, &good);
        }
    }
}
