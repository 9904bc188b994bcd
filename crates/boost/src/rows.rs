//! The rows of a leaf.

use std::ops::Range;

use rayon::prelude::*;

use crate::bits::{self, WORD_ROWS};
use crate::sides::Sides;

/// Words that one thread parts at a time.
const WORDS: usize = 1 << 8;

/// The rows of a leaf. A leaf owns them, so that leaves are worked on side by side.
#[derive(Debug)]
pub(crate) struct Rows {
    count: usize,
    kept: Kept,
}

/// Rows, as they are parted fastest.
#[derive(Debug)]
enum Kept {
    /// Many, a bit for each row of the data: to compare all is less than to look up each.
    Bits(Vec<u64>),
    /// Few, by their numbers, ascending.
    Numbers(Vec<u32>),
}

/// Words to a row, from which on rows are few.
const FEW: usize = 2;

/// Some of the rows of a leaf.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Part<'a> {
    /// Of rows from `first` on a bit each.
    Bits { first: usize, words: &'a [u64] },
    /// By their numbers.
    Numbers(&'a [u32]),
}

impl Rows {
    /// The first `count` rows.
    pub(crate) fn all(count: usize) -> Self {
        let kept = Kept::Bits(bits::all(count));
        Self { count, kept }
    }

    /// Those of the first `count` rows that are taken.
    pub(crate) fn taken(count: usize, taken: impl Fn(usize) -> bool + Sync) -> Self {
        let words = (0..count.div_ceil(WORD_ROWS)).into_par_iter();
        let words = words.with_min_len(WORDS / 2).map(|word| {
            let first = word * WORD_ROWS;
            bits::of((first..count.min(first + WORD_ROWS)).map(&taken))
        });
        Self::of_bits(words.collect())
    }

    /// Those with a bit set, of a bit for each row of the data.
    pub(crate) fn of_bits(words: Vec<u64>) -> Self {
        let count = bits::count(&words);
        Self::of_counted(words, count)
    }

    fn of_counted(words: Vec<u64>, count: usize) -> Self {
        let kept = match count < words.len() * FEW {
            true => Kept::Numbers(bits::list(&words, count)),
            false => Kept::Bits(words),
        };
        Self { count, kept }
    }

    /// How many.
    pub(crate) fn count(&self) -> usize {
        self.count
    }

    /// All of them.
    pub(crate) fn as_part(&self) -> Part<'_> {
        match &self.kept {
            Kept::Bits(words) => Part::Bits { first: 0, words },
            Kept::Numbers(rows) => Part::Numbers(rows),
        }
    }

    /// Those of a span, which begins with a word.
    pub(crate) fn within(&self, Range { start: first, end }: Range<usize>) -> Part<'_> {
        match self.as_part() {
            Part::Bits { words, .. } => {
                let last = words.len().min(end.div_ceil(WORD_ROWS));
                let words = &words[first / WORD_ROWS..last];
                Part::Bits { first, words }
            }
            Part::Numbers(rows) => {
                let before = |end: usize| rows.partition_point(|row| (*row as usize) < end);
                Part::Numbers(&rows[before(first)..before(end)])
            }
        }
    }

    /// Those that go left, and all others.
    pub(crate) fn part(self, sides: &Sides<'_>) -> (Self, Self) {
        match self.kept {
            Kept::Bits(mut right) => {
                let mut left = vec![0; right.len()];
                let count = sides.look_up(self.count, &mut right, &mut left);
                let count = count.unwrap_or_else(|| {
                    let chunks = right.par_chunks_mut(WORDS).zip(left.par_chunks_mut(WORDS));
                    let part = |(chunk, (right, left)): (usize, (&mut [u64], &mut [u64]))| {
                        sides.part_bits(chunk * WORDS * WORD_ROWS, right, left)
                    };
                    chunks.enumerate().map(part).sum()
                });
                (
                    Self::of_counted(left, count),
                    Self::of_counted(right, self.count - count),
                )
            }
            Kept::Numbers(mut left) => {
                let count = sides.part(&mut left);
                let right = left.split_off(count);
                (Self::of_numbers(left), Self::of_numbers(right))
            }
        }
    }

    /// Their numbers.
    #[cfg(test)]
    pub(crate) fn numbers(&self) -> Vec<usize> {
        let mut numbers = Vec::new();
        self.as_part().for_each(|row| numbers.push(row));
        numbers
    }

    fn of_numbers(rows: Vec<u32>) -> Self {
        Self {
            count: rows.len(),
            kept: Kept::Numbers(rows),
        }
    }
}

impl<'a> Part<'a> {
    /// How many.
    pub(crate) fn count(self) -> usize {
        match self {
            Part::Bits { words, .. } => bits::count(words),
            Part::Numbers(rows) => rows.len(),
        }
    }

    /// Two parts of about the same size.
    pub(crate) fn halves(self) -> (Self, Self) {
        match self {
            Part::Bits { first, words } => {
                let (a, b) = words.split_at(words.len() / 2);
                let second = first + a.len() * WORD_ROWS;
                let half = |first, words| Part::Bits { first, words };
                (half(first, a), half(second, b))
            }
            Part::Numbers(rows) => {
                let (a, b) = rows.split_at(rows.len() / 2);
                (Part::Numbers(a), Part::Numbers(b))
            }
        }
    }

    /// Gives each row, ascending, to `take`.
    #[cfg(test)]
    pub(crate) fn for_each(self, mut take: impl FnMut(usize)) {
        match self {
            Part::Bits { first, words } => bits::for_each(words, first, take),
            Part::Numbers(rows) => rows.iter().for_each(|row| take(*row as usize)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sides::tests::sides;
    use proptest::prelude::*;

    fn numbers(part: Part<'_>) -> Vec<u32> {
        let mut numbers = Vec::new();
        part.for_each(|row| numbers.push(row as u32));
        numbers
    }

    #[test]
    fn rows_that_are_not_taken_are_in_no_leaf() {
        for step in [3, 100] {
            let rows = Rows::taken(100_000, |row| row % step == 0);
            let expected: Vec<u32> = (0..100_000).step_by(step).collect();
            assert_eq!(numbers(rows.as_part()), expected);
            let within: Vec<u32> = expected
                .iter()
                .copied()
                .filter(|row| (640..1280).contains(row))
                .collect();
            assert_eq!(numbers(rows.within(640..1280)), within);
            let (first, second) = rows.as_part().halves();
            let (first, second) = (numbers(first), numbers(second));
            assert!(first.len().abs_diff(second.len()) < 64);
            assert_eq!([first, second].concat(), expected);
        }
    }

    proptest! {
        /// Parting is filtering, in order, however many rows there are.
        #[test]
        fn rows_are_parted_in_order(
            count in 1usize..200_000,
            moduli in prop::collection::vec(1usize..7, 0..6),
        ) {
            let mut rows = Rows::all(count);
            let mut expected: Vec<u32> = (0..count as u32).collect();
            for modulus in moduli {
                let codes: Vec<u8> = (0..count).map(|row| (row / 3 % modulus) as u8).collect();
                let sides = sides(&codes, |code| *code == 0);
                let (left, right) = rows.part(&sides);
                let (expected_left, expected_right): (Vec<u32>, Vec<u32>) =
                    expected.iter().partition(|row| codes[**row as usize] == 0);
                prop_assert_eq!(left.count(), expected_left.len());
                prop_assert_eq!(numbers(left.as_part()), expected_left);
                prop_assert_eq!(right.count(), expected_right.len());
                prop_assert_eq!(numbers(right.as_part()), &expected_right[..]);
                (rows, expected) = (right, expected_right);
            }
        }
    }
}
