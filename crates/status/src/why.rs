//! `status why STAGE [ITEM]`: which part of the key changed, or why nothing will be done.

mod item;

use std::fmt::Write;

use stage::inspect::thousands;
use stage::{Blame, Fault};

use self::item::Explained;
use crate::because;
use crate::model::{Names, Stage, Stale, State};
use crate::style::Style;
use crate::survey::{Question, Survey};
use crate::text::{age, plain, plural, wrap};
use crate::wiring::Wired;

/// Explains a stage, or one item of its input.
pub(crate) fn explain(
    question: &Question,
    stage: &str,
    item: Option<&str>,
    style: Style,
) -> Result<String, Fault> {
    let survey = Survey::take(question)?;
    let stages = survey.assess(question);
    let named = |wired: &Wired| wired.stage == stage || wired.queue() == stage;
    let Some(index) = survey.wired.iter().position(named) else {
        return Err(unknown_stage(&survey, stage));
    };
    let (wired, stage) = (&survey.wired[index], &stages[index]);
    let mut text = String::new();
    match item {
        None => of_stage(stage, style, &mut text),
        Some(item) => Explained::new(&survey, wired, stage, item)?.write(style, &mut text),
    }
    Ok(text)
}

fn unknown_stage(survey: &Survey, stage: &str) -> Fault {
    let names: Vec<String> = survey
        .wired
        .iter()
        .flat_map(|wired| [wired.stage.clone(), wired.queue()])
        .collect();
    let fault = Fault::message(
        Blame::Usage,
        format!("there is no stage or queue `{stage}`"),
    );
    let names = names.iter().map(String::as_str);
    match stage::settings::nearest_name(stage, names.clone()) {
        Some(name) => fault.hint(format!("did you mean `{name}`?")),
        None => fault.hint(format!("it has {}", names.collect::<Vec<_>>().join(", "))),
    }
}

/// What would be done, and for which reason.
fn of_stage(stage: &Stage, style: Style, text: &mut String) {
    let state = style.state(stage.state, stage.state.words());
    // Writing to a string does not fail, here and below.
    let _ = writeln!(text, "{} ({}): {state}", stage.stage, stage.output);
    if !stage.detail.is_empty() && stage.stale.is_empty() {
        let _ = writeln!(text, "  {}", plain(&stage.detail));
    }
    match stage.state {
        State::Complete => {
            let _ = writeln!(
                text,
                "  nothing will be done: no part of any key has changed"
            );
        }
        State::NeverRun => {
            let items = plural(stage.items.waiting, "item");
            let _ = writeln!(text, "  {items} will be done: there is no queue yet");
        }
        _ => {}
    }
    for stale in &stage.stale {
        sentence(&plain(&because::cause(stale, None)), text);
        more_of(stale, text);
    }
    counts(stage, text);
    if let Some(last) = stage.attempts.last() {
        let reasons: Vec<String> = last
            .reasons
            .iter()
            .map(|(reason, items)| format!("{} {reason}", thousands(*items)))
            .collect();
        if !reasons.is_empty() {
            let (ago, reasons) = (age(last.ended_seconds), reasons.join(", "));
            let _ = writeln!(
                text,
                "  its last attempt, {ago} ago ({}), had to do: {reasons}",
                last.how
            );
        }
    }
}

fn counts(stage: &Stage, text: &mut String) {
    let items = stage.items;
    if stage.state == State::Stale && items.waiting > 0 {
        let _ = writeln!(
            text,
            "  at least {} of {} will be done again",
            thousands(items.waiting),
            plural(items.total(), "item")
        );
    }
    if items.dead > 0 {
        let _ = writeln!(
            text,
            "  {} set aside: not tried again until the item, the settings or the program changes",
            plural(items.dead, "item")
        );
    }
    if items.retrying > 0 {
        let items = plural(items.retrying, "item");
        let _ = writeln!(
            text,
            "  {items} failed by the machine's fault: the next run tries again"
        );
    }
}

/// Writes a sentence, indented, over as many lines as it takes.
fn sentence(sentence: &str, text: &mut String) {
    for line in wrap(sentence, 78) {
        let _ = writeln!(text, "  {line}");
    }
}

/// Old and new of a cause that its sentence does not hold.
fn more_of(stale: &Stale, text: &mut String) {
    let mut pair = |old: &str, new: &str| {
        let _ = writeln!(text, "    was {}\n    is  {}", plain(old), plain(new));
    };
    match stale {
        Stale::Program { old, new, .. } | Stale::Command { old, new } => pair(old, new),
        Stale::Input {
            added,
            removed,
            changed,
        } => {
            for (names, word) in [(added, "new"), (changed, "changed"), (removed, "removed")] {
                listed(names, word, text);
            }
        }
        Stale::Output { files } => listed(files, "missing or changed", text),
        Stale::Upstream { queue } => {
            let _ = writeln!(text, "    see `status why {queue}`");
        }
        Stale::Setting { .. } | Stale::Settings { .. } => {}
    }
}

fn listed(names: &Names, word: &str, text: &mut String) {
    if names.count < 2 {
        return;
    }
    for name in &names.first {
        let _ = writeln!(text, "    {word}: {}", plain(name));
    }
    let more = names.count - names.first.len() as u64;
    if more > 0 {
        let _ = writeln!(text, "    and {} more {word}", thousands(more));
    }
}
