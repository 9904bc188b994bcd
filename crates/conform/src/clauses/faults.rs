//! What happens when an item, the disk or a run is bad.

use serde_json::Value;

use crate::process::Ended;
use crate::reader::{Reader, look};
use crate::trial::{Torn, Trial, complete};
use crate::verdict::{Stop, Trying, failed, kept, skipped};

const TORE: &str = "overwrote an item with nonsense";

/// An item over which the candidate fails when it is torn.
fn breaking<'a>(trial: &'a Trial<'_>) -> Result<&'a Torn, Stop> {
    trial.plain()?;
    match trial.breaking()? {
        Some(torn) => Ok(torn),
        None => skipped("it takes any bytes"),
    }
}

pub(crate) fn torn_item(trial: &Trial<'_>) -> Trying {
    trial.plain()?;
    let Some(torn) = trial.breaking()? else {
        return complains_of_nothing(trial);
    };
    let did = format!("overwrote `{}` with nonsense", torn.item);
    if torn.ended.status != 1 {
        return failed(did, "status 1", torn.ended.told());
    }
    if torn.letters.is_empty() {
        return failed(did, "a dead letter in `OUTPUT.partial/_failed`", "none");
    }
    if cause(&torn.letters) == Some("machine".to_owned()) {
        let expected = "a status that is not tried again: no run will do better";
        return failed(did, expected, torn.ended.told());
    }
    let file = torn.item.rsplit('/').next().unwrap_or(&torn.item);
    let said = format!("{}\n{}", torn.ended.stderr, torn.letters);
    if !said.contains(file) {
        return failed(did, "a word on which item it was", torn.ended.told());
    }
    if is_wordless(&torn.letters) {
        return failed(
            did,
            "a word on stderr about what is wrong",
            torn.ended.told(),
        );
    }
    let sandbox = trial.sandbox()?;
    sandbox.input.tear(&torn.item)?;
    sandbox.run(&["--retries", "0"])?;
    if sandbox.output().exists() {
        return failed(did, "no output", "an output without that item");
    }
    sandbox.input.heal(&torn.item)?;
    let did = format!("{did}, then healed it");
    complete(&sandbox, &[], &did)?;
    trial.demand_undisturbed(&sandbox, &did)?;
    Ok(format!("`{}`", torn.item))
}

/// Whose fault the only dead letter says it is.
fn cause(letters: &str) -> Option<String> {
    let letter: Value = serde_json::from_str(letters).ok()?;
    letter["cause"].as_str().map(str::to_owned)
}

/// A dead letter that tells nothing but a status.
fn is_wordless(letters: &str) -> bool {
    let Ok(letter) = serde_json::from_str::<Value>(letters) else {
        return false;
    };
    let reason = letter["reason"].as_str().unwrap_or_default();
    reason
        .rsplit_once(" ended with status ")
        .is_some_and(|(_, status)| status.bytes().all(|byte| byte.is_ascii_digit()))
}

/// The candidate ended with 0 over every torn item: that is right only if it has nothing to complain of.
fn complains_of_nothing(trial: &Trial<'_>) -> Trying {
    let quiet = &trial.plain()?.ended.stderr;
    for item in trial.queue.likely_items().into_iter().take(2) {
        let sandbox = trial.sandbox()?;
        sandbox.input.tear(item)?;
        let ended = sandbox.run(&[])?;
        if ended.stderr.lines().count() > quiet.lines().count() {
            let did = format!("overwrote `{item}` with nonsense");
            return failed(did, "status 1", ended.told());
        }
    }
    skipped("it takes any bytes")
}

pub(crate) fn max_failed(trial: &Trial<'_>) -> Trying {
    trial.demand_items()?;
    let torn = breaking(trial)?;
    let sandbox = trial.sandbox()?;
    sandbox.input.tear(&torn.item)?;
    let did = "overwrote an item with nonsense and ran it with `--max-failed 1`";
    complete(&sandbox, &["--max-failed", "1"], did)?;
    let manifest = fs_err::read(sandbox.output().join("_manifest.json"))?;
    let manifest: Value = serde_json::from_slice(&manifest)?;
    let failed_items = manifest["failed"].as_array().map_or(0, Vec::len);
    if failed_items == 1 {
        return kept();
    }
    let found = format!("{failed_items} of them");
    failed(did, "one failed item in the manifest", found)
}

pub(crate) fn read_error(trial: &Trial<'_>) -> Trying {
    trial.plain()?;
    let sandbox = trial.sandbox()?;
    trial.keep_what_is_shown(&sandbox)?;
    let Some(item) = trial.queue.items.first() else {
        return skipped("there is no item");
    };
    let path = sandbox.input.path().join(item);
    fs_err::remove_file(&path)?;
    fs_err::os::unix::fs::symlink(sandbox.path("nowhere"), &path)?;
    let ended = alone_or_stage(trial, |process| process, &sandbox)?;
    let did = format!("put a link that leads nowhere in the place of `{item}`");
    if ended.status == 0 {
        return failed(did, "another status than 0", ended.told());
    }
    kept()
}

pub(crate) fn write_error(trial: &Trial<'_>) -> Trying {
    let plain = trial.plain()?;
    let items = plain.tree.items();
    let bytes = |item: &str| plain.tree.files.get(item).map_or(0, |file| file.bytes);
    if items.into_iter().all(|item| bytes(item) == 0) {
        return skipped("its outputs are empty");
    }
    let sandbox = trial.sandbox()?;
    trial.keep_what_is_shown(&sandbox)?;
    let ended = alone_or_stage(trial, crate::process::Process::on_a_full_disk, &sandbox)?;
    let did = "ran it where no file can grow (`ulimit -f 0`), as on a full disk";
    if ended.status == 0 {
        return failed(did, "another status than 0", ended.told());
    }
    if sandbox.output().exists() {
        return failed(did, "no output", "an output");
    }
    kept()
}

/// Runs a stage as it is, but a foreign program without `adapt`, which would see to it first.
fn alone_or_stage(
    trial: &Trial<'_>,
    how: impl Fn(crate::process::Process) -> crate::process::Process,
    sandbox: &crate::sandbox::Sandbox<'_>,
) -> Result<Ended, Stop> {
    let process = if trial.candidate.is_native() {
        sandbox.stage(&["--retries", "0"])
    } else {
        let output = sandbox.path("alone");
        fs_err::create_dir(&output)?;
        sandbox.alone(&output)
    };
    Ok(sandbox.end(&how(process))?)
}

pub(crate) fn last_good(trial: &Trial<'_>) -> Trying {
    trial.plain()?;
    let sandbox = trial.sandbox()?;
    complete(&sandbox, &[], "ran it")?;
    let before = sandbox.written()?;
    if let Some(torn) = trial.breaking()? {
        sandbox.input.tear(&torn.item)?;
        let ended = sandbox.run(&["--retries", "0"])?;
        let did = format!("{TORE} and ran it again");
        if ended.status == 0 {
            return failed(did, "another status than 0", ended.told());
        }
        if let Some(touched) = before.touched(&sandbox.written()?) {
            return failed(did, "the output of the good run, untouched", touched);
        }
        sandbox.input.heal(&torn.item)?;
        complete(&sandbox, &[], "healed the item and ran it again")?;
    }
    let reader = Reader::start(&sandbox.output());
    let did = "ran it again with `--force`, while a reader looked on";
    for _ in 0..3 {
        complete(&sandbox, &["--force"], did)?;
    }
    match reader.end() {
        Ok(looks) => Ok(format!("a reader looked {looks} times")),
        Err(half) => failed(did, "the old output or the new one, whole", half),
    }
}

/// The output must be none, or a whole one.
pub(crate) fn demand_whole(output: &std::path::Path, did: &str) -> Result<(), Stop> {
    match look(output) {
        Some(half) => failed(did, "no output, or a whole one", half),
        None => Ok(()),
    }
}
