//! Gradients in fixed point.
//!
//! Both derivatives of a row are integers in one word: the first, signed, in the upper half, the second in the lower.
//! Words are added as they are. The unit of each half is chosen per tree such that the sum over all rows, and so over any
//! part of them, fits into its half: no sum ever carries or overflows. Integer addition gives the same bits in any order,
//! so histograms do not depend on the number of threads.
//!
//! Rounding is stochastic, so that it is right in the mean; the draw is a function of the seed and the number that the row came
//! with, the same for all trees.
//! Of classes the mean over a million rows has some dozen levels (Shi et al. 2022 show that fewer would do), so that most
//! words stay what they were for the tree before, and the sums over all rows need only what [changed](Gradients::changed).

use std::ops::Range;

use rayon::prelude::*;

use crate::bits::WORD_ROWS;
use crate::math::{ROUNDER, Vectored, vectored};
use crate::order::Order;
use crate::prefetch::prefetch;
use crate::random::draw;
use crate::rows::Rows;

/// Rows that are summed up in one go; a constant, since sums of floats depend on it.
const CHUNK: usize = 1 << 12;

/// The sums of both derivatives over some rows, in units of their scale.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sums(pub(crate) u64);

impl Sums {
    /// The sum of the first derivatives.
    #[inline]
    pub(crate) fn gradient(self) -> i32 {
        (self.0 >> 32) as i32
    }

    /// The sum of the second derivatives.
    #[inline]
    pub(crate) fn hessian(self) -> u32 {
        self.0 as u32
    }

    #[inline]
    pub(crate) fn plus(self, other: Self) -> Self {
        Self(self.0.wrapping_add(other.0))
    }

    #[inline]
    pub(crate) fn minus(self, other: Self) -> Self {
        Self(self.0.wrapping_sub(other.0))
    }
}

/// Units in the mean derivative that classes need where rows are many. Rounding then adds less than 0.1 % to the variance
/// that the derivatives of rows have by themselves: with a probability of p it is p (1 - p), however sure the model is.
pub(crate) const CLASS_LEVELS: f64 = 32.0;

/// Units in the sum of few rows, each of which says more.
const SUM: f64 = (1 << 23) as f64;

/// What one unit of each half of a word is worth.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Units {
    pub(crate) gradient: f64,
    pub(crate) hessian: f64,
}

impl Units {
    /// The finest units, powers of two, in which sums of these sizes over `rows` rows fit and need no more than `levels`.
    fn of(rows: usize, levels: f64, gradients: f64, hessians: f64) -> Self {
        // Rounding up adds less than one unit per row.
        let rows = rows as f64;
        let room = |bits: i32| (2.0_f64.powi(bits) - 1.0 - rows).min(SUM.max(rows * levels));
        Self {
            gradient: unit(gradients, room(31)),
            hessian: unit(hessians, room(32)),
        }
    }

    /// The word of derivatives.
    #[inline(always)]
    fn round(self, (gradient, hessian): (&f32, &f32), random: u64) -> u64 {
        // Powers of two: to divide is to multiply, to the bit.
        let gradient = f64::from(*gradient) * (1.0 / self.gradient);
        let hessian = f64::from(*hessian) * (1.0 / self.hessian);
        let gradient = rounded(gradient, (random >> 32) as u32);
        let hessian = rounded(hessian, random as u32);
        (gradient << 32).wrapping_add(hessian & 0xFFFF_FFFF)
    }
}

/// The least power of two in which `sum` is at most `room`.
fn unit(sum: f64, room: f64) -> f64 {
    if sum <= f64::MIN_POSITIVE {
        return 1.0;
    }
    let ratio = sum / room;
    let below = f64::from_bits(ratio.to_bits() & (0x7FF << 52));
    // One over the unit must be a number, too.
    let least = 2.0_f64.powi(-1000);
    (if below < ratio { below * 2.0 } else { below }).max(least)
}

/// The gradients of all rows, for one tree.
#[derive(Debug)]
pub(crate) struct Gradients {
    pub(crate) words: Vec<u64>,
    /// Of each row the number it came with: what is drawn for it.
    pub(crate) numbers: Vec<u32>,
    pub(crate) units: Units,
    /// Of each class, the units of its tree before.
    usual: Vec<Units>,
    /// The words for the tree before.
    before: Vec<u64>,
    /// The rows whose word is not that of the tree before.
    pub(crate) changed: Rows,
}

impl Gradients {
    /// Room for the gradients of `rows` rows, one class after the other.
    pub(crate) fn new(rows: usize, classes: usize) -> Self {
        let units = Units {
            gradient: 1.0,
            hessian: 1.0,
        };
        Self {
            words: vec![0; rows],
            numbers: (0..rows as u32).collect(),
            units,
            usual: vec![units; classes],
            before: vec![0; rows],
            changed: Rows::all(0),
        }
    }

    /// Whether the rows are not as they came.
    pub(crate) fn is_reordered(&self) -> bool {
        !self.numbers.is_sorted()
    }

    /// Puts the rows, which are as they came, in another order.
    pub(crate) fn reorder(&mut self, order: Order) {
        // The words for the tree before the last have been of use: no further memory is needed.
        order.write(&self.words, &mut self.before);
        std::mem::swap(&mut self.words, &mut self.before);
        self.numbers = order.rows;
    }

    /// Computes the derivatives of every row for a class and rounds them; the same key, the same draws.
    ///
    /// Only the sums of all derivatives tell the units to round to. They are nearly always those of the class's tree before, so
    /// with those it is all one way through memory; where they are not, it is gone once more.
    pub(crate) fn fill<L: Loss>(&mut self, class: usize, key: u64, loss: &L) {
        std::mem::swap(&mut self.words, &mut self.before);
        self.units = self.usual[class];
        loop {
            let (gradients, hessians) = self.round(key, loss);
            let units = Units::of(self.words.len(), L::LEVELS, gradients, hessians);
            if units == self.units {
                self.usual[class] = units;
                return;
            }
            self.units = units;
        }
    }

    /// Computes all derivatives and rounds them to the units as they are; returns the sums of their sizes.
    fn round<L: Loss>(&mut self, key: u64, loss: &L) -> (f64, f64) {
        let mut changed = vec![0; self.words.len().div_ceil(WORD_ROWS)];
        let units = self.units;
        let chunks = self.words.par_chunks_mut(CHUNK);
        let chunks = chunks.zip(self.numbers.par_chunks(CHUNK));
        let chunks = chunks.zip(self.before.par_chunks(CHUNK));
        let chunks = chunks.zip(changed.par_chunks_mut(CHUNK / WORD_ROWS));
        let sums = chunks
            .enumerate()
            .map(|(chunk, (((words, numbers), before), changed))| {
                vectored(Round {
                    loss,
                    first: chunk * CHUNK,
                    words,
                    numbers,
                    before,
                    changed,
                    units,
                    key,
                })
            });
        let sums: Vec<(f64, f64)> = sums.collect();
        self.changed = Rows::of_bits(changed);
        let sums = sums.iter();
        sums.fold((0.0, 0.0), |sum, part| (sum.0 + part.0, sum.1 + part.1))
    }

    /// For each row its word less that of the tree before.
    pub(crate) fn changes(&self) -> Changes<'_> {
        Changes {
            words: &self.words,
            before: &self.before,
        }
    }
}

/// A word of each row, to be summed up.
pub(crate) trait Words: Copy + Sync {
    /// That of a row.
    fn of(self, row: usize) -> u64;

    /// Asks for that of a row ahead of time.
    fn prefetch(self, row: usize);
}

impl Words for &[u64] {
    #[inline(always)]
    fn of(self, row: usize) -> u64 {
        self[row]
    }

    #[inline(always)]
    fn prefetch(self, row: usize) {
        prefetch(self, row);
    }
}

/// Words to be subtracted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Negated<W>(pub(crate) W);

impl<W: Words> Words for Negated<W> {
    #[inline(always)]
    fn of(self, row: usize) -> u64 {
        self.0.of(row).wrapping_neg()
    }

    #[inline(always)]
    fn prefetch(self, row: usize) {
        self.0.prefetch(row);
    }
}

/// What the words of rows are more than they were.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Changes<'a> {
    words: &'a [u64],
    before: &'a [u64],
}

impl Words for Changes<'_> {
    #[inline(always)]
    fn of(self, row: usize) -> u64 {
        self.words[row].wrapping_sub(self.before[row])
    }

    #[inline(always)]
    fn prefetch(self, row: usize) {
        prefetch(self.words, row);
        prefetch(self.before, row);
    }
}

/// What the trees go down.
pub(crate) trait Loss: Sync {
    /// Units in the mean derivative that are enough where rows are many.
    const LEVELS: f64;

    /// The first and the second derivative of some neighbouring rows. To be inlined always: it is vectored.
    fn derive(&self, rows: Range<usize>, gradients: &mut [f32], hessians: &mut [f32]);
}

/// Rows whose derivatives stay in the first cache until they are rounded.
const BLOCK: usize = 1 << 9;

/// Computes the derivatives of a chunk and rounds them; returns the sums of their sizes.
struct Round<'a, L> {
    loss: &'a L,
    first: usize,
    words: &'a mut [u64],
    numbers: &'a [u32],
    before: &'a [u64],
    /// A bit for each row.
    changed: &'a mut [u64],
    units: Units,
    key: u64,
}

impl<L: Loss> Vectored for Round<'_, L> {
    type Output = (f64, f64);

    #[inline(always)]
    fn call(self) -> (f64, f64) {
        let mut sizes = [[0.0; LANES]; 2];
        let [mut gradients, mut hessians] = [[0.0; BLOCK]; 2];
        let first = (self.first..).step_by(BLOCK);
        let blocks = self.words.chunks_mut(BLOCK).zip(self.numbers.chunks(BLOCK));
        let blocks = blocks.zip(self.before.chunks(BLOCK));
        let blocks = blocks.zip(self.changed.chunks_mut(BLOCK / WORD_ROWS));
        for ((((words, numbers), before), changed), first) in blocks.zip(first) {
            let gradients = &mut gradients[..words.len()];
            let hessians = &mut hessians[..words.len()];
            let rows = first..first + words.len();
            self.loss.derive(rows, gradients, hessians);
            add_sizes(&mut sizes[0], gradients);
            add_sizes(&mut sizes[1], hessians);
            let numbers = numbers.iter();
            let draws = numbers.map(|number| draw(self.key, u64::from(*number)));
            let derivatives = gradients.iter().zip(&*hessians);
            for ((word, derivatives), draw) in words.iter_mut().zip(derivatives).zip(draws) {
                *word = self.units.round(derivatives, draw);
            }
            let rows = words.chunks(WORD_ROWS).zip(before.chunks(WORD_ROWS));
            for (changed, (words, before)) in changed.iter_mut().zip(rows) {
                *changed = differing(words, before);
            }
        }
        let [gradients, hessians] = sizes;
        (gradients.iter().sum(), hessians.iter().sum())
    }
}

/// Sums that are kept side by side, so that they are made side by side; a constant, since sums of floats depend on it.
const LANES: usize = 8;

/// Adds the sizes of values to sums: one after the other, over and over.
#[inline(always)]
fn add_sizes(sums: &mut [f64; LANES], values: &[f32]) {
    let (values, rest) = values.as_chunks::<LANES>();
    for values in values {
        for (sum, value) in sums.iter_mut().zip(values) {
            *sum += f64::from(value.abs());
        }
    }
    for (sum, value) in sums.iter_mut().zip(rest) {
        *sum += f64::from(value.abs());
    }
}

/// A bit for each of at most 64 words that is not that of before.
#[inline(always)]
fn differing(words: &[u64], before: &[u64]) -> u64 {
    // Bits that are put together side by side, without a chain from each to the next: so vectors have many of them.
    let pairs = words.iter().zip(before).enumerate();
    pairs.fold(0, |bits, (row, (word, before))| {
        bits | u64::from(word != before) << row
    })
}

/// Rounds up or down such that it is right in the mean; the low 32 bits hold the result. Whole numbers stay.
#[inline(always)]
fn rounded(value: f64, random: u32) -> u64 {
    // Never quite ±½, at which a whole number would move.
    let dither = (f64::from(random) + 0.5) * 2.0_f64.powi(-32) - 0.5;
    (value + dither + ROUNDER).to_bits()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::MOST_ROWS;
    use crate::testing::ByRow;
    use proptest::prelude::*;

    #[test]
    fn halves_of_a_word_do_not_disturb_each_other() {
        let word = |g: i32, h: u32| Sums((g as u32 as u64) << 32 | u64::from(h));
        let sum = word(-5, 7).plus(word(3, u32::MAX - 7));
        assert_eq!((sum.gradient(), sum.hessian()), (-2, u32::MAX));
        let back = sum.minus(word(3, u32::MAX - 7));
        assert_eq!((back.gradient(), back.hessian()), (-5, 7));
    }

    #[test]
    fn units_are_powers_of_two_that_just_suffice() {
        let units = Units::of(1000, CLASS_LEVELS, 500.0, 900.0);
        assert_eq!(units.gradient, 2.0_f64.powi(-14));
        assert_eq!(units.hessian, 2.0_f64.powi(-13));
        let units = Units::of(1_000_000, CLASS_LEVELS, 500_000.0, 900_000.0);
        assert_eq!(units.gradient, 2.0_f64.powi(-6));
        assert_eq!(units.hessian, 2.0_f64.powi(-5));
        // Of so many rows the sums would not fit.
        let units = Units::of(MOST_ROWS, CLASS_LEVELS, MOST_ROWS as f64, MOST_ROWS as f64);
        assert_eq!(units.gradient, 2.0_f64.powi(-2));
        assert_eq!(units.hessian, 2.0_f64.powi(-3));
    }

    #[test]
    fn no_gradient_at_all_is_no_trouble() {
        let mut gradients = Gradients::new(10, 1);
        gradients.fill(0, 1, &ByRow(|_| (0.0, 0.0)));
        assert!(gradients.words.iter().all(|word| *word == 0));
    }

    #[test]
    fn equal_second_derivatives_are_exact() {
        let mut gradients = Gradients::new(10_000, 1);
        gradients.fill(0, 9, &ByRow(|_| (0.3, 1.0)));
        let first = Sums(gradients.words[0]).hessian();
        assert!(gradients.words.iter().all(|w| Sums(*w).hessian() == first));
        assert_eq!(f64::from(first) * gradients.units.hessian, 1.0);
    }

    #[test]
    fn what_changed_is_told() {
        let mut gradients = Gradients::new(10_000, 1);
        gradients.fill(0, 7, &ByRow(|row| (row as f32 * 1e-4, 1.0)));
        let before = gradients.words.clone();
        gradients.fill(0, 7, &ByRow(|row| (row as f32 * 1e-4, 1.0)));
        assert_eq!(gradients.changed.count(), 0);
        gradients.fill(
            0,
            7,
            &ByRow(|row| (row as f32 * 1e-4 - (row % 3) as f32, 1.0)),
        );
        let words = before.iter().zip(&gradients.words);
        let changed: Vec<usize> = words
            .enumerate()
            .filter_map(|(row, (before, word))| (before != word).then_some(row))
            .collect();
        assert_eq!(gradients.changed.numbers(), changed);
        for (row, before) in before.iter().enumerate() {
            let word = before.wrapping_add(gradients.changes().of(row));
            assert_eq!(word, gradients.words[row]);
        }
    }

    #[test]
    fn rounding_is_right_in_the_mean() {
        let key = 77;
        let sum: i64 = (0..100_000)
            .map(|row| i64::from(rounded(-0.3, (draw(key, row) >> 32) as u32) as i32))
            .sum();
        assert!((-30_700..-29_300).contains(&sum), "{sum}");
    }

    proptest! {
        #[test]
        fn sums_fit_and_are_near(
            values in prop::collection::vec((-1e3..1e3f32, 0.0..10.0f32), 1..400),
            scale in -30i32..30,
        ) {
            let scale = 2.0_f32.powi(scale);
            let mut gradients = Gradients::new(values.len(), 1);
            gradients.fill(0, 3, &ByRow(|row: usize| (values[row].0 * scale, values[row].1 * scale)));
            let wide: i64 = gradients.words.iter().map(|w| i64::from(Sums(*w).gradient()).abs()).sum();
            prop_assert!(wide <= i64::from(i32::MAX));
            let wide: u64 = gradients.words.iter().map(|w| u64::from(Sums(*w).hessian())).sum();
            prop_assert!(wide <= u64::from(u32::MAX));
            for (word, value) in gradients.words.iter().zip(&values) {
                let (gradient, hessian) = (f64::from(value.0 * scale), f64::from(value.1 * scale));
                let found = f64::from(Sums(*word).gradient()) * gradients.units.gradient;
                prop_assert!((found - gradient).abs() < gradients.units.gradient);
                let found = f64::from(Sums(*word).hessian()) * gradients.units.hessian;
                prop_assert!((found - hessian).abs() < gradients.units.hessian);
            }
        }
    }
}
