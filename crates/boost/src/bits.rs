//! Rows as bits of words: 64 rows are compared with a split at once, whichever of them are meant.

use std::ops::Range;

use crate::lanes::MOST_LANES;

/// Rows of a word.
pub(crate) const WORD_ROWS: usize = u64::BITS as usize;

/// Numbers that may be written behind those that count.
pub(crate) const SLACK: usize = MOST_LANES;

/// Sixteen bytes to look up by half a byte.
type Halves = [u8; 16];

/// A set of codes of a byte.
#[derive(Debug)]
pub(crate) struct CodeSet {
    /// Whether each is in the set.
    pub(crate) has: [bool; 256],
    /// The same as bits: by the lower half of a code, a bit for each upper half below 8, and from 8 on.
    halves: [Halves; 2],
}

impl CodeSet {
    /// Of some codes.
    pub(crate) fn new(codes: &[usize]) -> Self {
        let mut set = Self {
            has: [false; 256],
            halves: [[0; 16]; 2],
        };
        for code in codes {
            set.has[*code] = true;
            let (lower, upper) = (code % 16, code / 16);
            set.halves[upper / 8][lower] |= 1 << (upper % 8);
        }
        set
    }

    /// Parts rows, a bit each, by their codes, of which there may be more: those with a code in the set go to `inside`, all
    /// others stay. Returns how many went.
    pub(crate) fn part(&self, codes: &[u8], rows: &mut [u64], inside: &mut [u64]) -> usize {
        let codes = &codes[..codes.len().min(rows.len() * WORD_ROWS)];
        #[cfg(target_arch = "x86_64")]
        if let Some(simd) = pulp::x86::V3::try_new() {
            return simd.vectorize(by_vectors::Part {
                simd,
                set: self,
                codes,
                rows,
                inside,
            });
        }
        part_words(codes, rows, inside, |codes, _| self.bits(codes))
    }

    /// Which of some codes are in the set.
    fn bits(&self, codes: &[u8]) -> u64 {
        of(codes.iter().map(|code| self.has[usize::from(*code)]))
    }
}

/// Parts rows by codes of 16 bits: those whose code `goes` go to `inside`, all others stay. Returns how many went.
pub(crate) fn part_wide(
    codes: &[u16],
    rows: &mut [u64],
    inside: &mut [u64],
    goes: &[bool],
) -> usize {
    part_words(codes, rows, inside, |codes, rows| {
        let mut bits = 0;
        for_each(&[rows], 0, |row| {
            bits |= u64::from(goes[usize::from(codes[row])]) << row;
        });
        bits
    })
}

/// Parts rows, word by word; `goes` has some codes and the bits of those that are asked for.
#[inline(always)]
fn part_words<T>(
    codes: &[T],
    rows: &mut [u64],
    inside: &mut [u64],
    goes: impl Fn(&[T], u64) -> u64,
) -> usize {
    let mut count = 0;
    for ((rows, inside), codes) in rows.iter_mut().zip(inside).zip(codes.chunks(WORD_ROWS)) {
        *inside = *rows & goes(codes, *rows);
        *rows &= !*inside;
        count += inside.count_ones() as usize;
    }
    count
}

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
    use std::arch::x86_64::__m256i;

    use pulp::{NullaryFnOnce, cast, x86::V3};

    use super::{CodeSet, WORD_ROWS, part_words};
    use crate::lanes::Lanes;

    pub(super) struct Part<'a> {
        pub(super) simd: V3,
        pub(super) set: &'a CodeSet,
        pub(super) codes: &'a [u8],
        pub(super) rows: &'a mut [u64],
        pub(super) inside: &'a mut [u64],
    }

    impl NullaryFnOnce for Part<'_> {
        type Output = usize;

        #[inline(always)]
        fn call(self) -> usize {
            let Self {
                simd,
                set,
                codes,
                rows,
                inside,
            } = self;
            part_words(codes, rows, inside, |codes, _| {
                let Ok(codes) = <[u8; WORD_ROWS]>::try_from(codes) else {
                    return set.bits(codes);
                };
                let [low, high]: [__m256i; 2] = cast(codes);
                u64::from(has(simd, set, low)) | u64::from(has(simd, set, high)) << 32
            })
        }
    }

    /// Which of 32 codes are in the set, found by the halves of each (Langdale and Lemire 2019).
    #[inline(always)]
    fn has(simd: V3, set: &CodeSet, codes: __m256i) -> u32 {
        let (avx, avx2) = (simd.avx, simd.avx2);
        let twice = |halves: [u8; 16]| -> __m256i { cast([halves, halves]) };
        let lower = avx2._mm256_and_si256(codes, avx._mm256_set1_epi8(0x0F));
        let below = avx2._mm256_shuffle_epi8(twice(set.halves[0]), lower);
        let above = avx2._mm256_shuffle_epi8(twice(set.halves[1]), lower);
        // A code's highest bit says which of them its upper half is in.
        let bits = avx2._mm256_blendv_epi8(below, above, codes);
        let upper = avx2._mm256_srli_epi16::<4>(codes);
        let upper = avx2._mm256_and_si256(upper, avx._mm256_set1_epi8(0x07));
        let bit = avx2._mm256_shuffle_epi8(twice(BITS), upper);
        let found = avx2._mm256_cmpeq_epi8(avx2._mm256_and_si256(bits, bit), bit);
        avx2._mm256_movemask_epi8(found) as u32
    }

    const BITS: [u8; 16] = [1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128];

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
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The rows of words, one by one.
    fn rows_of(words: &[u64]) -> Vec<usize> {
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
        /// By vectors and row by row, by codes of a byte and of more: parting is filtering.
        #[test]
        fn rows_are_parted_by_their_codes(
            rows in prop::collection::vec(any::<u64>(), 1..6),
            short in 0usize..WORD_ROWS,
            codes in prop::collection::vec(any::<u8>(), 6 * WORD_ROWS),
            has in prop::collection::vec(any::<bool>(), 256),
        ) {
            let mut rows = rows;
            if let Some(last) = rows.last_mut() {
                *last >>= short;
            }
            let codes = &codes[..rows.len() * WORD_ROWS - short];
            let wide: Vec<u16> = codes.iter().map(|code| u16::from(*code)).collect();
            let of_set: Vec<usize> = (0..256).filter(|code| has[*code]).collect();
            let set = CodeSet::new(&of_set);
            let (inside, outside): (Vec<usize>, Vec<usize>) = rows_of(&rows)
                .into_iter()
                .partition(|row| has[usize::from(codes[*row])]);
            type Way<'a> = &'a dyn Fn(&mut [u64], &mut [u64]) -> usize;
            let ways: [Way<'_>; 3] = [
                &|rows, to| set.part(codes, rows, to),
                &|rows, to| part_words(codes, rows, to, |codes, _| set.bits(codes)),
                &|rows, to| part_wide(&wide, rows, to, &has),
            ];
            for way in ways {
                let (mut rest, mut found) = (rows.clone(), vec![0; rows.len()]);
                prop_assert_eq!(way(&mut rest, &mut found), inside.len());
                prop_assert_eq!(rows_of(&found), inside.clone());
                prop_assert_eq!(rows_of(&rest), outside.clone());
            }
        }

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
