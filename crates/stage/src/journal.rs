//! `_journal.jsonl`: what was begun and what was done, line by line. The only thing a resumed run trusts.

use std::collections::{HashMap, HashSet};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::commit::parent;
use crate::digest::Digest;
use crate::durable::sync_directory;
use crate::fault::{Blame, Fault};
use crate::layout;
use crate::output::Written;
use crate::part::Inline;
use crate::receipt::{Phase, Receipt, outside};

/// A line of the journal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Entry {
    /// A process begins to work here.
    Start { boot: String },
    /// A piece of work is taken up.
    Begin {
        phase: Phase,
        item: String,
        key: Digest,
    },
    /// A piece of work is not in hand any more: put down unfinished, or done but not durable yet.
    End { phase: Phase, item: String },
    /// A piece of work took too long and the process replaced itself.
    Hang { phase: Phase, item: String },
    /// A piece of work failed; the reason is in `_failed`.
    Fail { phase: Phase, item: String },
    /// A piece of work is done and its outputs are durable.
    Done {
        phase: Phase,
        receipt: Receipt,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        part: Option<Inline>,
    },
}

/// The journal of one worker, open for appending.
#[derive(Debug)]
pub(crate) struct Journal {
    file: fs_err::File,
    /// The partial, until it is durable itself.
    partial: Option<PathBuf>,
}

impl Journal {
    /// Opens the journal of a partial. A last line torn by a crash is closed, so that it is dropped and no more.
    pub(crate) fn open(partial: &Path) -> io::Result<Self> {
        let path = partial.join(layout::JOURNAL);
        let torn =
            fs_err::read(&path).is_ok_and(|text| text.last().is_some_and(|last| *last != b'\n'));
        let mut file = fs_err::OpenOptions::new()
            .create(true)
            .append(true)
            .open(&path)?;
        if torn {
            file.write_all(b"\n")?;
        }
        let partial = Some(partial.to_owned());
        Ok(Self { file, partial })
    }

    /// Appends entries in one write.
    pub(crate) fn append<'a>(
        &mut self,
        entries: impl IntoIterator<Item = &'a Entry>,
    ) -> io::Result<()> {
        let mut text = Vec::new();
        for entry in entries {
            serde_json::to_writer(&mut text, entry).map_err(io::Error::other)?;
            text.push(b'\n');
        }
        self.file.write_all(&text)
    }

    /// Makes what was appended durable; and, once, that there is a partial, as until then nothing was lost with it.
    pub(crate) fn sync(&mut self) -> io::Result<()> {
        self.file.sync_data()?;
        if let Some(partial) = &self.partial {
            sync_directory(parent(partial))?;
            self.partial = None;
        }
        Ok(())
    }
}

/// What the journals of a partial say.
#[derive(Debug, Default)]
pub(crate) struct History {
    /// Receipts; whether their outputs are whole is still to be seen.
    pub(crate) receipts: Vec<(Phase, Receipt, Option<Inline>)>,
    /// Pieces of work that may have killed their process: to be tried alone.
    pub(crate) suspects: HashSet<(Phase, String)>,
    /// How often the process surely died over a piece of work, or hung.
    pub(crate) deaths: HashMap<(Phase, String, Digest), u32>,
    /// What the last processes had in hand, in the order of names.
    pub(crate) in_hand: Vec<(Phase, String)>,
}

impl History {
    /// Reads the journals of all workers.
    pub(crate) fn read(partial: &Path) -> Result<Self, Fault> {
        let mut history = Self::default();
        for name in journals(partial)? {
            let path = partial.join(name);
            let text = fs_err::read(&path)?;
            history.replay(&text, &path.display().to_string())?;
        }
        Ok(history)
    }

    /// One worker's journal. Whatever is not a whole entry was torn and is dropped; an entry that speaks of files
    /// elsewhere was never written by a run, and is refused.
    pub(crate) fn replay(&mut self, text: &[u8], place: &str) -> Result<(), Fault> {
        let mut boot = String::new();
        let mut begun: HashMap<(Phase, String), Digest> = HashMap::new();
        let mut hung = false;
        for (index, line) in text.split(|byte| *byte == b'\n').enumerate() {
            let Ok(entry) = serde_json::from_slice::<Entry>(line) else {
                continue;
            };
            match entry {
                Entry::Start { boot: now } => {
                    self.bury(&mut begun, boot == now, hung);
                    (boot, hung) = (now, false);
                }
                Entry::Begin { phase, item, key } => {
                    begun.insert((phase, item), key);
                }
                Entry::Hang { phase, item } => {
                    hung = true;
                    let work = (phase, item);
                    if let Some(key) = begun.remove(&work) {
                        *self
                            .deaths
                            .entry((work.0, work.1.clone(), key))
                            .or_default() += 1;
                    }
                    self.suspects.insert(work);
                }
                Entry::End { phase, item } | Entry::Fail { phase, item } => {
                    begun.remove(&(phase, item));
                }
                Entry::Done {
                    phase,
                    receipt,
                    part,
                } => {
                    if let Some(name) = receipt.outputs.iter().find_map(Written::escape) {
                        return Err(edited(place, index + 1, name));
                    }
                    let work = (phase, receipt.item.clone());
                    begun.remove(&work);
                    self.suspects.remove(&work);
                    self.receipts.push((phase, receipt, part));
                }
            }
        }
        self.in_hand.extend(begun.keys().cloned());
        self.in_hand.sort();
        // The process that reads this runs in the same start of the machine, or it does not matter.
        self.bury(&mut begun, boot == crate::record::boot(), hung);
        Ok(())
    }

    /// A process ended with work begun. If it was alone, the work is to blame; among several, each is suspect.
    /// A power cut or a sibling that hung is nobody's fault.
    fn bury(&mut self, begun: &mut HashMap<(Phase, String), Digest>, same_boot: bool, hung: bool) {
        let alone = begun.len() == 1;
        for ((phase, item), key) in begun.drain() {
            if !same_boot || hung {
                continue;
            }
            // A whole-queue stage goes on from its checkpoint, so however often it was killed it may end well.
            if alone && phase != Phase::Queue {
                *self.deaths.entry((phase, item.clone(), key)).or_default() += 1;
            }
            self.suspects.insert((phase, item));
        }
    }
}

fn edited(place: &str, line: usize, name: &str) -> Fault {
    let message = format!("{place}:{line}: {}", outside(name));
    Fault::message(Blame::Data, message)
        .hint("it was edited by hand: delete the directory it is in and run again")
}

/// The names of all journals in a partial, sorted.
pub(crate) fn journals(partial: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs_err::read_dir(partial)? {
        if let Some(name) = entry?
            .file_name()
            .to_str()
            .filter(|name| layout::is_journal(name))
        {
            names.push(name.to_owned());
        }
    }
    names.sort();
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start() -> Entry {
        Entry::Start {
            boot: crate::record::boot(),
        }
    }

    fn begin(item: &str) -> Entry {
        Entry::Begin {
            phase: Phase::Item,
            item: item.to_owned(),
            key: Digest(1),
        }
    }

    fn done(item: &str) -> Entry {
        let receipt = Receipt {
            item: item.to_owned(),
            key: Digest(1),
            input: Digest(2),
            fitted: None,
            outputs: Vec::new(),
            part: None,
            counts: None,
        };
        Entry::Done {
            phase: Phase::Item,
            receipt,
            part: None,
        }
    }

    /// Done items, suspects and deaths after these entries and some torn bytes.
    #[track_caller]
    fn check(entries: &[Entry], torn: &str, expected: (&[&str], &[&str], &[(&str, u32)])) {
        let partial = tempfile::tempdir().unwrap();
        Journal::open(partial.path())
            .unwrap()
            .append(entries)
            .unwrap();
        let path = partial.path().join(layout::JOURNAL);
        let mut text = fs_err::read_to_string(&path).unwrap();
        text.push_str(torn);
        fs_err::write(&path, text).unwrap();
        let history = History::read(partial.path()).unwrap();
        let done: Vec<_> = history
            .receipts
            .iter()
            .map(|(_, receipt, _)| receipt.item.as_str())
            .collect();
        let mut suspects: Vec<_> = history
            .suspects
            .iter()
            .map(|(_, item)| item.as_str())
            .collect();
        suspects.sort_unstable();
        let mut deaths: Vec<_> = history
            .deaths
            .iter()
            .map(|((_, item, _), n)| (item.as_str(), *n))
            .collect();
        deaths.sort_unstable();
        assert_eq!(
            (done.as_slice(), suspects.as_slice(), deaths.as_slice()),
            expected
        );
    }

    #[test]
    fn a_receipt_for_a_file_elsewhere_is_refused() {
        let mut hostile = done("a");
        if let Entry::Done { receipt, .. } = &mut hostile {
            receipt.outputs.push(Written {
                name: "../../x".to_owned(),
                bytes: 0,
                digest: Digest(0),
            });
        }
        let partial = tempfile::tempdir().unwrap();
        let entries = [start(), begin("a"), hostile];
        let mut journal = Journal::open(partial.path()).unwrap();
        journal.append(&entries).unwrap();
        let fault = History::read(partial.path()).unwrap_err();
        let message = fault.to_string();
        assert!(
            message.ends_with("_journal.jsonl:3: `../../x` is not the name of a file in the queue"),
            "{message}"
        );
        assert_eq!(fault.blame, Blame::Data);
    }

    #[test]
    fn a_torn_last_line_is_dropped() {
        check(
            &[start(), begin("a"), done("a")],
            "{\"done\":{\"pha",
            (&["a"], &[], &[]),
        );
    }

    #[test]
    fn the_only_item_in_flight_is_to_blame_for_a_death() {
        check(
            &[start(), begin("a"), done("a"), begin("b")],
            "",
            (&["a"], &["b"], &[("b", 1)]),
        );
    }

    #[test]
    fn of_several_items_in_flight_each_is_suspect() {
        check(
            &[start(), begin("a"), begin("b")],
            "",
            (&[], &["a", "b"], &[]),
        );
    }

    #[test]
    fn an_item_put_down_is_innocent() {
        let ended = Entry::End {
            phase: Phase::Item,
            item: "a".to_owned(),
        };
        check(&[start(), begin("a"), ended], "", (&[], &[], &[]));
    }

    #[test]
    fn a_power_cut_is_nobodys_fault() {
        let before = Entry::Start {
            boot: "another".to_owned(),
        };
        check(&[before, begin("a"), start()], "", (&[], &[], &[]));
    }

    #[test]
    fn a_hung_item_is_to_blame_and_its_siblings_are_not() {
        let hang = Entry::Hang {
            phase: Phase::Item,
            item: "a".to_owned(),
        };
        check(
            &[start(), begin("a"), begin("b"), hang],
            "",
            (&[], &["a"], &[("a", 1)]),
        );
    }

    #[test]
    fn deaths_add_up_over_restarts() {
        check(
            &[start(), begin("a"), start(), begin("a")],
            "",
            (&[], &["a"], &[("a", 2)]),
        );
    }
}
