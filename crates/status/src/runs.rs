//! Runs and attempts, as their records tell of them.

use std::time::SystemTime;

use stage::inspect::{Ending, Partial, Phase, RunRecord, RunState, quoted};

use crate::model::{Attempt, Failure, Items, Run, State};
use crate::text::{parse_time, seconds_since};

/// The items of a run under way, as it counts them.
pub(crate) fn items_of_run(
    record: &RunRecord,
    in_hand: u64,
    dead: u64,
    partial: Option<&Partial>,
) -> Items {
    let whole = partial.is_some_and(|partial| {
        let mut in_hand = partial.in_hand.iter();
        in_hand.any(|(phase, _)| *phase == Phase::Queue)
    });
    if whole {
        return Items {
            running: record.items,
            ..Items::default()
        };
    }
    let retrying = record.retrying.len() as u64;
    let done = if record.step == Phase::Fit.word() {
        0
    } else {
        record.unchanged + record.processed
    };
    let running = in_hand.saturating_sub(retrying);
    let dead = dead.max(record.failed);
    let busy = done + running + retrying + dead;
    Items {
        waiting: record.items.saturating_sub(busy),
        running,
        done,
        retrying,
        dead,
    }
}

/// What a partial in which nobody works tells of its run.
pub(crate) fn how_it_ended(partial: &Partial) -> (State, String) {
    let Some(record) = &partial.record else {
        return (State::Stopped, "stopped before it began".to_owned());
    };
    let reason = |otherwise: &str| {
        let reason = record.reason.as_deref().unwrap_or(otherwise);
        reason.lines().next().unwrap_or_default().to_owned()
    };
    let process = format!("process {} on {}", record.pid, record.host);
    match record.state {
        RunState::Failed => (State::Failed, reason("failed")),
        RunState::Stopped => (State::Stopped, reason("stopped")),
        RunState::Complete => {
            let detail = format!("{process} ended just before its commit");
            (State::Stopped, detail)
        }
        RunState::Running => {
            let detail = if record.is_from_before_restart() {
                format!("the machine was restarted while it ran ({process})")
            } else {
                format!("{process} was killed, or crashed")
            };
            (State::Stopped, detail + &with_in_hand(partial))
        }
    }
}

/// What a dead run had in hand. All of a queue is no news.
fn with_in_hand(partial: &Partial) -> String {
    let items = partial.in_hand.iter();
    let items: Vec<&str> = items
        .filter(|(phase, _)| *phase != Phase::Queue)
        .map(|(_, item)| item.as_str())
        .collect();
    match items.as_slice() {
        [] => String::new(),
        [item] => format!(", with `{item}` in hand"),
        [item, more @ ..] => format!(", with `{item}` and {} more in hand", more.len()),
    }
}

/// The command of a record, as one would type it here.
pub(crate) fn command_here(record: &RunRecord) -> String {
    let command = record.command_line();
    let here = std::env::current_dir().unwrap_or_default();
    if record.directory == here || record.directory.as_os_str().is_empty() {
        return command;
    }
    let directory = quoted(&record.directory.display().to_string());
    format!("cd {directory} && {command}")
}

impl Run {
    /// As a record tells it.
    pub(crate) fn new(record: &RunRecord, now: SystemTime) -> Self {
        let heartbeat = parse_time(&record.heartbeat);
        let moved = record.done.saturating_sub(record.resumed) as f64;
        let per_second =
            (moved > 0.0 && record.step_seconds >= 0.5).then(|| moved / record.step_seconds);
        let left = record.total.saturating_sub(record.done) as f64;
        Self {
            host: record.host.clone(),
            pid: record.pid,
            started: record.started.clone(),
            heartbeat_seconds: heartbeat.map_or(0, |time| seconds_since(time, now)),
            step: record.step.clone(),
            done: record.done,
            total: record.total,
            per_second,
            seconds_left: per_second.map(|rate| (left / rate).ceil() as u64),
        }
    }
}

impl Attempt {
    /// As a record tells it.
    pub(crate) fn new(attempt: &stage::inspect::Attempt, now: SystemTime) -> Self {
        let how = match attempt.how {
            Ending::Complete => "complete",
            Ending::Failed => "failed",
            Ending::Stopped => "stopped",
            Ending::Died => "died",
            Ending::Refused => "refused",
        };
        let ended = parse_time(&attempt.ended).unwrap_or(now);
        Self {
            started: attempt.started.clone(),
            ended: attempt.ended.clone(),
            ended_seconds: seconds_since(ended, now),
            seconds: attempt.seconds,
            how: how.to_owned(),
            reason: attempt.reason.clone(),
            hint: attempt.hint.clone(),
            times: attempt.times,
            processed: attempt.processed,
            failed: attempt.failed,
            in_hand: attempt.in_hand.clone(),
            failures: attempt.failures.iter().map(Failure::past).collect(),
            reasons: attempt.reasons.clone(),
            host: attempt.host.clone(),
            pid: attempt.pid,
            version: attempt.version.clone(),
        }
    }
}
