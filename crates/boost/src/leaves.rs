//! Which rows are in which leaf.
//!
//! Rows are cut into blocks of at most 65,536. Within a block the rows of each leaf lie side by side, ascending, as
//! 16-bit numbers. A block is what a thread works on: it splits leaves, builds histograms and adds leaf values without
//! a look at any other block. Nothing computed here depends on how the rows are cut.

use std::ops::Range;

use rayon::prelude::*;

/// The most rows of a block: their numbers have 16 bits.
const MOST_ROWS: usize = 1 << 16;

/// The fewest rows of a block (but the last): less is not worth a thread's while.
const LEAST_ROWS: usize = 1 << 12;

/// Leaves of fewer rows are handled by one thread.
pub(crate) const PARALLEL_ROWS: usize = 1 << 13;

/// Which rows are in which leaf.
#[derive(Debug)]
pub(crate) struct Leaves {
    block_rows: usize,
    blocks: Vec<Block>,
    counts: Vec<usize>,
}

/// Some neighbouring rows.
#[derive(Debug)]
pub(crate) struct Block {
    /// The first row.
    pub(crate) first: usize,
    /// How many rows, taken or not.
    pub(crate) len: usize,
    rows: Vec<u16>,
    spare: Vec<u16>,
    leaves: Vec<Range<u32>>,
}

impl Block {
    /// The rows of a leaf, counted from the first of the block.
    #[inline]
    pub(crate) fn rows(&self, leaf: usize) -> &[u16] {
        let range = &self.leaves[leaf];
        &self.rows[range.start as usize..range.end as usize]
    }

    /// All rows of the block that have a leaf, with their leaf.
    pub(crate) fn leaves(&self) -> impl Iterator<Item = (usize, &[u16])> {
        (0..self.leaves.len()).map(|leaf| (leaf, self.rows(leaf)))
    }

    /// Starts over with all taken rows in leaf 0.
    fn reset(&mut self, taken: impl Fn(usize) -> bool) {
        self.rows.clear();
        let taken = (0..self.len).filter(|row| taken(self.first + row));
        self.rows.extend(taken.map(|row| row as u16));
        self.leaves.clear();
        self.leaves.push(0..self.rows.len() as u32);
    }

    /// Moves the rows of a leaf that do not go left into a new leaf; returns how many went left. The order stays.
    fn split(&mut self, leaf: usize, goes_left: impl Fn(usize) -> bool) -> usize {
        let Range { start, end } = self.leaves[leaf];
        let rows = &mut self.rows[start as usize..end as usize];
        let spare = &mut self.spare[..rows.len()];
        let (mut left, mut right) = (0, 0);
        for at in 0..rows.len() {
            let row = rows[at];
            let goes = goes_left(usize::from(row));
            // Both are written, one of them counts: no branch to guess.
            rows[left] = row;
            spare[right] = row;
            left += usize::from(goes);
            right += usize::from(!goes);
        }
        rows[left..].copy_from_slice(&spare[..right]);
        let middle = start + left as u32;
        self.leaves[leaf] = start..middle;
        self.leaves.push(middle..end);
        left
    }
}

impl Leaves {
    /// All of `rows` rows, to be worked on by `threads`.
    pub(crate) fn new(rows: usize, threads: usize) -> Self {
        let block_rows = (rows / (threads * 8)).next_power_of_two();
        let block_rows = block_rows.clamp(LEAST_ROWS, MOST_ROWS);
        let blocks = (0..rows).step_by(block_rows).map(|first| {
            let len = block_rows.min(rows - first);
            Block {
                first,
                len,
                rows: Vec::with_capacity(len),
                spare: vec![0; len],
                leaves: Vec::new(),
            }
        });
        Self {
            block_rows,
            blocks: blocks.collect(),
            counts: Vec::new(),
        }
    }

    /// Rows of a block; all but the last have so many.
    pub(crate) fn block_rows(&self) -> usize {
        self.block_rows
    }

    pub(crate) fn blocks(&self) -> &[Block] {
        &self.blocks
    }

    /// The rows of a leaf.
    pub(crate) fn count(&self, leaf: usize) -> usize {
        self.counts[leaf]
    }

    /// Starts over with all taken rows in leaf 0.
    pub(crate) fn reset(&mut self, taken: impl Fn(usize) -> bool + Sync) {
        self.blocks
            .par_iter_mut()
            .for_each(|block| block.reset(&taken));
        let count = self.blocks.iter().map(|block| block.rows.len()).sum();
        self.counts.clear();
        self.counts.push(count);
    }

    /// Moves the rows of a leaf that do not go left into a new leaf, the next in number. `goes_left` gets a block's first
    /// row and the row counted from there.
    pub(crate) fn split<F: Fn(usize) -> bool>(
        &mut self,
        leaf: usize,
        goes_left: impl Fn(&Range<usize>) -> F + Sync,
    ) {
        let split = |block: &mut Block| {
            let rows = block.first..block.first + block.len;
            block.split(leaf, goes_left(&rows))
        };
        let count = self.counts[leaf];
        let left: usize = if count < PARALLEL_ROWS {
            self.blocks.iter_mut().map(split).sum()
        } else {
            self.blocks.par_iter_mut().map(split).sum()
        };
        self.counts[leaf] = left;
        self.counts.push(count - left);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn rows(leaves: &Leaves, leaf: usize) -> Vec<usize> {
        let blocks = leaves.blocks().iter();
        blocks
            .flat_map(|block| {
                block
                    .rows(leaf)
                    .iter()
                    .map(|row| block.first + usize::from(*row))
            })
            .collect()
    }

    #[test]
    fn rows_that_are_not_taken_are_in_no_leaf() {
        let mut leaves = Leaves::new(10_000, 1);
        leaves.reset(|row| row % 3 == 0);
        let expected: Vec<usize> = (0..10_000).step_by(3).collect();
        assert_eq!(rows(&leaves, 0), expected);
        assert_eq!(leaves.count(0), expected.len());
    }

    proptest! {
        /// Splitting is filtering, in order, whatever the blocks.
        #[test]
        fn a_split_parts_the_rows_of_a_leaf(
            count in 1usize..20_000,
            threads in 1usize..5,
            splits in prop::collection::vec((0usize..100, 1usize..7), 0..12),
        ) {
            let mut leaves = Leaves::new(count, threads);
            leaves.reset(|_| true);
            let mut expected: Vec<Vec<usize>> = vec![(0..count).collect()];
            for (leaf, modulus) in splits {
                let leaf = leaf % expected.len();
                leaves.split(leaf, |rows| {
                    let first = rows.start;
                    move |row| (first + row) % modulus == 0
                });
                let (left, right) = expected[leaf].iter().partition(|row| **row % modulus == 0);
                expected[leaf] = left;
                expected.push(right);
            }
            for (leaf, expected) in expected.iter().enumerate() {
                prop_assert_eq!(&rows(&leaves, leaf), expected);
                prop_assert_eq!(leaves.count(leaf), expected.len());
            }
        }
    }
}
