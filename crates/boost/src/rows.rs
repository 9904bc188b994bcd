//! The rows of a leaf.

use rayon::prelude::*;

use crate::coded::Sides;

/// Rows that one thread parts at a time.
const PARTED: usize = 1 << 14;

/// The rows of a leaf, ascending. A leaf owns them, so that leaves are worked on side by side.
#[derive(Debug, Default)]
pub(crate) struct Rows(Vec<u32>);

impl Rows {
    /// The first `count` rows.
    pub(crate) fn all(count: usize) -> Self {
        Self((0..count as u32).into_par_iter().collect())
    }

    /// Those of the first `count` rows that are taken.
    pub(crate) fn taken(count: usize, taken: impl Fn(usize) -> bool + Sync) -> Self {
        let mut rows: Vec<u32> = vec![0; count];
        let takens: Vec<usize> = rows
            .par_chunks_mut(PARTED)
            .enumerate()
            .map(|(chunk, rows)| {
                let first = chunk * PARTED;
                let mut found = 0;
                for row in first..first + rows.len() {
                    rows[found] = row as u32;
                    found += usize::from(taken(row));
                }
                found
            })
            .collect();
        Self::gather(&rows, &takens).0
    }

    /// Their numbers.
    #[inline]
    pub(crate) fn numbers(&self) -> &[u32] {
        &self.0
    }

    /// How many.
    pub(crate) fn count(&self) -> usize {
        self.0.len()
    }

    /// Those of them that are at least `first` and below `end`.
    pub(crate) fn within(&self, first: usize, end: usize) -> &[u32] {
        let before = |end: usize| self.0.partition_point(|row| (*row as usize) < end);
        &self.0[before(first)..before(end)]
    }

    /// Those that go left, and all others. The order stays.
    pub(crate) fn part(mut self, sides: &Sides<'_>) -> (Self, Self) {
        if self.0.len() <= PARTED {
            let left = sides.part(&mut self.0);
            let right = self.0.split_off(left);
            return (self, Self(right));
        }
        let chunks = self.0.par_chunks_mut(PARTED);
        let lefts: Vec<usize> = chunks.map(|rows| sides.part(rows)).collect();
        Self::gather(&self.0, &lefts)
    }

    /// Of each chunk so many rows from its beginning, and the others.
    fn gather(chunks: &[u32], lefts: &[usize]) -> (Self, Self) {
        let count = lefts.iter().sum();
        let (mut left, mut right) = (vec![0; count], vec![0; chunks.len() - count]);
        let (mut left_rest, mut right_rest) = (left.as_mut_slice(), right.as_mut_slice());
        let mut copies = Vec::with_capacity(lefts.len());
        for (rows, count) in chunks.chunks(PARTED).zip(lefts) {
            let (left, rest) = std::mem::take(&mut left_rest).split_at_mut(*count);
            left_rest = rest;
            let (right, rest) = std::mem::take(&mut right_rest).split_at_mut(rows.len() - *count);
            right_rest = rest;
            copies.push((rows.split_at(*count), left, right));
        }
        copies
            .into_par_iter()
            .for_each(|((from_left, from_right), left, right)| {
                left.copy_from_slice(from_left);
                right.copy_from_slice(from_right);
            });
        (Self(left), Self(right))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::coded::tests::sides;
    use proptest::prelude::*;

    #[test]
    fn rows_that_are_not_taken_are_in_no_leaf() {
        let rows = Rows::taken(100_000, |row| row % 3 == 0);
        let expected: Vec<u32> = (0..100_000).step_by(3).collect();
        assert_eq!(rows.numbers(), expected);
        assert_eq!(rows.within(4, 10), [6, 9]);
    }

    proptest! {
        /// Parting is filtering, in order, however many rows there are.
        #[test]
        fn rows_are_parted_in_order(
            count in 1usize..60_000,
            moduli in prop::collection::vec(1usize..7, 0..6),
        ) {
            let mut rows = Rows::all(count);
            let mut expected: Vec<u32> = (0..count as u32).collect();
            for modulus in moduli {
                let codes: Vec<u8> = (0..count).map(|row| (row % modulus) as u8).collect();
                let sides = sides(&codes, |code| code == 0);
                let (left, right) = rows.part(&sides);
                let (expected_left, expected_right): (Vec<u32>, Vec<u32>) =
                    expected.iter().partition(|row| codes[**row as usize] == 0);
                prop_assert_eq!(left.numbers(), expected_left);
                prop_assert_eq!(right.numbers(), &expected_right);
                (rows, expected) = (right, expected_right);
            }
        }
    }
}
