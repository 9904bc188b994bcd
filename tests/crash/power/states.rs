//! In which states a power cut may leave a disk.
//!
//! The model is that of ALICE (Pillai et al. 2014, "All file systems are not created equal") with the bounds of
//! CrashMonkey (Mohan et al. 2018): after a cut between two steps,
//!
//! - names: what was synced is there. Of the later changes either those up to some moment are there, in all
//!   directories (a journal, as ext4 and XFS have it), or each directory for itself has all or none of them;
//! - bytes: what was synced is there. Of what was written later into a file there is all, half, or nothing, or it has
//!   its length but holds zeros.
//!
//! All combinations would be too many. Tried are, for every step, the extremes (everything is there, nothing is,
//! every name but no bytes, zeros, halves), each moment of the journal, and each file and each directory that is
//! alone in what it lost, or alone in what it kept.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::disk::{Disk, Node};
use super::record::{Step, apply};

/// What became of bytes that were not synced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bytes {
    All,
    Half,
    Zeros,
    Nothing,
}

/// What became of all that was not synced.
#[derive(Clone, Debug)]
pub(crate) struct Loss {
    /// Changes of names from this step on are lost.
    journal: usize,
    /// Directories that have lost what was not synced.
    directories: BTreeSet<Node>,
    bytes: Bytes,
    /// Files to which something else happened.
    others: Option<(Node, Bytes)>,
}

/// A run up to some step.
pub(crate) struct Cut<'a> {
    before: &'a Disk,
    steps: &'a [Step],
    /// Up to which step a node is durable.
    durable: HashMap<Node, usize>,
    /// Up to which step everything is.
    all_durable: usize,
    /// Up to which step a journal of names is: each sync writes it out.
    journal: usize,
}

impl<'a> Cut<'a> {
    /// A power cut after these steps.
    pub(crate) fn new(before: &'a Disk, steps: &'a [Step]) -> Self {
        let mut cut = Self {
            before,
            steps,
            durable: HashMap::new(),
            all_durable: 0,
            journal: 0,
        };
        for (index, step) in steps.iter().enumerate() {
            match step {
                Step::Sync(node) => {
                    cut.durable.insert(*node, index);
                    cut.journal = index;
                }
                Step::SyncAll => (cut.all_durable, cut.journal) = (index, index),
                _ => {}
            }
        }
        cut
    }

    fn is_durable(&self, node: Node, index: usize) -> bool {
        index < self.all_durable || self.durable.get(&node).is_some_and(|until| index < *until)
    }

    /// Directories and files of which something may be lost.
    fn exposed(&self) -> (BTreeSet<Node>, BTreeSet<Node>) {
        let (mut directories, mut files) = (BTreeSet::new(), BTreeSet::new());
        for (index, step) in self.steps.iter().enumerate() {
            match step {
                Step::Names(changes) => directories.extend(
                    changes
                        .iter()
                        .map(|change| change.directory)
                        .filter(|directory| !self.is_durable(*directory, index)),
                ),
                Step::Bytes(node, ..) | Step::Length(node, _) if !self.is_durable(*node, index) => {
                    files.insert(*node);
                }
                _ => {}
            }
        }
        (directories, files)
    }

    /// All losses that are tried.
    pub(crate) fn losses(&self) -> Vec<Loss> {
        let (directories, files) = self.exposed();
        let kept = Loss {
            journal: self.steps.len(),
            directories: BTreeSet::new(),
            bytes: Bytes::All,
            others: None,
        };
        let mut losses = Vec::new();
        for bytes in [Bytes::All, Bytes::Half, Bytes::Zeros, Bytes::Nothing] {
            losses.push(Loss {
                bytes,
                ..kept.clone()
            });
        }
        for file in files {
            for (bytes, other) in [
                (Bytes::All, Bytes::Nothing),
                (Bytes::All, Bytes::Zeros),
                (Bytes::Nothing, Bytes::All),
            ] {
                let others = Some((file, other));
                losses.push(Loss {
                    bytes,
                    others,
                    ..kept.clone()
                });
            }
        }
        for bytes in [Bytes::All, Bytes::Nothing] {
            for journal in self.journal..self.steps.len() {
                losses.push(Loss {
                    bytes,
                    journal,
                    ..kept.clone()
                });
            }
            let all = directories.clone();
            losses.push(Loss {
                bytes,
                directories: all,
                ..kept.clone()
            });
            for directory in &directories {
                let alone = BTreeSet::from([*directory]);
                let others = directories.difference(&alone).copied().collect();
                losses.push(Loss {
                    bytes,
                    directories: alone,
                    ..kept.clone()
                });
                losses.push(Loss {
                    bytes,
                    directories: others,
                    ..kept.clone()
                });
            }
        }
        losses
    }

    /// The disk after a loss.
    pub(crate) fn disk(&self, loss: &Loss) -> Disk {
        let mut disk = self.before.clone();
        let mut unsynced: HashMap<Node, usize> = HashMap::new();
        for (index, step) in self.steps.iter().enumerate() {
            if let Step::Bytes(node, ..) | Step::Length(node, _) = step
                && !self.is_durable(*node, index)
            {
                *unsynced.entry(*node).or_default() += 1;
            }
        }
        let mut done: HashMap<Node, usize> = HashMap::new();
        for (index, step) in self.steps.iter().enumerate() {
            match step {
                Step::Names(changes) => {
                    let lost = index >= loss.journal.max(self.journal)
                        || changes.iter().any(|change| {
                            loss.directories.contains(&change.directory)
                                && !self.is_durable(change.directory, index)
                        });
                    if !lost {
                        apply(&mut disk, step);
                    }
                }
                Step::Bytes(node, ..) | Step::Length(node, _) => {
                    if self.is_durable(*node, index) {
                        apply(&mut disk, step);
                        continue;
                    }
                    let before = done.entry(*node).or_default();
                    let half = unsynced.get(node).copied().unwrap_or(0) / 2;
                    write(&mut disk, step, loss.of(*node), (*before, half));
                    *before += 1;
                }
                _ => {}
            }
        }
        disk
    }
}

impl Loss {
    fn of(&self, node: Node) -> Bytes {
        match self.others {
            Some((other, bytes)) if other == node => bytes,
            _ => self.bytes,
        }
    }
}

/// Writes what is left of bytes that were not synced. `turn` counts the writes into this file, and where half is.
fn write(disk: &mut Disk, step: &Step, left: Bytes, turn: (usize, usize)) {
    match (left, step) {
        (Bytes::All, _) => apply(disk, step),
        (Bytes::Half, _) if turn.0 < turn.1 => apply(disk, step),
        (Bytes::Half, Step::Bytes(node, at, bytes)) if turn.0 == turn.1 => {
            let half = bytes[..bytes.len() / 2].to_vec();
            apply(disk, &Step::Bytes(*node, *at, half));
        }
        (Bytes::Zeros, Step::Bytes(node, at, bytes)) => {
            let length = disk.bytes(*node).len().max(at + bytes.len());
            apply(disk, &Step::Length(*node, length));
        }
        (Bytes::Zeros, Step::Length(..)) => apply(disk, step),
        _ => {}
    }
}

/// All different disks that a power cut may leave at some step of a run.
pub(crate) fn states(before: &Disk, steps: &[Step]) -> Vec<(String, Disk)> {
    let mut seen = HashSet::new();
    let mut states = Vec::new();
    for end in 0..=steps.len() {
        let cut = Cut::new(before, &steps[..end]);
        for loss in cut.losses() {
            let disk = cut.disk(&loss);
            if seen.insert(disk.fingerprint()) {
                states.push((format!("a power cut after step {end}, {loss:?}"), disk));
            }
        }
    }
    states
}
