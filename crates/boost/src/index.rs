//! An inverted index: the rows of each code of a feature.

use crate::bits::WORD_ROWS;

/// For each code of a feature its rows, ascending. Of many codes each has few rows: those of some codes are found
/// without looking at all others.
#[derive(Debug, Default)]
pub(crate) struct Index {
    /// Code after code.
    rows: Vec<u32>,
    /// Where those of each code end.
    ends: Vec<u32>,
}

impl Index {
    /// Of the codes of all rows, each below `count`.
    pub(crate) fn new(codes: &[u16], count: usize) -> Self {
        let mut ends = vec![0_u32; count];
        for code in codes {
            ends[usize::from(*code)] += 1;
        }
        // Where each code begins; moved to its end by the rows as they come.
        let mut before = 0;
        for end in &mut ends {
            before += std::mem::replace(end, before);
        }
        let mut rows = vec![0; codes.len()];
        for (row, code) in codes.iter().enumerate() {
            let place = &mut ends[usize::from(*code)];
            rows[*place as usize] = row as u32;
            *place += 1;
        }
        Self { rows, ends }
    }

    /// The rows of a code.
    fn of(&self, code: usize) -> &[u32] {
        let start = code.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.rows[start as usize..self.ends[code] as usize]
    }

    /// How many rows have one of some codes.
    pub(crate) fn count(&self, codes: &[usize]) -> usize {
        codes.iter().map(|code| self.of(*code).len()).sum()
    }

    /// Parts rows, a bit each: those with one of some codes go to `inside`, all others stay. Returns how many went.
    pub(crate) fn part(&self, codes: &[usize], rows: &mut [u64], inside: &mut [u64]) -> usize {
        let mut count = 0;
        for row in codes.iter().flat_map(|code| self.of(*code)) {
            let (word, bit) = (*row as usize / WORD_ROWS, *row as usize % WORD_ROWS);
            let found = rows[word] & 1 << bit;
            inside[word] |= found;
            rows[word] ^= found;
            count += usize::from(found != 0);
        }
        count
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::code_set::part_wide;
    use proptest::prelude::*;

    proptest! {
        /// To look up the rows of codes is to look at the codes of rows.
        #[test]
        fn rows_are_found_by_their_codes(
            codes in prop::collection::vec(0u16..9, 1..300),
            words in prop::collection::vec(any::<u64>(), 5),
            goes in prop::collection::vec(any::<bool>(), 9),
        ) {
            let index = Index::new(&codes, 9);
            let wanted: Vec<usize> = (0..9).filter(|code| goes[*code]).collect();
            let all = codes.iter().filter(|code| goes[usize::from(**code)]).count();
            prop_assert_eq!(index.count(&wanted), all);
            let mut words = words[..codes.len().div_ceil(WORD_ROWS)].to_vec();
            if let Some(last) = words.last_mut() {
                *last >>= (WORD_ROWS - codes.len() % WORD_ROWS) % WORD_ROWS;
            }
            let (mut rows, mut inside) = (words.clone(), vec![0; words.len()]);
            let count = index.part(&wanted, &mut rows, &mut inside);
            let (mut expected, mut expected_inside) = (words.clone(), vec![0; words.len()]);
            prop_assert_eq!(count, part_wide(&codes, &mut expected, &mut expected_inside, &goes));
            prop_assert_eq!((rows, inside), (expected, expected_inside));
        }
    }
}
