//! Sets of codes, and parting rows by them: 64 rows are looked at together, whichever of them are meant.

use crate::bins::NARROW_BINS;
use crate::bits::{self, WORD_ROWS};

/// Sixteen bytes to look up by half a byte.
type Halves = [u8; 16];

/// A set of codes of a byte, such as vectors look for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum CodeSet {
    /// The codes from the first on, so many further ones, and on from 0 after 255: numbers that go left are such a set, with
    /// missing ones or without.
    Run { first: u8, further: u8 },
    /// Any set: by the lower half of a code, a bit for each upper half below 8, and from 8 on.
    Any([Halves; 2]),
}

impl CodeSet {
    /// Of some codes, each below `count`, as are all that are asked for.
    pub(crate) fn new(codes: &[usize], count: usize) -> Self {
        let mut has = [false; NARROW_BINS];
        codes.iter().for_each(|code| has[*code] = true);
        if let Some(last) = count.checked_sub(1) {
            // Of those that never come, what is next to them: it makes no further run.
            let last = has[last];
            has[count..].fill(last);
        }
        Self::of(&has)
    }

    /// Parts rows, a bit each, by their codes, of which there may be more: those with a code in the set go to `inside`, all
    /// others stay. Returns how many went.
    pub(crate) fn part(&self, codes: &[u8], rows: &mut [u64], inside: &mut [u64]) -> usize {
        let codes = &codes[..codes.len().min(rows.len() * WORD_ROWS)];
        #[cfg(target_arch = "x86_64")]
        if let Some(vectors) = pulp::x86::V4::try_new() {
            return self.part_by(vectors, codes, rows, inside);
        } else if let Some(vectors) = pulp::x86::V3::try_new() {
            return self.part_by(vectors, codes, rows, inside);
        }
        part_words(codes, rows, inside, |codes, _| self.bits(codes))
    }

    /// The same, by vectors.
    #[cfg(target_arch = "x86_64")]
    fn part_by(
        &self,
        vectors: impl by_vectors::Sets,
        codes: &[u8],
        rows: &mut [u64],
        inside: &mut [u64],
    ) -> usize {
        vectors.vectorize(by_vectors::Part {
            vectors,
            set: self,
            codes,
            rows,
            inside,
        })
    }

    /// Which of some codes are in the set.
    fn bits(&self, codes: &[u8]) -> u64 {
        bits::of(codes.iter().map(|code| self.has(*code)))
    }

    /// Whether a code is in the set.
    fn has(&self, code: u8) -> bool {
        match self {
            Self::Run { first, further } => code.wrapping_sub(*first) <= *further,
            Self::Any(halves) => {
                let (lower, upper) = (usize::from(code % 16), code / 16);
                halves[usize::from(upper / 8)][lower] >> (upper % 8) & 1 == 1
            }
        }
    }

    fn of(has: &[bool; NARROW_BINS]) -> Self {
        let before = |code: usize| has[(code + NARROW_BINS - 1) % NARROW_BINS];
        let mut firsts = (0..NARROW_BINS).filter(|code| has[*code] && !before(*code));
        let first = match (firsts.next(), firsts.next()) {
            (Some(first), None) => first,
            (None, _) if has[0] => 0,
            _ => return Self::Any(halves(has)),
        };
        let count = has.iter().filter(|has| **has).count();
        Self::Run {
            first: first as u8,
            further: (count - 1) as u8,
        }
    }
}

fn halves(has: &[bool; NARROW_BINS]) -> [Halves; 2] {
    let mut halves = [[0; 16]; 2];
    for code in (0..NARROW_BINS).filter(|code| has[*code]) {
        let (lower, upper) = (code % 16, code / 16);
        halves[upper / 8][lower] |= 1 << (upper % 8);
    }
    halves
}

/// Parts rows by codes of 16 bits: those whose code `goes` go to `inside`, all others stay. Returns how many went.
pub(crate) fn part_wide(
    codes: &[u16],
    rows: &mut [u64],
    inside: &mut [u64],
    goes: &[bool],
) -> usize {
    part_words(codes, rows, inside, |codes, rows| {
        let mut found = 0;
        bits::for_each(&[rows], 0, |row| {
            found |= u64::from(goes[usize::from(codes[row])]) << row;
        });
        found
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

#[cfg(target_arch = "x86_64")]
mod by_vectors {
    use std::arch::x86_64::{__m256i, __m512i};

    use pulp::x86::{V3, V4};
    use pulp::{NullaryFnOnce, cast};

    use super::{CodeSet, Halves, WORD_ROWS, part_words};

    /// Codes of a word of rows.
    type Codes = [u8; WORD_ROWS];

    /// Vectors that tell which codes are in a set.
    pub(super) trait Sets: Copy {
        /// Those in a [run](CodeSet::Run).
        fn in_run(self, codes: Codes, first: u8, further: u8) -> u64;

        /// Those in a set by [halves](CodeSet::Any).
        fn in_any(self, codes: Codes, halves: &[Halves; 2]) -> u64;

        /// Does some work with them.
        fn vectorize<W: NullaryFnOnce>(self, work: W) -> W::Output;
    }

    impl Sets for V3 {
        #[inline(always)]
        fn in_run(self, codes: Codes, first: u8, further: u8) -> u64 {
            let (avx, avx2) = (self.avx, self.avx2);
            let (first, further) = (first.cast_signed(), further.cast_signed());
            let (first, further) = (avx._mm256_set1_epi8(first), avx._mm256_set1_epi8(further));
            self.by_halves(codes, |codes| {
                let place = avx2._mm256_sub_epi8(codes, first);
                avx2._mm256_cmpeq_epi8(avx2._mm256_min_epu8(place, further), place)
            })
        }

        /// Found by the halves of each (Langdale and Lemire 2019).
        #[inline(always)]
        fn in_any(self, codes: Codes, halves: &[Halves; 2]) -> u64 {
            let (avx, avx2) = (self.avx, self.avx2);
            let twice = |halves: Halves| -> __m256i { cast([halves, halves]) };
            self.by_halves(codes, |codes| {
                let lower = avx2._mm256_and_si256(codes, avx._mm256_set1_epi8(0x0F));
                let below = avx2._mm256_shuffle_epi8(twice(halves[0]), lower);
                let above = avx2._mm256_shuffle_epi8(twice(halves[1]), lower);
                // A code's highest bit says which of them its upper half is in.
                let bits = avx2._mm256_blendv_epi8(below, above, codes);
                let upper = avx2._mm256_srli_epi16::<4>(codes);
                let upper = avx2._mm256_and_si256(upper, avx._mm256_set1_epi8(0x07));
                let bit = avx2._mm256_shuffle_epi8(twice(BITS), upper);
                avx2._mm256_cmpeq_epi8(avx2._mm256_and_si256(bits, bit), bit)
            })
        }

        #[inline(always)]
        fn vectorize<W: NullaryFnOnce>(self, work: W) -> W::Output {
            self.vectorize(work)
        }
    }

    impl Sets for V4 {
        #[inline(always)]
        fn in_run(self, codes: Codes, first: u8, further: u8) -> u64 {
            let avx512f = self.avx512f;
            let (first, further) = (first.cast_signed(), further.cast_signed());
            let codes: __m512i = cast(codes);
            let place = self
                .avx512bw
                ._mm512_sub_epi8(codes, avx512f._mm512_set1_epi8(first));
            let further = avx512f._mm512_set1_epi8(further);
            self.avx512bw._mm512_cmple_epu8_mask(place, further)
        }

        #[inline(always)]
        fn in_any(self, codes: Codes, halves: &[Halves; 2]) -> u64 {
            Sets::in_any(*self, codes, halves)
        }

        #[inline(always)]
        fn vectorize<W: NullaryFnOnce>(self, work: W) -> W::Output {
            self.vectorize(work)
        }
    }

    /// 32 codes at a time.
    trait ByHalves {
        /// Which of the codes `found` says 0xFF of.
        fn by_halves(self, codes: Codes, found: impl Fn(__m256i) -> __m256i) -> u64;
    }

    impl ByHalves for V3 {
        #[inline(always)]
        fn by_halves(self, codes: Codes, found: impl Fn(__m256i) -> __m256i) -> u64 {
            let [low, high]: [__m256i; 2] = cast(codes);
            let bits = |codes| self.avx2._mm256_movemask_epi8(found(codes)) as u32;
            u64::from(bits(low)) | u64::from(bits(high)) << 32
        }
    }

    const BITS: Halves = [1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128];

    pub(super) struct Part<'a, V> {
        pub(super) vectors: V,
        pub(super) set: &'a CodeSet,
        pub(super) codes: &'a [u8],
        pub(super) rows: &'a mut [u64],
        pub(super) inside: &'a mut [u64],
    }

    impl<V: Sets> Part<'_, V> {
        #[inline(always)]
        fn part(self, bits: impl Fn(V, Codes) -> u64) -> usize {
            let Self {
                vectors,
                set,
                codes,
                rows,
                inside,
            } = self;
            part_words(codes, rows, inside, |codes, _| {
                match Codes::try_from(codes) {
                    Ok(codes) => bits(vectors, codes),
                    Err(_) => set.bits(codes),
                }
            })
        }
    }

    impl<V: Sets> NullaryFnOnce for Part<'_, V> {
        type Output = usize;

        #[inline(always)]
        fn call(self) -> usize {
            match *self.set {
                CodeSet::Run { first, further } => {
                    self.part(|vectors, codes| vectors.in_run(codes, first, further))
                }
                CodeSet::Any(halves) => self.part(|vectors, codes| vectors.in_any(codes, &halves)),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bits::tests::rows_of;
    use proptest::prelude::*;

    /// By the vectors of AVX2, also where there are greater ones.
    fn part_by_lesser(set: &CodeSet, codes: &[u8], rows: &mut [u64], inside: &mut [u64]) -> usize {
        #[cfg(target_arch = "x86_64")]
        if let Some(vectors) = pulp::x86::V3::try_new() {
            return set.part_by(vectors, codes, rows, inside);
        }
        set.part(codes, rows, inside)
    }

    /// Sets of codes below a count: any, and such as numbers make.
    fn sets() -> impl Strategy<Value = (usize, Vec<usize>)> {
        let mixed = prop::collection::vec(any::<bool>(), 256)
            .prop_map(|has| (256, (0..256).filter(|code| has[*code]).collect()));
        let run = (1..=NARROW_BINS, any::<prop::sample::Index>(), 0..4_usize).prop_map(
            |(count, end, shape)| {
                let (end, last) = (end.index(count + 1), count - 1);
                let codes = (0..count).filter(|code| match shape {
                    0 => *code < end,
                    1 => *code < end || *code == last,
                    2 => *code < end && *code != last,
                    _ => *code >= end,
                });
                (count, codes.collect())
            },
        );
        prop_oneof![mixed, run]
    }

    proptest! {
        /// By vectors and row by row, by codes of a byte and of more: parting is filtering.
        #[test]
        fn rows_are_parted_by_their_codes(
            rows in prop::collection::vec(any::<u64>(), 1..6),
            short in 0usize..WORD_ROWS,
            codes in prop::collection::vec(any::<u8>(), 6 * WORD_ROWS),
            (count, of_set) in sets(),
        ) {
            let mut rows = rows;
            if let Some(last) = rows.last_mut() {
                *last >>= short;
            }
            let codes = &codes[..rows.len() * WORD_ROWS - short];
            let codes: Vec<u8> = codes.iter().map(|code| (usize::from(*code) % count) as u8).collect();
            let wide: Vec<u16> = codes.iter().map(|code| u16::from(*code)).collect();
            let has: Vec<bool> = (0..256).map(|code| of_set.contains(&code)).collect();
            let set = CodeSet::new(&of_set, count);
            let (inside, outside): (Vec<usize>, Vec<usize>) = rows_of(&rows)
                .into_iter()
                .partition(|row| has[usize::from(codes[*row])]);
            type Way<'a> = &'a dyn Fn(&mut [u64], &mut [u64]) -> usize;
            let ways: [Way<'_>; 4] = [
                &|rows, to| set.part(&codes, rows, to),
                &|rows, to| part_by_lesser(&set, &codes, rows, to),
                &|rows, to| part_words(&codes, rows, to, |codes, _| set.bits(codes)),
                &|rows, to| part_wide(&wide, rows, to, &has),
            ];
            for way in ways {
                let (mut rest, mut found) = (rows.clone(), vec![0; rows.len()]);
                prop_assert_eq!(way(&mut rest, &mut found), inside.len());
                prop_assert_eq!(rows_of(&found), inside.clone());
                prop_assert_eq!(rows_of(&rest), outside.clone());
            }
        }
    }

    #[test]
    fn what_numbers_go_left_by_is_a_run() {
        assert!(matches!(
            CodeSet::new(&[0, 1, 2], 9),
            CodeSet::Run {
                first: 0,
                further: 2
            }
        ));
        // Of nine codes the last is that of missing values.
        assert!(matches!(
            CodeSet::new(&[0, 1, 8], 9),
            CodeSet::Run { first: 8, .. }
        ));
        assert!(matches!(
            CodeSet::new(&[3], 9),
            CodeSet::Run {
                first: 3,
                further: 0
            }
        ));
        assert!(matches!(CodeSet::new(&[1, 3], 9), CodeSet::Any(_)));
        assert!(matches!(CodeSet::new(&[], 9), CodeSet::Any(_)));
    }
}
