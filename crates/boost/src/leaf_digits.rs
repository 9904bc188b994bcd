//! The numbers of the leaves of rows, written digit by digit.
//!
//! Rows come leaf by leaf, a bit each. To write a leaf's number to each of its rows takes a step for each row; to write its binary
//! digits takes one for 64 rows and each digit that is 1. Only then is the number of each row read, once for all leaves.

use crate::bits::WORD_ROWS;
use crate::math::{Vectored, vectored};

/// Digits of a number, which so is a byte.
const DIGITS: usize = 8;

/// For each row one more than the number of its leaf, 0 for rows in none.
#[derive(Debug)]
pub(crate) struct LeafDigits {
    /// Digit by digit, the lowest first: a bit for each row.
    digits: [Vec<u64>; DIGITS],
}

impl LeafDigits {
    /// Leaves that have a number.
    pub(crate) const MOST_LEAVES: usize = (1 << DIGITS) - 1;

    /// Rows of so many words, all in no leaf.
    pub(crate) fn new(words: usize) -> Self {
        Self {
            digits: std::array::from_fn(|_| vec![0; words]),
        }
    }

    /// Puts rows, a bit each, that are in no leaf yet into one.
    pub(crate) fn put(&mut self, leaf: usize, rows: &[u64]) {
        let set = |digit: &usize| (leaf + 1) >> digit & 1 == 1;
        for digit in (0..DIGITS).filter(set) {
            for (digit, rows) in self.digits[digit].iter_mut().zip(rows) {
                *digit |= rows;
            }
        }
    }

    /// Adds to the first of each row's `step` sums the value of its leaf, if it is in one.
    pub(crate) fn add(&self, values: &[f64], sums: &mut [f64], step: usize) {
        let mut of_number = [0.0; 1 << DIGITS];
        of_number[1..=values.len()].copy_from_slice(values);
        vectored(Add {
            digits: &self.digits,
            values: &of_number,
            sums,
            step,
        });
    }
}

struct Add<'a> {
    digits: &'a [Vec<u64>; DIGITS],
    /// By number.
    values: &'a [f64; 1 << DIGITS],
    sums: &'a mut [f64],
    step: usize,
}

impl Vectored for Add<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let words = self.sums.chunks_mut(WORD_ROWS * self.step).enumerate();
        for (word, sums) in words {
            let numbers = numbers(self.digits.each_ref().map(|digit| digit[word]));
            let numbers = numbers.as_flattened();
            for (sum, number) in sums.iter_mut().step_by(self.step).zip(numbers) {
                *sum += self.values[usize::from(*number)];
            }
        }
    }
}

/// The numbers of 64 rows, eight at a time.
#[inline(always)]
fn numbers(digits: [u64; DIGITS]) -> [[u8; 8]; WORD_ROWS / 8] {
    std::array::from_fn(|eight| {
        let of_digit = |digit: usize| (digits[digit] >> (8 * eight) & 0xFF) << (8 * digit);
        let matrix = (0..DIGITS).fold(0, |matrix, digit| matrix | of_digit(digit));
        transposed(matrix).to_le_bytes()
    })
}

/// A matrix of 8 × 8 bits, a byte for each row, with rows for columns: squares of ever greater size change places (Warren,
/// Hacker's Delight, 7-3).
#[inline(always)]
fn transposed(mut matrix: u64) -> u64 {
    for (shift, above) in [
        (7, 0x00AA_00AA_00AA_00AA),
        (14, 0x0000_CCCC_0000_CCCC),
        (28, 0x0000_0000_F0F0_F0F0),
    ] {
        let change = (matrix ^ matrix >> shift) & above;
        matrix ^= change ^ change << shift;
    }
    matrix
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bits;
    use proptest::prelude::*;

    #[test]
    fn rows_become_columns() {
        for (row, column) in [(0, 0), (0, 7), (3, 5), (7, 0), (6, 7)] {
            assert_eq!(transposed(1 << (8 * row + column)), 1 << (8 * column + row));
        }
    }

    proptest! {
        /// Row by row: the value of the leaf that it was put into, and nothing to rows in none.
        #[test]
        fn rows_get_the_values_of_their_leaves(
            leaves in prop::collection::vec(prop::option::of(0..LeafDigits::MOST_LEAVES), 1..300),
            step in 1..3_usize,
        ) {
            let values: Vec<f64> = (0..LeafDigits::MOST_LEAVES).map(|leaf| leaf as f64 + 0.5).collect();
            let mut digits = LeafDigits::new(leaves.len().div_ceil(WORD_ROWS));
            for leaf in 0..LeafDigits::MOST_LEAVES {
                digits.put(leaf, &bits::taken(0..leaves.len(), |row| leaves[row] == Some(leaf)));
            }
            let mut sums = vec![1.0; leaves.len() * step];
            digits.add(&values, &mut sums, step);
            for (sums, leaf) in sums.chunks(step).zip(&leaves) {
                prop_assert_eq!(sums[0], leaf.map_or(1.0, |leaf| 1.0 + values[leaf]));
                prop_assert!(sums[1..].iter().all(|sum| *sum == 1.0));
            }
        }
    }
}
