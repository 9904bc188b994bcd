//! The most frequent values in bounded memory.
//!
//! The counters of Misra and Gries (1982) with the merge of Agarwal et al., "Mergeable Summaries" (PODS 2012): exact while at
//! most `capacity` values are different; afterwards every count is too small by at most [`FrequentValues::missed`],
//! which stays below `2 × rows / capacity`.

use std::borrow::Borrow;
use std::collections::BTreeMap;
use std::hash::Hash;

use serde::{Deserialize, Serialize};

use crate::hash::Map;

/// A value and how often it was seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Frequent<K> {
    /// The value.
    pub value: K,
    /// How often: exactly, or at least, when [`FrequentValues::missed`] is not zero.
    pub count: u64,
}

/// Counts of values, of which only the frequent survive.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(
    into = "State<BTreeMap<K, u64>>",
    from = "State<Map<K, u64>>",
    bound(
        serialize = "K: Clone + Ord + Hash + Serialize",
        deserialize = "K: Ord + Hash + Deserialize<'de>"
    )
)]
pub struct FrequentValues<K: Eq + Hash> {
    capacity: usize,
    missed: u64,
    counts: Map<K, u64>,
}

impl<K: Eq + Hash + Ord + Clone> FrequentValues<K> {
    /// Counters for at most this many values (at least 2).
    pub fn new(capacity: usize) -> Self {
        Self {
            capacity: capacity.max(2),
            missed: 0,
            counts: Map::default(),
        }
    }

    /// Adds a value seen once.
    #[inline]
    pub fn add<Q>(&mut self, value: &Q)
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ToOwned<Owned = K> + ?Sized,
    {
        self.add_count(value, 1);
    }

    /// Adds a value seen several times.
    #[inline]
    pub fn add_count<Q>(&mut self, value: &Q, count: u64)
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ToOwned<Owned = K> + ?Sized,
    {
        if let Some(seen) = self.counts.get_mut(value) {
            *seen += count;
        } else if count > 0 {
            self.counts.insert(value.to_owned(), count);
            if self.counts.len() > self.capacity {
                self.shed();
            }
        }
    }

    /// Adds the counts of another state. The capacity is the smaller of the two.
    pub fn merge(&mut self, other: &Self) {
        self.capacity = self.capacity.min(other.capacity);
        self.missed += other.missed;
        for (value, count) in &other.counts {
            match self.counts.get_mut(value) {
                Some(seen) => *seen += count,
                None => {
                    self.counts.insert(value.clone(), *count);
                }
            }
        }
        if self.counts.len() > self.capacity {
            self.shed();
        }
    }

    /// Takes from all counts what the first that must go has: half the counters stay, so that this happens seldom.
    #[cold]
    fn shed(&mut self) {
        let mut counts: Vec<u64> = self.counts.values().copied().collect();
        let place = counts.len() - 1 - self.capacity / 2;
        let (_, taken, _) = counts.select_nth_unstable(place);
        let taken = *taken;
        self.missed += taken;
        self.counts.retain(|_, count| {
            *count = count.saturating_sub(taken);
            *count > 0
        });
    }

    /// By how much a count may be too small: 0 while all values are counted exactly.
    pub fn missed(&self) -> u64 {
        self.missed
    }

    /// The most frequent values, the most frequent first, equals in their order.
    pub fn most(&self, at_most: usize) -> Vec<Frequent<K>> {
        let mut all: Vec<_> = self.counts.iter().collect();
        all.sort_by(|a, b| b.1.cmp(a.1).then_with(|| a.0.cmp(b.0)));
        all.truncate(at_most);
        let frequent = |(value, count): (&K, &u64)| Frequent {
            value: value.clone(),
            count: *count,
        };
        all.into_iter().map(frequent).collect()
    }

    /// All values still counted, in their order.
    pub fn values(&self) -> Vec<&K> {
        let mut values: Vec<&K> = self.counts.keys().collect();
        values.sort();
        values
    }
}

/// On disk: counts in the order of values, which who reads them need not keep.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct State<M> {
    capacity: usize,
    #[serde(default, skip_serializing_if = "is_zero")]
    missed: u64,
    counts: M,
}

fn is_zero(count: &u64) -> bool {
    *count == 0
}

impl<K: Eq + Hash + Ord> From<FrequentValues<K>> for State<BTreeMap<K, u64>> {
    fn from(values: FrequentValues<K>) -> Self {
        Self {
            capacity: values.capacity,
            missed: values.missed,
            counts: values.counts.into_iter().collect(),
        }
    }
}

impl<K: Eq + Hash> From<State<Map<K, u64>>> for FrequentValues<K> {
    fn from(state: State<Map<K, u64>>) -> Self {
        Self {
            capacity: state.capacity.max(2),
            missed: state.missed,
            counts: state.counts,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn counted(capacity: usize, values: &[u8]) -> FrequentValues<u8> {
        let mut frequent = FrequentValues::new(capacity);
        values.iter().for_each(|value| frequent.add(value));
        frequent
    }

    #[test]
    fn equals_stand_in_lexical_order() {
        let mut frequent = FrequentValues::<String>::new(10);
        for value in ["b", "c", "a", "b", "a"] {
            frequent.add(value);
        }
        let most: Vec<_> = frequent
            .most(2)
            .into_iter()
            .map(|f| (f.value, f.count))
            .collect();
        assert_eq!(most, [("a".to_owned(), 2), ("b".to_owned(), 2)]);
        let text = serde_json::to_string(&frequent).unwrap();
        assert_eq!(text, r#"{"capacity":10,"counts":{"a":2,"b":2,"c":1}}"#);
        assert_eq!(
            serde_json::from_str::<FrequentValues<String>>(&text).unwrap(),
            frequent
        );
    }

    #[test]
    fn a_value_of_every_second_row_survives_any_crowd() {
        let rows: Vec<u8> = (0..2000_u32)
            .map(|row| if row % 2 == 0 { 7 } else { (row % 251) as u8 })
            .collect();
        let frequent = counted(8, &rows);
        let first = &frequent.most(1)[0];
        assert_eq!(first.value, 7);
        assert!(
            first.count <= 1004 && first.count + frequent.missed() >= 1000,
            "{first:?}"
        );
    }

    proptest! {
        #[test]
        fn few_values_are_counted_exactly_in_any_order(a in prop::collection::vec(0..8_u8, 0..60), b in prop::collection::vec(0..8_u8, 0..60)) {
            let mut merged = counted(8, &b);
            merged.merge(&counted(8, &a));
            prop_assert_eq!(merged, counted(8, &[a, b].concat()));
        }

        #[test]
        fn counts_are_too_small_by_no_more_than_what_was_missed(
            a in prop::collection::vec(0..40_u8, 0..200),
            b in prop::collection::vec(0..40_u8, 0..200),
            capacity in 2_usize..20,
        ) {
            let mut merged = counted(capacity, &a);
            merged.merge(&counted(capacity, &b));
            let rows = [a, b].concat();
            prop_assert!(merged.missed() <= 2 * rows.len() as u64 / capacity as u64);
            for value in 0..40 {
                let truth = rows.iter().filter(|row| **row == value).count() as u64;
                let count = merged.counts.get(&value).copied().unwrap_or(0);
                prop_assert!(count <= truth && truth <= count + merged.missed(), "{} {} {}", value, truth, count);
            }
        }
    }
}
