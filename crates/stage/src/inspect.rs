//! What a queue says of itself, read without changing anything: for programs that look on, as `status` does.
//!
//! Nothing here waits or takes a lock for longer than a look, and whatever cannot be read is told, not repaired.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::digest::Digest;
use crate::fault::Fault;
use crate::history::Attempts;
use crate::input::{self, Kind, Listed};
use crate::journal::{History, journals};
use crate::layout;
use crate::letters;
use crate::lock;
use crate::receipt::Keys;
use crate::stat::{Stat, StatCache};

pub use crate::history::{Attempt, Ending, Failure};
pub use crate::progress::thousands;
pub use crate::receipt::{Cause, DeadLetter, Manifest, Phase, Receipt, program_digest};
pub use crate::record::{Retrying, RunRecord, RunState, SettingsFile, boot, host, quoted};

/// How often a queue is read again when a commit comes between.
const LOOKS_MAX: usize = 3;

/// A queue and its partial, as they lie on disk.
#[derive(Debug)]
pub struct Evidence {
    /// The queue's directory.
    pub directory: PathBuf,
    /// Whether the directory is there and has anything in it.
    pub is_there: bool,
    /// The manifest of the last good output; an error where it cannot be read.
    pub manifest: Result<Option<Manifest>, Fault>,
    /// Who made the last good output.
    pub record: Option<RunRecord>,
    /// Whether a run is under way: the kernel knows.
    pub is_held: bool,
    /// What a run under way, or one that stopped, has left.
    pub partial: Option<Partial>,
    /// The last attempts, the oldest first.
    pub attempts: Vec<Attempt>,
}

/// What lies in a partial.
#[derive(Debug)]
pub struct Partial {
    /// Its directory.
    pub directory: PathBuf,
    /// Who works there, or did.
    pub record: Option<RunRecord>,
    /// A manifest: its run ended just before the commit.
    pub manifest: Option<Manifest>,
    /// What is done and durable.
    pub receipts: Vec<(Phase, Receipt)>,
    /// What is being worked on; in a partial where nobody works, what was when the run died.
    pub in_hand: Vec<(Phase, String)>,
    /// Items set aside.
    pub letters: Vec<DeadLetter>,
    /// When something was last begun or done here.
    pub changed: SystemTime,
}

impl Evidence {
    /// Reads what a queue, its partial and the kernel know.
    pub fn read(queue: &Path) -> Result<Self, Fault> {
        for _ in 1..LOOKS_MAX {
            let evidence = Self::look(queue)?;
            // A commit in between takes the partial away: then nothing read fits together.
            let partial = evidence.partial.as_ref();
            if partial.is_none_or(|partial| partial.directory.is_dir()) {
                return Ok(evidence);
            }
        }
        Self::look(queue)
    }

    fn look(queue: &Path) -> Result<Self, Fault> {
        let manifest = Manifest::read(queue);
        let record = RunRecord::read(queue);
        let mut partial = Partial::read(&layout::partial(queue))?;
        let is_leftover = |partial: &Partial| {
            let newer = |new: &RunRecord| {
                let old = record.as_ref();
                old.is_none_or(|old| old.started < new.started)
            };
            matches!(manifest, Ok(Some(_)))
                && journals(&partial.directory).is_ok_and(|journals| journals.is_empty())
                && !partial.record.as_ref().is_some_and(newer)
        };
        partial = partial.filter(|partial| !is_leftover(partial));
        // Last: a run may have begun since.
        let is_held = lock::is_held(queue)? || lock::is_held(&layout::partial(queue))?;
        Ok(Self {
            directory: queue.to_owned(),
            is_there: fs_err::read_dir(queue).is_ok_and(|mut entries| entries.next().is_some()),
            manifest,
            record,
            is_held,
            partial,
            attempts: Attempts::of(queue).0,
        })
    }
}

impl Partial {
    fn read(directory: &Path) -> Result<Option<Self>, Fault> {
        if !directory.is_dir() {
            return Ok(None);
        }
        let history = match History::read(directory) {
            Ok(history) => history,
            Err(fault) if fault.is_not_found() => return Ok(None),
            Err(fault) => return Err(fault),
        };
        let mut letters = letters::read(directory)?;
        letters.sort_by(|a, b| a.item.cmp(&b.item));
        let receipts = history.receipts.into_iter();
        let modified = |name: &str| fs_err::metadata(directory.join(name))?.modified();
        let changed = modified(layout::JOURNAL).or_else(|_| modified("."));
        Ok(Some(Self {
            record: RunRecord::read(directory),
            manifest: Manifest::read(directory).ok().flatten(),
            receipts: receipts
                .map(|(phase, receipt, _)| (phase, receipt))
                .collect(),
            in_hand: history.in_hand,
            letters,
            changed: changed.unwrap_or(SystemTime::UNIX_EPOCH),
            directory: directory.to_owned(),
        }))
    }
}

/// An item as the directory lists it.
#[derive(Clone, Debug)]
pub struct ItemFile {
    /// Its name within the queue, with `/` between folders.
    pub name: String,
    /// Its size in bytes.
    pub bytes: u64,
    /// When its content changed.
    pub modified: SystemTime,
    /// When anything about it changed: when it came here.
    pub changed: SystemTime,
    listed: Listed,
}

impl ItemFile {
    /// The items of a directory, in the order of their names.
    pub fn list(directory: &Path) -> Result<Vec<Self>, Fault> {
        let mut listed = Vec::new();
        input::list(directory, "", &mut listed)?;
        listed.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(listed.into_iter().map(Self::new).collect())
    }

    fn new(listed: Listed) -> Self {
        let stat = match listed.kind {
            Kind::File(stat) => stat,
            // No file that could be an item; the stage says so when it comes to it.
            _ => Stat::default(),
        };
        let time = |nanos: i64| {
            SystemTime::UNIX_EPOCH
                + std::time::Duration::from_nanos(u64::try_from(nanos).unwrap_or(0))
        };
        Self {
            name: listed.name.clone(),
            bytes: stat.bytes,
            modified: time(stat.mtime),
            changed: time(stat.ctime),
            listed,
        }
    }

    /// The digest of its content, from reading it.
    pub fn digest(&self) -> Result<Digest, Fault> {
        self.listed.digest().map(|(_, digest)| digest)
    }
}

/// What a queue remembers of the files of its input, so that unchanged ones need not be read.
#[derive(Debug)]
pub struct Remembered(StatCache);

impl Remembered {
    /// What the queue in this directory remembers.
    pub fn read(queue: &Path) -> Self {
        Self(StatCache::read(&queue.join(layout::STAT)))
    }

    /// The digest of an input item, where its times, size and inode say that it did not change.
    pub fn digest(&self, item: &ItemFile) -> Option<Digest> {
        match item.listed.kind {
            Kind::File(stat) => self.0.input(&item.name, &stat),
            _ => None,
        }
    }

    /// Whether an input item has the size and the time of last modification that it had: likely the same file,
    /// copied to another place.
    pub fn resembles(&self, item: &ItemFile) -> bool {
        let known = self.0.inputs.get(&item.name);
        match (known, item.listed.kind) {
            (Some((then, _)), Kind::File(now)) => {
                (then.bytes, then.mtime) == (now.bytes, now.mtime)
            }
            _ => false,
        }
    }
}

/// The key that a piece of work would have in a run like the one of this record, where nothing is fitted.
pub fn key(record: &RunRecord, phase: Phase, item: &str, input: Digest) -> Digest {
    let keys = Keys {
        stage: record.stage.clone(),
        program: record.program,
        settings: record.settings,
    };
    keys.key(phase, item, input, None)
}

/// The digest of all items of a whole queue together.
pub fn queue_digest<'a>(items: impl IntoIterator<Item = (&'a str, Digest)>) -> Digest {
    input::digest_of_all(items)
}
