//! The sums of gradients per bin of each feature, over the rows of a leaf.

use std::ops::Range;

use rayon::prelude::*;

use crate::bins::{GROUP, Layout, NARROW_BINS, Place, WIDE_GROUP};
use crate::bits::{self, SLACK, WORD_ROWS};
use crate::dataset::{Dataset, Word};
use crate::gradient::Words;
use crate::pool::join;
use crate::prefetch::prefetch;
use crate::rows::Part;

/// The histograms of a group of features. At 16 KiB it stays in the first cache while rows go by.
type GroupHistogram = [[u64; NARROW_BINS]; GROUP];

/// Rows that are gathered at a time. Gathering is a loop of its own: being short, it has many loads under way at once,
/// which is what rows all over the memory need.
const GATHERED: usize = 512;

/// Rows whose numbers are listed at a time, so that what is gathered next is known.
const LISTED: usize = 16 * GATHERED;

/// Words that are gathered at a time: they lie in one or two cache lines, and all that is gathered in the first
/// cache, beside a group's histograms.
const BUNDLE: usize = 4;

/// Words in a cache line.
const LINE: usize = 8;

/// Rows below which a histogram is not worth another thread's help.
const SHARED_ROWS: usize = 1 << 11;

/// Gathered words, row by row.
type Gathered = [Word; GATHERED * BUNDLE];

/// The sums of gradients per bin, of all features; see [`Sums`](crate::gradient::Sums) for the words.
#[derive(Debug)]
pub(crate) struct Histogram {
    narrow: Vec<GroupHistogram>,
    wide: Vec<Vec<u64>>,
}

impl Histogram {
    /// All zero.
    pub(crate) fn new(layout: &Layout) -> Self {
        Self {
            narrow: vec![[[0; NARROW_BINS]; GROUP]; layout.groups()],
            wide: layout.wide.iter().map(|bins| vec![0; *bins]).collect(),
        }
    }

    /// The sums of a feature, bin by bin; of a narrow one all 256.
    #[inline]
    pub(crate) fn of(&self, place: Place) -> &[u64] {
        match place {
            Place::Narrow { group, lane } => &self.narrow[group][lane],
            Place::Wide { column } => &self.wide[column],
        }
    }

    /// Sums up the words of a leaf's rows.
    pub(crate) fn build(&mut self, data: &Dataset, words: impl Words, rows: Part<'_>) {
        self.narrow.as_flattened_mut().as_flattened_mut().fill(0);
        self.wide.iter_mut().for_each(|bins| bins.fill(0));
        self.add(data, words, rows);
    }

    /// Adds the words of some rows.
    pub(crate) fn add(&mut self, data: &Dataset, words: impl Words, rows: Part<'_>) {
        self.add_shared(data, words, rows, rows.count());
    }

    /// The same, with the help of threads that have nothing to do: each has a histogram of its own. Which of them a row goes to
    /// makes no difference to the sum. `count` is how many rows there are, roughly.
    fn add_shared(&mut self, data: &Dataset, words: impl Words, rows: Part<'_>, count: usize) {
        if count < 2 * SHARED_ROWS {
            self.add_part(data, words, rows);
            return;
        }
        let (first, second) = rows.halves();
        let mut helped = None;
        let help = |on_another: bool| {
            if on_another {
                let helped = helped.insert(Self::new(data.bins().layout()));
                helped.add_shared(data, words, second, count / 2);
            }
        };
        join(|| self.add_shared(data, words, first, count / 2), help);
        match helped {
            Some(helped) => self.combine(&helped, u64::wrapping_add),
            None => self.add_shared(data, words, second, count / 2),
        }
    }

    /// Becomes the sum of others.
    pub(crate) fn sum(&mut self, others: &[&Self]) {
        // A group at a time, which stays in the first cache.
        let narrow = self.narrow.par_iter_mut().enumerate();
        narrow.for_each(|(group, sums)| {
            let others = others
                .iter()
                .map(|other| other.narrow[group].as_flattened());
            sum_bins(sums.as_flattened_mut(), others);
        });
        let wide = self.wide.par_iter_mut().enumerate();
        wide.for_each(|(column, sums)| {
            sum_bins(
                sums,
                others.iter().map(|other| other.wide[column].as_slice()),
            );
        });
    }

    /// Takes off the sums of a part of the rows.
    pub(crate) fn subtract(&mut self, part: &Self) {
        self.combine(part, u64::wrapping_sub);
    }

    fn combine(&mut self, other: &Self, with: impl Fn(u64, u64) -> u64) {
        let narrow = self.narrow.as_flattened_mut().as_flattened_mut();
        let others = other.narrow.as_flattened().as_flattened();
        for (bin, other) in narrow.iter_mut().zip(others) {
            *bin = with(*bin, *other);
        }
        for (bins, others) in self.wide.iter_mut().zip(&other.wide) {
            for (bin, other) in bins.iter_mut().zip(others) {
                *bin = with(*bin, *other);
            }
        }
    }

    /// Sums up [some](GATHERED) rows without a gap, such as all of them: there is nothing to gather.
    fn add_neighbours(&mut self, data: &Dataset, words: impl Words, rows: Range<usize>) {
        let width = data.bins().layout().words();
        let codes = &data.words()[rows.start * width..];
        let (codes, next) = codes.split_at(rows.len() * width);
        let mut sums = [0; GATHERED];
        let sums = &mut sums[..rows.len()];
        for (to, row) in sums.iter_mut().zip(rows.clone()) {
            *to = words.of(row);
        }
        for word in 0..width {
            // Of what comes next a share, so that it is there in time and does not come all at once.
            for line in 0..rows.len() / LINE {
                prefetch(next, (word * (rows.len() / LINE) + line) * LINE);
            }
            self.add_word(data, word, &codes[word..], width, sums);
        }
    }

    /// Adds up the features of a word of all rows, whose codes come at each `step`.
    fn add_word(&mut self, data: &Dataset, word: usize, codes: &[Word], step: usize, sums: &[u64]) {
        match self.narrow.get_mut(word) {
            Some(histogram) => {
                let lanes = data.bins().layout().narrow - word * GROUP;
                add_lanes(histogram, lanes.min(GROUP), codes, step, sums);
            }
            None => {
                let group = word - self.narrow.len();
                let bins = self.wide.chunks_mut(WIDE_GROUP).nth(group);
                add_wide(bins.unwrap_or_default(), codes, step, sums);
            }
        }
    }

    fn add_part(&mut self, data: &Dataset, words: impl Words, rows: Part<'_>) {
        let (first, bits) = match rows {
            Part::Numbers(rows) => return self.add_rows(data, words, rows),
            Part::Bits { first, words } => (first, words),
        };
        let mut rows = [0; LISTED + SLACK];
        let mut count = 0;
        let bits = bits.chunks(GATHERED / WORD_ROWS);
        for (bits, first) in bits.zip((first..).step_by(GATHERED)) {
            if bits.iter().all(|word| *word == 0) {
                continue;
            }
            if bits.iter().all(|word| *word == u64::MAX) {
                let rows = first..first + bits.len() * WORD_ROWS;
                self.add_neighbours(data, words, rows);
                continue;
            }
            if count + GATHERED > LISTED {
                self.add_rows(data, words, &rows[..count]);
                count = 0;
            }
            count += bits::numbers(bits, first, &mut rows[count..]);
        }
        self.add_rows(data, words, &rows[..count]);
    }

    fn add_rows(&mut self, data: &Dataset, words: impl Words, rows: &[u32]) {
        let width = data.bins().layout().words();
        let mut codes: Gathered = [Word::default(); GATHERED * BUNDLE];
        let mut sums = [0; GATHERED];
        let mut batches = rows.chunks(GATHERED).peekable();
        while let Some(rows) = batches.next() {
            let next = batches.peek().copied().unwrap_or_default();
            let sums = &mut sums[..rows.len()];
            for (to, row) in sums.iter_mut().zip(rows) {
                *to = words.of(*row as usize);
            }
            for row in next {
                words.prefetch(*row as usize);
            }
            for first in (0..width).step_by(BUNDLE) {
                let count = BUNDLE.min(width - first);
                gather_words(data, first, count, rows, &mut codes);
                let share = next.len().div_ceil(count).max(1);
                let mut shares = next.chunks(share);
                for word in 0..count {
                    for row in shares.next().unwrap_or_default() {
                        let at = *row as usize * width + first;
                        prefetch(data.words(), at);
                        if !LINE.is_multiple_of(width) {
                            // The row may go on in the next cache line.
                            prefetch(data.words(), at + count - 1);
                        }
                    }
                    self.add_word(data, first + word, &codes[word..], count, sums);
                }
            }
        }
    }
}

/// Makes bins the sums of others.
fn sum_bins<'a>(sums: &mut [u64], others: impl Iterator<Item = &'a [u64]>) {
    sums.fill(0);
    for other in others {
        for (sum, bin) in sums.iter_mut().zip(other) {
            *sum = sum.wrapping_add(*bin);
        }
    }
}

/// Gathers `count` neighbouring words of each row: each number of them is a loop of its own.
fn gather_words(data: &Dataset, first: usize, count: usize, rows: &[u32], into: &mut Gathered) {
    let width = data.bins().layout().words();
    let words = data.words();
    match count {
        1 => gather::<1>(words, width, first, rows, into),
        2 => gather::<2>(words, width, first, rows, into),
        3 => gather::<3>(words, width, first, rows, into),
        _ => gather::<BUNDLE>(words, width, first, rows, into),
    }
}

#[inline]
fn gather<const COUNT: usize>(
    words: &[Word],
    width: usize,
    first: usize,
    rows: &[u32],
    into: &mut Gathered,
) {
    let (into, _) = into.as_chunks_mut::<COUNT>();
    for (to, row) in into.iter_mut().zip(rows) {
        to.copy_from_slice(&words[*row as usize * width + first..][..COUNT]);
    }
}

/// Adds up the first `lanes` features of a group, whose words come at each `step`: each number of lanes is a loop of its
/// own, without a branch.
fn add_lanes(
    into: &mut GroupHistogram,
    lanes: usize,
    codes: &[Word],
    step: usize,
    gradients: &[u64],
) {
    match lanes {
        0 => {}
        1 => add::<1>(into, codes, step, gradients),
        2 => add::<2>(into, codes, step, gradients),
        3 => add::<3>(into, codes, step, gradients),
        4 => add::<4>(into, codes, step, gradients),
        5 => add::<5>(into, codes, step, gradients),
        6 => add::<6>(into, codes, step, gradients),
        7 => add::<7>(into, codes, step, gradients),
        _ => add::<GROUP>(into, codes, step, gradients),
    }
}

#[inline]
fn add<const LANES: usize>(
    into: &mut GroupHistogram,
    codes: &[Word],
    step: usize,
    gradients: &[u64],
) {
    for (gradient, codes) in gradients.iter().zip(codes.iter().step_by(step)) {
        // Taken apart in a register: the ways to memory are what the sums need.
        let word = u64::from_le_bytes(*codes);
        for lane in 0..LANES {
            let bin = &mut into[lane][usize::from((word >> (8 * lane)) as u8)];
            *bin = bin.wrapping_add(*gradient);
        }
    }
}

/// Adds up the features of 16 bits of a group.
fn add_wide(into: &mut [Vec<u64>], codes: &[Word], step: usize, gradients: &[u64]) {
    for (lane, bins) in into.iter_mut().enumerate() {
        let codes = codes.iter().step_by(step);
        for (gradient, codes) in gradients.iter().zip(codes) {
            let code = u16::from_le_bytes([codes[2 * lane], codes[2 * lane + 1]]);
            let bin = &mut bins[usize::from(code)];
            *bin = bin.wrapping_add(*gradient);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gradient::{Gradients, Sums};
    use crate::rows::Rows;
    use crate::sides::tests::sides;
    use crate::testing::{ByRow, code, dataset, table};

    /// The sums of a feature over rows, one by one.
    fn plain(data: &Dataset, gradients: &Gradients, place: Place, rows: &[usize]) -> Vec<u64> {
        let mut bins = vec![0_u64; 1024];
        for row in rows {
            let bin = &mut bins[code(data, place, *row)];
            *bin = Sums(*bin).plus(Sums(gradients.words[*row])).0;
        }
        bins
    }

    /// Histograms of both sides of a split, the second by subtraction, against sums row by row.
    fn check(rows: usize, threads: usize) {
        let data = dataset(&table(rows), threads);
        let mut gradients = Gradients::new(rows, 1);
        gradients.fill(
            0,
            5,
            &ByRow(|row| ((row % 17) as f32 - 8.0, (row % 5) as f32)),
        );
        let all = Rows::taken(rows, |row| row % 10 != 3);
        let mut parent = Histogram::new(data.bins().layout());
        parent.build(&data, gradients.words.as_slice(), all.as_part());
        let codes: Vec<u8> = (0..rows).map(|row| (row % 7) as u8).collect();
        let sides = sides(&codes, |code| *code < 4);
        let (rows_left, _) = all.part(&sides);
        let mut left = Histogram::new(data.bins().layout());
        left.build(&data, gradients.words.as_slice(), rows_left.as_part());
        parent.subtract(&left);
        let side = |left: bool| -> Vec<usize> {
            let rows = (0..rows).filter(|row| row % 10 != 3);
            rows.filter(|row| (row % 7 < 4) == left).collect()
        };
        for &(_, place) in &data.bins().layout().used {
            for (histogram, rows) in [(&left, side(true)), (&parent, side(false))] {
                let found = histogram.of(place);
                let expected = plain(&data, &gradients, place, &rows);
                assert_eq!(found, &expected[..found.len()], "{place:?}");
            }
        }
    }

    #[test]
    fn bins_hold_the_sums_of_their_rows() {
        check(300, 1);
        check(30_000, 1);
        check(200_000, 3);
    }
}
