//! Names on disk. Whatever begins with `_` or `.` is never an item; the names below belong to this crate.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// All receipts of a complete queue, in item order.
pub(crate) const MANIFEST: &str = "_manifest.json";
/// Who, where, when, how long.
pub(crate) const RUN: &str = "_run.json";
/// The last attempts: when, how long, how they ended. Not deterministic.
pub(crate) const HISTORY: &str = "_history.jsonl";
/// Sizes and times of files, so that an unchanged file need not be read again. Not deterministic.
pub(crate) const STAT: &str = "_stat.json";
/// The frozen list of items of a run under way.
pub(crate) const ITEMS: &str = "_items.json";
/// Receipts of a run under way; other workers would write `_journal.1-of-8.jsonl`.
pub(crate) const JOURNAL: &str = "_journal.jsonl";
/// Dead letters, a file each.
pub(crate) const FAILED: &str = "_failed";
/// What each item contributes to what is known of the whole queue: large parts, a file each.
pub(crate) const PARTS: &str = "_parts";
/// Small parts of all items, one after the other.
pub(crate) const PACK: &str = "_parts.bin";
/// Checkpoints of whole-queue stages, a folder for each key.
pub(crate) const CHECKPOINT: &str = "_checkpoint";
/// Scratch directories of the work in hand.
pub(crate) const SCRATCH: &str = "_scratch";

/// Whether a stage may not write this name.
pub(crate) fn is_reserved(name: &str) -> bool {
    let first = name.split('/').next().unwrap_or_default();
    let ours = [
        MANIFEST, RUN, HISTORY, STAT, ITEMS, FAILED, PARTS, PACK, CHECKPOINT, SCRATCH,
    ];
    // A new one is written beside the old, and takes its name.
    let first = first.strip_suffix(".new").unwrap_or(first);
    ours.contains(&first) || is_journal(first)
}

/// Whether a name leads to a file within the queue. Names come from files that anybody may have edited.
pub(crate) fn is_inside(name: &str) -> bool {
    let plain = |part: &str| !matches!(part, "" | "." | "..");
    name.split('/').all(plain) && !name.contains('\0')
}

/// Whether this is the journal of some worker.
pub(crate) fn is_journal(name: &str) -> bool {
    name == JOURNAL || (name.starts_with("_journal.") && name.ends_with(".jsonl"))
}

/// The files by which a directory is known as a stage's.
const SIGNS: [&str; 3] = [JOURNAL, RUN, MANIFEST];

/// Whether some stage has worked in this directory.
pub(crate) fn is_of_a_stage(directory: &Path) -> bool {
    SIGNS.iter().any(|name| directory.join(name).exists())
}

/// Whether this is one of the files by which a directory is known as a stage's.
pub(crate) fn shows_a_stage(name: &str) -> bool {
    SIGNS.contains(&name)
}

/// Whether a file or folder of this name is hidden from readers of a queue.
pub(crate) fn is_hidden(name: &str) -> bool {
    name.starts_with(['_', '.'])
}

/// `features` → `features.partial`, where a run works until it commits.
pub(crate) fn partial(output: &Path) -> PathBuf {
    sibling(output, ".partial")
}

/// `features` → `features.previous`, which exists only for a moment, on file systems that cannot exchange.
pub(crate) fn previous(output: &Path) -> PathBuf {
    sibling(output, ".previous")
}

fn sibling(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.file_name().map(OsString::from).unwrap_or_default();
    name.push(suffix);
    path.with_file_name(name)
}
