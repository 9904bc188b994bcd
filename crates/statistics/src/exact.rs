//! Sums of doubles without rounding: fixed-point accumulators over the whole range of doubles.
//!
//! After Kulisch's long accumulator and R. M. Neal, "Fast exact summation using small and large superaccumulators"
//! (2015), with 128-bit words at every 32nd bit, so that a term costs one addition and carries can wait for 2^43 terms.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::compact;
use crate::wide::{Magnitude, scale};

/// Bit 0 of word 0 is worth 2^-1075: half the least double, so that a biased exponent is a bit's place.
const UNIT: i32 = -1075;
const WORDS: usize = 64;

/// A double as `mantissa × 2^(exponent + UNIT)`; zero for what is not finite.
pub(crate) fn split(value: f64) -> (u64, usize) {
    let bits = value.to_bits();
    let exponent = (bits >> 52 & 0x7ff) as usize;
    let fraction = bits & ((1 << 52) - 1);
    match exponent {
        0 => (fraction, 1),
        0x7ff => (0, 1),
        _ => (fraction | 1 << 52, exponent),
    }
}

/// Carries between words: digits to base 2^32 and the sign.
pub(crate) fn digits(words: &[i128]) -> (bool, Magnitude) {
    let carried = carry(words.iter().copied());
    if carried.1 >= 0 {
        return (false, top(carried));
    }
    (true, top(carry(words.iter().map(|word| -word))))
}

fn carry(words: impl Iterator<Item = i128>) -> (Vec<u32>, i128) {
    let mut rest = 0_i128;
    let digits = words.map(|word| {
        let sum = word + rest;
        rest = sum >> 32;
        sum as u32
    });
    (digits.collect(), rest)
}

fn top((mut digits, rest): (Vec<u32>, i128)) -> Magnitude {
    digits.extend((0..4).map(|place| (rest >> (32 * place)) as u32));
    Magnitude::new(digits)
}

/// The sum of doubles, exact until it is read.
///
/// Any order and any merges give the same sum. Terms that are not finite make it so, as IEEE 754 adds them.
#[derive(Clone, Debug)]
pub struct ExactSum {
    words: [i128; WORDS],
    /// The sum of all terms that are not finite; zero when there is none.
    special: f64,
}

impl Default for ExactSum {
    fn default() -> Self {
        Self {
            words: [0; WORDS],
            special: 0.0,
        }
    }
}

impl ExactSum {
    /// Adds a term.
    #[inline]
    pub fn add(&mut self, value: f64) {
        if !value.is_finite() {
            self.special += value;
            return;
        }
        let (mantissa, exponent) = split(value);
        // Without a branch: signs of real data follow no pattern.
        let sign = i128::from((value.to_bits() as i64) >> 63);
        self.add_mantissas((i128::from(mantissa) ^ sign) - sign, exponent);
    }

    /// Adds a whole number of below 2^75 on either side, in units of the mantissas of an exponent.
    #[inline]
    pub(crate) fn add_mantissas(&mut self, mantissas: i128, exponent: usize) {
        self.words[(exponent >> 5) & (WORDS - 1)] += mantissas << (exponent & 31);
    }

    /// Adds terms.
    pub fn extend(&mut self, values: &[f64]) {
        // Two states side by side: neighbours mostly meet in the same words, and need not wait for each other.
        let mut other = Self::default();
        let (pairs, last) = values.as_chunks::<2>();
        for [a, b] in pairs {
            self.add(*a);
            other.add(*b);
        }
        last.iter().for_each(|value| self.add(*value));
        self.merge(&other);
    }

    /// Adds another sum.
    pub fn merge(&mut self, other: &Self) {
        for (word, term) in self.words.iter_mut().zip(other.words) {
            *word += term;
        }
        self.special += other.special;
    }

    /// The sum, rounded once to the nearest double.
    pub fn value(&self) -> f64 {
        if self.special != 0.0 {
            return self.special;
        }
        let (negative, magnitude) = self.digits();
        let (fraction, exponent) = magnitude.rounded();
        let value = scale(fraction, exponent + UNIT);
        if negative { -value } else { value }
    }

    /// The sum divided by a count, with what the rounding of the sum left out: the mean of equal values is that value.
    pub(crate) fn over(&self, count: f64) -> f64 {
        let sum = self.value();
        let share = sum / count;
        if !share.is_finite() {
            return share;
        }
        let mut rest = self.clone();
        rest.add(-sum);
        let left = share.mul_add(-count, sum) + rest.value();
        share + left / count
    }

    /// Sign and size in units of 2^-1075; `None` when a term was not finite.
    pub(crate) fn parts(&self) -> Option<Magnitude> {
        (self.special == 0.0).then(|| self.digits().1)
    }

    fn digits(&self) -> (bool, Magnitude) {
        digits(&self.words)
    }
}

impl PartialEq for ExactSum {
    fn eq(&self, other: &Self) -> bool {
        let same = self.special == other.special || self.special.is_nan() && other.special.is_nan();
        same && self.digits() == other.digits()
    }
}

/// Digits as text: sign, place of the first digit, digits, each a variable-length integer.
pub(crate) fn write(flag: u64, negative: bool, magnitude: &Magnitude) -> String {
    let zeros = magnitude.0.iter().take_while(|digit| **digit == 0).count();
    let mut bytes = Vec::new();
    compact::put(&mut bytes, flag << 1 | u64::from(negative));
    compact::put(&mut bytes, zeros as u64);
    for digit in &magnitude.0[zeros..] {
        bytes.extend_from_slice(&digit.to_le_bytes());
    }
    compact::encode(&bytes)
}

/// The other way: flag and words.
pub(crate) fn read<const N: usize>(text: &str) -> Option<(u64, [i128; N])> {
    let bytes = compact::decode(text)?;
    let mut rest = bytes.as_slice();
    let head = compact::take(&mut rest)?;
    let first = usize::try_from(compact::take(&mut rest)?).ok()?;
    let mut words = [0; N];
    let (digits, end) = rest.as_chunks::<4>();
    if !end.is_empty() || first.checked_add(digits.len())? > N + 4 {
        return None;
    }
    for (place, digit) in digits.iter().enumerate() {
        let digit = i128::from(u32::from_le_bytes(*digit));
        let digit = if head & 1 == 1 { -digit } else { digit };
        // Digits above the last word came from its carry and go back there.
        let place = first + place;
        let word = place.min(N - 1);
        let shifted = digit.checked_mul(1 << (32 * (place - word)).min(126))?;
        words[word] = i128::checked_add(words[word], shifted)?;
    }
    Some((head >> 1, words))
}

impl Serialize for ExactSum {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let flag = match self.special {
            special if special.is_nan() => 1,
            f64::INFINITY => 2,
            f64::NEG_INFINITY => 3,
            _ => 0,
        };
        let (negative, magnitude) = self.digits();
        serializer.serialize_str(&write(flag, negative, &magnitude))
    }
}

impl<'de> Deserialize<'de> for ExactSum {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        compact::read(deserializer, "an exact sum", |text| {
            let (flag, words) = read(text)?;
            let special = match flag {
                0 => 0.0,
                1 => f64::NAN,
                2 => f64::INFINITY,
                3 => f64::NEG_INFINITY,
                _ => return None,
            };
            Some(Self { words, special })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sum(values: &[f64]) -> ExactSum {
        let mut sum = ExactSum::default();
        sum.extend(values);
        sum
    }

    #[track_caller]
    fn check(values: &[f64], expected: f64) {
        let sum = sum(values).value();
        assert_eq!(sum.to_bits(), expected.to_bits(), "{sum} for {expected}");
    }

    #[test]
    fn nothing_is_lost() {
        check(&[], 0.0);
        check(&[0.1; 10], 1.0);
        check(&[1e308, 1.0, -1e308], 1.0);
        check(&[1e300, 1e-300, -1e300], 1e-300);
        check(&[f64::MAX, f64::MAX, -f64::MAX], f64::MAX);
        check(&[f64::from_bits(1), f64::from_bits(1)], f64::from_bits(2));
        check(&[-2.5, -0.25], -2.75);
        check(&[1.0, f64::EPSILON / 2.0], 1.0);
        check(&[1.0, f64::EPSILON / 2.0, 1e-200], 1.0 + f64::EPSILON);
        check(&[f64::MAX, f64::MAX], f64::INFINITY);
    }

    #[test]
    fn a_term_that_is_not_finite_decides() {
        check(&[1.0, f64::INFINITY], f64::INFINITY);
        check(&[f64::NEG_INFINITY, 5.0], f64::NEG_INFINITY);
        assert!(sum(&[f64::INFINITY, f64::NEG_INFINITY]).value().is_nan());
    }

    #[test]
    fn foreign_text_is_refused() {
        for text in ["\"\"", "\"!\"", "\"AAAAA\"", "\"AP___w8AAAAA\"", "3"] {
            assert!(serde_json::from_str::<ExactSum>(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_order_and_any_merge_give_the_same(
            mut values in prop::collection::vec(prop::num::f64::ANY, 0..40),
            cut in 0_usize..40,
        ) {
            let whole = sum(&values);
            let (a, b) = values.split_at(cut.min(values.len()));
            let mut merged = sum(b);
            merged.merge(&sum(a));
            prop_assert_eq!(&whole, &merged);
            values.reverse();
            prop_assert_eq!(&whole, &sum(&values));
            let text = serde_json::to_string(&whole).unwrap();
            let back: ExactSum = serde_json::from_str(&text).unwrap();
            prop_assert_eq!(&whole, &back);
        }

        #[test]
        fn a_sum_of_two_is_the_sum_of_the_processor(a in prop::num::f64::NORMAL, b in prop::num::f64::NORMAL) {
            let expected = a + b;
            prop_assume!(expected == 0.0 || expected.is_normal());
            prop_assert_eq!(sum(&[a, b]).value(), expected);
        }
    }
}
