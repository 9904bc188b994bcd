//! What a run shows: a bar on a terminal, lines elsewhere, and the numbers for `_run.json`.

use std::collections::{BTreeMap, HashSet};
use std::io::{self, IsTerminal, Write};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::json;

use crate::clock::rfc3339;
use crate::options::{LogFormat, Options};
use crate::output::Counts;
use crate::plan::Reason;
use crate::record::{Retrying, RunRecord};

/// How many items that are tried again are told by name.
const RETRYING_MAX: usize = 100;
/// How often a log without a terminal hears of a long run.
const LINE_EVERY: Duration = Duration::from_secs(10);

/// How far a run is.
#[derive(Debug)]
pub(crate) struct Progress {
    stage: String,
    form: Form,
    started: Instant,
    pub(crate) items: AtomicU64,
    pub(crate) unchanged: AtomicU64,
    pub(crate) processed: AtomicU64,
    pub(crate) failed: AtomicU64,
    pub(crate) retries: AtomicU64,
    pub(crate) retracted: AtomicU64,
    done: AtomicU64,
    total: AtomicU64,
    shown: Mutex<Shown>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Quiet,
    Bar,
    Text,
    Json,
}

#[derive(Debug)]
struct Shown {
    bar: Option<ProgressBar>,
    line: Instant,
    step: String,
    step_started: Instant,
    /// What was done already when the step was first heard of.
    resumed: Option<u64>,
    moved: SystemTime,
    retrying: BTreeMap<String, Retrying>,
    reasons: BTreeMap<String, u64>,
    notes: HashSet<String>,
}

impl Progress {
    pub(crate) fn new(stage: &str, options: &Options) -> Self {
        let form = match options.log_format {
            _ if options.quiet => Form::Quiet,
            LogFormat::Json => Form::Json,
            LogFormat::Text if io::stderr().is_terminal() => Form::Bar,
            LogFormat::Text => Form::Text,
        };
        let now = Instant::now();
        let shown = Shown {
            bar: None,
            line: now,
            step: String::new(),
            step_started: now,
            resumed: None,
            moved: SystemTime::now(),
            retrying: BTreeMap::new(),
            reasons: BTreeMap::new(),
            notes: HashSet::new(),
        };
        Self {
            stage: stage.to_owned(),
            form,
            started: now,
            items: AtomicU64::new(0),
            unchanged: AtomicU64::new(0),
            processed: AtomicU64::new(0),
            failed: AtomicU64::new(0),
            retries: AtomicU64::new(0),
            retracted: AtomicU64::new(0),
            done: AtomicU64::new(0),
            total: AtomicU64::new(0),
            shown: Mutex::new(shown),
        }
    }

    /// A phase begins, of so many pieces of work, each for its reason.
    pub(crate) fn begin(&self, step: &str, reasons: &[Reason]) {
        self.done.store(0, Relaxed);
        self.total.store(reasons.len() as u64, Relaxed);
        let mut shown = self.shown();
        step.clone_into(&mut shown.step);
        shown.step_started = Instant::now();
        shown.resumed = None;
        shown.reasons.clear();
        for reason in reasons {
            *shown.reasons.entry(reason.to_string()).or_default() += 1;
        }
    }

    /// A piece of work is done.
    pub(crate) fn done(&self, item: &str) {
        self.done.fetch_add(1, Relaxed);
        let mut shown = self.shown();
        shown.moved = SystemTime::now();
        shown.retrying.remove(item);
    }

    /// A whole-queue stage has come so far.
    pub(crate) fn step(&self, done: u64, total: u64, message: &str) {
        self.done.store(done, Relaxed);
        self.total.store(total, Relaxed);
        let mut shown = self.shown();
        message.clone_into(&mut shown.step);
        shown.resumed.get_or_insert(done);
        shown.moved = SystemTime::now();
    }

    /// Enters how far the run is into its record.
    pub(crate) fn enter(&self, record: &mut RunRecord) {
        record.seconds = self.started.elapsed().as_secs_f64();
        record.items = self.items.load(Relaxed);
        record.unchanged = self.unchanged.load(Relaxed);
        record.processed = self.processed.load(Relaxed);
        record.failed = self.failed.load(Relaxed);
        record.retries = self.retries.load(Relaxed);
        record.done = self.done.load(Relaxed);
        record.total = self.total.load(Relaxed);
        let shown = self.shown();
        record.heartbeat = rfc3339(SystemTime::now());
        record.progress = rfc3339(shown.moved);
        record.step.clone_from(&shown.step);
        record.resumed = shown.resumed.unwrap_or(0);
        record.step_seconds = shown.step_started.elapsed().as_secs_f64();
        record.reasons.clone_from(&shown.reasons);
        let retrying = shown.retrying.values().take(RETRYING_MAX);
        record.retrying = retrying.cloned().collect();
    }

    /// To be called some times a second: moves the bar, or writes a line now and then.
    pub(crate) fn tick(&self) {
        let (done, total) = (self.done.load(Relaxed), self.total.load(Relaxed));
        let mut shown = self.shown();
        if self.form == Form::Bar {
            let stage = &self.stage;
            let bar = shown.bar.get_or_insert_with(|| bar(stage)).clone();
            bar.set_length(total);
            bar.set_position(done);
            bar.set_message(shown.step.clone());
        } else if shown.line.elapsed() >= LINE_EVERY {
            shown.line = Instant::now();
            let (step, seconds) = (shown.step.clone(), self.started.elapsed().as_secs());
            drop(shown);
            let event = json!({"event": "progress", "step": step, "done": done, "total": total});
            self.say(&format!("{step}: {done} of {total}, {seconds} s"), event);
        }
    }

    /// Says what was noticed about an item. The same remark about many items is made once.
    pub(crate) fn note(&self, item: &str, text: &str) {
        if self.shown().notes.insert(text.to_owned()) {
            self.say(
                &format!("{item}: {text}"),
                json!({"event": "note", "item": item, "text": text}),
            );
        }
    }

    /// Passes on a line that a foreign program said, about an item or about the whole queue.
    pub(crate) fn said(&self, item: Option<&str>, line: &str) {
        let text = item.map_or_else(|| line.to_owned(), |item| format!("{item}: {line}"));
        self.say(&text, json!({"event": "said", "item": item, "text": line}));
    }

    /// Remembers which items are tried again, until they are done or set aside.
    pub(crate) fn try_again<'a>(
        &self,
        items: impl Iterator<Item = &'a str>,
        tries: u32,
        reason: &str,
    ) {
        let mut shown = self.shown();
        for item in items {
            let retrying = Retrying {
                item: item.to_owned(),
                tries,
                reason: reason.to_owned(),
            };
            shown.retrying.insert(item.to_owned(), retrying);
        }
    }

    /// Says that an item failed and is tried again.
    pub(crate) fn retry(&self, item: &str, reason: &str, wait: Duration) {
        self.retries.fetch_add(1, Relaxed);
        let seconds = wait.as_secs_f64();
        let event = json!({"event": "retry", "item": item, "reason": reason, "wait_s": seconds});
        self.say(
            &format!(
                "{item}: {}; trying again in {seconds:.1} s",
                first_line(reason)
            ),
            event,
        );
    }

    /// Says that a batch failed and that its items are tried one by one.
    pub(crate) fn narrow(&self, batch: &str, reason: &str, items: usize) {
        let event = json!({"event": "narrow", "items": items, "reason": reason});
        let reason = first_line(reason);
        self.say(&format!("{batch}: {reason}; trying each alone"), event);
    }

    /// Says that an item is set aside.
    pub(crate) fn fail(&self, item: &str, reason: &str, hint: Option<&str>) {
        self.failed.fetch_add(1, Relaxed);
        self.shown().retrying.remove(item);
        let event = json!({"event": "failed", "item": item, "reason": reason, "hint": hint});
        let hint = hint
            .map(|hint| format!("\nhint: {hint}"))
            .unwrap_or_default();
        let named = reason.contains(item);
        let place = if named {
            String::new()
        } else {
            format!("{item}: ")
        };
        let reason = first_line(reason);
        self.say(&format!("failed: {place}{reason}{hint}"), event);
    }

    /// Says how the run ended.
    pub(crate) fn end(&self, counts: Option<&Counts>) {
        if let Some(bar) = self.shown().bar.take() {
            bar.finish_and_clear();
        }
        let (items, processed) = (self.items.load(Relaxed), self.processed.load(Relaxed));
        let (unchanged, failed) = (self.unchanged.load(Relaxed), self.failed.load(Relaxed));
        let retracted = self.retracted.load(Relaxed);
        let seconds = self.started.elapsed().as_secs_f64();
        let event = json!({
            "event": "end", "items": items, "processed": processed, "unchanged": unchanged,
            "failed": failed, "retracted": retracted, "counts": counts, "seconds": seconds,
        });
        if processed + failed + retracted == 0 {
            let text = format!("nothing to do ({}, {seconds:.2} s)", plural(items, "item"));
            return self.say(&text, event);
        }
        let mut text = plural(items, "item");
        let parts = [
            (processed, "processed"),
            (unchanged, "unchanged"),
            (failed, "failed"),
        ];
        for (number, word) in parts
            .into_iter()
            .filter(|(number, _)| (1..items).contains(number))
        {
            text += &format!(", {} {word}", thousands(number));
        }
        if retracted > 0 {
            text += &format!(", {} retracted", thousands(retracted));
        }
        if let Some(counts) = counts {
            text += &rows(counts);
        }
        self.say(&format!("{text} ({seconds:.2} s)"), event);
    }

    /// Takes the bar away.
    pub(crate) fn clear(&self) {
        if let Some(bar) = self.shown().bar.take() {
            bar.finish_and_clear();
        }
    }

    /// One line about the run, or the event as JSON.
    pub(crate) fn say(&self, text: &str, mut event: serde_json::Value) {
        let stage = &self.stage;
        let line = match self.form {
            Form::Quiet => return,
            Form::Bar | Form::Text => format!("{stage}: {text}"),
            Form::Json => {
                event["stage"] = json!(stage);
                event["time"] = json!(rfc3339(SystemTime::now()));
                event.to_string()
            }
        };
        let bar = self.shown().bar.clone();
        match bar {
            Some(bar) => bar.suspend(|| write_line(&line)),
            None => write_line(&line),
        }
    }

    fn shown(&self) -> MutexGuard<'_, Shown> {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a person is told of a reason. More of it, a foreign program's last words, was in the log when it was said, and
/// stands in the dead letter.
fn first_line(reason: &str) -> &str {
    reason.lines().next().unwrap_or_default()
}

fn write_line(line: &str) {
    // Nobody listens any more: no reason to stop working.
    let _ = writeln!(io::stderr().lock(), "{line}");
}

fn bar(stage: &str) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(8));
    let template =
        "{prefix:>9} {bar:24.cyan/dim} {human_pos}/{human_len}  {elapsed}  {wide_msg:.dim}";
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style.progress_chars("━╸─"));
    }
    bar.set_prefix(stage.to_owned());
    bar
}

fn rows(counts: &Counts) -> String {
    let mut text = format!(
        "; {} in, {} out",
        plural(counts.read, "row"),
        thousands(counts.written)
    );
    if counts.rejected > 0 {
        text += &format!(", {} rejected", thousands(counts.rejected));
    }
    for (reason, rows) in &counts.dropped {
        text += &format!(", {} dropped ({reason})", thousands(*rows));
    }
    text
}

/// `1,234 items`.
pub(crate) fn plural(number: u64, word: &str) -> String {
    format!(
        "{} {word}{}",
        thousands(number),
        if number == 1 { "" } else { "s" }
    )
}

/// `1,234`.
pub fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped() {
        for (number, expected) in [
            (0, "0"),
            (999, "999"),
            (1000, "1,000"),
            (1_234_567, "1,234,567"),
        ] {
            assert_eq!(thousands(number), expected);
        }
        assert_eq!(plural(1, "item"), "1 item");
    }

    #[test]
    fn dropped_rows_are_told_by_reason() {
        let dropped = [("no label".to_owned(), 3)].into();
        let counts = Counts {
            read: 10,
            written: 5,
            rejected: 2,
            dropped,
        };
        assert_eq!(
            rows(&counts),
            "; 10 rows in, 5 out, 2 rejected, 3 dropped (no label)"
        );
    }
}
