//! The thread that makes finished work durable while more is done.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::fault::{Blame, Fault};
use crate::journal::{Entry, Journal};
use crate::sync::{self, Unsynced};
use crate::workers::lock;

/// How long finished work may wait for its sync: what a power cut can cost at most, beside the work in flight.
const BATCH_TIME: Duration = Duration::from_millis(500);
/// Of so many bytes the disk is told at once: it can write them while the next ones are made. Their receipts can wait.
const BATCH_BYTES: u64 = 8 << 20;

/// Finished work on its way to the disk, and the thread that takes it there.
#[derive(Debug)]
pub(crate) struct Syncing {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<io::Result<Unsynced>>>,
}

/// Who hands something small in does not wake the thread: that would cost more than the items.
#[derive(Debug)]
struct Shared {
    partial: PathBuf,
    journal: Arc<Mutex<Journal>>,
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

impl Syncing {
    /// Begins to sync, now and then, what is handed in.
    pub(crate) fn start(partial: &Path, journal: &Arc<Mutex<Journal>>) -> io::Result<Self> {
        let shared = Arc::new(Shared {
            partial: partial.to_owned(),
            journal: Arc::clone(journal),
            waiting: Mutex::default(),
            changed: Condvar::default(),
        });
        let thread = std::thread::Builder::new().spawn({
            let shared = Arc::clone(&shared);
            move || shared.sync_all()
        })?;
        Ok(Self {
            shared,
            thread: Some(thread),
        })
    }

    /// Hands in finished work. False when the disk takes nothing more.
    pub(crate) fn hand_in(&self, done: Entry) -> bool {
        let mut waiting = lock(&self.shared.waiting);
        waiting.bytes += size(&done);
        waiting.batch.push(done);
        if waiting.bytes >= BATCH_BYTES {
            self.shared.changed.notify_all();
        }
        !waiting.failed
    }

    /// Says that no more will come.
    pub(crate) fn end(&self) {
        lock(&self.shared.waiting).ended = true;
        self.shared.changed.notify_all();
    }

    /// Waits for the disk; gives what is not durable yet.
    pub(crate) fn rest(mut self) -> Result<Unsynced, Fault> {
        self.end();
        let rest = self.thread.take().map(JoinHandle::join).transpose();
        let rest =
            rest.map_err(|_| Fault::message(Blame::Program, "the thread that syncs panicked"))?;
        Ok(rest.transpose()?.unwrap_or_default())
    }
}

impl Drop for Syncing {
    /// A run that fails does not wait for it; nothing that was handed in is taken for durable.
    fn drop(&mut self) {
        self.end();
    }
}

impl Shared {
    fn sync_all(&self) -> io::Result<Unsynced> {
        let mut unsynced = Unsynced::default();
        let mut due = Instant::now() + BATCH_TIME;
        loop {
            let (batch, ended) = self.take(due);
            unsynced.entries.extend(batch);
            let synced = if ended || Instant::now() < due {
                unsynced.sync_contents(&self.partial)
            } else {
                due = Instant::now() + BATCH_TIME;
                sync::write(&self.partial, &self.journal, &std::mem::take(&mut unsynced))
            };
            if let Err(error) = synced {
                // Workers must not go on for a disk that takes nothing more.
                lock(&self.waiting).failed = true;
                return Err(error);
            }
            if ended {
                return Ok(unsynced);
            }
        }
    }

    /// Waits for many bytes, for the time when receipts are due, or for the end; gives what was handed in, and whether that
    /// is all.
    fn take(&self, due: Instant) -> (Vec<Entry>, bool) {
        let left = due.saturating_duration_since(Instant::now());
        let waited = self
            .changed
            .wait_timeout_while(lock(&self.waiting), left, |waiting| {
                !waiting.ended && waiting.bytes < BATCH_BYTES
            });
        let (mut waiting, _) = waited.unwrap_or_else(PoisonError::into_inner);
        waiting.bytes = 0;
        (std::mem::take(&mut waiting.batch), waiting.ended)
    }
}

/// The size of the outputs an entry speaks of.
fn size(entry: &Entry) -> u64 {
    match entry {
        Entry::Done { receipt, .. } => receipt.outputs.iter().map(|written| written.bytes).sum(),
        _ => 0,
    }
}
