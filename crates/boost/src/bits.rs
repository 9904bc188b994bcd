//! Rows as bits of words, 64 in each, whichever of them are meant.

use std::ops::Range;

use crate::lanes::MOST_LANES;

/// Rows of a word.
pub(crate) const WORD_ROWS: usize = u64::BITS as usize;

/// Numbers that may be written behind those that count.
pub(crate) const SLACK: usize = MOST_LANES;

/// A bit for each of at most 64. To be inlined always: it is vectored.
#[inline(always)]
pub(crate) fn of(flags: impl DoubleEndedIterator<Item = bool>) -> u64 {
    flags
        .rev()
        .fold(0, |bits, flag| bits << 1 | u64::from(flag))
}

/// The bits of so many rows, all of them set.
pub(crate) fn all(rows: usize) -> Vec<u64> {
    let mut words = vec![u64::MAX; rows.div_ceil(WORD_ROWS)];
    if let Some(last) = words.last_mut() {
        *last >>= (WORD_ROWS - rows % WORD_ROWS) % WORD_ROWS;
    }
    words
}

/// The bits of those of some rows that are taken.
pub(crate) fn taken(rows: Range<usize>, taken: impl Fn(usize) -> bool) -> Vec<u64> {
    let words = rows.clone().step_by(WORD_ROWS);
    let words = words.map(|first| of((first..rows.end.min(first + WORD_ROWS)).map(&taken)));
    words.collect()
}

/// Gives each row, ascending, to `take`; the first bit is row `first`.
#[inline]
pub(crate) fn for_each(words: &[u64], first: usize, mut take: impl FnMut(usize)) {
    for (word, first) in words.iter().zip((first..).step_by(WORD_ROWS)) {
        let mut word = *word;
        while word != 0 {
            take(first + word.trailing_zeros() as usize);
            word &= word - 1;
        }
    }
}

/// Words to a row, from which on to look for each row is less than to go by whole words.
const SCATTERED: usize = 4;

/// How many bits are set.
pub(crate) fn count(words: &[u64]) -> usize {
    words.iter().map(|word| word.count_ones() as usize).sum()
}

/// The numbers of `count` rows, which are all that there are.
pub(crate) fn list(words: &[u64], count: usize) -> Vec<u32> {
    if count * SCATTERED < words.len() {
        let mut rows = Vec::with_capacity(count);
        for_each(words, 0, |row| rows.push(row as u32));
        return rows;
    }
    let mut rows = vec![0; count + SLACK];
    let found = numbers(words, 0, &mut rows);
    rows.truncate(found);
    rows
}

/// Writes the numbers of rows, ascending; the first bit is row `first`. Returns how many there are; as many as [`SLACK`]
/// behind them are written, too.
pub(crate) fn numbers(words: &[u64], first: usize, into: &mut [u32]) -> usize {
    #[cfg(target_arch = "x86_64")]
    if let Some(lanes) = pulp::x86::V4::try_new() {
        return by_vectors::numbers(lanes, words, first, into);
    } else if let Some(lanes) = pulp::x86::V3::try_new() {
        return by_vectors::numbers(lanes, words, first, into);
    }
    numbers_one_by_one(words, first, into)
}

fn numbers_one_by_one(words: &[u64], first: usize, into: &mut [u32]) -> usize {
    let mut count = 0;
    for_each(words, first, |row| {
        into[count] = row as u32;
        count += 1;
    });
    count
}

#[cfg(target_arch = "x86_64")]
mod by_vectors {
    use pulp::NullaryFnOnce;

    use super::WORD_ROWS;
    use crate::lanes::Lanes;

    /// Writes the numbers of rows; the first bit is row `first`.
    pub(super) fn numbers<const COUNT: usize>(
        lanes: impl Lanes<COUNT>,
        words: &[u64],
        first: usize,
        into: &mut [u32],
    ) -> usize {
        lanes.vectorize(Numbers {
            lanes,
            words,
            first: first as u32,
            into,
        })
    }

    struct Numbers<'a, L, const COUNT: usize> {
        lanes: L,
        words: &'a [u64],
        first: u32,
        into: &'a mut [u32],
    }

    impl<L: Lanes<COUNT>, const COUNT: usize> NullaryFnOnce for Numbers<'_, L, COUNT> {
        type Output = usize;

        #[inline(always)]
        fn call(self) -> usize {
            let Self {
                lanes,
                words,
                first,
                into,
            } = self;
            let mut count = 0;
            for (word, row) in words.iter().zip((first..).step_by(WORD_ROWS)) {
                for start in (0..WORD_ROWS).step_by(COUNT) {
                    let set = (word >> start) as usize % (1 << COUNT);
                    let block = std::array::from_fn(|lane| row + (start + lane) as u32);
                    into[count..count + COUNT].copy_from_slice(&lanes.first(block, set));
                    count += set.count_ones() as usize;
                }
            }
            count
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The rows of words, one by one.
    pub(crate) fn rows_of(words: &[u64]) -> Vec<usize> {
        let rows = 0..words.len() * WORD_ROWS;
        rows.filter(|row| words[row / WORD_ROWS] >> (row % WORD_ROWS) & 1 == 1)
            .collect()
    }

    /// By the vectors of eight, also where there are greater ones.
    fn numbers_by_eight(words: &[u64], first: usize, into: &mut [u32]) -> usize {
        #[cfg(target_arch = "x86_64")]
        if let Some(lanes) = pulp::x86::V3::try_new() {
            return by_vectors::numbers(lanes, words, first, into);
        }
        numbers(words, first, into)
    }

    proptest! {
        /// The numbers of rows, by vectors and one by one.
        #[test]
        fn rows_have_their_numbers(words in prop::collection::vec(prop_oneof![any::<u64>(), Just(1 << 63)], 0..6), first in 0usize..1000) {
            let expected: Vec<u32> =
                rows_of(&words).into_iter().map(|row| (first + row) as u32).collect();
            for numbers in [numbers, numbers_by_eight, numbers_one_by_one] {
                let mut found = vec![0; words.len() * WORD_ROWS + SLACK];
                let count = numbers(&words, first, &mut found);
                prop_assert_eq!(&found[..count], &expected);
            }
            let mut words = words;
            for step in [1, SCATTERED + 1] {
                words = words.into_iter().flat_map(|word| [word].into_iter().chain(vec![0; step - 1])).collect();
                let expected: Vec<u32> = rows_of(&words).into_iter().map(|row| row as u32).collect();
                prop_assert_eq!(list(&words, expected.len()), expected);
            }
        }
    }
}
