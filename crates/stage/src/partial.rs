//! `OUTPUT.partial`, where a run works until it commits.

use std::collections::HashSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use serde::Serialize;

use crate::commit::{self, remove_tree};
use crate::fault::{Blame, Fault};
use crate::history;
use crate::input::Listed;
use crate::journal::{Entry, Journal, journals};
use crate::layout;
use crate::lock::Lock;
use crate::output::Claims;
use crate::receipt::CONTRACT;
use crate::record;
use crate::store::{Held, Place, Store};

/// The partial of a run under way.
#[derive(Debug)]
pub(crate) struct Partial {
    pub(crate) path: PathBuf,
    pub(crate) journal: Arc<Mutex<Journal>>,
    pub(crate) claims: Arc<Claims>,
    /// Dies with the process.
    _lock: Lock,
}

impl Partial {
    /// Creates the partial, or takes up one that a stopped run left. Of that, only what receipts speak of counts.
    pub(crate) fn open(
        output: &Path,
        items: &[Listed],
        store: &Store,
        started: SystemTime,
    ) -> Result<Self, Fault> {
        let path = layout::partial(output);
        let lock = lock_created(&path, output)?;
        remove_links(&path)?;
        history::enter_left(output, store)?;
        let mut journal = Journal::open(&path)?;
        adopt_manifest(&path, &mut journal, store)?;
        journal.append([&Entry::Start {
            boot: record::boot(),
        }])?;
        remove_tree(&path.join(layout::FAILED))?;
        // The lock is ours, so whatever is there is of a run that is gone.
        remove_tree(&path.join(layout::SCRATCH))?;
        let names = items.iter().map(|item| item.name.as_str()).collect();
        let frozen = serde_json::to_vec(&Frozen {
            contract: CONTRACT,
            items: names,
        });
        // Not synced: no run looks for it, and the next one writes its own.
        fs_err::write(path.join(layout::ITEMS), frozen.map_err(io::Error::other)?)?;
        Ok(Self {
            path,
            journal: Arc::new(Mutex::new(journal)),
            claims: Arc::new(Claims::since(started)),
            _lock: lock,
        })
    }

    /// Takes over the outputs of work that need not be done again: as hard links, so nothing is copied.
    pub(crate) fn keep(&self, held: &Held, store: &Store) -> Result<(), Fault> {
        for written in &held.receipt.outputs {
            self.claims.claim(&written.name, &held.receipt.item)?;
            if held.place == Place::Output {
                link(
                    &store.path(Place::Output).join(&written.name),
                    &self.path.join(&written.name),
                )?;
            }
        }
        Ok(())
    }

    /// Removes all that is neither among the given names nor kept by this crate.
    pub(crate) fn sweep(&self, names: &HashSet<&str>, keep_failed: bool) -> Result<(), Fault> {
        for name in [layout::ITEMS, layout::CHECKPOINT] {
            remove(&self.path.join(name))?;
        }
        for journal in journals(&self.path)? {
            remove(&self.path.join(journal))?;
        }
        sweep(&self.path, "", names, keep_failed)?;
        Ok(())
    }
}

/// The items of a run, as its workers see them.
#[derive(Serialize)]
struct Frozen<'a> {
    contract: u32,
    items: Vec<&'a str>,
}

fn lock_created(path: &Path, output: &Path) -> Result<Lock, Fault> {
    if let Some(folder) = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
    {
        fs_err::create_dir_all(folder).map_err(|error| Fault::new(Blame::Output, error))?;
    }
    loop {
        match fs_err::create_dir(path) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                return Err(Fault::new(Blame::Output, error));
            }
            _ => {}
        }
        // A link would lead the run, and its sweeping, elsewhere.
        let is_directory = match fs_err::symlink_metadata(path) {
            Ok(metadata) => metadata.is_dir(),
            // Another run committed or removed it in this moment.
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(Fault::new(Blame::Output, error)),
        };
        if !is_directory {
            let message = format!("`{}` is in the way: it is not a directory", path.display());
            return Err(Fault::message(Blame::Output, message).hint("move it away"));
        }
        // None: the same.
        if let Some(lock) = Lock::of(path, output)? {
            return Ok(lock);
        }
    }
}

/// No run makes symbolic links under names of this crate: whoever did would have it write, or remove, elsewhere.
fn remove_links(partial: &Path) -> io::Result<()> {
    for entry in fs_err::read_dir(partial)? {
        let entry = entry?;
        let is_ours = layout::is_reserved(&entry.file_name().to_string_lossy());
        if is_ours && entry.file_type()?.is_symlink() {
            fs_err::remove_file(entry.path())?;
        }
    }
    Ok(())
}

/// A manifest in a partial comes from a commit that was cut short. Its receipts go to the journal, for the partial
/// is about to change.
fn adopt_manifest(path: &Path, journal: &mut Journal, store: &Store) -> Result<(), Fault> {
    let manifest = path.join(layout::MANIFEST);
    if !manifest.exists() {
        return Ok(());
    }
    let done: Vec<_> = store.in_partial().collect();
    journal.append(&done)?;
    journal.sync()?;
    remove(&manifest)?;
    Ok(())
}

/// Links a file, over a stale one if need be; copies it where links cannot be made.
fn link(from: &Path, to: &Path) -> io::Result<()> {
    match fs_err::hard_link(from, to) {
        Ok(()) => return Ok(()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            if same_file(from, to)? {
                return Ok(());
            }
            remove(to)?;
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            if let Some(folder) = to.parent() {
                fs_err::create_dir_all(folder)?;
            }
        }
        Err(_) => {}
    }
    if fs_err::hard_link(from, to).is_ok() {
        return Ok(());
    }
    fs_err::copy(from, to)?;
    fs_err::File::open(to)?.sync_all()
}

fn same_file(a: &Path, b: &Path) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt;
    let (a, b) = (fs_err::metadata(a)?, fs_err::metadata(b)?);
    Ok((a.dev(), a.ino()) == (b.dev(), b.ino()))
}

/// Removes a file or a tree, if it is there.
pub(crate) fn remove(path: &Path) -> io::Result<()> {
    match fs_err::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
        Ok(metadata) if metadata.is_dir() => remove_tree(path),
        Ok(_) => fs_err::remove_file(path),
    }
}

/// Removes files that are not among `names`, and folders left empty. Returns whether anything is left.
fn sweep(
    folder: &Path,
    prefix: &str,
    names: &HashSet<&str>,
    keep_failed: bool,
) -> io::Result<bool> {
    let mut left = false;
    for entry in fs_err::read_dir(folder)? {
        let entry = entry?;
        let file_name = entry.file_name();
        let name = format!("{prefix}{}", file_name.to_string_lossy());
        let kept = [layout::RUN, layout::HISTORY, layout::MANIFEST, layout::STAT];
        let ours = kept.contains(&name.as_str()) || (name == layout::FAILED && keep_failed);
        if ours || names.contains(name.as_str()) {
            left = true;
        } else if entry.file_type()?.is_dir() {
            if sweep(&entry.path(), &format!("{name}/"), names, keep_failed)? {
                left = true;
            } else {
                fs_err::remove_dir(entry.path())?;
            }
        } else {
            fs_err::remove_file(entry.path())?;
        }
    }
    Ok(left)
}

/// A file in a queue that is neither known nor of this crate. Hidden files are droppings of systems and editors.
pub(crate) fn stray(
    folder: &Path,
    prefix: &str,
    known: &HashSet<&str>,
) -> io::Result<Option<String>> {
    for entry in fs_err::read_dir(folder)? {
        let entry = entry?;
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if layout::is_reserved(&name) || name.starts_with('.') || known.contains(name.as_str()) {
            continue;
        }
        if !entry.file_type()?.is_dir() {
            return Ok(Some(name));
        }
        if let Some(stray) = stray(&entry.path(), &format!("{name}/"), known)? {
            return Ok(Some(stray));
        }
    }
    Ok(None)
}

/// Something in a directory in which no run has ever worked.
pub(crate) fn foreign(folder: &Path) -> io::Result<Option<String>> {
    if layout::is_of_a_stage(folder) || !folder.is_dir() {
        return Ok(None);
    }
    for entry in fs_err::read_dir(folder)? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        // A run that was cut short at its very beginning has left no more than files of ours.
        if !layout::is_reserved(&name) {
            return Ok(Some(name));
        }
    }
    Ok(None)
}

/// Removes a partial that a crash left after its commit: all in it is out of date.
pub(crate) fn remove_leftover(output: &Path) -> Result<(), Fault> {
    let path = layout::partial(output);
    if let Some(_lock) = Lock::of(&path, output)? {
        history::rescue(output)?;
        commit::remove_queue(&path)?;
    }
    Ok(commit::recover(output)?)
}
