//! The least and the greatest value.

use serde::{Deserialize, Serialize};

/// Numbers that are looked at side by side.
const LANES: usize = 8;

/// The least and the greatest finite number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Extremes {
    range: Option<(f64, f64)>,
}

impl Extremes {
    /// Adds a number; NaN and infinities are ignored.
    pub fn add(&mut self, value: f64) {
        self.extend(&[value]);
    }

    /// Adds numbers; NaN and infinities are ignored.
    pub fn extend(&mut self, values: &[f64]) {
        // Side by side and without a branch, so that it becomes vector instructions.
        let mut least = [f64::INFINITY; LANES];
        let mut greatest = [f64::NEG_INFINITY; LANES];
        let (blocks, rest) = values.as_chunks::<LANES>();
        let mut last = [f64::NAN; LANES];
        last[..rest.len()].copy_from_slice(rest);
        for block in blocks.iter().chain([&last]) {
            for ((least, greatest), value) in least.iter_mut().zip(&mut greatest).zip(block) {
                let value = if value.is_finite() { *value } else { f64::NAN };
                *least = if value < *least { value } else { *least };
                *greatest = if value > *greatest { value } else { *greatest };
            }
        }
        let min = least.into_iter().fold(f64::INFINITY, f64::min);
        let max = greatest.into_iter().fold(f64::NEG_INFINITY, f64::max);
        if min <= max {
            self.merge(&Self {
                // Zero has one sign here, whichever came first.
                range: Some((min + 0.0, max + 0.0)),
            });
        }
    }

    /// Adds the numbers of another state.
    pub fn merge(&mut self, other: &Self) {
        self.range = match (self.range, other.range) {
            (Some(a), Some(b)) => Some((a.0.min(b.0), a.1.max(b.1))),
            (a, b) => a.or(b),
        };
    }

    /// The least number.
    pub fn min(&self) -> Option<f64> {
        self.range.map(|range| range.0)
    }

    /// The greatest number.
    pub fn max(&self) -> Option<f64> {
        self.range.map(|range| range.1)
    }
}

/// The first and the last text in lexical order of bytes, and the shortest and longest length.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TextExtremes {
    range: Option<(String, String)>,
    /// In bytes.
    lengths: Option<(u64, u64)>,
}

impl TextExtremes {
    /// Adds a text.
    pub fn add(&mut self, text: &str) {
        let length = text.len() as u64;
        self.lengths = Some(match self.lengths {
            None => (length, length),
            Some((min, max)) => (min.min(length), max.max(length)),
        });
        match &mut self.range {
            None => self.range = Some((text.to_owned(), text.to_owned())),
            Some((min, _)) if text < min.as_str() => text.clone_into(min),
            Some((_, max)) if text > max.as_str() => text.clone_into(max),
            Some(_) => {}
        }
    }

    /// Adds the texts of another state.
    pub fn merge(&mut self, other: &Self) {
        if let Some((min, max)) = &other.range {
            let lengths = [self.lengths, other.lengths].into_iter().flatten();
            self.lengths = lengths.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)));
            match &mut self.range {
                None => self.range = Some((min.clone(), max.clone())),
                Some((least, greatest)) => {
                    if min < least {
                        min.clone_into(least);
                    }
                    if max > greatest {
                        max.clone_into(greatest);
                    }
                }
            }
        }
    }

    /// The first text.
    pub fn min(&self) -> Option<&str> {
        self.range.as_ref().map(|range| range.0.as_str())
    }

    /// The last text.
    pub fn max(&self) -> Option<&str> {
        self.range.as_ref().map(|range| range.1.as_str())
    }

    /// The length of the shortest text, in bytes.
    pub fn min_length(&self) -> Option<u64> {
        self.lengths.map(|lengths| lengths.0)
    }

    /// The length of the longest text, in bytes.
    pub fn max_length(&self) -> Option<u64> {
        self.lengths.map(|lengths| lengths.1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_not_finite_does_not_count() {
        let mut extremes = Extremes::default();
        extremes.add(f64::NAN);
        assert_eq!(extremes.min(), None);
        extremes.extend(&[2.0, f64::NAN, -1.0, f64::INFINITY, f64::NEG_INFINITY]);
        assert_eq!((extremes.min(), extremes.max()), (Some(-1.0), Some(2.0)));
    }

    proptest! {
        #[test]
        fn merging_texts_is_adding_them(a: Vec<String>, b: Vec<String>) {
            let of = |texts: &[String]| {
                let mut extremes = TextExtremes::default();
                texts.iter().for_each(|text| extremes.add(text));
                extremes
            };
            let mut merged = of(&b);
            merged.merge(&of(&a));
            let all = [a, b].concat();
            prop_assert_eq!(&merged, &of(&all));
            prop_assert_eq!(merged.min(), all.iter().min().map(String::as_str));
            prop_assert_eq!(merged.max(), all.iter().max().map(String::as_str));
        }

        #[test]
        fn merging_numbers_is_adding_them(a: Vec<f64>, b: Vec<f64>) {
            let of = |values: &[f64]| {
                let mut extremes = Extremes::default();
                extremes.extend(values);
                extremes
            };
            let mut merged = of(&b);
            merged.merge(&of(&a));
            prop_assert_eq!(merged, of(&[a, b].concat()));
        }
    }
}
