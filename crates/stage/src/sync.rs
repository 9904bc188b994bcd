//! Receipts become durable in batches: outputs first, then their receipts.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use crate::durable::sync_directory;
use crate::journal::{Entry, Journal};
use crate::workers::lock;

/// From this many files or folders on, one sync of the file system is cheaper than a sync of each.
const MANY: usize = 24;

/// Finished work whose receipts are not durable yet: a commit that follows at once needs no journal.
#[derive(Debug, Default)]
pub(crate) struct Unsynced {
    pub(crate) entries: Vec<Entry>,
    /// Of how many entries, from the first on, the contents of the outputs are durable.
    synced: usize,
}

impl Unsynced {
    /// The outputs whose contents are not durable.
    pub(crate) fn contents(&self) -> impl Iterator<Item = &str> {
        self.entries[self.synced..].iter().flat_map(outputs)
    }

    /// Makes the contents of the outputs durable, unless they are many: one sync of the file system will do for them.
    pub(crate) fn sync_contents(&mut self, partial: &Path) -> io::Result<()> {
        let names: Vec<&str> = self.contents().collect();
        if names.len() < MANY {
            sync_contents(partial, &names)?;
            self.synced = self.entries.len();
        }
        Ok(())
    }
}

/// Makes outputs durable, and then their receipts.
pub(crate) fn write(
    partial: &Path,
    journal: &Mutex<Journal>,
    unsynced: &Unsynced,
) -> io::Result<()> {
    if unsynced.entries.is_empty() {
        return Ok(());
    }
    let contents: Vec<&str> = unsynced.contents().collect();
    let whole = sync_contents(partial, &contents)?;
    if !whole {
        sync_folders(partial, unsynced.entries.iter().flat_map(outputs), false)?;
    }
    let mut journal = lock(journal);
    journal.append(&unsynced.entries)?;
    journal.sync()
}

/// The names of the files an entry speaks of.
fn outputs(entry: &Entry) -> impl Iterator<Item = &str> {
    let outputs = match entry {
        Entry::Done { receipt, .. } => receipt.outputs.as_slice(),
        _ => &[],
    };
    outputs.iter().map(|written| written.name.as_str())
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
