//! How one stage stands, from what lies on disk.

use std::time::{Duration, SystemTime};

use stage::inspect::{Evidence, ItemFile, Manifest, Partial, RunRecord, RunState};

use crate::because::{self, Changes};
use crate::digests::Input;
use crate::failures;
use crate::model::{Attempt, Items, Run, Stage, State};
use crate::runs::{command_here, how_it_ended, items_of_run};
use crate::survey::{Question, Survey};
use crate::text::{parse_time, plural, seconds_since};
use crate::wiring::Wired;
use crate::work::{self, Work};

/// A run that is not heard of for so long does not run, whatever it holds: it speaks each second.
const SILENCE_MAX: Duration = Duration::from_secs(60);

/// Everything there is to look at.
pub(crate) struct Case<'a> {
    pub(crate) wired: &'a Wired,
    pub(crate) evidence: &'a Evidence,
    pub(crate) input: &'a Input<'a>,
    pub(crate) upstream: Option<State>,
    pub(crate) files: &'a [ItemFile],
    pub(crate) now: SystemTime,
}

/// Says how a stage stands. `upstream` is the state of the queue it reads.
pub(crate) fn assess(
    survey: &Survey,
    wired: &Wired,
    upstream: Option<State>,
    question: &Question,
) -> Stage {
    let (Some(output), Some(input)) = (
        survey.directory(&wired.output),
        survey.directory(&wired.input),
    ) else {
        return blank(wired, question);
    };
    let evidence = match &output.evidence {
        Ok(evidence) => evidence,
        Err(fault) => {
            let mut stage = blank(wired, question);
            stage.state = State::Damaged;
            stage.detail = fault.to_string();
            return stage;
        }
    };
    let input = Input::new(&input.items, input.evidence.as_ref().ok(), &wired.output);
    let case = Case {
        wired,
        evidence,
        input: &input,
        upstream,
        files: &output.items,
        now: survey.now,
    };
    let mut stage = blank(wired, question);
    case.judge(&mut stage, question);
    stage
}

/// A stage of which nothing is known.
fn blank(wired: &Wired, question: &Question) -> Stage {
    let queue = wired.queue();
    let by_make = question.make.as_ref().map(|make| format!("{make} {queue}"));
    let last = wired.last_command.clone();
    Stage {
        stage: wired.stage.clone(),
        input: wired.input.display().to_string(),
        output: wired.output.display().to_string(),
        state: State::NeverRun,
        detail: String::new(),
        items: Items::default(),
        rejected_rows: 0,
        oldest_waiting_seconds: None,
        progress_seconds: None,
        run: None,
        stale: Vec::new(),
        failures: Vec::new(),
        attempts: Vec::new(),
        waiting_seconds: Vec::new(),
        command: by_make.or_else(|| wired.command.clone()).or(last),
        queue,
    }
}

impl Case<'_> {
    fn judge(&self, stage: &mut Stage, question: &Question) {
        let evidence = self.evidence;
        stage.attempts = evidence
            .attempts
            .iter()
            .map(|attempt| Attempt::new(attempt, self.now))
            .collect();
        let record = self.record();
        if stage.command.is_none() {
            stage.command = record.map(command_here);
        }
        let manifest = match &evidence.manifest {
            Ok(manifest) => manifest.as_ref(),
            Err(fault) if !evidence.is_held => {
                stage.state = State::Damaged;
                stage.detail = fault.to_string();
                return;
            }
            Err(_) => None,
        };
        match (&evidence.partial, manifest) {
            (Some(partial), _) => self.unfinished(stage, partial, manifest),
            (None, Some(manifest)) => self.finished(stage, manifest),
            (None, None) => self.nothing(stage),
        }
        if evidence.is_held {
            self.running(stage, question);
        } else {
            self.refused(stage);
        }
        stage.progress_seconds = self.progressed();
        stage.oldest_waiting_seconds = stage.waiting_seconds.iter().max().copied();
    }

    /// The record of the run that has the last word.
    fn record(&self) -> Option<&RunRecord> {
        let partial = self.evidence.partial.as_ref();
        let partial = partial.and_then(|partial| partial.record.as_ref());
        partial.or(self.evidence.record.as_ref())
    }

    /// When something was last done here.
    fn progressed(&self) -> Option<u64> {
        let record = self.record().and_then(|record| match record.state {
            RunState::Complete => parse_time(&record.heartbeat),
            _ => parse_time(&record.progress),
        });
        let partial = self.evidence.partial.as_ref();
        let time = record.or_else(|| partial.map(|partial| partial.changed))?;
        Some(seconds_since(time, self.now))
    }

    fn nothing(&self, stage: &mut Stage) {
        if self.evidence.is_there {
            stage.state = State::Damaged;
            stage.detail = format!("`{}` has no `_manifest.json`", stage.output);
        }
        self.fill(stage, &Work::all_waiting(self.input), &Changes::default());
    }

    /// A queue that is whole: complete, or stale.
    fn finished(&self, stage: &mut Stage, manifest: &Manifest) {
        let changes = because::changes(self, manifest);
        let work = work::of_queue(self, manifest, &changes);
        self.fill(stage, &work, &changes);
        stage.rejected_rows = manifest.counts.as_ref().map_or(0, |counts| counts.rejected);
        stage.failures = failures::grouped(manifest.failed.iter());
        stage.state = if changes.stale.is_empty() {
            State::Complete
        } else {
            State::Stale
        };
        if stage.state == State::Complete && !manifest.failed.is_empty() {
            let items = plural(manifest.failed.len() as u64, "item");
            stage.detail = format!("without {items} that failed (`--max-failed`)");
        }
        if let Some(first) = changes.stale.first() {
            stage.detail = because::in_words(first, changes.stale.len(), self.upstream);
        }
        stage.stale = changes.stale;
    }

    /// A run that stopped or failed.
    fn unfinished(&self, stage: &mut Stage, partial: &Partial, manifest: Option<&Manifest>) {
        let changes = partial
            .record
            .as_ref()
            .map(|record| because::program_and_settings(record, &self.wired.output))
            .unwrap_or_default();
        let work = work::of_partial(self, partial, manifest, &changes);
        self.fill(stage, &work, &changes);
        stage.rejected_rows = work.rejected_rows;
        let letters = partial.letters.iter();
        let letters = letters.filter(|letter| !work.mended.contains(letter.item.as_str()));
        stage.failures = failures::grouped(letters);
        stage.stale = changes.stale;
        (stage.state, stage.detail) = how_it_ended(partial);
    }

    fn fill(&self, stage: &mut Stage, work: &Work<'_>, changes: &Changes) {
        stage.items = work.items;
        stage.waiting_seconds = work
            .waiting
            .iter()
            .map(|item| {
                let since = self.input.since(item);
                // What was done before its settings changed waits since then.
                let since = changes.since.map_or(since, |changed| changed.max(since));
                seconds_since(since, self.now)
            })
            .collect();
    }

    /// The kernel says that a run is under way; its record says how far it is.
    fn running(&self, stage: &mut Stage, question: &Question) {
        stage.state = State::Running;
        stage.stale.clear();
        let partial = self.evidence.partial.as_ref();
        let record = partial.and_then(|partial| partial.record.as_ref());
        let running = |record: &&RunRecord| record.state == RunState::Running;
        let Some(record) = record.filter(running) else {
            stage.detail = "a run is looking at what there is to do".to_owned();
            return;
        };
        let run = Run::new(record, self.now);
        let in_hand = partial.map_or(0, |partial| partial.in_hand.len() as u64);
        let dead = stage.items.dead;
        stage.items = items_of_run(record, in_hand, dead, partial);
        let progress = parse_time(&record.progress).map_or(0, |time| seconds_since(time, self.now));
        let limit = question.stalled_after.as_secs();
        let silent = run.heartbeat_seconds > limit.min(SILENCE_MAX.as_secs());
        if silent || progress > limit {
            stage.state = State::Stalled;
        }
        stage.detail = run.in_words(silent.then_some(run.heartbeat_seconds));
        stage.run = Some(run);
    }

    /// A run that was refused after all that is on disk was made stands in the way of everything else.
    fn refused(&self, stage: &mut Stage) {
        let trouble = !matches!(stage.state, State::Complete | State::Damaged);
        let Some(last) = self.evidence.attempts.last().filter(|_| trouble) else {
            return;
        };
        let is_last = self
            .record()
            .is_none_or(|record| record.heartbeat <= last.ended);
        if last.how == stage::inspect::Ending::Refused && is_last {
            stage.state = State::Failed;
            let reason = last.reason.as_deref().unwrap_or("no reason given");
            stage.detail = format!("the last run was refused: {reason}");
        }
    }
}
