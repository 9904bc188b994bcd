//! Values of a column with what is known of each, exactly, up to a stated number of different values.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int64Type};
use arrow_array::{Array, ArrayRef, Int64Array, StringArray};
use arrow_schema::DataType;
use serde::{Deserialize, Serialize};
use stage::{Fault, OrBlame};
use xxhash_rust::xxh3::xxh3_64_with_seed;

use crate::kind::Kind;

/// How many different values a column may have and still be taken for categories.
pub const MAX_CATEGORIES: usize = 100_000;

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
            Kind::Integer => {
                let column = arrow_cast::cast(column, &DataType::Int64).or_item()?;
                Ok(Self::Integers(column.as_primitive::<Int64Type>().clone()))
            }
            Kind::Number => {
                let column = arrow_cast::cast(column, &DataType::Float64).or_item()?;
                let text =
                    |value: Option<f64>| value.filter(|value| !value.is_nan()).map(number_text);
                let values = column.as_primitive::<Float64Type>().iter();
                Ok(Self::Strings(values.map(text).collect()))
            }
            _ => {
                let column = arrow_cast::cast(column, &DataType::Utf8).or_item()?;
                Ok(Self::Strings(column.as_string::<i32>().clone()))
            }
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

/// What can be known of a value, added up.
pub(crate) trait Merge {
    fn merge(&mut self, other: &Self);
}

impl Merge for u64 {
    fn merge(&mut self, other: &Self) {
        *self += other;
    }
}

/// What is known of each value of a column.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Tally<V> {
    Integers(Map<i64, V>),
    Strings(Map<Box<str>, V>),
    /// There are more than [`MAX_CATEGORIES`] values.
    Overflow,
}

impl<V: Merge + Clone> Tally<V> {
    pub(crate) fn new(kind: Kind) -> Self {
        match kind {
            Kind::Integer => Self::Integers(Map::default()),
            _ => Self::Strings(Map::default()),
        }
    }

    /// Calls `add` with each value's state, which begins as `empty`, and the row; `missing` with rows that have no value.
    pub(crate) fn visit(
        &mut self,
        column: &Categories,
        empty: &V,
        mut add: impl FnMut(&mut V, usize),
        mut missing: impl FnMut(usize),
    ) {
        let too_many = match (&mut *self, column) {
            (Self::Integers(map), Categories::Integers(column)) => {
                for row in 0..column.len() {
                    if column.is_null(row) {
                        missing(row);
                    } else {
                        let state = map.entry(column.value(row));
                        add(state.or_insert_with(|| empty.clone()), row);
                    }
                }
                map.len() > MAX_CATEGORIES
            }
            (Self::Strings(map), Categories::Strings(column)) => {
                for row in 0..column.len() {
                    if column.is_null(row) {
                        missing(row);
                        continue;
                    }
                    let value = column.value(row);
                    if let Some(state) = map.get_mut(value) {
                        add(state, row);
                    } else {
                        add(
                            map.entry(value.into()).or_insert_with(|| empty.clone()),
                            row,
                        );
                    }
                }
                map.len() > MAX_CATEGORIES
            }
            _ => return,
        };
        if too_many {
            *self = Self::Overflow;
        }
    }

    pub(crate) fn merge(&mut self, other: Self) {
        let too_many = match (&mut *self, other) {
            (Self::Integers(map), Self::Integers(other)) => merge_maps(map, other),
            (Self::Strings(map), Self::Strings(other)) => merge_maps(map, other),
            _ => true,
        };
        if too_many {
            *self = Self::Overflow;
        }
    }

    /// The values in order, numbers by size and text by its bytes, with what is known of each; `None` when there are too many.
    pub(crate) fn sorted(self) -> Option<(Levels, Vec<V>)> {
        match self {
            Self::Integers(map) => {
                let (values, states) = sorted_map(map).into_iter().unzip();
                Some((Levels::Integers(values), states))
            }
            Self::Strings(map) => {
                let (values, states): (Vec<Box<str>>, _) = sorted_map(map).into_iter().unzip();
                let values = values.into_iter().map(String::from).collect();
                Some((Levels::Strings(values), states))
            }
            Self::Overflow => None,
        }
    }
}

fn merge_maps<K: std::hash::Hash + Eq, V: Merge>(map: &mut Map<K, V>, other: Map<K, V>) -> bool {
    for (value, state) in other {
        match map.entry(value) {
            std::collections::hash_map::Entry::Occupied(mut entry) => entry.get_mut().merge(&state),
            std::collections::hash_map::Entry::Vacant(entry) => {
                entry.insert(state);
            }
        }
    }
    map.len() > MAX_CATEGORIES
}

fn sorted_map<K: Ord, V>(map: Map<K, V>) -> Vec<(K, V)> {
    let mut pairs: Vec<(K, V)> = map.into_iter().collect();
    pairs.sort_unstable_by(|a, b| a.0.cmp(&b.0));
    pairs
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

/// On disk: pairs in the order of values, so that equal states have equal bytes.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum State<V> {
    Integers(Vec<(i64, V)>),
    Strings(Vec<(Box<str>, V)>),
    Overflow,
}

impl<V: Serialize + Clone> Serialize for Tally<V> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let state = match self {
            Self::Integers(map) => State::Integers(sorted_map(map.clone())),
            Self::Strings(map) => State::Strings(sorted_map(map.clone())),
            Self::Overflow => State::Overflow,
        };
        state.serialize(serializer)
    }
}

impl<'de, V: Deserialize<'de>> Deserialize<'de> for Tally<V> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(match State::deserialize(deserializer)? {
            State::Integers(pairs) => Self::Integers(pairs.into_iter().collect()),
            State::Strings(pairs) => Self::Strings(pairs.into_iter().collect()),
            State::Overflow => Self::Overflow,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::Float64Array;

    use super::*;

    fn tally(column: impl Array + 'static, kind: Kind) -> (Tally<u64>, u64) {
        let column: ArrayRef = Arc::new(column);
        let mut tally = Tally::new(kind);
        let mut missing = 0;
        let categories = Categories::new(&column, kind).unwrap();
        tally.visit(&categories, &0, |count, _| *count += 1, |_| missing += 1);
        (tally, missing)
    }

    #[test]
    fn values_are_counted_and_sorted() {
        let (counted, missing) = tally(
            Int64Array::from(vec![Some(10), Some(2), None, Some(10)]),
            Kind::Integer,
        );
        assert_eq!(missing, 1);
        assert_eq!(
            counted.sorted(),
            Some((Levels::Integers(vec![2, 10]), vec![1, 2]))
        );
        let (counted, missing) = tally(
            Float64Array::from(vec![1.0, -0.0, f64::NAN, 0.0]),
            Kind::Number,
        );
        assert_eq!(missing, 1);
        let levels = Levels::Strings(vec!["0".to_owned(), "1".to_owned()]);
        assert_eq!(counted.sorted(), Some((levels, vec![2, 1])));
    }

    #[test]
    fn too_many_values_overflow_however_they_come_together() {
        let half = MAX_CATEGORIES as i64 / 2;
        let (mut low, _) = tally(Int64Array::from_iter_values(0..half), Kind::Integer);
        let (high, _) = tally(Int64Array::from_iter_values(half..2 * half), Kind::Integer);
        low.merge(high);
        assert_eq!(
            low.clone().sorted().map(|(levels, _)| levels.len()),
            Some(MAX_CATEGORIES)
        );
        let (more, _) = tally(Int64Array::from(vec![-1]), Kind::Integer);
        low.merge(more);
        assert_eq!(low, Tally::Overflow);
        let (all, _) = tally(Int64Array::from_iter_values(-1..2 * half), Kind::Integer);
        assert_eq!(all, Tally::Overflow);
    }

    #[test]
    fn a_tally_comes_back_from_disk() {
        let (counted, _) = tally(StringArray::from(vec!["b", "a", "b"]), Kind::String);
        let text = serde_json::to_string(&counted).unwrap();
        assert_eq!(text, r#"{"strings":[["a",1],["b",2]]}"#);
        assert_eq!(serde_json::from_str::<Tally<u64>>(&text).unwrap(), counted);
    }
}
