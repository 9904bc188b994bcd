//! The tree so far, what was split ahead of its turn, and what is to be split next.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use crate::grow::ground::{Children, Extent, Ground, Sprout};
use crate::grow::{Grown, Histograms};
use crate::split::Split;
use crate::tree::{Node, Rule, Tree};

/// Rows from which on a leaf is not split ahead of its turn.
const MANY_ROWS: usize = 1 << 17;

/// The tree so far, and what was split ahead.
pub(super) struct State {
    /// All leaves there were, and those that come of splits whose turn has not come yet.
    sites: Vec<Site>,
    /// The leaves of the tree.
    leaves: Vec<Leaf>,
    nodes: Vec<Node>,
    /// The leaves that have a split, by their numbers, best first.
    order: BTreeSet<Rank>,
    /// The sites that could be split, best first.
    waiting: BTreeSet<Rank>,
    most_leaves: usize,
    /// Sites that are being split.
    pub(super) working: usize,
}

/// Gains are above zero, so that their bits have their order. Of equal ones the first leaf comes first.
type Rank = (Reverse<u64>, usize);

/// A leaf, or what becomes one.
struct Site {
    extent: Extent,
    /// That of its best split, in bits.
    gain: Option<u64>,
    next: Next,
}

/// What is known of a site's split.
enum Next {
    /// Nothing yet; without a best split it stays a leaf.
    Waiting(Sprout),
    /// A thread is at it.
    Working,
    /// All.
    Split(Box<Made>),
}

/// A split that was made, and the sites that came of it.
struct Made {
    split: Split,
    rule: Rule,
    left: usize,
    right: usize,
}

/// A leaf of the tree so far.
struct Leaf {
    site: usize,
    /// The node it hangs on, and whether to its left.
    parent: Option<(usize, bool)>,
}

/// A site to split.
pub(super) struct Task {
    pub(super) site: usize,
    pub(super) leaf: Sprout,
    pub(super) split: Split,
    /// Whether the children might be split in turn.
    pub(super) search: bool,
}

impl State {
    pub(super) fn new(root: Sprout, most_leaves: usize) -> Self {
        let mut state = Self {
            sites: Vec::new(),
            leaves: Vec::new(),
            nodes: Vec::new(),
            order: BTreeSet::new(),
            waiting: BTreeSet::new(),
            most_leaves,
            working: 0,
        };
        let site = state.add(root);
        state.leaves.push(Leaf { site, parent: None });
        state.rank(0);
        state
    }

    /// Adds a site; returns its number.
    fn add(&mut self, sprout: Sprout) -> usize {
        let number = self.sites.len();
        let gain = sprout.best.as_ref().map(|split| split.gain.to_bits());
        self.waiting
            .extend(gain.map(|gain| (Reverse(gain), number)));
        self.sites.push(Site {
            extent: sprout.extent,
            gain,
            next: Next::Waiting(sprout),
        });
        number
    }

    /// Puts a leaf of the tree in its place among those that have a split.
    fn rank(&mut self, leaf: usize) {
        let gain = self.sites[self.leaves[leaf].site].gain;
        self.order.extend(gain.map(|gain| (Reverse(gain), leaf)));
    }

    /// Takes in what a thread has made of a site.
    pub(super) fn enter(&mut self, site: usize, split: Split, children: Children) {
        let Children { rule, left, right } = children;
        let (left, right) = (self.add(left), self.add(right));
        self.sites[site].next = Next::Split(Box::new(Made {
            split,
            rule,
            left,
            right,
        }));
        self.working -= 1;
    }

    /// Has no further site split: a thread gave up on the one that it was at.
    pub(super) fn give_up(&mut self) {
        self.most_leaves = self.leaves.len();
        self.working -= 1;
    }

    /// Makes the leaf of the best split a node, if its children are known: they become leaves, the left one by its number,
    /// the right one by the next.
    pub(super) fn commit(&mut self, ground: &Ground<'_>) -> bool {
        let Some(&best) = self.order.first() else {
            return false;
        };
        let (_, number) = best;
        let Leaf { site, parent } = self.leaves[number];
        let site = &mut self.sites[site];
        if self.leaves.len() == self.most_leaves || !matches!(site.next, Next::Split(_)) {
            return false;
        }
        let Next::Split(made) = std::mem::replace(&mut site.next, Next::Working) else {
            return false;
        };
        self.order.remove(&best);
        let (node, new) = (self.nodes.len(), self.leaves.len());
        if let Some((parent, is_left)) = parent {
            let parent = &mut self.nodes[parent];
            let child = match is_left {
                true => &mut parent.left,
                false => &mut parent.right,
            };
            *child = node as i32;
        }
        self.nodes.push(Node {
            feature: made.split.feature,
            rule: made.rule,
            gain: made.split.gain,
            left: !(number as i32),
            right: !(new as i32),
            answer: ground.answer(&site.extent),
        });
        let leaf = |site, is_left| Leaf {
            site,
            parent: Some((node, is_left)),
        };
        self.leaves[number] = leaf(made.left, true);
        self.leaves.push(leaf(made.right, false));
        self.rank(number);
        self.rank(new);
        true
    }

    /// The site to split next: the one whose turn it is, or ahead of its turn one that gains as much as splits did in the tree
    /// before, wherever it is, if no better ones will use up all leaves. One of many rows has its turn: in vain it would be
    /// much work, and in its turn it is shared.
    pub(super) fn task(&mut self, ground: &Ground<'_>) -> Option<Task> {
        let splits = self.most_leaves - self.leaves.len();
        let last = splits.checked_sub(1)?;
        let last = self.order.iter().nth(last).map_or(0, |(gain, _)| gain.0);
        let likely = last.max(ground.usual_gain.to_bits());
        let turn = self.order.first();
        let turn = turn.map(|(gain, leaf)| (*gain, self.leaves[*leaf].site));
        let turn = turn.filter(|rank| self.waiting.contains(rank));
        let ahead = || {
            let mut likely = self.waiting.iter().take_while(|(gain, _)| gain.0 >= likely);
            likely.find(|(_, site)| self.sites[*site].extent.count() < MANY_ROWS)
        };
        let rank = turn.or_else(|| ahead().copied())?;
        self.waiting.remove(&rank);
        let (gain, site) = rank;
        let next = std::mem::replace(&mut self.sites[site].next, Next::Working);
        let Next::Waiting(mut leaf) = next else {
            return None;
        };
        let split = leaf.best.take()?;
        self.working += 1;
        // They have their turn before it.
        let better = self.order.range(..(gain, 0)).count();
        Some(Task {
            site,
            leaf,
            split,
            search: better + 1 < splits,
        })
    }

    /// The tree, and the rows of its leaves.
    pub(super) fn finish(mut self, ground: &Ground<'_>, histograms: &Histograms) -> Grown {
        let mut answers = Vec::with_capacity(self.leaves.len());
        let mut leaves = Vec::with_capacity(self.leaves.len());
        for (number, leaf) in self.leaves.iter().enumerate() {
            answers.push(ground.answer(&self.sites[leaf.site].extent));
            let mut below = vec![leaf.site];
            while let Some(site) = below.pop() {
                match std::mem::replace(&mut self.sites[site].next, Next::Working) {
                    Next::Waiting(sprout) => {
                        leaves.push((number, sprout.rows));
                        histograms.put(sprout.histogram);
                    }
                    Next::Working => {}
                    // In vain.
                    Next::Split(made) => below.extend([made.left, made.right]),
                }
            }
        }
        let tree = Tree {
            nodes: self.nodes,
            leaves: answers,
            shrinkage: 1.0,
        };
        Grown {
            tree: (!tree.nodes.is_empty()).then_some(tree),
            leaves,
        }
    }
}
