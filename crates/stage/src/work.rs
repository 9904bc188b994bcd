//! What a stage does, in one of its forms: item by item or batch by batch, fit and then transform, or the whole queue
//! at once.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::digest::Digest;
use crate::fault::Fault;
use crate::log::Log;
use crate::output::Output;
use crate::part::Part;
use crate::progress::Progress;
use crate::watch::Watch;

/// One file of the input queue.
#[derive(Clone, Debug)]
pub struct Item {
    pub(crate) name: String,
    pub(crate) path: PathBuf,
    pub(crate) bytes: u64,
    pub(crate) digest: Digest,
    pub(crate) content: Option<Arc<[u8]>>,
    pub(crate) threads: usize,
    pub(crate) attempt: u32,
    pub(crate) watch: Watch,
    pub(crate) progress: Arc<Progress>,
}

impl Item {
    /// The item's name within its queue, with `/` between folders: `train/flights-2014-01.parquet`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The name without compression suffix and extension: what its outputs' names begin with.
    pub fn stem(&self) -> &str {
        stem(&self.name)
    }

    /// Where the file is. Read only.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The file's size in bytes.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The digest of the file's content.
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// The file's content, where it is small and was read already when it was digested.
    pub fn content(&self) -> Option<&Arc<[u8]>> {
        self.content.as_ref()
    }

    /// How many threads this item may use. The result must not depend on it.
    pub fn threads(&self) -> usize {
        self.threads
    }

    /// Which try of this item it is in this run, from 1. The result must not depend on it.
    pub fn attempt(&self) -> u32 {
        self.attempt
    }

    /// To be called between batches: fails when the run was asked to stop or the item's time is over.
    pub fn check(&self) -> Result<(), Fault> {
        self.watch.check()
    }

    /// Says in the log what was noticed about the item: `read as CSV, comma, header`. The same remark about many
    /// items is shown once.
    pub fn note(&self, text: &str) {
        self.progress.note(&self.name, text);
    }

    /// The log, for lines about the item: those of a program that it is given to.
    pub fn log(&self) -> Log {
        Log::new(&self.progress, Some(&self.name))
    }
}

/// `train/a.b.csv.gz` → `train/a.b`.
pub(crate) fn stem(name: &str) -> &str {
    let folder = name.rfind('/').map_or(0, |slash| slash + 1);
    let file = &name[folder..];
    let plain = [".gz", ".zst"]
        .iter()
        .find_map(|suffix| file.strip_suffix(suffix))
        .unwrap_or(file);
    let end = plain
        .rfind('.')
        .filter(|dot| *dot > 0)
        .unwrap_or(plain.len());
    &name[..folder + end]
}

/// A stage that processes each item by itself.
pub trait ItemStage: Sync {
    /// Reads the item and writes its outputs; a pure function of the item and the settings.
    fn process(&self, item: &Item, output: &Output) -> Result<(), Fault>;

    /// Writes what is about the whole queue (`_profile.json`), from what the items left in it.
    /// Called once, when all items are done.
    fn finish(&self, _queue: &Finished, _output: &Output) -> Result<(), Fault> {
        Ok(())
    }
}

/// A stage that processes several items at a time, for a program that is slow to start.
pub trait BatchStage: Sync {
    /// Reads the items and writes the outputs of each; what is written for one must not depend on the others. When it
    /// fails for several, it is tried for each alone, so that only those fail that are to blame.
    fn process(&self, batch: &[(Item, Output)]) -> Result<(), Fault>;
}

/// A stage that learns from all items before it processes each.
pub trait FitStage: Sync {
    /// What was learnt.
    type Fitted: Sync;

    /// Reads one item and writes its share of what is to be learnt. Cached by the item's key.
    fn fit(&self, item: &Item, part: &mut dyn Write) -> Result<(), Fault>;

    /// Merges all shares, given in item order, and writes what is to be seen of it (`_transform.json`).
    fn merge(&self, parts: &[Part], output: &Output) -> Result<Self::Fitted, Fault>;

    /// The digest of that share of what was learnt on which this item's result depends.
    fn depends(&self, fitted: &Self::Fitted, item: &str) -> Digest;

    /// Reads the item and writes its outputs; a pure function of the item, the settings and what was learnt.
    fn transform(&self, fitted: &Self::Fitted, item: &Item, output: &Output) -> Result<(), Fault>;

    /// Writes what is about the whole queue, from what the items left in it.
    fn finish(&self, _queue: &Finished, _output: &Output) -> Result<(), Fault> {
        Ok(())
    }
}

/// A stage that processes the whole queue as one piece of work.
pub trait QueueStage: Sync {
    /// Reads all items and writes the outputs; a pure function of the items and the settings, however often it
    /// was killed and resumed from its checkpoint directory.
    fn run(&self, queue: &Queue, output: &Output) -> Result<(), Fault>;
}

/// The whole input queue, for a [`QueueStage`].
#[derive(Debug)]
pub struct Queue {
    pub(crate) directory: PathBuf,
    pub(crate) items: Vec<Item>,
    pub(crate) checkpoint: PathBuf,
    pub(crate) threads: usize,
    pub(crate) attempt: u32,
    pub(crate) watch: Watch,
    pub(crate) progress: Arc<Progress>,
}

impl Queue {
    /// The queue's directory.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// All items, in the order of their names.
    pub fn items(&self) -> &[Item] {
        &self.items
    }

    /// The items in one folder of the queue: `in_folder("train")`.
    pub fn in_folder<'a>(&'a self, folder: &'a str) -> impl Iterator<Item = &'a Item> {
        self.items.iter().filter(move |item| {
            item.name
                .strip_prefix(folder)
                .is_some_and(|rest| rest.starts_with('/'))
        })
    }

    /// A directory that survives a killed run and is offered again for the same key only.
    /// Files there must appear whole: [`Queue::save_checkpoint`].
    pub fn checkpoint(&self) -> &Path {
        &self.checkpoint
    }

    /// Writes a file of the checkpoint directory so that a reader sees the old or the new content, whole.
    pub fn save_checkpoint(&self, name: &str, content: &[u8]) -> Result<(), Fault> {
        crate::durable::replace(&self.checkpoint.join(name), content)?;
        // What it lies in was made in this run, perhaps: `PARTIAL/_checkpoint/KEY`.
        let mut above = self.checkpoint.ancestors().skip(1).take(3);
        Ok(above.try_for_each(crate::durable::sync_directory)?)
    }

    /// Reads a file of the checkpoint directory, if there is one.
    pub fn load_checkpoint(&self, name: &str) -> Result<Option<Vec<u8>>, Fault> {
        match fs_err::read(self.checkpoint.join(name)) {
            Ok(content) => Ok(Some(content)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// How many threads the work may use. The result must not depend on it.
    pub fn threads(&self) -> usize {
        self.threads
    }

    /// Which try of the queue it is in this run, from 1. The result must not depend on it.
    pub fn attempt(&self) -> u32 {
        self.attempt
    }

    /// To be called between steps: fails when the run was asked to stop or its time is over.
    pub fn check(&self) -> Result<(), Fault> {
        self.watch.check()
    }

    /// Says something in the log.
    pub fn note(&self, text: &str) {
        self.progress
            .note(&self.directory.display().to_string(), text);
    }

    /// The log, for lines about the queue: those of a program that it is given to.
    pub fn log(&self) -> Log {
        Log::new(&self.progress, None)
    }

    /// Shows how far the work is: `queue.step(12, 200, "validation auc 0.7312")`.
    pub fn step(&self, done: u64, total: u64, message: &str) {
        self.progress.step(done, total, message);
    }
}

/// The queue whose items are all done, about to commit.
#[derive(Debug)]
pub struct Finished {
    pub(crate) parts: Vec<Part>,
}

impl Finished {
    /// The parts that items left ([`Output::part`]), in item order.
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stem_drops_compression_and_one_extension() {
        let cases = [
            ("a.csv", "a"),
            ("a.csv.gz", "a"),
            ("train/2014.01.parquet", "train/2014.01"),
            ("a", "a"),
            ("x.y/a", "x.y/a"),
            ("a.zst", "a"),
        ];
        for (name, expected) in cases {
            assert_eq!(stem(name), expected, "{name}");
        }
    }
}
