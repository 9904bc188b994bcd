//! Whole numbers of any width, as far as exact sums need them.

use std::cmp::Ordering;

/// A whole number without sign: digits to base 2^32, lowest first, no zero at the top.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Magnitude(pub(crate) Vec<u32>);

impl Magnitude {
    pub(crate) fn new(mut digits: Vec<u32>) -> Self {
        while digits.last() == Some(&0) {
            digits.pop();
        }
        Self(digits)
    }

    pub(crate) fn times(&self, other: &Self) -> Self {
        let mut product = vec![0_u32; self.0.len() + other.0.len()];
        for (place, digit) in self.0.iter().enumerate() {
            let mut carry = 0_u64;
            for (offset, factor) in other.0.iter().enumerate() {
                let sum = u64::from(*digit) * u64::from(*factor)
                    + u64::from(product[place + offset])
                    + carry;
                product[place + offset] = sum as u32;
                carry = sum >> 32;
            }
            product[place + other.0.len()] = carry as u32;
        }
        Self::new(product)
    }

    /// The difference to a smaller or equal number; zero when `other` is greater.
    pub(crate) fn minus(&self, other: &Self) -> Self {
        if self.compare(other) == Ordering::Less {
            return Self::default();
        }
        let mut difference = self.0.clone();
        let mut borrow = 0_i64;
        for (place, digit) in difference.iter_mut().enumerate() {
            let taken = i64::from(other.0.get(place).copied().unwrap_or(0));
            let left = i64::from(*digit) - taken - borrow;
            borrow = i64::from(left < 0);
            *digit = left as u32;
        }
        Self::new(difference)
    }

    fn compare(&self, other: &Self) -> Ordering {
        let length = self.0.len().cmp(&other.0.len());
        length.then_with(|| self.0.iter().rev().cmp(other.0.iter().rev()))
    }

    /// The nearest double, as `fraction × 2^exponent`; ties to even.
    pub(crate) fn rounded(&self) -> (f64, i32) {
        let kept = self.0.len().min(4);
        let (below, top) = self.0.split_at(self.0.len() - kept);
        let mut word = top
            .iter()
            .rev()
            .fold(0_u128, |word, digit| word << 32 | u128::from(*digit));
        // At least 97 bits stand in the word whenever anything is below it: its last bit can stand for all of that.
        if below.iter().any(|digit| *digit != 0) {
            word |= 1;
        }
        (word as f64, 32 * below.len() as i32)
    }
}

impl From<u64> for Magnitude {
    fn from(value: u64) -> Self {
        Self::new(vec![value as u32, (value >> 32) as u32])
    }
}

/// `value × 2^exponent`, in steps none of which overflows before the last.
pub(crate) fn scale(mut value: f64, mut exponent: i32) -> f64 {
    let step = |exponent: i32| f64::from_bits(((1023 + exponent) as u64) << 52);
    while exponent > 1000 {
        value *= step(1000);
        exponent -= 1000;
    }
    while exponent < -1000 {
        value *= step(-1000);
        exponent += 1000;
    }
    value * step(exponent)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wide(value: u128) -> Magnitude {
        Magnitude::new((0..4).map(|place| (value >> (32 * place)) as u32).collect())
    }

    #[test]
    fn products_and_differences_are_those_of_whole_numbers() {
        let numbers = [
            0,
            1,
            7,
            u64::from(u32::MAX),
            1 << 32,
            u64::MAX - 3,
            u64::MAX,
        ];
        for a in numbers {
            for b in numbers {
                let product = u128::from(a) * u128::from(b);
                assert_eq!(Magnitude::from(a).times(&b.into()), wide(product));
                let difference = a.saturating_sub(b);
                assert_eq!(Magnitude::from(a).minus(&b.into()), difference.into());
            }
        }
    }

    #[test]
    fn rounding_is_to_the_nearest_even() {
        let one = 2.0_f64.powi(96);
        let half = Magnitude::new(vec![0, 0, 0, 1 << 11, 0, 1]);
        let above = Magnitude::new(vec![1, 0, 0, 1 << 11, 0, 1]);
        let odd = Magnitude::new(vec![0, 0, 0, 3 << 11, 0, 1]);
        assert_eq!(half.rounded(), (one, 64));
        assert_eq!(above.rounded(), (one * (1.0 + f64::EPSILON), 64));
        assert_eq!(odd.rounded(), (one * (1.0 + 2.0 * f64::EPSILON), 64));
    }

    #[test]
    fn scaling_reaches_the_ends_of_the_range() {
        assert_eq!(scale(1.0, -1074), f64::from_bits(1));
        assert_eq!(
            scale(f64::MAX, -2000),
            f64::MAX / 2.0_f64.powi(1000) / 2.0_f64.powi(1000)
        );
        assert_eq!(scale(1.0, 5000), f64::INFINITY);
    }
}
