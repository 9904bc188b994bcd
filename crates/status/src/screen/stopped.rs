//! The lower half of the screen: where it stopped, why, and how often before.

use stage::inspect::thousands;

use crate::because;
use crate::model::{Attempt, Failure, Stage, State, Stopped};
use crate::style::Style;
use crate::text::{age, cut, parse_time, plain, plural, seconds_since, wrap};

use super::WIDTH;

/// How many failed items with different reasons are shown.
const FAILURES_MAX: usize = 3;
/// How many causes are shown.
const CAUSES_MAX: usize = 5;
/// How many attempts of the past are shown.
const ATTEMPTS_MAX: usize = 3;

/// Writes it.
pub(super) fn where_it_stopped(
    stopped: &Stopped,
    stage: Option<&Stage>,
    style: Style,
    lines: &mut Vec<String>,
) {
    let at = format!("{} ({})", stopped.stage, stopped.queue);
    lines.push(format!(
        "{} {} {}",
        style.bold("where it stopped:"),
        plain(&at),
        style.state(stopped.state, stopped.state.words())
    ));
    match (&stopped.failure, stage) {
        (Some(_), Some(stage)) => failures(stage, style, lines),
        (None, Some(stage)) if stopped.state == State::Stale => causes(stage, lines),
        _ => indented(&stopped.what, lines),
    }
    if let Some(hint) = &stopped.hint {
        indented(&format!("hint: {hint}"), lines);
    }
    if let Some(stage) = stage {
        earlier(stage, style, lines);
    }
    for also in &stopped.also {
        indented(&format!("also: {also}"), lines);
    }
}

fn causes(stage: &Stage, lines: &mut Vec<String>) {
    for stale in stage.stale.iter().take(CAUSES_MAX) {
        indented(&because::cause(stale, None), lines);
    }
    if stage.stale.len() > CAUSES_MAX {
        let more = thousands((stage.stale.len() - CAUSES_MAX) as u64);
        indented(
            &format!("and {more} more, see `status why {}`", stage.stage),
            lines,
        );
    }
}

fn failures(stage: &Stage, style: Style, lines: &mut Vec<String>) {
    for failure in stage.failures.iter().take(FAILURES_MAX) {
        for (index, part) in wrap(&plain(&failure.reason), WIDTH - 2).iter().enumerate() {
            let named = index == 0 && !failure.reason.contains(&failure.item);
            if named && failure.item != "queue" {
                lines.push(format!("  {}:", style.red(&plain(&failure.item))));
            }
            lines.push(format!("  {}", style.red(part)));
        }
        for said in &failure.last_words {
            lines.push(style.dim(&format!("  │ {}", cut(&plain(said), WIDTH - 4))));
        }
        lines.push(style.dim(&format!("  {}", whose_fault(failure))));
    }
    let told: u64 = stage
        .failures
        .iter()
        .take(FAILURES_MAX)
        .map(|failure| failure.alike)
        .sum();
    let more = (stage.items.dead + stage.items.retrying).saturating_sub(told);
    if more > 0 && stage.failures.iter().all(|failure| !failure.is_of_queue()) {
        let more = thousands(more);
        lines.push(format!(
            "  and {more} more, see {}.partial/_failed",
            stage.output
        ));
    }
}

fn whose_fault(failure: &Failure) -> String {
    let fault = match failure.cause.as_str() {
        "machine" => "the machine's fault, ",
        "poison" => "the process died over it, each time; ",
        _ if failure.is_of_queue() => "",
        _ => "the item's fault, ",
    };
    let tried = match failure.tries {
        1 => "tried once".to_owned(),
        tries => format!("tried {tries} times"),
    };
    let alike = match failure.alike {
        0 | 1 => String::new(),
        more => format!("; {} more like it", thousands(more - 1)),
    };
    format!("{fault}{tried}{alike}")
}

/// Attempts that came to nothing since the last good one, the last first.
fn earlier(stage: &Stage, style: Style, lines: &mut Vec<String>) {
    let attempts = stage.attempts.iter().rev();
    let failed = attempts.take_while(|attempt| attempt.how != "complete");
    // The one that left what is told above has nothing to add.
    let told = |attempt: &&Attempt| {
        let reason = attempt
            .reason
            .as_deref()
            .and_then(|reason| reason.lines().next());
        reason.is_some_and(|reason| stage.detail.ends_with(reason))
    };
    let (now, before): (Vec<_>, Vec<_>) = failed.partition(told);
    let times: u64 = now.iter().map(|attempt| attempt.times).sum();
    if let (Some(first), 2..) = (now.last(), times) {
        let since = age(seconds_since_start(first).max(1));
        lines.push(style.dim(&format!("  the same {times} times in the last {since}")));
    }
    for attempt in before.iter().take(ATTEMPTS_MAX) {
        let text = format!("before: {}", past_attempt(attempt));
        lines.push(style.dim(&format!("  {}", cut(&plain(&text), WIDTH - 2))));
    }
    if before.len() > ATTEMPTS_MAX {
        let more = plural((before.len() - ATTEMPTS_MAX) as u64, "attempt");
        lines.push(style.dim(&format!("  and {more} before")));
    }
}

/// How long ago an attempt began.
fn seconds_since_start(attempt: &Attempt) -> u64 {
    let times = [&attempt.started, &attempt.ended].map(|time| parse_time(time));
    match times {
        [Some(started), Some(ended)] => attempt.ended_seconds + seconds_since(started, ended),
        _ => attempt.ended_seconds,
    }
}

/// `failed 3 times, last 5m ago: 1 of 9 items failed: raw/a.csv:17: …`
pub(super) fn past_attempt(attempt: &Attempt) -> String {
    let times = match attempt.times {
        1 => String::new(),
        times => format!(" {times} times, last"),
    };
    let ago = age(attempt.ended_seconds);
    let mut text = format!("{}{times} {ago} ago", attempt.how);
    let reason = match attempt.failures.first() {
        Some(failure) => Some(told(failure)),
        None => attempt.reason.clone(),
    };
    if let Some(reason) = reason {
        text += &format!(": {}", reason.lines().next().unwrap_or_default());
    }
    if let Some(item) = attempt.in_hand.first() {
        text += &match attempt.in_hand.len() {
            1 => format!(", with `{item}` in hand"),
            more => format!(", with `{item}` and {} more in hand", more - 1),
        };
    }
    text
}

/// A failure in one line.
fn told(failure: &Failure) -> String {
    if failure.is_of_queue() || failure.reason.contains(&failure.item) {
        failure.reason.clone()
    } else {
        format!("{}: {}", failure.item, failure.reason)
    }
}

fn indented(text: &str, lines: &mut Vec<String>) {
    for part in wrap(&plain(text), WIDTH - 2) {
        lines.push(format!("  {part}"));
    }
}
