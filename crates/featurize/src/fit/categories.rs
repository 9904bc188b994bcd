//! Columns read as categories, and categories in order.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use arrow_array::{Array, ArrayRef, Int64Array, StringArray};
use serde::{Deserialize, Serialize};
use stage::Fault;
use table::{Texts, values};
use xxhash_rust::xxh3::xxh3_64_with_seed;

use crate::kind::Kind;

/// A hash map that is fast for short keys, and never iterated without sorting.
pub(crate) type Map<K, V> = HashMap<K, V, BuildHasherDefault<ShortHasher>>;

#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ShortHasher(u64);

impl Hasher for ShortHasher {
    fn write(&mut self, bytes: &[u8]) {
        self.0 = xxh3_64_with_seed(bytes, self.0);
    }

    /// The end mark of a string adds nothing: a key is one string.
    fn write_u8(&mut self, _: u8) {}

    fn write_i64(&mut self, value: i64) {
        // The finaliser of MurmurHash3, after Stafford's mix 13.
        let mut bits = value as u64;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        self.0 = bits ^ (bits >> 31);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// A column read as categories: whole numbers as such, everything else as text.
#[derive(Clone, Debug)]
pub(crate) enum Categories {
    Integers(Int64Array),
    Strings(StringArray),
}

impl Categories {
    /// Reads a column. NaN is missing; a whole number is written without a fraction, whatever its type.
    pub(crate) fn new(column: &ArrayRef, kind: Kind) -> Result<Self, Fault> {
        match kind {
            Kind::Integer => Ok(Self::Integers(values::integers(column)?)),
            Kind::Number => {
                let text =
                    |value: Option<f64>| value.filter(|value| !value.is_nan()).map(number_text);
                let numbers = values::numbers(column)?;
                Ok(Self::Strings(numbers.iter().map(text).collect()))
            }
            _ => Ok(Self::Strings(Texts::new(column)?.column()?)),
        }
    }

    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Integers(column) => column.len(),
            Self::Strings(column) => column.len(),
        }
    }
}

/// The text of a number as a category: `-0` is `0`.
pub(crate) fn number_text(value: f64) -> String {
    format!("{}", value + 0.0)
}

/// Categories in the order of their codes. In JSON, a list of numbers or of strings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Levels {
    /// Whole numbers.
    Integers(Vec<i64>),
    /// Text.
    Strings(Vec<String>),
}

impl Levels {
    /// How many.
    pub fn len(&self) -> usize {
        match self {
            Self::Integers(values) => values.len(),
            Self::Strings(values) => values.len(),
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The category at a place, as text.
    pub fn text(&self, place: usize) -> String {
        match self {
            Self::Integers(values) => values[place].to_string(),
            Self::Strings(values) => values[place].clone(),
        }
    }

    /// All categories as text.
    pub fn texts(&self) -> Vec<String> {
        (0..self.len()).map(|place| self.text(place)).collect()
    }

    /// The categories at these places.
    pub(crate) fn select(&self, places: &[usize]) -> Self {
        match self {
            Self::Integers(values) => {
                Self::Integers(places.iter().map(|place| values[*place]).collect())
            }
            Self::Strings(values) => {
                Self::Strings(places.iter().map(|place| values[*place].clone()).collect())
            }
        }
    }

    /// Where a category stands.
    pub(crate) fn position(&self, text: &str) -> Option<usize> {
        match self {
            Self::Integers(values) => {
                let number: i64 = text.parse().ok()?;
                values.iter().position(|value| *value == number)
            }
            Self::Strings(values) => values.iter().position(|value| value == text),
        }
    }
}
