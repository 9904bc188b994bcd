//! Receipts become durable in batches: outputs first, then their receipts.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

use crate::durable::sync_directory;
use crate::journal::{Entry, Journal};
use crate::workers::lock;

/// How long finished work may wait for its sync: what a power cut can cost at most, beside the work in flight.
const BATCH_TIME: Duration = Duration::from_millis(500);
/// Of so many bytes the disk is told at once: it can write them while the next ones are made. At the end nothing else is
/// left to do meanwhile.
const BATCH_BYTES: u64 = 8 << 20;
/// From this many files or folders on, one sync of the file system is cheaper than a sync of each.
const MANY: usize = 24;

/// Finished work on its way to the disk. Who hands something small in does not wake the thread that syncs: that would cost
/// more than the items.
#[derive(Debug, Default)]
pub(crate) struct Finished {
    waiting: Mutex<Waiting>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Waiting {
    batch: Vec<Entry>,
    /// The size of its outputs.
    bytes: u64,
    /// No more will come.
    ended: bool,
    /// The disk takes nothing more.
    failed: bool,
}

impl Finished {
    /// Hands in finished work. False when the disk takes nothing more.
    pub(crate) fn hand_in(&self, done: Entry) -> bool {
        let mut waiting = lock(&self.waiting);
        waiting.bytes += size(&done);
        waiting.batch.push(done);
        if waiting.bytes >= BATCH_BYTES {
            self.changed.notify_all();
        }
        !waiting.failed
    }

    /// Says that no more will come.
    pub(crate) fn end(&self) {
        lock(&self.waiting).ended = true;
        self.changed.notify_all();
    }

    /// Syncs what is handed in, now and then, until no more comes; returns what is not yet durable, so that a commit
    /// that follows at once needs a single sync.
    pub(crate) fn collect(
        &self,
        partial: &Path,
        journal: &Mutex<Journal>,
    ) -> io::Result<Vec<Entry>> {
        loop {
            let waiting = lock(&self.waiting);
            let waited = self
                .changed
                .wait_timeout_while(waiting, BATCH_TIME, |waiting| {
                    !waiting.ended && waiting.bytes < BATCH_BYTES
                });
            let (mut waiting, _) = waited.unwrap_or_else(PoisonError::into_inner);
            let batch = std::mem::take(&mut waiting.batch);
            waiting.bytes = 0;
            if waiting.ended {
                return Ok(batch);
            }
            drop(waiting);
            if let Err(error) = write(partial, journal, &batch) {
                // Workers must not go on for a disk that takes nothing more.
                lock(&self.waiting).failed = true;
                return Err(error);
            }
        }
    }
}

/// Makes the outputs of a batch durable, and then its receipts.
pub(crate) fn write(partial: &Path, journal: &Mutex<Journal>, batch: &[Entry]) -> io::Result<()> {
    if batch.is_empty() {
        return Ok(());
    }
    let names: Vec<&str> = batch.iter().flat_map(outputs).collect();
    let whole = sync_contents(partial, &names)?;
    if !whole {
        sync_folders(partial, names, false)?;
    }
    let mut journal = lock(journal);
    journal.append(batch)?;
    journal.sync()
}

/// The names of the files an entry speaks of.
pub(crate) fn outputs(entry: &Entry) -> impl Iterator<Item = &str> {
    let outputs = match entry {
        Entry::Done { receipt, .. } => receipt.outputs.as_slice(),
        _ => &[],
    };
    outputs.iter().map(|written| written.name.as_str())
}

/// The size of the outputs an entry speaks of.
fn size(entry: &Entry) -> u64 {
    match entry {
        Entry::Done { receipt, .. } => receipt.outputs.iter().map(|written| written.bytes).sum(),
        _ => 0,
    }
}

/// Makes the contents of files durable; returns whether their names are, too.
pub(crate) fn sync_contents(directory: &Path, names: &[&str]) -> io::Result<bool> {
    if names.len() >= MANY && sync_file_system(directory)? {
        return Ok(true);
    }
    for name in names {
        fs_err::File::open(directory.join(name))?.sync_all()?;
    }
    Ok(false)
}

/// Makes the names of files durable, links to old files among them.
pub(crate) fn sync_folders<'a>(
    directory: &Path,
    names: impl IntoIterator<Item = &'a str>,
    letters: bool,
) -> io::Result<()> {
    let mut folders = BTreeSet::from([directory.to_owned()]);
    for name in names {
        folders.extend(folders_between(directory, &directory.join(name)));
    }
    if (letters || folders.len() >= MANY) && sync_file_system(directory)? {
        return Ok(());
    }
    folders.iter().try_for_each(|folder| sync_directory(folder))
}

/// `q/a/b/c` below `q`: `q/a/b`, `q/a`.
fn folders_between(directory: &Path, path: &Path) -> Vec<PathBuf> {
    path.ancestors()
        .skip(1)
        .take_while(|folder| *folder != directory)
        .map(Path::to_owned)
        .collect()
}

/// Syncs the whole file system, where that can be asked for; returns whether it could.
pub(crate) fn sync_file_system(directory: &Path) -> io::Result<bool> {
    #[cfg(target_os = "linux")]
    {
        rustix::fs::syncfs(fs_err::File::open(directory)?)?;
        Ok(true)
    }
    #[cfg(not(target_os = "linux"))]
    {
        let _ = directory;
        Ok(false)
    }
}
