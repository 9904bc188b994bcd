//! The screen: a row for each stage, and where it stopped. It fits 80 columns and 24 lines, whatever failed.

use crate::because;
use crate::model::{Attempt, Failure, Line, Run, Stage, State, Stopped};
use crate::style::Style;
use crate::text::{age, count, cut, parse_time, plain, plural, seconds_since, thousands, wrap};
use crate::wiring::name_of;

/// The width that is always there.
const WIDTH: usize = 80;
/// How many failed items with different reasons are shown.
const FAILURES_MAX: usize = 3;
/// How many causes are shown.
const CAUSES_MAX: usize = 5;
/// How many attempts of the past are shown.
const ATTEMPTS_MAX: usize = 3;

/// The columns of numbers: heading and width.
const COLUMNS: [(&str, usize); 8] = [
    ("waiting", 8),
    ("running", 8),
    ("done", 7),
    ("retry", 6),
    ("dead", 6),
    ("rejected", 9),
    ("oldest", 7),
    ("moved", 6),
];

/// Draws the screen.
pub(crate) fn draw(line: &Line, style: Style) -> String {
    let mut lines = Vec::new();
    lines.push(heading(line, style));
    if line.stages.is_empty() {
        lines.push("  no stage has run here yet".to_owned());
    }
    for stage in &line.stages {
        lines.push(row(stage, style));
        // Of the one that stopped all is told below.
        let stopped = line.stopped.as_ref();
        if stopped.is_none_or(|stopped| stopped.queue != stage.queue) {
            detail(stage, style, &mut lines);
        }
    }
    match &line.stopped {
        Some(stopped) => {
            lines.push(String::new());
            let stage = line
                .stages
                .iter()
                .find(|stage| stage.queue == stopped.queue);
            where_it_stopped(stopped, stage, style, &mut lines);
        }
        None => all_is_well(line, style, &mut lines),
    }
    if let Some(next) = &line.next {
        lines.push(format!("{} {}", style.bold("next:"), plain(next)));
    }
    lines.join("\n") + "\n"
}

fn heading(line: &Line, style: Style) -> String {
    let project = std::path::absolute(&line.project).unwrap_or_default();
    let project = cut(&plain(&name_of(&project)), 19);
    let numbers: String = COLUMNS
        .iter()
        .map(|(name, width)| format!("{name:>width$}"))
        .collect();
    format!(
        "{}{}",
        style.bold(&format!("{project:<21}")),
        style.dim(&numbers)
    )
}

fn row(stage: &Stage, style: Style) -> String {
    let name = cut(&plain(&stage.stage), 10);
    let items = stage.items;
    let counts = [
        items.waiting,
        items.running,
        items.done,
        items.retrying,
        items.dead,
        stage.rejected_rows,
    ];
    let ages = [stage.oldest_waiting_seconds, stage.progress_seconds];
    let counts = counts
        .iter()
        .zip(COLUMNS)
        .map(|(number, (heading, width))| {
            let text = format!("{:>width$}", shown(*number, width - 1));
            match heading {
                _ if *number == 0 => style.dim(&text),
                "dead" | "retry" => style.red(&text),
                _ => text,
            }
        });
    let ages = ages.iter().zip(&COLUMNS[6..]).map(|(seconds, (_, width))| {
        let text = seconds.map_or_else(|| "·".to_owned(), age);
        style.dim(&format!("{text:>width$}"))
    });
    let numbers: String = counts.chain(ages).collect();
    let state = style.state(stage.state, &format!("{:<9}", stage.state.words()));
    format!("{name:<11} {state}{numbers}")
}

fn detail(stage: &Stage, style: Style, lines: &mut Vec<String>) {
    if stage.detail.is_empty() {
        return;
    }
    let parts = wrap(&plain(&stage.detail), WIDTH - 4);
    for (index, part) in parts.into_iter().take(2).enumerate() {
        let mark = if index == 0 { "└ " } else { "  " };
        lines.push(style.dim(&format!("  {mark}{}", cut(&part, WIDTH - 4))));
    }
}

fn shown(number: u64, width: usize) -> String {
    match number {
        0 => "·".to_owned(),
        _ => count(number, width),
    }
}

fn all_is_well(line: &Line, style: Style, lines: &mut Vec<String>) {
    let mended = |stage: &Stage| {
        let failed = stage
            .attempts
            .iter()
            .rposition(|attempt| attempt.how != "complete")?;
        stage.attempts.get(failed).cloned()
    };
    let past = line
        .stages
        .iter()
        .filter_map(|stage| Some((stage, mended(stage)?)));
    // What happened last, while it is still of interest.
    const INTEREST_SECONDS: u64 = 7 * 86_400;
    let last = past
        .filter(|(_, attempt)| attempt.ended_seconds < INTEREST_SECONDS)
        .min_by_key(|(_, attempt)| attempt.ended_seconds);
    if let Some((stage, attempt)) = last {
        lines.push(String::new());
        let text = format!("last trouble: {} {}", stage.stage, past_attempt(&attempt));
        lines.push(style.dim(&cut(&plain(&text), WIDTH)));
    }
}

fn where_it_stopped(
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
fn past_attempt(attempt: &Attempt) -> String {
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

impl Run {
    /// `process 7 on host, item 4 of 9, 3.1/s, 2s left`.
    pub(crate) fn in_words(&self, silent_seconds: Option<u64>) -> String {
        let mut text = format!("process {} on {}", self.pid, self.host);
        if let Some(seconds) = silent_seconds {
            text += &format!(", not heard of for {}", age(seconds));
        }
        if self.total > 0 {
            let (done, total) = (thousands(self.done), thousands(self.total));
            text += &match self.step.as_str() {
                "item" => format!("; {done} of {total} items"),
                step => format!("; {step}: {done} of {total}"),
            };
        } else if !self.step.is_empty() {
            text += &format!("; {}", self.step);
        }
        if let (Some(rate), Some(left)) = (self.per_second, self.seconds_left) {
            let rate = if rate >= 10.0 {
                format!("{rate:.0}/s")
            } else if rate >= 0.1 {
                format!("{rate:.1}/s")
            } else {
                format!("{:.1}/h", rate * 3600.0)
            };
            text += &format!(", {rate}, {} left", age(left));
        }
        text
    }
}
