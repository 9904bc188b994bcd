//! Why a queue is not what a run would make it now.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use stage::Digest;
use stage::inspect::{Manifest, RunRecord, program_digest};

use crate::assess::Case;
use crate::model::{Names, Stale, State};
use crate::settings;
use crate::text::{parse_time, plural};
use crate::wiring::{differ, name_of};

/// What changed since a run.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    pub(crate) stale: Vec<Stale>,
    /// Whether every item has to be done again.
    pub(crate) all: bool,
    /// When what concerns all items changed.
    pub(crate) since: Option<SystemTime>,
}

/// What is different from when this queue was made.
pub(crate) fn changes(case: &Case<'_>, manifest: &Manifest) -> Changes {
    let record = case.evidence.record.as_ref();
    let output = &case.wired.output;
    let mut changes = record
        .map(|record| program_and_settings(record, output))
        .unwrap_or_default();
    if let (Some(old), Some(new)) = (&case.wired.last_command, &case.wired.command)
        && differ(old, new)
    {
        let (old, new) = (old.clone(), new.clone());
        changes.stale.push(Stale::Command { old, new });
        changes.all = true;
    }
    changes.stale.extend(input(case, manifest));
    changes.stale.extend(output_files(case, manifest));
    // Last, for it is the least: what is wrong upstream is told there.
    if case.upstream.is_some_and(|state| state != State::Complete) {
        let queue = name_of(&case.wired.input);
        changes.stale.push(Stale::Upstream { queue });
    }
    changes
}

/// Whether program and settings are those of this run.
pub(crate) fn program_and_settings(record: &RunRecord, output: &Path) -> Changes {
    let mut stale = settings::changes(record, output);
    let mut causes: Vec<PathBuf> = Vec::new();
    if !stale.is_empty() {
        causes.extend(settings::files(record, output));
    }
    if let Some(program) = program(record) {
        causes.extend(record.program_files.iter().cloned());
        stale.push(program);
    }
    let modified = |path: &PathBuf| fs_err::metadata(path).ok()?.modified().ok();
    Changes {
        all: !stale.is_empty(),
        since: causes.iter().filter_map(modified).max(),
        stale,
    }
}

/// Whether the program is another one. Where its files are not here, nobody can tell.
fn program(record: &RunRecord) -> Option<Stale> {
    let files = &record.program_files;
    if files.is_empty() || is_untouched(record) {
        return None;
    }
    let now = program_digest(files).ok()?;
    let file = files.first()?.display().to_string();
    (now != record.program).then(|| Stale::Program {
        file,
        old: record.program.to_string(),
        new: now.to_string(),
    })
}

/// Whether no file of the program was touched since the run began, so that none need be read. The time of change
/// cannot be set back.
fn is_untouched(record: &RunRecord) -> bool {
    use std::os::unix::fs::MetadataExt;
    let Some(started) = parse_time(&record.started) else {
        return false;
    };
    let started = started.duration_since(SystemTime::UNIX_EPOCH).ok();
    let started = started.and_then(|time| i64::try_from(time.as_secs()).ok());
    let before = |path: &PathBuf| {
        let metadata = fs_err::metadata(path).ok();
        // Whole seconds, and one to spare: file stamps run behind the clock.
        metadata.is_some_and(|metadata| started.is_some_and(|time| metadata.ctime() + 1 < time))
    };
    record.host == stage::inspect::host() && record.program_files.iter().all(before)
}

/// Items that came, went or changed.
fn input(case: &Case<'_>, manifest: &Manifest) -> Option<Stale> {
    let known = known(manifest);
    let (mut added, mut removed, mut changed) =
        (Names::default(), Names::default(), Names::default());
    let mut listed = 0;
    for item in case.input.items {
        match known.get(item.name.as_str()) {
            None => added.push(&item.name),
            Some(was) => {
                listed += 1;
                if was.is_some_and(|was| case.input.is_changed(item, was)) {
                    changed.push(&item.name);
                }
            }
        }
    }
    if listed < known.len() {
        let names: std::collections::HashSet<&str> = case
            .input
            .items
            .iter()
            .map(|item| item.name.as_str())
            .collect();
        let mut gone: Vec<&str> = known
            .keys()
            .copied()
            .filter(|name| !names.contains(name))
            .collect();
        gone.sort_unstable();
        gone.into_iter().for_each(|name| removed.push(name));
    }
    let any = added.count + removed.count + changed.count > 0;
    any.then_some(Stale::Input {
        added,
        removed,
        changed,
    })
}

/// The items a queue was made from, with their digests where they are told.
pub(crate) fn known(manifest: &Manifest) -> HashMap<&str, Option<Digest>> {
    let mut known: HashMap<&str, Option<Digest>> = HashMap::new();
    if manifest.inputs.is_empty() {
        let receipts = manifest.items.iter();
        known.extend(receipts.map(|receipt| (receipt.item.as_str(), Some(receipt.input))));
    } else {
        let inputs = manifest.inputs.iter();
        known.extend(inputs.map(|(name, digest)| (name.as_str(), Some(*digest))));
    }
    let failed = manifest.failed.iter();
    known.extend(failed.map(|letter| (letter.item.as_str(), None)));
    known
}

/// Files of the queue itself that are gone or have another size.
fn output_files(case: &Case<'_>, manifest: &Manifest) -> Option<Stale> {
    let there: HashMap<&str, u64> = case
        .files
        .iter()
        .map(|file| (file.name.as_str(), file.bytes))
        .collect();
    let mut files = Names::default();
    for written in manifest.item_files() {
        if there.get(written.name.as_str()) != Some(&written.bytes) {
            files.push(&written.name);
        }
    }
    for written in &manifest.outputs {
        let path = case.wired.output.join(&written.name);
        let bytes = fs_err::metadata(path).map(|metadata| metadata.len());
        if bytes.ok() != Some(written.bytes) && !files.first.contains(&written.name) {
            files.push(&written.name);
        }
    }
    (files.count > 0).then_some(Stale::Output { files })
}

/// The first cause in a sentence, and how many more there are.
pub(crate) fn in_words(stale: &Stale, causes: usize, upstream: Option<State>) -> String {
    let more = match causes {
        0 | 1 => String::new(),
        _ => format!(", and {} more", causes - 1),
    };
    format!("{}{more}", cause(stale, upstream))
}

/// A cause in a sentence.
pub(crate) fn cause(stale: &Stale, upstream: Option<State>) -> String {
    match stale {
        Stale::Upstream { queue } => match upstream {
            Some(State::Running) => format!("because `{queue}` is being made"),
            Some(State::NeverRun) => format!("because `{queue}` is not there"),
            Some(state @ (State::Failed | State::Stopped | State::Stalled)) => {
                format!("because `{queue}` {}", state.words())
            }
            Some(state) => format!("because `{queue}` is {}", state.words()),
            None => format!("because `{queue}` is not complete"),
        },
        Stale::Input {
            added,
            removed,
            changed,
        } => {
            let parts = [(added, "new"), (changed, "changed"), (removed, "removed")];
            let parts: Vec<String> = parts
                .into_iter()
                .filter(|(names, _)| names.count > 0)
                .map(|(names, word)| counted(names, word))
                .collect();
            format!("because of {}", parts.join(", "))
        }
        Stale::Setting {
            file,
            key,
            old,
            new,
        } => {
            let value =
                |value: &Option<String>| value.clone().unwrap_or_else(|| "absent".to_owned());
            let key = if key.is_empty() { "settings" } else { key };
            format!(
                "because {file}: `{key}` was {}, is {}",
                value(old),
                value(new)
            )
        }
        Stale::Settings { problem } => format!("because {problem}"),
        Stale::Program { file, .. } => {
            format!("because the program `{}` changed", name_of(Path::new(file)))
        }
        Stale::Command { .. } => "because its command changed".to_owned(),
        Stale::Output { files } => {
            format!("because {} of it missing or changed", are(files))
        }
    }
}

/// `1 new item (`a.csv`)`, `3 new items`.
fn counted(names: &Names, word: &str) -> String {
    let items = plural(names.count, &format!("{word} item"));
    match names.first.as_slice() {
        [only] if names.count == 1 => format!("{items} (`{only}`)"),
        _ => items,
    }
}

fn are(files: &Names) -> String {
    match files.first.as_slice() {
        [only] if files.count == 1 => format!("`{only}` is"),
        _ => format!("{} are", plural(files.count, "file")),
    }
}
