//! Gradients in fixed point.
//!
//! Both derivatives of a row are integers in one word: the first, signed, in the upper half, the second in the lower.
//! Words are added as they are. The unit of each half is chosen per tree such that the sum over all rows, and so over any
//! part of them, fits into its half: no sum ever carries or overflows. Integer addition gives the same bits in any order,
//! so histograms do not depend on the number of threads.
//!
//! Rounding is stochastic, so that it is right in the mean; the draw is a function of seed and row, the same for all trees.
//! Of classes the mean over a million rows has some dozen levels (Shi et al. 2022 show that fewer would do), so that most
//! words stay what they were for the tree before, and the sums over all rows need only what [changed](Gradients::changed).

use std::ops::Range;

use rayon::prelude::*;

use crate::bits::WORD_ROWS;
use crate::math::{ROUNDER, Vectored, vectored};
use crate::objective::Derivatives;
use crate::random::draw;
use crate::rows::Rows;

/// Rows that are summed up in one go; a constant, since sums of floats depend on it.
pub(crate) const CHUNK: usize = 1 << 12;

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
    pub(crate) units: Units,
    /// The rows whose word is not that of the tree before.
    pub(crate) changed: Rows,
    /// For each row its word less that of the tree before.
    pub(crate) changes: Vec<u64>,
}

impl Gradients {
    /// Room for the gradients of `rows` rows.
    pub(crate) fn new(rows: usize) -> Self {
        Self {
            words: vec![0; rows],
            units: Units {
                gradient: 1.0,
                hessian: 1.0,
            },
            changed: Rows::all(0),
            changes: vec![0; rows],
        }
    }

    /// Computes the derivatives of every row and rounds them; the same key, the same draws.
    pub(crate) fn fill<L: Loss>(&mut self, key: u64, loss: &L) {
        let rows = self.words.len();
        // Until they are rounded, the derivatives are where the changes will be.
        let chunks = self.changes.par_chunks_mut(CHUNK).enumerate();
        let sums: Vec<(f64, f64)> = chunks
            .map(|(chunk, derivatives)| {
                let first = chunk * CHUNK;
                vectored(Derive {
                    loss,
                    first,
                    words: derivatives,
                })
            })
            .collect();
        let (gradients, hessians) = sums
            .iter()
            .fold((0.0, 0.0), |sum, part| (sum.0 + part.0, sum.1 + part.1));
        self.units = Units::of(rows, L::LEVELS, gradients, hessians);
        let units = self.units;
        let mut changed = vec![0; rows.div_ceil(WORD_ROWS)];
        let chunks = self.words.par_chunks_mut(CHUNK);
        let chunks = chunks.zip(self.changes.par_chunks_mut(CHUNK));
        let chunks = chunks.zip(changed.par_chunks_mut(CHUNK / WORD_ROWS));
        chunks
            .enumerate()
            .for_each(|(chunk, ((words, changes), changed))| {
                vectored(Round {
                    words,
                    changes,
                    changed,
                    first: chunk * CHUNK,
                    units,
                    key,
                });
            });
        self.changed = Rows::of_bits(changed);
    }
}

/// What the trees go down.
pub(crate) trait Loss: Sync {
    /// Units in the mean derivative that are enough where rows are many.
    const LEVELS: f64;

    /// [Packs](pack) the derivatives of neighbouring rows. To be inlined always: it is vectored.
    fn derive(&self, rows: Range<usize>, words: &mut [u64]);
}

/// The derivatives of a chunk, and the sums of their sizes.
struct Derive<'a, L> {
    loss: &'a L,
    first: usize,
    words: &'a mut [u64],
}

impl<L: Loss> Vectored for Derive<'_, L> {
    type Output = (f64, f64);

    #[inline(always)]
    fn call(self) -> (f64, f64) {
        let rows = self.first..self.first + self.words.len();
        self.loss.derive(rows, self.words);
        sizes(self.words)
    }
}

/// Rounds the derivatives of a chunk.
struct Round<'a> {
    words: &'a mut [u64],
    /// The derivatives, then what they change.
    changes: &'a mut [u64],
    /// A bit for each row.
    changed: &'a mut [u64],
    first: usize,
    units: Units,
    key: u64,
}

impl Vectored for Round<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self {
            words,
            changes,
            changed,
            first,
            units,
            key,
        } = self;
        round(changes, first, units, key);
        for (word, change) in words.iter_mut().zip(&mut *changes) {
            let before = std::mem::replace(word, *change);
            *change = change.wrapping_sub(before);
        }
        for (changed, changes) in changed.iter_mut().zip(changes.chunks(WORD_ROWS)) {
            let bits = changes.iter().rev();
            *changed = bits.fold(0, |bits, change| bits << 1 | u64::from(*change != 0));
        }
    }
}

/// Derivatives as they are, in a word, until the units are known.
#[inline(always)]
pub(crate) fn pack((gradient, hessian): Derivatives) -> u64 {
    u64::from(gradient.to_bits()) << 32 | u64::from(hessian.to_bits())
}

#[inline(always)]
fn unpack(word: u64) -> Derivatives {
    (
        f32::from_bits((word >> 32) as u32),
        f32::from_bits(word as u32),
    )
}

/// Sums that are kept side by side, so that they are made side by side; a constant, since sums of floats depend on it.
const LANES: usize = 8;

/// The sums of the sizes of both derivatives.
#[inline(always)]
fn sizes(words: &[u64]) -> (f64, f64) {
    let mut sums = [[0.0; LANES]; 2];
    let (rows, rest) = words.as_chunks::<LANES>();
    let mut add = |lane: usize, word: u64| {
        let (gradient, hessian) = unpack(word);
        sums[0][lane] += f64::from(gradient.abs());
        sums[1][lane] += f64::from(hessian);
    };
    for words in rows {
        for (lane, word) in words.iter().enumerate() {
            add(lane, *word);
        }
    }
    for (lane, word) in rest.iter().enumerate() {
        add(lane, *word);
    }
    (sums[0].iter().sum(), sums[1].iter().sum())
}

#[inline(always)]
fn round(words: &mut [u64], first_row: usize, units: Units, key: u64) {
    let (gradients, hessians) = (1.0 / units.gradient, 1.0 / units.hessian);
    for (word, row) in words.iter_mut().zip(first_row as u64..) {
        let random = draw(key, row);
        let (gradient, hessian) = unpack(*word);
        let gradient = rounded(f64::from(gradient) * gradients, (random >> 32) as u32);
        let hessian = rounded(f64::from(hessian) * hessians, random as u32);
        *word = (gradient << 32).wrapping_add(hessian & 0xFFFF_FFFF);
    }
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
        let mut gradients = Gradients::new(10);
        gradients.fill(1, &ByRow(|_| (0.0, 0.0)));
        assert!(gradients.words.iter().all(|word| *word == 0));
    }

    #[test]
    fn equal_second_derivatives_are_exact() {
        let mut gradients = Gradients::new(10_000);
        gradients.fill(9, &ByRow(|_| (0.3, 1.0)));
        let first = Sums(gradients.words[0]).hessian();
        assert!(gradients.words.iter().all(|w| Sums(*w).hessian() == first));
        assert_eq!(f64::from(first) * gradients.units.hessian, 1.0);
    }

    #[test]
    fn what_changed_is_told() {
        let mut gradients = Gradients::new(10_000);
        gradients.fill(7, &ByRow(|row| (row as f32 * 1e-4, 1.0)));
        let before = gradients.words.clone();
        gradients.fill(7, &ByRow(|row| (row as f32 * 1e-4, 1.0)));
        assert_eq!(gradients.changed.count(), 0);
        assert!(gradients.changes.iter().all(|change| *change == 0));
        gradients.fill(7, &ByRow(|row| (row as f32 * 1e-4 - (row % 3) as f32, 1.0)));
        let words = before.iter().zip(&gradients.words);
        let changed: Vec<usize> = words
            .enumerate()
            .filter_map(|(row, (before, word))| (before != word).then_some(row))
            .collect();
        assert_eq!(gradients.changed.numbers(), changed);
        for (row, before) in before.iter().enumerate() {
            let word = before.wrapping_add(gradients.changes[row]);
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
            let mut gradients = Gradients::new(values.len());
            gradients.fill(3, &ByRow(|row: usize| (values[row].0 * scale, values[row].1 * scale)));
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
