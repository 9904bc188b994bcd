//! The crew: takes pieces of work, tries them as often as it is allowed, and sets aside what fails.

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;

use crate::attempt::Attempt;
use crate::digest::Digest;
use crate::fault::{Blame, Fault};
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
use crate::syncing::Syncing;
use crate::watch::Stop;
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
}

/// A piece of work done: its receipt, its small part, and the stat of its input.
#[derive(Clone, Debug)]
pub(crate) struct Finish {
    pub(crate) receipt: Receipt,
    pub(crate) part: Option<Bytes>,
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
    pub(crate) syncing: &'a Syncing,
    pub(crate) claims: &'a Arc<Claims>,
    pub(crate) suspects: &'a HashSet<(Phase, String)>,
    pub(crate) deaths: &'a HashMap<(Phase, String, Digest), u32>,
    pub(crate) running: &'a Running,
    pub(crate) progress: &'a Arc<Progress>,
    pub(crate) stop: &'a Stop,
}

/// The work itself, on one item or on a batch of them.
pub(crate) type Work<'a> = dyn Fn(&[(Item, Output)]) -> Result<(), Fault> + Sync + 'a;

/// What the threads of a crew share while they work.
struct Shared<'a> {
    work: &'a Work<'a>,
    outcome: Mutex<Outcome>,
    fault: Mutex<Option<Fault>>,
}

impl Shared<'_> {
    fn end(self) -> Result<Outcome, Fault> {
        let fault = self.fault.into_inner();
        let outcome = self.outcome.into_inner();
        match fault.unwrap_or_else(PoisonError::into_inner) {
            Some(fault) => Err(fault),
            None => Ok(outcome.unwrap_or_else(PoisonError::into_inner)),
        }
    }
}

impl Crew<'_> {
    /// Does all tasks, up to `batch` at a time. What may have killed its process goes first, alone. Ends early, with the
    /// fault, when something is wrong that concerns more than one item.
    pub(crate) fn run(
        &self,
        tasks: Vec<Task>,
        batch: usize,
        work: &Work<'_>,
    ) -> Result<Outcome, Fault> {
        let (alone, together): (Vec<_>, Vec<_>) = tasks.into_iter().partition(|task| {
            self.suspects
                .contains(&(self.phase, task.listed.name.clone()))
        });
        let shared = Shared {
            work,
            outcome: Mutex::default(),
            fault: Mutex::default(),
        };
        self.work_off(&alone, 1, 1, &shared);
        self.work_off(&together, batch, self.options.threads(), &shared);
        shared.end()
    }

    fn work_off(&self, tasks: &[Task], batch: usize, threads: usize, shared: &Shared<'_>) {
        // Batches small enough that every thread has one.
        let batch = batch.min(tasks.len().div_ceil(threads)).max(1);
        let batches: Vec<&[Task]> = tasks.chunks(batch).collect();
        let workers = threads.min(batches.len());
        let threads_each = self
            .options
            .threads()
            .checked_div(workers)
            .unwrap_or(1)
            .max(1);
        let next = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for _ in 0..workers {
                scope.spawn(|| {
                    while let Some(tasks) = batches.get(next.fetch_add(1, Ordering::Relaxed)) {
                        if self.is_over(shared) {
                            return;
                        }
                        if let Err(fault) = self.settle(tasks, threads_each, shared) {
                            lock(&shared.fault).get_or_insert(fault);
                            return;
                        }
                    }
                });
            }
        });
    }

    /// Whether the run was asked to stop, or something is wrong that concerns more than one item.
    fn is_over(&self, shared: &Shared<'_>) -> bool {
        self.stop.signal().is_some() || lock(&shared.fault).is_some()
    }

    /// Brings tasks to an end: done, failed or dropped. An error ends the run.
    fn settle(&self, tasks: &[Task], threads: usize, shared: &Shared<'_>) -> Result<(), Fault> {
        let mut tries = 0;
        let mut keys = Vec::new();
        let fault = loop {
            tries += 1;
            let attempt = Attempt {
                tries,
                threads,
                work: shared.work,
            };
            let fault = match self.attempt(tasks, &attempt, &mut keys) {
                Ok(done) => return self.hand_in(tasks, done, shared),
                Err(fault) => fault,
            };
            match fault.blame {
                Blame::Machine | Blame::Crash if tries <= self.options.retries => {
                    let name = name_of(tasks);
                    let wait = back_off(self.options.backoff, tries, &name);
                    self.progress.retry(&name, &fault.to_string(), wait);
                    self.progress
                        .try_again(names(tasks), tries, &fault.to_string());
                    self.stop.wait(wait).or_else(|_| self.put_down(tasks))?;
                    if self.stop.signal().is_some() {
                        return Ok(());
                    }
                }
                Blame::Machine | Blame::Crash | Blame::Limit | Blame::Item => break fault,
                Blame::Signal(_) => return self.put_down(tasks),
                _ => {
                    self.put_down(tasks)?;
                    return Err(fault);
                }
            }
        };
        match tasks {
            [task] => {
                // None where its content could not even be read.
                let key = keys.first().copied();
                let letter = self.letter(&task.listed.name, key, tries, &fault);
                self.set_aside(letter, shared)
            }
            _ => self.settle_alone(tasks, threads, &fault, shared),
        }
    }

    /// One item of a batch is to blame, nobody knows which: each is tried alone, with all its tries.
    fn settle_alone(
        &self,
        tasks: &[Task],
        threads: usize,
        fault: &Fault,
        shared: &Shared<'_>,
    ) -> Result<(), Fault> {
        self.put_down(tasks)?;
        self.progress
            .narrow(&name_of(tasks), &fault.to_string(), tasks.len());
        for task in tasks {
            if self.is_over(shared) {
                return Ok(());
            }
            self.settle(std::slice::from_ref(task), threads, shared)?;
        }
        Ok(())
    }

    /// Hands in what is done. Its receipts wait for the next sync; if a sibling kills the process now, it was not this.
    fn hand_in(&self, tasks: &[Task], done: Vec<Finish>, shared: &Shared<'_>) -> Result<(), Fault> {
        self.put_down(tasks)?;
        for done in done {
            let entry = Entry::Done {
                phase: self.phase,
                receipt: done.receipt.clone(),
                part: done.part.clone().map(Inline),
            };
            if !self.syncing.hand_in(entry) {
                // The thread that syncs has ended, and tells why.
                let message = "the disk takes nothing more";
                return Err(Fault::message(Blame::Machine, message));
            }
            self.progress.processed.fetch_add(1, Ordering::Relaxed);
            self.progress.done(&done.receipt.item);
            lock(&shared.outcome).done.push(done);
        }
        Ok(())
    }

    /// What is to be said of an item that failed.
    fn letter(&self, item: &str, key: Option<Digest>, tries: u32, fault: &Fault) -> DeadLetter {
        let poisoned = key.is_some_and(|key| self.deaths_of(item, key) > self.options.retries);
        let cause = match fault.blame {
            Blame::Machine | Blame::Limit => Cause::Machine,
            Blame::Crash => Cause::Poison,
            _ if poisoned => Cause::Poison,
            _ => Cause::Item,
        };
        DeadLetter {
            item: item.to_owned(),
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
        }
    }

    /// Writes the dead letter, so that the failure is in a file and not only in a log.
    fn set_aside(&self, letter: DeadLetter, shared: &Shared<'_>) -> Result<(), Fault> {
        letters::write(self.partial, &letter)?;
        self.append(&Entry::Fail {
            phase: self.phase,
            item: letter.item.clone(),
        })?;
        self.progress
            .fail(&letter.item, &letter.reason, letter.hint.as_deref());
        lock(&shared.outcome).failed.push(letter);
        Ok(())
    }

    fn put_down(&self, tasks: &[Task]) -> Result<(), Fault> {
        let ends: Vec<Entry> = tasks.iter().map(|task| self.end(task)).collect();
        Ok(lock(self.journal).append(&ends)?)
    }

    fn end(&self, task: &Task) -> Entry {
        Entry::End {
            phase: self.phase,
            item: task.listed.name.clone(),
        }
    }

    pub(crate) fn append(&self, entry: &Entry) -> Result<(), Fault> {
        Ok(lock(self.journal).append([entry])?)
    }
}

fn names(tasks: &[Task]) -> impl Iterator<Item = &str> {
    tasks.iter().map(|task| task.listed.name.as_str())
}

/// What to call one item or a batch of them.
fn name_of(tasks: &[Task]) -> String {
    match tasks {
        [] => String::new(),
        [task] => task.listed.name.clone(),
        [first, ..] => format!("{} and {} more", first.listed.name, tasks.len() - 1),
    }
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
