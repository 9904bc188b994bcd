//! One item and the parts of its key: then, in its receipt, and now.

use std::fmt::Write;

use stage::inspect::{Cause, DeadLetter, Manifest, Phase, Receipt, thousands};
use stage::{Blame, Digest, Fault};

use super::{more_of, sentence};
use crate::because::{self, known};
use crate::digests::Input;
use crate::model::{Stage, Stale, State};
use crate::style::Style;
use crate::survey::Survey;
use crate::text::plain;
use crate::wiring::Wired;
use crate::work;

/// One item and the parts of its key: then, in its receipt, and now.
pub(super) struct Explained<'a> {
    item: &'a str,
    stage: &'a Stage,
    /// Whether the whole queue is one piece of work, of which this item is a part.
    is_whole: bool,
    receipt: Option<&'a Receipt>,
    /// A newer receipt, from a run that did not commit.
    newer: Option<&'a Receipt>,
    letter: Option<&'a DeadLetter>,
    /// Whether it has changed since it was set aside.
    is_mended: bool,
    was: Option<Digest>,
    is: Option<Digest>,
    is_there: bool,
}

impl<'a> Explained<'a> {
    /// Looks up all that is known of an item.
    pub(super) fn new(
        survey: &'a Survey,
        wired: &Wired,
        stage: &'a Stage,
        item: &'a str,
    ) -> Result<Self, Fault> {
        let (Some(output), Some(input)) = (
            survey.directory(&wired.output),
            survey.directory(&wired.input),
        ) else {
            return Err(Fault::message(Blame::Input, "nothing is known of it"));
        };
        let evidence = output.evidence.as_ref().ok();
        let manifest: Option<&Manifest> =
            evidence.and_then(|evidence| evidence.manifest.as_ref().ok()?.as_ref());
        let partial = evidence.and_then(|evidence| evidence.partial.as_ref());
        let digests = Input::new(&input.items, input.evidence.as_ref().ok(), &wired.output);
        let listed = input.items.iter().find(|listed| listed.name == item);
        let was = manifest.and_then(|manifest| known(manifest).get(item).copied().flatten());
        let letters = partial.into_iter().flat_map(|partial| &partial.letters);
        let failed = manifest.into_iter().flat_map(|manifest| &manifest.failed);
        let receipts = partial.into_iter().flat_map(|partial| &partial.receipts);
        let newer = receipts
            .filter(|(phase, _)| *phase != Phase::Fit)
            .map(|(_, receipt)| receipt)
            .find(|receipt| receipt.item == item);
        let letter = letters.chain(failed).find(|letter| letter.item == item);
        let is = listed.and_then(|listed| digests.digest(listed));
        let record = partial.and_then(|partial| partial.record.as_ref());
        let record = record.or(evidence.and_then(|evidence| evidence.record.as_ref()));
        let fits = manifest.is_some_and(|manifest| !manifest.fit.is_empty())
            || partial.is_some_and(|partial| {
                let mut receipts = partial.receipts.iter();
                receipts.any(|(phase, _)| *phase == Phase::Fit)
            });
        let mended = letter.and_then(|letter| work::is_mended(letter, record, fits, || is));
        let explained = Self {
            item,
            stage,
            is_whole: manifest.is_some_and(|manifest| !manifest.inputs.is_empty()),
            receipt: manifest
                .and_then(|manifest| manifest.items.iter().find(|receipt| receipt.item == item)),
            newer,
            letter,
            is_mended: mended.unwrap_or(false),
            was: was.or(newer.map(|newer| newer.input)),
            is,
            is_there: listed.is_some(),
        };
        if explained.is_there || explained.was.is_some() || explained.letter.is_some() {
            return Ok(explained);
        }
        let message = format!("`{}` has no item `{item}`", stage.input);
        let names = input.items.iter().map(|listed| listed.name.as_str());
        Err(match stage::settings::nearest_name(item, names) {
            Some(name) => {
                Fault::message(Blame::Usage, message).hint(format!("did you mean `{name}`?"))
            }
            None => Fault::message(Blame::Usage, message),
        })
    }

    /// Says what will be done with it, and what has changed.
    pub(super) fn write(&self, style: Style, text: &mut String) {
        let item = style.bold(&plain(self.item));
        let _ = writeln!(
            text,
            "{item} in {} ({})",
            self.stage.stage, self.stage.output
        );
        sentence(&self.verdict(), text);
        self.input(text);
        for stale in &self.stage.stale {
            if !matches!(stale, Stale::Input { .. }) {
                sentence(&plain(&because::cause(stale, None)), text);
                more_of(stale, text);
            }
        }
        self.fitted(text);
        if let Some(letter) = self.letter {
            let tries = match letter.tries {
                1 => "once".to_owned(),
                tries => format!("{tries} times"),
            };
            let mut lines = letter.reason.lines();
            let first = plain(lines.next().unwrap_or_default());
            sentence(&format!("failed, tried {tries}: {first}"), text);
            for line in lines {
                let _ = writeln!(text, "  │ {}", plain(line));
            }
        }
        if let Some(receipt) = self.newer.or(self.receipt) {
            for written in &receipt.outputs {
                let (name, digest) = (plain(&written.name), written.digest);
                let _ = writeln!(
                    text,
                    "  wrote {name}, {} bytes, {digest}",
                    thousands(written.bytes)
                );
            }
        }
    }

    /// What the next run does with it.
    fn verdict(&self) -> String {
        let for_all = self.stage.stale.iter().any(|stale| {
            matches!(
                stale,
                Stale::Setting { .. }
                    | Stale::Settings { .. }
                    | Stale::Program { .. }
                    | Stale::Command { .. }
            )
        });
        if !self.is_there {
            return "will be taken away with its outputs: it is no longer in the input".to_owned();
        }
        let changed = self.was.is_some() && self.is.is_some() && self.was != self.is;
        let is_new = self.was.is_none();
        match self.letter {
            None if is_new => "will be done: it is new".to_owned(),
            _ if for_all => "will be done again: what every key depends on has changed".to_owned(),
            Some(letter) if letter.cause == Cause::Machine => {
                "will be tried again: the machine was to blame".to_owned()
            }
            Some(_) if !self.is_mended => {
                "will not be tried again: neither it nor settings nor program has changed since it \
                 failed (`--force` tries all again)"
                    .to_owned()
            }
            Some(_) => "will be tried again: it has changed since it failed".to_owned(),
            None if self.newer.is_some() && self.receipt.is_none() && !changed => {
                "is done, and waits for the others: nothing will be done".to_owned()
            }
            None if changed => "will be done again: its content has changed".to_owned(),
            None if self.is_whole && self.stage.state == State::Stale => {
                "will be read again: the queue is one piece of work, and another part of it changed"
                    .to_owned()
            }
            None => "nothing will be done: no part of its key has changed".to_owned(),
        }
    }

    fn input(&self, text: &mut String) {
        let show = |digest: Option<Digest>, otherwise: &str| {
            digest.map_or_else(|| otherwise.to_owned(), |digest| digest.to_string())
        };
        match (self.was, self.is) {
            (Some(was), Some(is)) if was == is => {
                let _ = writeln!(text, "  input bytes are the same: {is}");
            }
            (None, None) => {}
            (None, Some(is)) => {
                let _ = writeln!(text, "  input bytes are {is}");
            }
            (was, is) => {
                let missing = if self.is_there { "not read" } else { "gone" };
                let _ = writeln!(
                    text,
                    "  input bytes\n    was {}\n    is  {}",
                    show(was, "not there"),
                    show(is, missing)
                );
            }
        }
    }

    /// What was fitted is known again only when a run has fitted it.
    fn fitted(&self, text: &mut String) {
        let then = self.receipt.and_then(|receipt| receipt.fitted);
        let now = self.newer.and_then(|receipt| receipt.fitted);
        match (then, now) {
            (Some(then), Some(now)) if then != now => {
                let _ = writeln!(
                    text,
                    "  fitted state changed\n    was {then}\n    is  {now}"
                );
            }
            (Some(then), _) if self.stage.state != State::Complete => {
                let _ = writeln!(
                    text,
                    "  fitted state was {then}; whether it moves, the next run finds out"
                );
            }
            (Some(then), _) => {
                let _ = writeln!(text, "  fitted state {then}");
            }
            (None, _) => {}
        }
    }
}
