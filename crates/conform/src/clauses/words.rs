//! What is said to it, and what it answers.

use serde_json::{Map, Value};

use crate::process::Ended;
use crate::sandbox::Sandbox;
use crate::trial::Trial;
use crate::verdict::{Stop, Trying, failed, kept, skipped};

/// A refusal: this status, and nothing written.
fn demand_refusal(
    sandbox: &Sandbox<'_>,
    ended: &Ended,
    status: i32,
    did: &str,
) -> Result<(), Stop> {
    if ended.status != status {
        return failed(did, format!("status {status}"), ended.told());
    }
    if ended.stderr.trim().is_empty() {
        return failed(did, "a word on stderr about why", "none");
    }
    for (path, name) in [
        (sandbox.output(), "OUTPUT"),
        (sandbox.partial(), "OUTPUT.partial"),
    ] {
        if path.exists() {
            return failed(did, "nothing written", format!("`{name}`"));
        }
    }
    Ok(())
}

pub(crate) fn dry_run(trial: &Trial<'_>) -> Trying {
    trial.plain()?;
    let sandbox = trial.sandbox()?;
    let before = sandbox.beside()?;
    let did = "ran it with `--dry-run`";
    let ended = sandbox.run(&["--dry-run"])?;
    if ended.status != 0 {
        return failed(did, "status 0", ended.told());
    }
    if sandbox.output().exists() {
        return failed(did, "nothing written", "an output");
    }
    if let Some(difference) = before.difference(&sandbox.beside()?) {
        return failed(did, "nothing written", difference);
    }
    let lines: Vec<&str> = ended.stdout.lines().collect();
    let items = match trial.demand_items() {
        Ok(()) => trial.queue.items.as_slice(),
        Err(_) => &[],
    };
    let untold = |item: &&String| !lines.iter().any(|line| line.ends_with(item.as_str()));
    if let Some(item) = items.iter().find(untold) {
        let expected = "a line for each item that it would process";
        return failed(did, expected, format!("no line ends with `{item}`"));
    }
    if lines.is_empty() {
        return failed(did, "a line on what it would do", "none");
    }
    kept()
}

pub(crate) fn usage(trial: &Trial<'_>) -> Trying {
    let sandbox = trial.sandbox()?;
    for (words, did) in [
        (&["--no-such-option"][..], "ran it with `--no-such-option`"),
        (&[][..], "ran it without INPUT and OUTPUT"),
    ] {
        let ended = sandbox.end(&sandbox.bare(words))?;
        demand_refusal(&sandbox, &ended, 64, did)?;
    }
    kept()
}

pub(crate) fn no_input(trial: &Trial<'_>) -> Trying {
    let sandbox = trial.sandbox()?;
    let mut how = String::new();
    let manifest = sandbox.input.path().join("_manifest.json");
    if manifest.exists() {
        fs_err::remove_file(manifest)?;
        let ended = sandbox.run(&[])?;
        if ended.status == 0 {
            how = "it reads any directory of files".to_owned();
            fs_err::remove_dir_all(sandbox.output())?;
        } else {
            let did = "took `_manifest.json` away from its input";
            demand_refusal(&sandbox, &ended, 66, did)?;
        }
    }
    let input = sandbox.input.path();
    fs_err::remove_dir_all(input)?;
    let ended = sandbox.run(&[])?;
    demand_refusal(&sandbox, &ended, 66, "took its input away")?;
    fs_err::create_dir(input)?;
    let ended = sandbox.run(&[])?;
    demand_refusal(&sandbox, &ended, 66, "gave it an empty directory as input")?;
    Ok(how)
}

pub(crate) fn settings(trial: &Trial<'_>) -> Trying {
    const UNKNOWN: &str = "no_such_setting";
    if !trial.candidate.is_native() {
        return skipped("only a foreign program knows its settings");
    }
    let sandbox = trial.sandbox()?;
    let mut settings: Map<String, Value> = match &trial.candidate.config {
        Some(path) => serde_json::from_slice(&fs_err::read(path)?)?,
        None => Map::new(),
    };
    settings.insert(UNKNOWN.to_owned(), true.into());
    let path = sandbox.path("unknown.json");
    fs_err::write(&path, serde_json::to_vec(&settings)?)?;
    let ended = sandbox.run_with_config(&path)?;
    let did = format!("added `{UNKNOWN}` to its settings");
    demand_refusal(&sandbox, &ended, 78, &did)?;
    if !ended.stderr.contains(UNKNOWN) || !ended.stderr.contains("unknown.json") {
        return failed(did, "the name of the setting and of its file", ended.told());
    }
    kept()
}

pub(crate) fn description(trial: &Trial<'_>) -> Trying {
    if !trial.candidate.is_native() {
        return skipped("`adapt` does that");
    }
    let sandbox = trial.sandbox()?;
    let help = answer(&sandbox, trial, "--help")?;
    if help.status != 0 || !help.stdout.contains("--dry-run") {
        let expected = "status 0 and the options of a stage";
        return failed("asked for `--help`", expected, help.told());
    }
    let schema = answer(&sandbox, trial, "--config-schema")?;
    if schema.status != 0 || serde_json::from_str::<Value>(&schema.stdout).is_err() {
        let expected = "status 0 and a JSON Schema";
        return failed("asked for `--config-schema`", expected, schema.told());
    }
    kept()
}

/// What it answers to a question about itself.
fn answer(sandbox: &Sandbox<'_>, trial: &Trial<'_>, question: &str) -> Result<Ended, Stop> {
    let [with_arguments, alone] = trial.candidate.asked(question);
    let ended = sandbox.end(&sandbox.settle(with_arguments))?;
    if ended.status == 0 {
        return Ok(ended);
    }
    Ok(sandbox.end(&sandbox.settle(alone))?)
}
