//! What earlier runs left: receipts in the last good output and in the partial, dead letters, and file stats.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use bytes::Bytes;

use crate::digest::Digest;
use crate::fault::Fault;
use crate::journal::{Entry, History};
use crate::layout;
use crate::letters;
use crate::output::Written;
use crate::part::{Inline, Pack};
use crate::receipt::{DeadLetter, Manifest, Phase, Receipt};
use crate::stat::{Stat, StatCache};

/// Where the files of a receipt are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// In the last good output.
    Output,
    /// In the partial.
    Partial,
}

/// A receipt and where its files are.
#[derive(Clone, Debug)]
pub(crate) struct Held {
    pub(crate) receipt: Receipt,
    pub(crate) place: Place,
    /// The small part of a receipt in the partial; the last good output's are in its pack.
    part: Option<Bytes>,
}

/// What earlier runs left.
#[derive(Debug)]
pub(crate) struct Store {
    output: PathBuf,
    partial: PathBuf,
    /// The manifest of the last good output.
    pub(crate) manifest: Option<Manifest>,
    pub(crate) stats: StatCache,
    pub(crate) history: History,
    held: HashMap<(Phase, String), Vec<Held>>,
    letters: HashMap<(Phase, String), DeadLetter>,
    pack_is_whole: bool,
    pack: OnceLock<Pack>,
}

impl Store {
    /// Reads the last good output's manifest and the partial's journals.
    pub(crate) fn read(output: &Path) -> Result<Self, Fault> {
        let partial = layout::partial(output);
        let mut store = Self {
            output: output.to_owned(),
            stats: StatCache::read(&output.join(layout::STAT)),
            manifest: Manifest::read(output)?,
            history: History::default(),
            held: HashMap::new(),
            letters: HashMap::new(),
            pack_is_whole: false,
            pack: OnceLock::new(),
            partial,
        };
        if let Some(manifest) = &store.manifest {
            for (phase, receipt) in each(manifest) {
                hold(&mut store.held, phase, receipt.clone(), Place::Output, None);
            }
            for letter in &manifest.failed {
                store
                    .letters
                    .insert((letter.phase, letter.item.clone()), letter.clone());
            }
            store.pack_is_whole = store.has_pack(manifest, Place::Output);
        }
        if store.partial.is_dir() {
            store.read_partial()?;
        }
        Ok(store)
    }

    /// A partial with a manifest is a commit that a crash cut short, before the exchange or after it; either way
    /// its receipts are worth as much as a journal's.
    fn read_partial(&mut self) -> Result<(), Fault> {
        self.history = History::read(&self.partial)?;
        for (phase, receipt, part) in std::mem::take(&mut self.history.receipts) {
            let part = part.map(|part| part.0);
            hold(&mut self.held, phase, receipt, Place::Partial, part);
        }
        if let Ok(Some(manifest)) = Manifest::read(&self.partial) {
            let whole = self.has_pack(&manifest, Place::Partial);
            let pack = if whole {
                Pack::read(&self.partial, &manifest)?
            } else {
                Pack::default()
            };
            for (phase, receipt) in each(&manifest) {
                let part = pack.get(phase, &receipt.item);
                hold(&mut self.held, phase, receipt.clone(), Place::Partial, part);
            }
        }
        for letter in letters::read(&self.partial)? {
            self.letters
                .insert((letter.phase, letter.item.clone()), letter);
        }
        Ok(())
    }

    fn has_pack(&self, manifest: &Manifest, place: Place) -> bool {
        let mut packs = manifest
            .outputs
            .iter()
            .filter(|written| written.name == layout::PACK);
        packs.any(|written| self.is_there(written, place))
    }

    /// The small parts of the last good output.
    pub(crate) fn pack(&self) -> Result<&Pack, Fault> {
        if let Some(pack) = self.pack.get() {
            return Ok(pack);
        }
        let pack = match &self.manifest {
            Some(manifest) if self.pack_is_whole => Pack::read(&self.output, manifest)?,
            _ => Pack::default(),
        };
        Ok(self.pack.get_or_init(|| pack))
    }

    /// Whether anything is known of a piece of work, so that its key is worth computing.
    pub(crate) fn knows(&self, phase: Phase, item: &str) -> bool {
        let work = (phase, item.to_owned());
        self.held.contains_key(&work) || self.letters.contains_key(&work)
    }

    /// A receipt with this key whose outputs are there, whole.
    pub(crate) fn find(&self, phase: Phase, item: &str, key: Digest) -> Option<&Held> {
        let held = self.held.get(&(phase, item.to_owned()))?;
        held.iter()
            .find(|held| held.receipt.key == key && self.is_whole(held))
    }

    /// What the last good output says of a piece of work.
    pub(crate) fn last(&self, phase: Phase, item: &str) -> Option<&Receipt> {
        let held = self.held.get(&(phase, item.to_owned()))?;
        held.iter()
            .find(|held| held.place == Place::Output)
            .map(|held| &held.receipt)
    }

    /// Whether a stopped run left a receipt for a piece of work.
    pub(crate) fn was_under_way(&self, phase: Phase, item: &str) -> bool {
        let held = self.held.get(&(phase, item.to_owned()));
        held.is_some_and(|held| held.iter().any(|held| held.place == Place::Partial))
    }

    /// Journal entries for all receipts whose files are in the partial.
    pub(crate) fn in_partial(&self) -> impl Iterator<Item = Entry> {
        let all = self
            .held
            .iter()
            .flat_map(|((phase, _), held)| held.iter().map(|held| (*phase, held)));
        all.filter(|(_, held)| held.place == Place::Partial)
            .map(|(phase, held)| Entry::Done {
                phase,
                receipt: held.receipt.clone(),
                part: held.part.clone().map(Inline),
            })
    }

    /// The dead letter of a piece of work.
    pub(crate) fn letter(&self, phase: Phase, item: &str) -> Option<&DeadLetter> {
        self.letters.get(&(phase, item.to_owned()))
    }

    fn is_whole(&self, held: &Held) -> bool {
        let part = match (held.receipt.part, held.place) {
            (None, _) => true,
            (Some(_), Place::Output) => self.pack_is_whole,
            (Some(bytes), Place::Partial) => held
                .part
                .as_ref()
                .is_some_and(|part| part.len() as u64 == bytes),
        };
        part && held
            .receipt
            .outputs
            .iter()
            .all(|written| self.is_there(written, held.place))
    }

    /// Whether a file is as it was written. In the last good output an unchanged stat is enough; in a partial,
    /// which a crash may have left in any state, only the digest is.
    pub(crate) fn is_there(&self, written: &Written, place: Place) -> bool {
        let path = self.path(place).join(&written.name);
        let Ok(stat) = Stat::of_path(&path) else {
            return false;
        };
        if stat.bytes != written.bytes {
            return false;
        }
        let surely =
            place == Place::Output && self.stats.output_is(&written.name, &stat, written.digest);
        surely || Digest::of_file(&path).is_ok_and(|digest| digest == written.digest)
    }

    /// The directory behind a place.
    pub(crate) fn path(&self, place: Place) -> &Path {
        match place {
            Place::Output => &self.output,
            Place::Partial => &self.partial,
        }
    }
}

impl Held {
    /// The small part, from the partial or from the last good output's pack.
    pub(crate) fn part(&self, phase: Phase, pack: &Pack) -> Option<Bytes> {
        match self.place {
            Place::Partial => self.part.clone(),
            Place::Output => pack.get(phase, &self.receipt.item),
        }
    }
}

/// All receipts with their phases.
fn each(manifest: &Manifest) -> impl Iterator<Item = (Phase, &Receipt)> {
    let phases = manifest.receipts().into_iter();
    phases.flat_map(|(phase, receipts)| receipts.iter().map(move |receipt| (phase, receipt)))
}

fn hold(
    held: &mut HashMap<(Phase, String), Vec<Held>>,
    phase: Phase,
    receipt: Receipt,
    place: Place,
    part: Option<Bytes>,
) {
    let same = |held: &Held| held.place == place && held.receipt.key == receipt.key;
    let all = held.entry((phase, receipt.item.clone())).or_default();
    // The last word on a key counts.
    all.retain(|held| !same(held));
    all.push(Held {
        receipt,
        place,
        part,
    });
}
