//! Values of a column with what is known of each, exactly, up to a stated number of different values.

use arrow_array::Array;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::categories::{Categories, Levels};
use super::entries::{Entries, Merge};
use crate::kind::Kind;

/// How many different values a column may have and still be taken for categories.
pub const MAX_CATEGORIES: usize = 100_000;

/// What is known of each value of a column.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Tally<V> {
    Integers(Entries<i64, V>),
    Strings(Entries<Box<str>, V>),
    /// There are more than [`MAX_CATEGORIES`] values.
    Overflow,
}

impl<V: Merge + Clone> Tally<V> {
    pub(crate) fn new(kind: Kind) -> Self {
        match kind {
            Kind::Integer => Self::Integers(Entries::new()),
            _ => Self::Strings(Entries::new()),
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
            (Self::Integers(entries), Categories::Integers(column)) => {
                let map = entries.sought();
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
            (Self::Strings(entries), Categories::Strings(column)) => {
                let map = entries.sought();
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
        let values = match (&mut *self, other) {
            (Self::Integers(mine), Self::Integers(theirs)) => {
                mine.merge(theirs);
                mine.len()
            }
            (Self::Strings(mine), Self::Strings(theirs)) => {
                mine.merge(theirs);
                mine.len()
            }
            _ => usize::MAX,
        };
        if values > MAX_CATEGORIES {
            *self = Self::Overflow;
        }
    }

    /// The values in order, numbers by size and text by its bytes, with what is known of each; `None` when there are too many.
    pub(crate) fn sorted(self) -> Option<(Levels, Vec<V>)> {
        match self {
            Self::Integers(entries) => {
                let (values, states) = entries.ordered().into_iter().unzip();
                Some((Levels::Integers(values), states))
            }
            Self::Strings(entries) => {
                let entries = entries.ordered().into_iter();
                let (values, states) = entries.map(|(value, state)| (value.into(), state)).unzip();
                Some((Levels::Strings(values), states))
            }
            Self::Overflow => None,
        }
    }
}

/// On disk: pairs in the order of values, so that equal states have equal bytes.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum State<I, S> {
    Integers(I),
    Strings(S),
    Overflow,
}

impl<V: Serialize> Serialize for Tally<V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let state = match self {
            Self::Integers(entries) => State::Integers(entries.refs()),
            Self::Strings(entries) => State::Strings(entries.refs()),
            Self::Overflow => State::Overflow,
        };
        state.serialize(serializer)
    }
}

impl<'de, V: Deserialize<'de>> Deserialize<'de> for Tally<V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let tally = match State::<Vec<(i64, V)>, Vec<(Box<str>, V)>>::deserialize(deserializer)? {
            State::Integers(pairs) => Entries::in_order(pairs).map(Self::Integers),
            State::Strings(pairs) => Entries::in_order(pairs).map(Self::Strings),
            State::Overflow => Some(Self::Overflow),
        };
        tally.ok_or_else(|| D::Error::custom("expected values in order, each once"))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::{ArrayRef, Float64Array, Int64Array, StringArray};

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
