//! What has become of each item of a stage's input.

use std::collections::{HashMap, HashSet};

use stage::Digest;
use stage::inspect::{Cause, DeadLetter, ItemFile, Manifest, Partial, Phase, RunRecord, key};

use crate::assess::Case;
use crate::because::{Changes, known};
use crate::digests::Input;
use crate::model::Items;

/// Items by what has become of them, and those that wait.
#[derive(Debug, Default)]
pub(crate) struct Work<'a> {
    pub(crate) items: Items,
    pub(crate) waiting: Vec<&'a ItemFile>,
    pub(crate) rejected_rows: u64,
    /// Items that were set aside and have changed since.
    pub(crate) mended: HashSet<&'a str>,
}

/// What has become of an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Waiting,
    Done,
    Retrying,
    Dead,
}

impl<'a> Work<'a> {
    /// Nothing is done yet.
    pub(crate) fn all_waiting(input: &Input<'a>) -> Self {
        Self::sort(input, |_| Fate::Waiting)
    }

    fn sort(input: &Input<'a>, fate: impl Fn(&ItemFile) -> Fate) -> Self {
        let mut work = Self::default();
        for item in input.items {
            match fate(item) {
                Fate::Waiting => {
                    work.items.waiting += 1;
                    work.waiting.push(item);
                }
                Fate::Done => work.items.done += 1,
                Fate::Retrying => work.items.retrying += 1,
                Fate::Dead => work.items.dead += 1,
            }
        }
        work
    }
}

/// The items of a queue that is whole.
pub(crate) fn of_queue<'a>(case: &Case<'a>, manifest: &Manifest, changes: &Changes) -> Work<'a> {
    let known = known(manifest);
    let failed: HashSet<&str> = manifest
        .failed
        .iter()
        .map(|letter| letter.item.as_str())
        .collect();
    let fate = |item: &ItemFile| match known.get(item.name.as_str()) {
        _ if changes.all => Fate::Waiting,
        Some(_) if failed.contains(item.name.as_str()) => Fate::Dead,
        Some(Some(was)) if !case.input.is_changed(item, *was) => Fate::Done,
        _ => Fate::Waiting,
    };
    let work = Work::sort(case.input, fate);
    if !manifest.inputs.is_empty() && work.items.waiting > 0 {
        return Work::all_waiting(case.input);
    }
    work
}

/// The items of a run that stopped.
pub(crate) fn of_partial<'a>(
    case: &Case<'a>,
    partial: &Partial,
    manifest: Option<&Manifest>,
    changes: &Changes,
) -> Work<'a> {
    let receipts = partial.receipts.iter();
    let receipts = receipts
        .filter(|(phase, _)| *phase != Phase::Fit)
        .map(|(_, receipt)| receipt);
    let before_commit = partial.manifest.iter().flat_map(|manifest| &manifest.items);
    let mut done: HashMap<&str, Digest> = HashMap::new();
    let mut rejected: HashMap<&str, u64> = HashMap::new();
    let kept = manifest.filter(|_| is_like(case.evidence.record.as_ref(), partial.record.as_ref()));
    let kept = kept.into_iter().flat_map(|manifest| &manifest.items);
    for receipt in kept.chain(receipts).chain(before_commit) {
        done.insert(&receipt.item, receipt.input);
        let rows = receipt.counts.as_ref().map_or(0, |counts| counts.rejected);
        rejected.insert(&receipt.item, rows);
    }
    let whole: Vec<&DeadLetter> = partial
        .letters
        .iter()
        .filter(|letter| letter.phase == Phase::Queue)
        .collect();
    let letters: HashMap<&str, &DeadLetter> = partial
        .letters
        .iter()
        .map(|letter| (letter.item.as_str(), letter))
        .collect();
    let fits = partial
        .receipts
        .iter()
        .any(|(phase, _)| *phase == Phase::Fit);
    let fate = |item: &ItemFile| {
        let letter = letters.get(item.name.as_str()).or(whole.first());
        match (done.get(item.name.as_str()), letter) {
            _ if changes.all => Fate::Waiting,
            (_, Some(letter)) => of_letter(case, partial, item, letter, fits),
            (Some(was), _) if !case.input.is_changed(item, *was) => Fate::Done,
            _ => Fate::Waiting,
        }
    };
    let work = Work::sort(case.input, fate);
    let waiting = work.waiting.iter().map(|item| item.name.as_str());
    Work {
        rejected_rows: rejected.values().sum(),
        mended: waiting.filter(|name| letters.contains_key(name)).collect(),
        ..work
    }
}

/// Whether two runs had the same program and settings, so that one takes over what the other has done.
fn is_like(a: Option<&RunRecord>, b: Option<&RunRecord>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => (a.program, a.settings) == (b.program, b.settings),
        _ => false,
    }
}

/// What becomes of an item that was set aside: it is tried again if the machine was to blame, or if it changed.
fn of_letter(
    case: &Case<'_>,
    partial: &Partial,
    item: &ItemFile,
    letter: &DeadLetter,
    fits: bool,
) -> Fate {
    if letter.cause == Cause::Machine {
        return Fate::Retrying;
    }
    let digest = || case.input.digest(item);
    let mended = is_mended(letter, partial.record.as_ref(), fits, digest);
    // Where the key is of more than this item, only the time tells.
    let mended = mended.unwrap_or_else(|| case.input.since(item) > partial.changed);
    if mended { Fate::Waiting } else { Fate::Dead }
}

/// Whether an item has changed since it was set aside, if its key tells.
pub(crate) fn is_mended(
    letter: &DeadLetter,
    record: Option<&RunRecord>,
    fits: bool,
    digest: impl Fn() -> Option<Digest>,
) -> Option<bool> {
    if letter.phase == Phase::Queue || (fits && letter.phase == Phase::Item) {
        return None;
    }
    let now = key(record?, letter.phase, &letter.item, digest()?);
    Some(now != letter.key?)
}
