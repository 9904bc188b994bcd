//! Count, mean and variance, without loss and without regard to order.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::by_exponent::ByExponent;
use crate::compact;
use crate::exact::{self, ExactSum};
use crate::wide::{Magnitude, scale};

const WORDS: usize = 130;

/// The exact sum of squares, in units of 2^-2150.
#[derive(Clone, Debug)]
struct Squares([i128; WORDS]);

impl Squares {
    #[inline]
    fn add(&mut self, value: f64) {
        let (mantissa, exponent) = exact::split(value);
        self.add_squares(u128::from(mantissa) * u128::from(mantissa), exponent);
    }

    /// Adds squares in units of those of the mantissas of an exponent.
    #[inline]
    fn add_squares(&mut self, squares: u128, exponent: usize) {
        let (word, shift) = ((exponent >> 4) & 127, (2 * exponent) & 31);
        self.0[word] += i128::from(squares as u64) << shift;
        self.0[word + 2] += i128::from((squares >> 64) as u64) << shift;
    }
}

impl PartialEq for Squares {
    fn eq(&self, other: &Self) -> bool {
        exact::digits(&self.0) == exact::digits(&other.0)
    }
}

impl Serialize for Squares {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (negative, magnitude) = exact::digits(&self.0);
        serializer.serialize_str(&exact::write(0, negative, &magnitude))
    }
}

impl<'de> Deserialize<'de> for Squares {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        compact::read(deserializer, "an exact sum of squares", |text| {
            let (flag, words) = exact::read(text)?;
            (flag == 0).then_some(Self(words))
        })
    }
}

/// Count, mean, variance and standard deviation.
///
/// Sum and sum of squares are kept exactly and the variance is taken from them in whole numbers, so there is no
/// cancellation, however far the mean is from zero, and nothing depends on order, batches or merges.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Moments {
    count: u64,
    sum: ExactSum,
    squares: Squares,
}

impl Default for Moments {
    fn default() -> Self {
        Self {
            count: 0,
            sum: ExactSum::default(),
            squares: Squares([0; WORDS]),
        }
    }
}

impl Moments {
    /// Adds a value. A value that is not finite makes mean and variance so.
    #[inline]
    pub fn add(&mut self, value: f64) {
        self.count += 1;
        self.sum.add(value);
        self.squares.add(value);
    }

    /// Adds values.
    pub fn extend(&mut self, values: &[f64]) {
        for values in values.chunks(ByExponent::MOST) {
            let Some(sums) = ByExponent::of(values) else {
                values.iter().for_each(|value| self.add(*value));
                continue;
            };
            self.count += values.len() as u64;
            for terms in sums.terms() {
                self.sum.add_mantissas(terms.sum, terms.exponent);
                self.squares.add_squares(terms.squares, terms.exponent);
            }
        }
    }

    /// Adds the values of another state.
    pub fn merge(&mut self, other: &Self) {
        self.count += other.count;
        self.sum.merge(&other.sum);
        for (word, term) in self.squares.0.iter_mut().zip(other.squares.0) {
            *word += term;
        }
    }

    /// How many values.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Their sum, rounded once.
    pub fn sum(&self) -> f64 {
        self.sum.value()
    }

    /// Their mean; `None` of nothing.
    pub fn mean(&self) -> Option<f64> {
        (self.count > 0).then(|| self.sum.over(self.count as f64))
    }

    /// The mean squared distance from the mean (divided by the count, as scikit-learn's scalers do).
    pub fn variance(&self) -> Option<f64> {
        (self.count > 0).then(|| self.squared_distances_over(self.count))
    }

    /// The variance of the population from which the values are a sample (divided by the count less one).
    pub fn sample_variance(&self) -> Option<f64> {
        (self.count > 1).then(|| self.squared_distances_over(self.count - 1))
    }

    /// With `n` values: `(n Σx² - (Σx)²) / n`, then divided.
    fn squared_distances_over(&self, divisor: u64) -> f64 {
        let Some(sum) = self.sum.parts() else {
            return f64::NAN;
        };
        let count = Magnitude::from(self.count);
        let (_, squares) = exact::digits(&self.squares.0);
        let (fraction, exponent) = count.times(&squares).minus(&sum.times(&sum)).rounded();
        let divisor = self.count as f64 * divisor as f64;
        scale(fraction / divisor, exponent - 2150)
    }

    /// The root of [`Moments::variance`].
    pub fn standard_deviation(&self) -> Option<f64> {
        self.variance().map(f64::sqrt)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn moments(values: &[f64]) -> Moments {
        let mut moments = Moments::default();
        moments.extend(values);
        moments
    }

    #[track_caller]
    fn check(values: &[f64], mean: f64, variance: f64) {
        let moments = moments(values);
        assert_eq!(
            (moments.mean(), moments.variance()),
            (Some(mean), Some(variance))
        );
    }

    #[test]
    fn mean_and_variance_are_those_of_the_book() {
        check(&[1.0, 2.0, 3.0, 4.0], 2.5, 1.25);
        check(&[-3.0], -3.0, 0.0);
        check(&[0.1; 3], 0.1, 0.0);
        assert_eq!(
            moments(&[1.0, 2.0, 3.0, 4.0]).sample_variance(),
            Some(5.0 / 3.0)
        );
        assert_eq!(moments(&[]).mean(), None);
    }

    #[test]
    fn a_far_mean_does_not_cancel_the_variance() {
        check(
            &[1e15 + 1.0, 1e15 + 2.0, 1e15 + 3.0, 1e15 + 4.0],
            1e15 + 2.5,
            1.25,
        );
        check(&[1e200, -1e200], 0.0, f64::INFINITY);
        assert_eq!(
            moments(&[1e-140, -1e-140]).standard_deviation(),
            Some(1e-140)
        );
    }

    proptest! {
        #[test]
        fn any_merge_gives_the_same(
            a in prop::collection::vec(prop::num::f64::ANY, 0..20),
            b in prop::collection::vec(prop::num::f64::ANY, 0..20),
        ) {
            let mut merged = moments(&b);
            merged.merge(&moments(&a));
            let whole = moments(&[a, b].concat());
            prop_assert_eq!(&merged, &whole);
            let text = serde_json::to_string(&whole).unwrap();
            prop_assert_eq!(&serde_json::from_str::<Moments>(&text).unwrap(), &whole);
        }

        /// Together, as those of near exponents are, and one by one.
        #[test]
        fn many_values_are_added_as_each_by_itself(
            near in prop::collection::vec(prop_oneof![-1e6..1e6_f64, -1e-3..1e-3_f64, Just(0.0), Just(-0.0)], 0..5000),
            far in prop::option::of((prop::num::f64::ANY, any::<prop::sample::Index>())),
        ) {
            let mut values = near;
            if let Some((value, place)) = far {
                values.insert(place.index(values.len() + 1), value);
            }
            let mut expected = Moments::default();
            values.iter().for_each(|value| expected.add(*value));
            prop_assert_eq!(moments(&values), expected);
        }

        #[test]
        fn the_variance_is_that_of_two_passes(values in prop::collection::vec(-1e6..1e6_f64, 1..50)) {
            let mean = values.iter().sum::<f64>() / values.len() as f64;
            let expected = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / values.len() as f64;
            let variance = moments(&values).variance().unwrap();
            prop_assert!((variance - expected).abs() <= 1e-9 * (1.0 + expected));
        }
    }
}
