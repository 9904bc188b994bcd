//! The screen: a row for each stage, and where it stopped. It fits 80 columns and 24 lines, whatever failed.

mod stopped;

use stage::inspect::thousands;

use self::stopped::{past_attempt, where_it_stopped};
use crate::model::{Line, Run, Stage};
use crate::style::Style;
use crate::text::{age, count, cut, plain, wrap};
use crate::wiring::name_of;

/// The width that is always there.
const WIDTH: usize = 80;

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
