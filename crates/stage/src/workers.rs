//! The crew: takes pieces of work, tries them as often as it is allowed, and sets aside what fails.

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::digest::Digest;
use crate::fault::{Blame, Fault};
use crate::guard::guarded;
use crate::input::Listed;
use crate::journal::{Entry, Journal};
use crate::letters;
use crate::options::Options;
use crate::output::{Claims, Output};
use crate::part::Inline;
use crate::progress::Progress;
use crate::receipt::{Cause, DeadLetter, Keys, Phase, Receipt};
use crate::running::Running;
use crate::stat::Stat;
use crate::sync;
use crate::watch::{Stop, Watch};
use crate::work::Item;

/// A piece of work to be done.
#[derive(Debug)]
pub(crate) struct Task {
    pub(crate) listed: Listed,
    pub(crate) known: Option<(Stat, Digest)>,
    pub(crate) fitted: Option<Digest>,
}

/// What the crew has done.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) done: Vec<Finish>,
    pub(crate) failed: Vec<DeadLetter>,
    /// Done, but not durable yet.
    pub(crate) unsynced: Vec<Entry>,
}

/// A piece of work done: its receipt, its small part, and the stat of its input.
#[derive(Clone, Debug)]
pub(crate) struct Finish {
    pub(crate) receipt: Receipt,
    pub(crate) part: Option<Vec<u8>>,
    pub(crate) stat: Stat,
}

/// What all workers share.
#[derive(Debug)]
pub(crate) struct Crew<'a> {
    pub(crate) phase: Phase,
    pub(crate) keys: &'a Keys,
    pub(crate) options: &'a Options,
    pub(crate) partial: &'a Path,
    pub(crate) journal: &'a Mutex<Journal>,
    pub(crate) claims: &'a Arc<Claims>,
    pub(crate) suspects: &'a HashSet<(Phase, String)>,
    pub(crate) deaths: &'a HashMap<(Phase, String, Digest), u32>,
    pub(crate) running: &'a Running,
    pub(crate) progress: &'a Arc<Progress>,
    pub(crate) stop: &'a Stop,
}

/// The work itself.
pub(crate) type Work<'a> = dyn Fn(&Item, &Output) -> Result<(), Fault> + Sync + 'a;

impl Crew<'_> {
    /// Does all tasks. What may have killed its process goes first, alone. Ends early, with the fault, when
    /// something is wrong that concerns more than one item.
    pub(crate) fn run(&self, tasks: Vec<Task>, work: &Work<'_>) -> Result<Outcome, Fault> {
        let (alone, together): (Vec<_>, Vec<_>) = tasks.into_iter().partition(|task| {
            self.suspects
                .contains(&(self.phase, task.listed.name.clone()))
        });
        let (finished, receive) = channel();
        let board = Board {
            tasks: Mutex::default(),
            fault: Mutex::default(),
        };
        let unsynced = std::thread::scope(|scope| {
            let collector = scope.spawn(|| {
                let collected = sync::collect(self.partial, self.journal, &receive);
                if collected.is_err() {
                    // Workers must not go on for a disk that takes nothing more.
                    drop(receive);
                }
                collected
            });
            self.work_off(&alone, 1, work, &finished, &board);
            self.work_off(&together, self.options.threads(), work, &finished, &board);
            drop(finished);
            collector.join()
        });
        let unsynced = match unsynced {
            Ok(unsynced) => unsynced?,
            Err(_) => {
                return Err(Fault::message(
                    Blame::Program,
                    "the thread that syncs panicked",
                ));
            }
        };
        if let Some(fault) = lock(&board.fault).take() {
            sync::write(self.partial, self.journal, &unsynced)?;
            return Err(fault);
        }
        let mut outcome = std::mem::take(&mut *lock(&board.tasks));
        outcome.unsynced = unsynced;
        Ok(outcome)
    }

    fn work_off(
        &self,
        tasks: &[Task],
        threads: usize,
        work: &Work<'_>,
        finished: &Sender<Entry>,
        board: &Board,
    ) {
        let workers = threads.min(tasks.len());
        let threads_each = self
            .options
            .threads()
            .checked_div(workers)
            .unwrap_or(1)
            .max(1);
        let next = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for _ in 0..workers {
                let finished = finished.clone();
                let next = &next;
                scope.spawn(move || {
                    while let Some(task) = tasks.get(next.fetch_add(1, Ordering::Relaxed)) {
                        if self.stop.signal().is_some() || lock(&board.fault).is_some() {
                            return;
                        }
                        if let Err(fault) = self.settle(task, threads_each, work, &finished, board)
                        {
                            lock(&board.fault).get_or_insert(fault);
                            return;
                        }
                    }
                });
            }
        });
    }

    /// Brings one task to an end: done, failed or dropped. An error ends the run.
    fn settle(
        &self,
        task: &Task,
        threads: usize,
        work: &Work<'_>,
        finished: &Sender<Entry>,
        board: &Board,
    ) -> Result<(), Fault> {
        let name = &task.listed.name;
        let mut tries = 0;
        let mut key = None;
        let fault = loop {
            tries += 1;
            let fault = match self.attempt(task, tries, threads, work, &mut key) {
                Ok(done) => {
                    // Its receipt waits for the next sync; if a sibling kills the process now, it was not this.
                    self.put_down(name)?;
                    let entry = Entry::Done {
                        phase: self.phase,
                        receipt: done.receipt.clone(),
                        part: done.part.clone().map(Inline),
                    };
                    if finished.send(entry).is_err() {
                        // The thread that syncs has ended, and tells why.
                        let message = "the disk takes nothing more";
                        return Err(Fault::message(Blame::Machine, message));
                    }
                    lock(&board.tasks).done.push(done);
                    self.progress.processed.fetch_add(1, Ordering::Relaxed);
                    self.progress.done();
                    return Ok(());
                }
                Err(fault) => fault,
            };
            match fault.blame {
                Blame::Machine if tries <= self.options.retries => {
                    let wait = back_off(self.options.backoff, tries, name);
                    self.progress.retry(name, &fault.to_string(), wait);
                    self.stop.wait(wait).or_else(|_| self.put_down(name))?;
                    if self.stop.signal().is_some() {
                        return Ok(());
                    }
                }
                Blame::Signal(_) => return self.put_down(name),
                Blame::Machine | Blame::Item => break fault,
                _ => {
                    self.put_down(name)?;
                    return Err(fault);
                }
            }
        };
        let poisoned = key.is_some_and(|key| self.deaths_of(name, key) > self.options.retries);
        let cause = match fault.blame {
            Blame::Machine => Cause::Machine,
            _ if poisoned => Cause::Poison,
            _ => Cause::Item,
        };
        let letter = DeadLetter {
            item: name.clone(),
            phase: self.phase,
            cause,
            reason: fault.to_string(),
            hint: fault.hint.clone(),
            tries: if poisoned {
                self.options.retries + 1
            } else {
                tries
            },
            key,
        };
        self.set_aside(&letter)?;
        self.progress
            .fail(name, &letter.reason, letter.hint.as_deref());
        lock(&board.tasks).failed.push(letter);
        Ok(())
    }

    fn deaths_of(&self, item: &str, key: Digest) -> u32 {
        self.deaths
            .get(&(self.phase, item.to_owned(), key))
            .copied()
            .unwrap_or(0)
    }

    /// Tries a task once.
    fn attempt(
        &self,
        task: &Task,
        tries: u32,
        threads: usize,
        work: &Work<'_>,
        key: &mut Option<Digest>,
    ) -> Result<Finish, Fault> {
        let name = &task.listed.name;
        let (stat, digest) = match task.known {
            Some((stat, digest)) => {
                task.listed.unchanged_since(&stat)?;
                (stat, digest)
            }
            None => task.listed.digest_unchecked()?,
        };
        let its_key = self.keys.key(self.phase, name, digest, task.fitted);
        *key = Some(its_key);
        self.spare_poison(name, its_key)?;
        self.append(&Entry::Begin {
            phase: self.phase,
            item: name.clone(),
            key: its_key,
        })?;
        let item = Item {
            name: name.clone(),
            path: task.listed.path.clone(),
            bytes: stat.bytes,
            digest,
            threads,
            attempt: tries,
            watch: Watch::new(self.stop, self.options.timeout),
            progress: Arc::clone(self.progress),
        };
        let output = Output::new(self.partial, name, self.claims);
        let _running = self.running.enter(self.phase, name, self.options.timeout);
        let ended = guarded(|| work(&item, &output)).and_then(|()| {
            task.listed.unchanged_since(&stat)?;
            output.close()
        });
        match ended {
            Ok(ledger) => {
                let receipt = Receipt {
                    item: name.clone(),
                    key: its_key,
                    input: digest,
                    fitted: task.fitted,
                    outputs: ledger.written,
                    part: ledger.part.as_ref().map(|part| part.len() as u64),
                    counts: ledger.counts,
                };
                Ok(Finish {
                    receipt,
                    part: ledger.part,
                    stat,
                })
            }
            Err(fault) => {
                output.discard();
                Err(fault)
            }
        }
    }

    /// Refuses an item over which the process has died as often as it may be tried.
    fn spare_poison(&self, item: &str, key: Digest) -> Result<(), Fault> {
        let deaths = self.deaths_of(item, key);
        if deaths <= self.options.retries {
            return Ok(());
        }
        let message = format!(
            "{item}: the process died or hung {deaths} times while it worked on this item alone"
        );
        Err(Fault::item(message).hint("look at the item; `--force` tries it once more"))
    }

    fn put_down(&self, item: &str) -> Result<(), Fault> {
        self.append(&Entry::End {
            phase: self.phase,
            item: item.to_owned(),
        })
    }

    fn append(&self, entry: &Entry) -> Result<(), Fault> {
        Ok(lock(self.journal).append([entry])?)
    }

    /// Writes the dead letter, so that the failure is in a file and not only in a log.
    fn set_aside(&self, letter: &DeadLetter) -> Result<(), Fault> {
        letters::write(self.partial, letter)?;
        self.append(&Entry::Fail {
            phase: self.phase,
            item: letter.item.clone(),
        })
    }
}

#[derive(Debug)]
struct Board {
    tasks: Mutex<Outcome>,
    fault: Mutex<Option<Fault>>,
}

/// The wait before a try: doubled each time up to a minute, with jitter so that many workers do not come back at
/// the same moment. (Brooker 2015, "Exponential backoff and jitter": half fixed, half random.)
fn back_off(first: Duration, tries: u32, item: &str) -> Duration {
    const LONGEST: Duration = Duration::from_secs(60);
    let full = first.saturating_mul(1 << (tries - 1).min(16)).min(LONGEST);
    let seed = format!(
        "{item} {tries} {} {:?}",
        std::process::id(),
        std::time::SystemTime::now()
    );
    let share = (Digest::of(seed.as_bytes()).0 % 1024) as f64 / 1024.0;
    full.mul_f64(0.5 + 0.5 * share)
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn back_off_doubles_within_bounds() {
        let first = Duration::from_secs(1);
        for (tries, low, high) in [
            (1, 0.5, 1.0),
            (2, 1.0, 2.0),
            (4, 4.0, 8.0),
            (30, 30.0, 60.0),
        ] {
            let wait = back_off(first, tries, "a").as_secs_f64();
            assert!((low..=high).contains(&wait), "try {tries}: {wait} s");
        }
    }
}
