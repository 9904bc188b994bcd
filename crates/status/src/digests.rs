//! The items of an input and their digests, with as little reading as may be.

use std::collections::HashMap;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use stage::inspect::{Evidence, ItemFile, Remembered};
use stage::{Digest, Fault};

/// How much of raw files may be read in all, to learn whether what was touched is changed.
const READ_BYTES_MAX: u64 = 64 << 20;

/// The items of an input queue.
#[derive(Debug)]
pub(crate) struct Input<'a> {
    pub(crate) items: &'a [ItemFile],
    /// What the manifest of the queue says of them, where it is one.
    told: Option<HashMap<&'a str, (u64, Digest)>>,
    remembered: Option<Remembered>,
    read_bytes: AtomicU64,
}

impl<'a> Input<'a> {
    /// The items that a stage reads. `upstream` is the evidence of the queue they are, if it is one; `output` the queue
    /// that remembers raw files.
    pub(crate) fn new(
        items: &'a [ItemFile],
        upstream: Option<&'a Evidence>,
        output: &Path,
    ) -> Self {
        let manifest = upstream.and_then(|upstream| upstream.manifest.as_ref().ok()?.as_ref());
        let told = manifest.map(|manifest| {
            let files = manifest.item_files();
            files
                .map(|file| (file.name.as_str(), (file.bytes, file.digest)))
                .collect()
        });
        let remembered = told.is_none().then(|| Remembered::read(output));
        Self {
            items,
            told,
            remembered,
            read_bytes: AtomicU64::new(0),
        }
    }

    /// The digest of an item: told by the queue it is in, or remembered, or read if it is not too much to read.
    pub(crate) fn digest(&self, item: &ItemFile) -> Option<Digest> {
        if let Some(told) = &self.told {
            let (bytes, digest) = told.get(item.name.as_str())?;
            return (*bytes == item.bytes).then_some(*digest);
        }
        let remembered = self.remembered.as_ref();
        if let Some(digest) = remembered.and_then(|remembered| remembered.digest(item)) {
            return Some(digest);
        }
        let read = self.read_bytes.fetch_add(item.bytes, Ordering::Relaxed);
        if read + item.bytes > READ_BYTES_MAX {
            return None;
        }
        item.digest().ok()
    }

    /// Whether an item is other than it was.
    pub(crate) fn is_changed(&self, item: &ItemFile, was: Digest) -> bool {
        match self.digest(item) {
            Some(digest) => digest != was,
            // Copied with its times, most likely, and too large to read.
            None => match &self.remembered {
                Some(remembered) => !remembered.resembles(item),
                None => true,
            },
        }
    }

    /// Since when an item is there. In a queue, links that a commit makes move the time of change; raw files may be
    /// copied with old times of modification.
    pub(crate) fn since(&self, item: &ItemFile) -> SystemTime {
        if self.told.is_some() {
            item.modified
        } else {
            item.changed
        }
    }
}

/// The items of a directory; none where it is not there.
pub(crate) fn list(directory: &Path) -> Result<Vec<ItemFile>, Fault> {
    if directory.is_dir() {
        ItemFile::list(directory)
    } else {
        Ok(Vec::new())
    }
}
