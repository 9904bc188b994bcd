//! The sum of the trees so far, for every row of a dataset.

use std::ops::Range;

use rayon::prelude::*;

use crate::bits::{self, WORD_ROWS};
use crate::coded::CodedTree;
use crate::codes::Codes;
use crate::dataset::Dataset;
use crate::math::{Vectored, vectored};
use crate::objective::normaliser;
use crate::rows::{Part, Rows};
use crate::tree::Tree;

/// Rows that run down a tree together.
const RUN_CHUNK: usize = 1 << 13;

/// Rows whose scores stay in the second cache while leaf by leaf is added to them.
const LEAF_CHUNK: usize = 1 << 15;

/// The sum of the trees so far, for every row. Always what the model itself would answer, to the last bit; before the
/// first tree, the starting value.
#[derive(Debug)]
pub(crate) struct Scores {
    /// Class by class, row by row.
    classes: Vec<Vec<f64>>,
}

impl Scores {
    /// All rows at their starting value, of which there is one per class.
    pub(crate) fn new(starts: &[f64], rows: usize) -> Self {
        Self {
            classes: starts.iter().map(|start| vec![*start; rows]).collect(),
        }
    }

    /// What trees come to, from starting values on.
    pub(crate) fn after(trees: &[Tree], starts: &[f64], data: &Dataset) -> Self {
        let mut scores = Self::new(starts, data.num_rows());
        scores.replay(trees, data);
        scores
    }

    /// The scores of a class.
    pub(crate) fn of(&self, class: usize) -> &[f64] {
        &self.classes[class]
    }

    /// Puts scores in place of a class's.
    #[cfg(test)]
    pub(crate) fn set(&mut self, class: usize, values: &[f64]) {
        self.classes[class] = values.to_vec();
    }

    /// Chunks of so many rows, each class by class.
    pub(crate) fn chunks_mut(&mut self, rows: usize) -> impl Iterator<Item = Vec<&mut [f64]>> {
        let mut classes: Vec<_> = self
            .classes
            .iter_mut()
            .map(|class| class.chunks_mut(rows))
            .collect();
        std::iter::from_fn(move || classes.iter_mut().map(Iterator::next).collect())
    }

    /// Some rows, class by class.
    pub(crate) fn within(&self, rows: Range<usize>) -> Vec<&[f64]> {
        self.classes
            .iter()
            .map(|class| &class[rows.clone()])
            .collect()
    }

    /// All scores, row after row.
    pub(crate) fn by_row(&self) -> Vec<f64> {
        let rows = 0..self.of(0).len();
        let row = |row: usize| self.classes.iter().map(move |scores| scores[row]);
        rows.flat_map(row).collect()
    }

    /// For each row what turns its scores into probabilities.
    pub(crate) fn normalisers(&self) -> Vec<(f64, f64)> {
        let rows = self.of(0).len();
        let normaliser = |row: usize| normaliser(self.classes.iter().map(|scores| scores[row]));
        (0..rows).into_par_iter().map(normaliser).collect()
    }

    /// Forgets the starting value of a class: its first tree has it folded in.
    pub(crate) fn clear(&mut self, class: usize) {
        self.classes[class].fill(0.0);
    }

    /// Adds the tree that was just grown, by the rows of its leaves.
    pub(crate) fn add_grown(&mut self, class: usize, tree: &Tree, leaves: &[(usize, Rows)]) {
        let chunks = self.classes[class].par_chunks_mut(LEAF_CHUNK).enumerate();
        chunks.for_each(|(chunk, scores)| {
            let first = chunk * LEAF_CHUNK;
            for (leaf, rows) in leaves {
                let value = tree.leaves[*leaf].value;
                match rows.within(first..first + scores.len()) {
                    Part::Bits { words, .. } => add(scores, words, value),
                    Part::Numbers(rows) => {
                        for row in rows {
                            scores[*row as usize - first] += value;
                        }
                    }
                }
            }
        });
    }

    /// Adds one tree of a class to the scores of the wanted rows, of which `wanted` has the bits.
    pub(crate) fn add_tree(
        &mut self,
        class: usize,
        tree: &CodedTree<'_>,
        codes: &Codes,
        wanted: impl Fn(Range<usize>) -> Vec<u64> + Sync,
    ) {
        let chunks = self.classes[class].par_chunks_mut(RUN_CHUNK).enumerate();
        chunks.for_each(|(chunk, scores)| {
            let first = chunk * RUN_CHUNK;
            let rows = wanted(first..first + scores.len());
            tree.add(codes, first, rows, scores, 1);
        });
    }

    /// Makes the scores those of a model of these trees.
    pub(crate) fn replay(&mut self, trees: &[Tree], data: &Dataset) {
        if trees.is_empty() {
            return;
        }
        let trees = trees.iter().map(|tree| CodedTree::new(tree, data.bins()));
        let trees: Vec<CodedTree<'_>> = trees.collect();
        let outputs = self.classes.len();
        for (class, scores) in self.classes.iter_mut().enumerate() {
            let trees = trees.iter().skip(class).step_by(outputs);
            let chunks = scores.par_chunks_mut(RUN_CHUNK).enumerate();
            chunks.for_each(|(chunk, scores)| {
                scores.fill(0.0);
                let first = chunk * RUN_CHUNK;
                // Chunk by chunk, so that the codes of its rows stay in the cache from tree to tree.
                for tree in trees.clone() {
                    tree.add(&data.codes, first, bits::all(scores.len()), scores, 1);
                }
            });
        }
    }
}

/// Adds a value to the scores of rows, a bit each.
fn add(scores: &mut [f64], rows: &[u64], value: f64) {
    vectored(Add {
        scores,
        rows,
        value,
    });
}

struct Add<'a> {
    scores: &'a mut [f64],
    rows: &'a [u64],
    value: f64,
}

impl Vectored for Add<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let (scores, rest) = self.scores.as_chunks_mut::<WORD_ROWS>();
        let mut rows = self.rows.iter();
        for (scores, rows) in scores.iter_mut().zip(rows.by_ref()) {
            // Whichever bits are set, all are added to: no branch to guess but this.
            if *rows != 0 {
                for (row, score) in scores.iter_mut().enumerate() {
                    *score += if rows >> row & 1 == 1 {
                        self.value
                    } else {
                        0.0
                    };
                }
            }
        }
        let rest_rows = rows.as_slice();
        bits::for_each(rest_rows, 0, |row| rest[row] += self.value);
    }
}
