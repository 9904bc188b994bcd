//! What one piece of work writes: files in the partial, digested while they are written, and row counts.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use crate::digest::{Digest, Hasher};
use crate::fault::{Blame, Fault};
use crate::layout;
use crate::part::PartSink;
use crate::partial::remove;
use crate::receipt::Phase;
use crate::scratch::Scratch;
use crate::stat::Stat;
use crate::work::Item;
use crate::workers::lock;
use crate::writeback;

/// One file written, as the receipt keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Written {
    /// The file's name within the queue, with `/` between folders.
    pub name: String,
    /// Its size in bytes.
    pub bytes: u64,
    /// The digest of its content.
    pub digest: Digest,
}

/// Rows in and out. They reconcile: `read = written + rejected + sum of dropped`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Counts {
    /// Rows read.
    pub read: u64,
    /// Rows written.
    pub written: u64,
    /// Rows set aside, each with its reason in `_rejected`.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub rejected: u64,
    /// Rows left out on purpose, by reason.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub dropped: BTreeMap<String, u64>,
}

fn is_zero(count: &u64) -> bool {
    *count == 0
}

impl Counts {
    /// Whether no row vanished uncounted.
    pub fn reconcile(&self) -> bool {
        self.read == self.written + self.rejected + self.dropped.values().sum::<u64>()
    }

    /// Adds another item's counts.
    pub fn add(&mut self, other: &Self) {
        self.read += other.read;
        self.written += other.written;
        self.rejected += other.rejected;
        for (reason, rows) in &other.dropped {
            *self.dropped.entry(reason.clone()).or_default() += rows;
        }
    }
}

/// What a piece of work has written so far.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    pub(crate) written: Vec<Written>,
    pub(crate) created: Vec<String>,
    pub(crate) counts: Option<Counts>,
    pub(crate) part: Option<Vec<u8>>,
    /// The item's stat after it was linked, which moved its time.
    pub(crate) linked: Option<Stat>,
}

/// What the outputs of a run share: when it began, which item writes which file, as no file has two owners, and which folders
/// are there already.
#[derive(Debug, Default)]
pub(crate) struct Claims {
    /// When the run began.
    started: Option<SystemTime>,
    owners: Mutex<HashMap<String, String>>,
    folders: Mutex<HashSet<String>>,
    scratches: AtomicU64,
}

impl Claims {
    /// Of a run that began at this time.
    pub(crate) fn since(started: SystemTime) -> Self {
        Self {
            started: Some(started),
            ..Self::default()
        }
    }

    /// Claims a name for an item.
    pub(crate) fn claim(&self, name: &str, item: &str) -> Result<(), Fault> {
        let mut claims = lock(&self.owners);
        match claims.get(name) {
            Some(owner) if owner != item => {
                let (first, second) = (owner.as_str().min(item), owner.as_str().max(item));
                let message =
                    format!("items `{first}` and `{second}` would both be written to `{name}`");
                Err(Fault::message(Blame::Data, message).hint("rename one of the two"))
            }
            Some(_) => Ok(()),
            None => {
                claims.insert(name.to_owned(), item.to_owned());
                Ok(())
            }
        }
    }

    /// Creates the folders of a name, once.
    fn create_folders(&self, directory: &Path, name: &str) -> io::Result<()> {
        let Some((folder, _)) = name.rsplit_once('/') else {
            return Ok(());
        };
        let mut folders = lock(&self.folders);
        if !folders.contains(folder) {
            fs_err::create_dir_all(directory.join(folder))?;
            folders.insert(folder.to_owned());
        }
        Ok(())
    }

    fn release(&self, name: &str) {
        lock(&self.owners).remove(name);
    }
}

/// Where one piece of work writes. Names beginning with `_` are for people or other stages and are not items.
#[derive(Debug)]
pub struct Output {
    directory: PathBuf,
    item: String,
    claims: Arc<Claims>,
    ledger: Arc<Mutex<Ledger>>,
}

impl Output {
    pub(crate) fn new(directory: &Path, item: &str, claims: &Arc<Claims>) -> Self {
        Self {
            directory: directory.to_owned(),
            item: item.to_owned(),
            claims: Arc::clone(claims),
            ledger: Arc::default(),
        }
    }

    /// Creates a file of the output queue, folders included. The name is relative, with `/` between folders.
    /// Nobody sees the file before the queue commits, so it is written under its own name.
    pub fn create(&self, name: &str) -> Result<OutputFile, Fault> {
        check_name(name)?;
        self.create_reserved(name)
    }

    /// Creates a file whose name only this crate may use.
    pub(crate) fn create_reserved(&self, name: &str) -> Result<OutputFile, Fault> {
        let path = self.claim(name)?;
        let file = match fs_err::File::create_new(&path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                self.clear(name)?;
                fs_err::File::create_new(&path)?
            }
            Err(error) if error.kind() == io::ErrorKind::InvalidFilename => {
                let fault = Fault::new(Blame::Item, error);
                return Err(fault.hint("give the item a shorter name"));
            }
            other => other?,
        };
        lock(&self.ledger).created.push(name.to_owned());
        Ok(OutputFile {
            name: name.to_owned(),
            file,
            buffer: Vec::new(),
            flushed: None,
            stamp: self.claims.started,
            ledger: Arc::clone(&self.ledger),
        })
    }

    /// Claims a name and creates its folders.
    fn claim(&self, name: &str) -> Result<PathBuf, Fault> {
        self.claims.claim(name, &self.item)?;
        self.claims.create_folders(&self.directory, name)?;
        Ok(self.directory.join(name))
    }

    /// Removes a left-over of an earlier try, which may be a hard link to the last good output: never write into it.
    fn clear(&self, name: &str) -> Result<(), Fault> {
        let ledger = lock(&self.ledger);
        if ledger.created.iter().any(|created| created == name) {
            let message = format!("`{name}` was written twice");
            return Err(Fault::message(Blame::Program, message));
        }
        Ok(remove(&self.directory.join(name))?)
    }

    /// A directory of its own for this try, on the output's file system.
    pub fn scratch(&self) -> Result<Scratch, Fault> {
        Scratch::make(&self.directory, &self.claims.scratches)
    }

    /// Takes over a file that another program has finished, in a scratch directory: moved, not copied. Only a link,
    /// whose content somebody else may still change, is copied.
    pub fn adopt(&self, name: &str, file: &Path) -> Result<(), Fault> {
        check_name(name)?;
        if is_shared(file)? {
            return self.copy(name, file);
        }
        let path = self.vacate(name)?;
        fs_err::rename(file, &path)?;
        lock(&self.ledger).created.push(name.to_owned());
        let written = Written {
            name: name.to_owned(),
            bytes: fs_err::metadata(&path)?.len(),
            digest: Digest::of_file(&path)?,
        };
        lock(&self.ledger).written.push(written);
        Ok(())
    }

    /// Hands an item on as it is: under a second name, so that nothing is read or written. Where the file system cannot link,
    /// it is copied.
    pub fn link(&self, name: &str, item: &Item) -> Result<(), Fault> {
        check_name(name)?;
        let path = self.vacate(name)?;
        // A link to a symbolic one would lead out of the queue.
        let is_link = fs_err::symlink_metadata(item.path())?.is_symlink();
        if is_link || fs_err::hard_link(item.path(), &path).is_err() {
            return self.copy(name, item.path());
        }
        let stat = Stat::of_path(&path)?;
        let mut ledger = lock(&self.ledger);
        ledger.linked = Some(stat);
        ledger.created.push(name.to_owned());
        ledger.written.push(Written {
            name: name.to_owned(),
            bytes: item.bytes(),
            digest: item.digest(),
        });
        Ok(())
    }

    /// Claims a name, and clears what an earlier try has left there.
    fn vacate(&self, name: &str) -> Result<PathBuf, Fault> {
        let path = self.claim(name)?;
        if path.symlink_metadata().is_ok() {
            self.clear(name)?;
        }
        Ok(path)
    }

    fn copy(&self, name: &str, file: &Path) -> Result<(), Fault> {
        let mut content = fs_err::File::open(file)?;
        let mut output = self.create_reserved(name)?;
        io::copy(&mut content, &mut output)?;
        output.finish()
    }

    /// The item's stat after it was linked, if it was.
    pub(crate) fn linked(&self) -> Option<Stat> {
        lock(&self.ledger).linked
    }

    /// Writes a whole file at once.
    pub fn write(&self, name: &str, content: &[u8]) -> Result<(), Fault> {
        let mut file = self.create(name)?;
        file.write_all(content)?;
        file.finish()
    }

    /// Reports the rows of this piece of work: once, and they must reconcile.
    pub fn count(&self, counts: Counts) -> Result<(), Fault> {
        if !counts.reconcile() {
            let message = format!("row counts do not reconcile: {counts:?}");
            return Err(Fault::message(Blame::Program, message));
        }
        lock(&self.ledger).counts = Some(counts);
        Ok(())
    }

    /// Leaves what [`crate::ItemStage::finish`] is to know of this item.
    pub fn part(&self, content: &[u8]) -> Result<(), Fault> {
        let mut sink = PartSink::new(self, Phase::Item);
        sink.write_all(content)?;
        sink.finish()
    }

    pub(crate) fn set_part(&self, content: Vec<u8>) {
        lock(&self.ledger).part = Some(content);
    }

    pub(crate) fn item(&self) -> &str {
        &self.item
    }

    /// Ends the work: what was written, in the order of names.
    pub(crate) fn close(&self) -> Result<Ledger, Fault> {
        let mut ledger = std::mem::take(&mut *lock(&self.ledger));
        if ledger.created.len() > ledger.written.len() {
            let message = "an output was created but not finished";
            return Err(Fault::message(Blame::Program, message));
        }
        ledger.written.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(ledger)
    }

    /// Removes what a failed try has written.
    pub(crate) fn discard(&self) {
        let mut ledger = lock(&self.ledger);
        for name in ledger.created.drain(..) {
            // What cannot be removed now is left to the commit, which removes all that no receipt speaks of.
            let _ = fs_err::remove_file(self.directory.join(&name));
            self.claims.release(&name);
        }
        ledger.written.clear();
        ledger.part = None;
        ledger.linked = None;
    }
}

/// Whether a file has other names, or is only a link to one.
fn is_shared(file: &Path) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt;
    let metadata = fs_err::symlink_metadata(file)?;
    Ok(metadata.is_symlink() || metadata.nlink() > 1)
}

/// Refuses names that would leave the queue or collide with what `stage` keeps there.
pub(crate) fn check_name(name: &str) -> Result<(), Fault> {
    if layout::is_inside(name) && !layout::is_reserved(name) {
        return Ok(());
    }
    Err(Fault::message(
        Blame::Program,
        format!("`{name}` cannot be the name of an output"),
    ))
}

/// How much is gathered before it is written.
const BUFFER_BYTES: usize = 64 << 10;
/// Of so many bytes at a time the disk is told before the file is finished.
const TOLD_BYTES: u64 = 1 << 20;

/// A file in the making. It counts only once it is finished.
#[derive(Debug)]
pub struct OutputFile {
    name: String,
    file: fs_err::File,
    /// Not yet written. Grows with what comes, since many files are small.
    buffer: Vec<u8>,
    flushed: Option<Box<Flushed>>,
    /// For a large file, as for the manifest. What bears a stamp of just now is read by the next stage, since it could have
    /// been written to again in the same tick of the clock.
    stamp: Option<SystemTime>,
    ledger: Arc<Mutex<Ledger>>,
}

/// What has gone to the file.
#[derive(Debug, Default)]
struct Flushed {
    hasher: Hasher,
    bytes: u64,
    /// How many of these the disk has been told of.
    told: u64,
}

impl OutputFile {
    /// Writes what is buffered and enters the file into the receipt.
    pub fn finish(mut self) -> Result<(), Fault> {
        let (bytes, digest) = if self.flushed.is_none() {
            self.file.write_all(&self.buffer)?;
            (self.buffer.len() as u64, Digest::of(&self.buffer))
        } else {
            self.flush()?;
            if let Some(stamp) = self.stamp {
                self.file.set_modified(stamp)?;
            }
            let flushed = self.flushed.unwrap_or_default();
            (flushed.bytes, flushed.hasher.finish())
        };
        lock(&self.ledger).written.push(Written {
            name: self.name,
            bytes,
            digest,
        });
        Ok(())
    }

    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes)?;
        let flushed = self.flushed.get_or_insert_default();
        flushed.hasher.update(bytes);
        flushed.bytes += bytes.len() as u64;
        if flushed.bytes - flushed.told >= TOLD_BYTES {
            // No more than a hint: what is wrong with the disk, the sync tells.
            let _ = writeback::begin(&self.file, flushed.told..flushed.bytes);
            flushed.told = flushed.bytes;
        }
        Ok(())
    }
}

impl Write for OutputFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.buffer.len() + bytes.len() > BUFFER_BYTES {
            self.flush()?;
        }
        if bytes.len() >= BUFFER_BYTES {
            self.put(bytes)?;
        } else {
            self.buffer.extend_from_slice(bytes);
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.buffer.is_empty() {
            return Ok(());
        }
        let mut buffer = std::mem::take(&mut self.buffer);
        let put = self.put(&buffer);
        buffer.clear();
        self.buffer = buffer;
        put
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An output, a file in a scratch directory of it, and what holds both.
    fn scratched(content: &str) -> (tempfile::TempDir, Output, Scratch, PathBuf) {
        let partial = tempfile::tempdir().unwrap();
        let output = Output::new(partial.path(), "a", &Arc::default());
        let scratch = output.scratch().unwrap();
        let file = scratch.path().join("file");
        fs_err::write(&file, content).unwrap();
        (partial, output, scratch, file)
    }

    #[test]
    fn a_finished_file_is_moved_and_entered() {
        let (partial, output, _scratch, file) = scratched("content");
        output.adopt("folder/a.txt", &file).unwrap();
        assert!(!file.exists());
        let written = output.close().unwrap().written;
        assert_eq!(written[0].name, "folder/a.txt");
        assert_eq!(
            (written[0].bytes, written[0].digest),
            (7, Digest::of(b"content"))
        );
        let text = fs_err::read_to_string(partial.path().join("folder/a.txt")).unwrap();
        assert_eq!(text, "content");
    }

    #[test]
    fn a_file_has_the_digest_of_its_content_however_it_was_written() {
        let content: Vec<u8> = (0..300_000_u32).map(|n| n as u8).collect();
        for (bytes, piece) in [
            (0, 1),
            (5, 5),
            (1000, 7),
            (300_000, 999),
            (300_000, 100_000),
        ] {
            let partial = tempfile::tempdir().unwrap();
            let output = Output::new(partial.path(), "a", &Arc::default());
            let mut file = output.create("a").unwrap();
            for piece in content[..bytes].chunks(piece) {
                file.write_all(piece).unwrap();
            }
            file.finish().unwrap();
            let written = output.close().unwrap().written;
            let told = (written[0].bytes, written[0].digest);
            assert_eq!(told, (bytes as u64, Digest::of(&content[..bytes])));
            assert_eq!(
                fs_err::read(partial.path().join("a")).unwrap(),
                content[..bytes]
            );
        }
    }

    #[test]
    fn a_link_is_copied_so_that_the_other_name_keeps_its_own() {
        let (partial, output, scratch, file) = scratched("content");
        fs_err::hard_link(&file, scratch.path().join("hard")).unwrap();
        fs_err::os::unix::fs::symlink(&file, scratch.path().join("soft")).unwrap();
        for name in ["hard", "soft"] {
            output.adopt(name, &scratch.path().join(name)).unwrap();
            fs_err::write(&file, "changed").unwrap();
            let text = fs_err::read_to_string(partial.path().join(name)).unwrap();
            assert_eq!(text, "content", "{name}");
            fs_err::write(&file, "content").unwrap();
        }
    }

    #[test]
    fn a_left_over_is_replaced_and_a_second_file_of_a_name_refused() {
        let (partial, output, scratch, file) = scratched("new");
        let old = scratch.path().join("old");
        fs_err::write(&old, "old").unwrap();
        fs_err::hard_link(&old, partial.path().join("a")).unwrap();
        output.adopt("a", &file).unwrap();
        assert_eq!(fs_err::read_to_string(&old).unwrap(), "old");
        fs_err::write(&file, "again").unwrap();
        let fault = output.adopt("a", &file).unwrap_err();
        assert_eq!(fault.to_string(), "`a` was written twice");
    }
}
