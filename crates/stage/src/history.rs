//! `_history.jsonl`: the last attempts, a line each, so that what one run has seen is not erased by the next.
//!
//! It lies in the queue; a run that ends leaves it in the partial, with its own attempt, and the commit carries it along. A run that
//! died without a word is entered by the next one, from what it left in `_run.json`, `_failed` and the journal.

use std::collections::{BTreeMap, HashSet};
use std::io;
use std::path::Path;
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use crate::clock::rfc3339;
use crate::digest::Digest;
use crate::durable;
use crate::fault::{Blame, Fault};
use crate::layout;
use crate::letters;
use crate::lock::Lock;
use crate::options::Options;
use crate::output::Counts;
use crate::receipt::{Cause, DeadLetter};
use crate::record::{RunRecord, RunState, boot, host};
use crate::store::Store;

/// How many attempts are kept.
const ATTEMPTS_MAX: usize = 100;
/// How many failed items of an attempt are kept.
const FAILURES_MAX: usize = 10;

/// One attempt at a queue.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Attempt {
    /// When it began.
    pub started: String,
    /// When it ended, or was last heard of.
    pub ended: String,
    /// How long it took.
    pub seconds: f64,
    /// How it ended.
    pub how: Ending,
    /// Why, where it did not end well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What to do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// How many attempts in a row ended just so; the first began at `started`, the last ended at `ended`.
    #[serde(default = "once", skip_serializing_if = "is_once")]
    pub times: u64,
    /// Items in the input queue.
    #[serde(default)]
    pub items: u64,
    /// Items taken over from before.
    #[serde(default)]
    pub unchanged: u64,
    /// Items processed.
    #[serde(default)]
    pub processed: u64,
    /// Items set aside.
    #[serde(default)]
    pub failed: u64,
    /// Tries that failed by the machine's fault.
    #[serde(default)]
    pub retries: u64,
    /// Rows, where it ended well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counts: Option<Counts>,
    /// The first of the failed items.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failures: Vec<Failure>,
    /// The first of the items it had in hand when it died.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub in_hand: Vec<String>,
    /// How many items were to be done for which reason.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub reasons: BTreeMap<String, u64>,
    /// The machine's name.
    pub host: String,
    /// The process.
    pub pid: u32,
    /// The start of the machine.
    #[serde(default)]
    pub boot: String,
    /// The program's version.
    #[serde(default)]
    pub version: String,
    /// Digest of the program.
    #[serde(default)]
    pub program: Digest,
}

/// How an attempt ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Ending {
    /// It committed.
    Complete,
    /// Items failed, or another fault ended it.
    Failed,
    /// A signal ended it.
    Stopped,
    /// It was killed, it crashed, or its machine did.
    #[default]
    Died,
    /// It was refused before it began to work: wrong settings, no input.
    Refused,
}

/// A failed item of an attempt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// The item.
    pub item: String,
    /// Whose fault it was.
    pub cause: Cause,
    /// What happened.
    pub reason: String,
    /// How often it was tried.
    pub tries: u32,
}

fn once() -> u64 {
    1
}

fn is_once(times: &u64) -> bool {
    *times == 1
}

impl Attempt {
    /// How a run ended, as its record tells.
    fn of(record: &RunRecord, how: Ending, failed: &[DeadLetter]) -> Self {
        let failures = failed.iter().take(FAILURES_MAX).map(|letter| Failure {
            item: letter.item.clone(),
            cause: letter.cause,
            reason: letter.reason.clone(),
            tries: letter.tries,
        });
        Self {
            started: record.started.clone(),
            ended: record.heartbeat.clone(),
            seconds: record.seconds,
            how,
            reason: record.reason.clone(),
            times: 1,
            items: record.items,
            unchanged: record.unchanged,
            processed: record.processed,
            failed: record.failed,
            retries: record.retries,
            failures: failures.collect(),
            reasons: record.reasons.clone(),
            host: record.host.clone(),
            pid: record.pid,
            boot: record.boot.clone(),
            version: record.version.clone(),
            program: record.program,
            ..Self::default()
        }
    }

    /// Whether this is the attempt a record speaks of; one that counts several speaks of the last of them.
    fn is_record(&self, record: &RunRecord) -> bool {
        (self.host.as_str(), self.pid) == (record.host.as_str(), record.pid)
            && self.started <= record.started
            && record.started <= self.ended
    }

    /// Whether it ended in the same way, of the same cause.
    fn is_like(&self, other: &Self) -> bool {
        self.how != Ending::Complete
            && (self.how, &self.reason, &self.failures, &self.in_hand)
                == (other.how, &other.reason, &other.failures, &other.in_hand)
    }
}

/// The last attempts at a queue, the oldest first.
#[derive(Clone, Debug, Default)]
pub(crate) struct Attempts(pub(crate) Vec<Attempt>);

impl Attempts {
    /// Those a directory tells of. A torn line is none.
    pub(crate) fn read(directory: &Path) -> Self {
        let text = fs_err::read(directory.join(layout::HISTORY)).unwrap_or_default();
        let lines = text.split(|byte| *byte == b'\n');
        Self(
            lines
                .filter_map(|line| serde_json::from_slice(line).ok())
                .collect(),
        )
    }

    /// Those of the last good output and of the partial together.
    pub(crate) fn of(output: &Path) -> Self {
        let mut all = Self::read(output);
        for attempt in Self::read(&layout::partial(output)).0 {
            match all
                .0
                .iter_mut()
                .find(|known| (&known.started, &known.host) == (&attempt.started, &attempt.host))
            {
                // Known already, or counted up since.
                Some(known) if known.times < attempt.times => *known = attempt,
                Some(_) => {}
                None => all.0.push(attempt),
            }
        }
        all.0.sort_by(|a, b| a.started.cmp(&b.started));
        all
    }

    /// Enters an attempt. One that ended just like the one before it only counts that one up, so that a line that is
    /// asked in vain every minute does not push out what happened before.
    pub(crate) fn push(&mut self, attempt: Attempt) {
        match self.0.last_mut() {
            Some(last) if last.is_like(&attempt) => {
                let (started, times) = (last.started.clone(), last.times + attempt.times);
                *last = Attempt {
                    started,
                    times,
                    ..attempt
                };
            }
            _ => self.0.push(attempt),
        }
        let surplus = self.0.len().saturating_sub(ATTEMPTS_MAX);
        self.0.drain(..surplus);
    }

    fn write(&self, directory: &Path) -> io::Result<()> {
        durable::replace(&directory.join(layout::HISTORY), &self.lines()?)
    }

    fn lines(&self) -> io::Result<Vec<u8>> {
        let mut text = Vec::new();
        for attempt in &self.0 {
            serde_json::to_writer(&mut text, attempt)?;
            text.push(b'\n');
        }
        Ok(text)
    }
}

/// Enters what became of the run that left this partial, if it did not tell itself.
pub(crate) fn enter_left(output: &Path, store: &Store) -> Result<(), Fault> {
    let partial = layout::partial(output);
    let Some(record) = RunRecord::read(&partial) else {
        return Ok(());
    };
    let is_record = |attempt: &Attempt| attempt.is_record(&record);
    if Attempts::read(output).0.iter().any(is_record) {
        return Ok(());
    }
    let mut attempts = Attempts::of(output);
    attempts
        .0
        .retain(|attempt| !(attempt.how == Ending::Complete && is_record(attempt)));
    if !attempts.0.iter().any(is_record) {
        attempts.push(died(&record, &partial, store)?);
    }
    Ok(attempts.write(&partial)?)
}

/// A run of which only its record speaks.
fn died(record: &RunRecord, partial: &Path, store: &Store) -> Result<Attempt, Fault> {
    let mut letters = letters::read(partial)?;
    letters.sort_by(|a, b| a.item.cmp(&b.item));
    let mut attempt = Attempt::of(record, Ending::Died, &letters);
    attempt.failed = letters.len() as u64;
    let in_hand = store.history.in_hand.iter().take(FAILURES_MAX);
    attempt.in_hand = in_hand.map(|(_, item)| item.clone()).collect();
    attempt.reason = attempt.reason.or(Some(match record.state {
        _ if record.is_from_before_restart() => "the machine was restarted".to_owned(),
        RunState::Complete => "ended just before its commit".to_owned(),
        _ => "killed, or crashed".to_owned(),
    }));
    Ok(attempt)
}

/// Enters how a run ended into the history in its partial, after all that the last good output tells. Who commits or stops
/// syncs the partial.
pub(crate) fn enter(
    output: &Path,
    record: &RunRecord,
    failed: &[DeadLetter],
    counts: Option<&Counts>,
    hint: Option<&str>,
) -> io::Result<()> {
    let how = match record.state {
        RunState::Complete => Ending::Complete,
        RunState::Stopped => Ending::Stopped,
        RunState::Failed | RunState::Running => Ending::Failed,
    };
    let mut attempt = Attempt::of(record, how, failed);
    attempt.counts = counts.cloned();
    attempt.hint = hint.map(str::to_owned);
    let mut attempts = Attempts::of(output);
    attempts.push(attempt);
    let path = layout::partial(output).join(layout::HISTORY);
    durable::replace_content(&path, &attempts.lines()?)
}

/// Keeps what a partial that is about to be removed tells of attempts that came to nothing.
pub(crate) fn rescue(output: &Path) -> io::Result<()> {
    let known = Attempts::read(output);
    let all = Attempts::of(output);
    let told: HashSet<_> = known
        .0
        .iter()
        .map(|a| (&a.started, a.pid, a.times))
        .collect();
    if all
        .0
        .iter()
        .all(|a| told.contains(&(&a.started, a.pid, a.times)))
    {
        return Ok(());
    }
    all.write(output)
}

/// Enters a run that was refused, where there is a queue or a partial that can tell of it and nobody works there.
pub(crate) fn refuse(options: &Options, fault: &Fault) {
    let said = matches!(fault.blame, Blame::Usage | Blame::Busy | Blame::Signal(_));
    if let (Ok(output), false) = (options.output(), said || options.dry_run) {
        // It is told on stderr too; where it cannot be kept, there is nothing more to do.
        let _ = enter_refusal(output, fault);
    }
}

fn enter_refusal(output: &Path, fault: &Fault) -> Result<(), Fault> {
    let _output = Lock::of(output, output)?;
    let partial = layout::partial(output);
    let _partial = Lock::of(&partial, output)?;
    let mut directories = [partial.as_path(), output].into_iter();
    let Some(directory) = directories.find(|path| layout::is_of_a_stage(path)) else {
        return Ok(());
    };
    let mut attempts = Attempts::read(directory);
    let (host, pid) = (host(), std::process::id());
    let tells = |last: &Attempt| last.host == host && last.pid == pid && last.boot == boot();
    if attempts.0.last().is_some_and(tells) {
        // It had begun to work, and has told already how that ended.
        return Ok(());
    }
    let now = rfc3339(SystemTime::now());
    attempts.push(Attempt {
        started: now.clone(),
        ended: now,
        how: Ending::Refused,
        reason: Some(fault.to_string()),
        hint: fault.hint.clone(),
        times: 1,
        host,
        pid,
        boot: boot(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        ..Attempt::default()
    });
    Ok(attempts.write(directory)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attempt(number: u64, how: Ending) -> Attempt {
        Attempt {
            started: format!("2026-01-01T00:{:02}:{:02}Z", number / 60, number % 60),
            reason: Some(number.to_string()),
            times: 1,
            how,
            ..Attempt::default()
        }
    }

    #[test]
    fn only_the_last_attempts_are_kept() {
        let mut attempts = Attempts::default();
        (0..250).for_each(|number| attempts.push(attempt(number, Ending::Failed)));
        assert_eq!(attempts.0.len(), ATTEMPTS_MAX);
        assert_eq!(attempts.0[99], attempt(249, Ending::Failed));
    }

    #[test]
    fn a_torn_line_is_none() {
        let directory = tempfile::tempdir().unwrap();
        let attempts = Attempts(vec![attempt(1, Ending::Complete)]);
        attempts.write(directory.path()).unwrap();
        let path = directory.path().join(layout::HISTORY);
        let text = fs_err::read_to_string(&path).unwrap();
        fs_err::write(&path, format!("{{\"started\":\n{text}{{\"star")).unwrap();
        assert_eq!(Attempts::read(directory.path()).0, attempts.0);
    }
}
