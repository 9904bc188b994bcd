//! Where rows end in a tree, all splits by a feature looked up at once (QuickScorer, Lucchese et al. 2015).
//!
//! A set of leaves is a word of 64 bits. For each code of a feature there is the set of leaves that the splits by this
//! feature leave open; of all features' sets together one leaf is left. No branch is guessed, no row waits for another,
//! and it takes a look-up for each feature rather than one for each level of the tree.

use std::ops::Range;

use crate::bins::{Bins, FeatureBins, GROUP, NARROW_BINS, Place};
use crate::codes::Codes;
use crate::tree::{Child, Node, Rule, Tree};

/// Leaves that a set can hold.
const MOST_LEAVES: usize = 64;

/// Rows whose sets stay in the first cache while feature by feature closes leaves.
const BLOCK: usize = 1 << 10;

/// Features that are looked up side by side, so that a set is read and written once for all of them.
const ABREAST: usize = 4;

/// The leaves that a feature leaves open, by its code.
type Sets = [u64; NARROW_BINS];

/// A node, and the leaves to its left and to its right.
type Split<'a> = (&'a Node, [u64; 2]);

/// A tree of at most 64 leaves, as the sets of leaves that codes leave open.
#[derive(Debug)]
pub(crate) struct LeafMasks {
    /// The leaves that features without a code leave open.
    always: u64,
    /// By codes of a byte, with the column of the codes.
    narrow: Vec<(usize, Box<Sets>)>,
    /// By codes of 16 bits, with the column of the codes.
    wide: Vec<(usize, Vec<u64>)>,
    /// Of the leaves.
    values: [f64; MOST_LEAVES],
}

impl LeafMasks {
    /// The tree in terms of these bins; `None` if it has more leaves than a set holds, or does not come to each by one way.
    /// Nor where it tells no categories apart: to compare numbers, 64 at once, takes less.
    pub(crate) fn new(tree: &Tree, bins: &Bins) -> Option<Self> {
        let is_of_categories = |node: &Node| matches!(node.rule, Rule::Category { .. });
        if !tree.nodes.iter().any(is_of_categories) {
            return None;
        }
        let mut values = [0.0; MOST_LEAVES];
        let known = values.get_mut(..tree.leaves.len())?;
        for (value, leaf) in known.iter_mut().zip(&tree.leaves) {
            *value = leaf.value;
        }
        let sides = sides(&tree.nodes)?;
        let all = sides.first().map_or(1, |[left, right]| left | right);
        if all.count_ones() as usize != tree.leaves.len() {
            return None;
        }
        let mut masks = Self {
            always: all,
            narrow: Vec::new(),
            wide: Vec::new(),
            values,
        };
        let mut nodes: Vec<Split<'_>> = tree.nodes.iter().zip(sides).collect();
        nodes.sort_by_key(|(node, _)| node.feature);
        for of_feature in nodes.chunk_by(|a, b| a.0.feature == b.0.feature) {
            masks.close(of_feature, bins);
        }
        Some(masks)
    }

    /// Takes in all splits by one feature.
    fn close(&mut self, nodes: &[Split<'_>], bins: &Bins) {
        let Some((Node { feature, .. }, _)) = nodes.first() else {
            return;
        };
        let sets = sets(nodes, bins.of(*feature));
        match bins.layout().places[*feature] {
            None => self.always &= sets.last().copied().unwrap_or(u64::MAX),
            Some(Place::Narrow { group, lane }) => {
                let mut table = Box::new([u64::MAX; NARROW_BINS]);
                table[..sets.len()].copy_from_slice(&sets);
                self.narrow.push((group * GROUP + lane, table));
            }
            Some(Place::Wide { column }) => self.wide.push((column, sets)),
        }
    }

    /// The size of its sets.
    pub(crate) fn bytes(&self) -> usize {
        let wide = self.wide.iter().map(|(_, sets)| size_of_val(&**sets));
        self.narrow.len() * size_of::<Sets>() + wide.sum::<usize>()
    }

    /// Gives each of the rows, and the value of its leaf, to `take`.
    pub(crate) fn run(&self, codes: &Codes, rows: Range<usize>, mut take: impl FnMut(usize, f64)) {
        let mut open = [0; BLOCK];
        for first in rows.clone().step_by(BLOCK) {
            let rows = first..rows.end.min(first + BLOCK);
            let open = &mut open[..rows.len()];
            self.leave_open(codes, rows.clone(), open);
            for (row, open) in rows.zip(open) {
                take(
                    row,
                    self.values[open.trailing_zeros() as usize % MOST_LEAVES],
                );
            }
        }
    }

    fn leave_open(&self, codes: &Codes, rows: Range<usize>, open: &mut [u64]) {
        open.fill(self.always);
        let codes_of = |column: usize| &codes.narrow[column][rows.clone()];
        let (abreast, rest) = self.narrow.as_chunks::<ABREAST>();
        for features in abreast {
            let features = features.each_ref();
            narrow(
                open,
                features.map(|(column, sets)| (codes_of(*column), &**sets)),
            );
        }
        for (column, sets) in rest {
            narrow(open, [(codes_of(*column), &**sets)]);
        }
        for (column, sets) in &self.wide {
            for (open, code) in open.iter_mut().zip(&codes.wide[*column][rows.clone()]) {
                *open &= sets[usize::from(*code)];
            }
        }
    }
}

/// By code the leaves that the splits by a feature leave open.
fn sets(splits: &[Split<'_>], bins: &FeatureBins) -> Vec<u64> {
    let open = |value: f64| {
        let closed = splits.iter().map(|(node, [left, right])| {
            if node.rule.goes_left(value) {
                *right
            } else {
                *left
            }
        });
        !closed.fold(0, |all, leaves| all | leaves)
    };
    match bins {
        FeatureBins::Number(_) => (0..bins.count())
            .map(|code| open(bins.value(code)))
            .collect(),
        FeatureBins::Category(of) => {
            let mut sets = vec![open(f64::NAN); of.count()];
            for code in splits
                .iter()
                .flat_map(|(node, _)| bins.left_codes(&node.rule))
            {
                sets[code] = open(bins.value(code));
            }
            sets
        }
    }
}

/// Closes leaves by the codes of some features.
#[inline]
fn narrow<const FEATURES: usize>(open: &mut [u64], features: [(&[u8], &Sets); FEATURES]) {
    let rows = open.len();
    let features = features.map(|(codes, sets)| (&codes[..rows], sets));
    for (row, open) in open.iter_mut().enumerate() {
        for (codes, sets) in features {
            *open &= sets[usize::from(codes[row])];
        }
    }
}

/// For each node the leaves to its left and to its right; `None` if a leaf is on both sides of one.
fn sides(nodes: &[Node]) -> Option<Vec<[u64; 2]>> {
    let mut sides = vec![[0_u64; 2]; nodes.len()];
    // Children come after their parent.
    for (number, node) in nodes.iter().enumerate().rev() {
        let leaves = |child: Child| match usize::try_from(child) {
            Ok(node) => sides[node][0] | sides[node][1],
            Err(_) => 1 << (!child as u32 % u64::BITS),
        };
        let both = [leaves(node.left), leaves(node.right)];
        if both[0] & both[1] != 0 {
            return None;
        }
        sides[number] = both;
    }
    Some(sides)
}
