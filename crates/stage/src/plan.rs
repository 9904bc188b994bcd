//! What has to be done, and why.

use std::fmt;

use crate::digest::Digest;
use crate::fault::Fault;
use crate::input::{Input, Listed};
use crate::parallel;
use crate::receipt::{Cause, DeadLetter, Keys, Phase};
use crate::stat::Stat;
use crate::store::{Held, Store};

/// What becomes of a piece of work.
#[derive(Clone, Debug)]
pub(crate) enum Decision {
    /// It was done before, and nothing it depends on has changed.
    Keep(Held),
    /// It failed before, and nothing it depends on has changed.
    Dead(DeadLetter),
    /// It is to be done.
    Do(Reason),
}

/// Why a piece of work is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reason {
    New,
    InputChanged,
    SettingsChanged,
    ProgramChanged,
    FittedChanged,
    OutputChanged,
    Failed,
    Unfinished,
    Forced,
}

impl fmt::Display for Reason {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::New => "new",
            Self::InputChanged => "input changed",
            Self::SettingsChanged => "settings changed",
            Self::ProgramChanged => "program changed",
            Self::FittedChanged => "fitted state changed",
            Self::OutputChanged => "output missing or changed",
            Self::Failed => "failed before",
            Self::Unfinished => "unfinished",
            Self::Forced => "forced",
        })
    }
}

/// An item and what becomes of it.
#[derive(Clone, Debug)]
pub(crate) struct Planned {
    pub(crate) listed: Listed,
    /// Stat and digest, where they had to be known.
    pub(crate) known: Option<(Stat, Digest)>,
    pub(crate) decision: Decision,
}

/// Decides on work by its key.
#[derive(Debug)]
pub(crate) struct Planner<'a> {
    pub(crate) keys: &'a Keys,
    pub(crate) store: &'a Store,
    pub(crate) input: &'a Input,
    pub(crate) force: bool,
    pub(crate) threads: usize,
}

impl Planner<'_> {
    /// Decides on each item. Content is read only where the key matters and the stat does not settle it.
    pub(crate) fn plan(
        &self,
        phase: Phase,
        items: &[Listed],
        fitted: &(dyn Fn(&str) -> Option<Digest> + Sync),
    ) -> Vec<Planned> {
        parallel::map(self.threads, parallel::MOMENTS, items, |listed| {
            let known = self.known(phase, listed);
            let decision = match known {
                Some((_, digest)) => self.decide(phase, &listed.name, digest, fitted(&listed.name)),
                None if self.force => Decision::Do(Reason::Forced),
                None if self.store.letter(phase, &listed.name).is_some() => {
                    Decision::Do(Reason::Failed)
                }
                None => Decision::Do(Reason::New),
            };
            Planned {
                listed: listed.clone(),
                known,
                decision,
            }
        })
    }

    /// The stat and digest of an item, if they are needed to decide. An item that cannot be read is left to the
    /// worker, which says why.
    fn known(&self, phase: Phase, listed: &Listed) -> Option<(Stat, Digest)> {
        if !self.force && !self.store.knows(phase, &listed.name) {
            return self.input.told(listed);
        }
        self.digest(listed).ok()
    }

    /// The stat and digest of an item: read only where neither this stage nor the one before knows it by its stat.
    pub(crate) fn digest(&self, listed: &Listed) -> Result<(Stat, Digest), Fault> {
        let stat = listed.stat()?;
        match self.store.stats.input(&listed.name, &stat) {
            Some(digest) => Ok((stat, digest)),
            None => self.input.told(listed).map_or_else(|| listed.digest(), Ok),
        }
    }

    /// Decides on a piece of work whose input is known.
    pub(crate) fn decide(
        &self,
        phase: Phase,
        item: &str,
        input: Digest,
        fitted: Option<Digest>,
    ) -> Decision {
        if self.force {
            return Decision::Do(Reason::Forced);
        }
        let key = self.keys.key(phase, item, input, fitted);
        if let Some(held) = self.store.find(phase, item, key) {
            return Decision::Keep(held.clone());
        }
        match self.store.letter(phase, item) {
            Some(letter) if letter.key == Some(key) && letter.cause != Cause::Machine => {
                Decision::Dead(letter.clone())
            }
            Some(_) => Decision::Do(Reason::Failed),
            None => Decision::Do(self.reason(phase, item, input, fitted)),
        }
    }

    /// What is different from the last good output.
    fn reason(&self, phase: Phase, item: &str, input: Digest, fitted: Option<Digest>) -> Reason {
        let (Some(manifest), Some(last)) = (&self.store.manifest, self.store.last(phase, item))
        else {
            let begun = self.store.was_under_way(phase, item);
            return if begun {
                Reason::Unfinished
            } else {
                Reason::New
            };
        };
        let settings = Digest::of(manifest.settings.to_string().as_bytes());
        if last.input != input {
            Reason::InputChanged
        } else if settings != self.keys.settings {
            Reason::SettingsChanged
        } else if manifest.program != self.keys.program {
            Reason::ProgramChanged
        } else if last.fitted != fitted {
            Reason::FittedChanged
        } else {
            Reason::OutputChanged
        }
    }
}
