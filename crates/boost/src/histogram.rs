//! The sums of gradients per bin of each feature, over the rows of a leaf.

use rayon::prelude::*;

use crate::bins::{GROUP, Layout, NARROW_BINS, Place};
use crate::dataset::{Dataset, Word};
use crate::gradient::Gradients;
use crate::leaves::{Block, Leaves, PARALLEL_ROWS};

/// The histograms of a group of features. At 16 KiB it stays in the first cache while a block's rows go by.
type GroupHistogram = [[u64; NARROW_BINS]; GROUP];

/// Rows that are gathered at a time. Gathering is a loop of its own: being short, it has many loads under way at once,
/// which is what rows all over the memory need.
const GATHERED: usize = 256;

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

    /// Sums up the rows of a leaf.
    pub(crate) fn build(
        &mut self,
        data: &Dataset,
        gradients: &Gradients,
        leaves: &Leaves,
        leaf: usize,
    ) {
        self.clear();
        if leaves.count(leaf) < PARALLEL_ROWS {
            for block in leaves.blocks() {
                self.add_block(data, gradients, block, leaf);
            }
            return;
        }
        // As many histograms as threads have work; which of them a block goes to makes no difference to the sum.
        let tasks = rayon::current_num_threads() * 2;
        let share = leaves.blocks().len().div_ceil(tasks).max(1);
        let sum = leaves
            .blocks()
            .par_chunks(share)
            .map(|blocks| {
                let mut part = Self::new(data.bins().layout());
                for block in blocks {
                    part.add_block(data, gradients, block, leaf);
                }
                part
            })
            .reduce_with(|mut a, b| {
                a.combine(&b, u64::wrapping_add);
                a
            });
        if let Some(sum) = sum {
            *self = sum;
        }
    }

    /// Takes off the sums of a part of the rows.
    pub(crate) fn subtract(&mut self, part: &Self) {
        self.combine(part, u64::wrapping_sub);
    }

    fn clear(&mut self) {
        self.narrow.as_flattened_mut().as_flattened_mut().fill(0);
        self.wide.iter_mut().for_each(|bins| bins.fill(0));
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

    fn add_block(&mut self, data: &Dataset, gradients: &Gradients, block: &Block, leaf: usize) {
        let rows = block.first..block.first + block.len;
        let layout = data.bins().layout();
        let groups = layout.groups();
        let words = &data.words[rows.start * groups..rows.end * groups];
        let gradients = &gradients.words[rows.clone()];
        let mut codes = [Word::default(); GATHERED];
        let mut sums = [0; GATHERED];
        for part in block.rows(leaf).chunks(GATHERED) {
            let (codes, sums) = (&mut codes[..part.len()], &mut sums[..part.len()]);
            for (to, row) in sums.iter_mut().zip(part) {
                *to = gradients[usize::from(*row)];
            }
            for (group, histogram) in self.narrow.iter_mut().enumerate() {
                for (to, row) in codes.iter_mut().zip(part) {
                    *to = words[usize::from(*row) * groups + group];
                }
                let lanes = (layout.narrow - group * GROUP).min(GROUP);
                add_lanes(histogram, lanes, codes, sums);
            }
            for (bins, codes) in self.wide.iter_mut().zip(&data.wide) {
                let codes = &codes[rows.clone()];
                for (row, gradient) in part.iter().zip(&*sums) {
                    let bin = &mut bins[usize::from(codes[usize::from(*row)])];
                    *bin = bin.wrapping_add(*gradient);
                }
            }
        }
    }
}

/// Adds up the first `lanes` features of a group: each number of them is a loop of its own, without a branch.
fn add_lanes(into: &mut GroupHistogram, lanes: usize, codes: &[Word], gradients: &[u64]) {
    match lanes {
        0 => {}
        1 => add::<1>(into, codes, gradients),
        2 => add::<2>(into, codes, gradients),
        3 => add::<3>(into, codes, gradients),
        4 => add::<4>(into, codes, gradients),
        5 => add::<5>(into, codes, gradients),
        6 => add::<6>(into, codes, gradients),
        7 => add::<7>(into, codes, gradients),
        _ => add::<GROUP>(into, codes, gradients),
    }
}

#[inline]
fn add<const LANES: usize>(into: &mut GroupHistogram, codes: &[Word], gradients: &[u64]) {
    for (codes, gradient) in codes.iter().zip(gradients) {
        for lane in 0..LANES {
            let bin = &mut into[lane][usize::from(codes[lane])];
            *bin = bin.wrapping_add(*gradient);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gradient::Sums;
    use crate::testing::{dataset, table};

    /// The sums of a feature over rows, one by one.
    fn plain(data: &Dataset, gradients: &Gradients, place: Place, rows: &[usize]) -> Vec<u64> {
        let mut bins = vec![0_u64; 1024];
        for row in rows {
            let bin = &mut bins[data.code(place, *row)];
            *bin = Sums(*bin).plus(Sums(gradients.words[*row])).0;
        }
        bins
    }

    /// Histograms of both sides of a split, the second by subtraction, against sums row by row.
    fn check(rows: usize, threads: usize) {
        let data = dataset(&table(rows), threads);
        let mut gradients = Gradients::new(rows);
        gradients.fill(5, |row| ((row % 17) as f32 - 8.0, (row % 5) as f32));
        let mut leaves = Leaves::new(rows, threads);
        leaves.reset(|row| row % 10 != 3);
        let mut parent = Histogram::new(data.bins().layout());
        parent.build(&data, &gradients, &leaves, 0);
        leaves.split(0, |rows| {
            let first = rows.start;
            move |row| (first + row) % 7 < 4
        });
        let mut left = Histogram::new(data.bins().layout());
        left.build(&data, &gradients, &leaves, 0);
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
        check(30_000, 3);
    }
}
