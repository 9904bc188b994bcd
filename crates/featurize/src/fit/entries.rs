//! Entries by key: sought while rows are counted, in order once they are read or merged.

use std::collections::hash_map::Entry;
use std::hash::Hash;

use super::categories::Map;

/// Entries in order are merged with others in order, unless those are fewer by this factor: then a map takes them.
const FEWER: usize = 8;

/// What can be known of a value, added up.
pub(crate) trait Merge {
    fn merge(&mut self, other: &Self);
}

impl Merge for u64 {
    fn merge(&mut self, other: &Self) {
        *self += other;
    }
}

/// What is known under each key.
#[derive(Clone, Debug)]
pub(crate) struct Entries<K, V> {
    /// For adding one by one; empty while the others are not.
    sought: Map<K, V>,
    /// In the order of the keys, each once: what was read, or merged of such.
    ordered: Vec<(K, V)>,
}

impl<K: Hash + Ord, V> Entries<K, V> {
    pub(crate) fn new() -> Self {
        Self {
            sought: Map::default(),
            ordered: Vec::new(),
        }
    }

    /// Entries in order; `None` if they are not.
    pub(crate) fn in_order(ordered: Vec<(K, V)>) -> Option<Self> {
        let ascend = ordered.is_sorted_by(|a, b| a.0 < b.0);
        ascend.then_some(Self {
            sought: Map::default(),
            ordered,
        })
    }

    pub(crate) fn len(&self) -> usize {
        self.sought.len() + self.ordered.len()
    }

    /// The entries for adding one by one.
    pub(crate) fn sought(&mut self) -> &mut Map<K, V> {
        self.sought.extend(std::mem::take(&mut self.ordered));
        &mut self.sought
    }

    /// The entries in the order of their keys.
    pub(crate) fn ordered(mut self) -> Vec<(K, V)> {
        if !self.sought.is_empty() {
            self.ordered = self.sought.into_iter().collect();
            self.ordered.sort_unstable_by(|a, b| a.0.cmp(&b.0));
        }
        self.ordered
    }

    /// References to the entries, in the order of their keys.
    pub(crate) fn refs(&self) -> Vec<(&K, &V)> {
        let ordered = self.ordered.iter().map(|(key, value)| (key, value));
        let mut refs: Vec<(&K, &V)> = ordered.chain(&self.sought).collect();
        if !self.sought.is_empty() {
            refs.sort_unstable_by(|a, b| a.0.cmp(b.0));
        }
        refs
    }
}

impl<K: Hash + Ord, V: Merge> Entries<K, V> {
    pub(crate) fn merge(&mut self, other: Self) {
        if other.len() == 0 {
            return;
        }
        let in_order = self.sought.is_empty() && other.sought.is_empty();
        if self.len() == 0 {
            *self = other;
        } else if in_order && self.len() <= FEWER * other.len() {
            self.ordered = together(std::mem::take(&mut self.ordered), other.ordered);
        } else {
            self.add(other.ordered);
            self.add(other.sought);
        }
    }

    fn add(&mut self, entries: impl IntoIterator<Item = (K, V)>) {
        let map = self.sought();
        for (key, value) in entries {
            match map.entry(key) {
                Entry::Occupied(mut entry) => entry.get_mut().merge(&value),
                Entry::Vacant(entry) => {
                    entry.insert(value);
                }
            }
        }
    }
}

/// Both in order, with what is under the same key merged.
fn together<K: Ord, V: Merge>(mine: Vec<(K, V)>, theirs: Vec<(K, V)>) -> Vec<(K, V)> {
    let mut entries = Vec::with_capacity(mine.len().max(theirs.len()));
    let (mut mine, mut theirs) = (mine.into_iter().peekable(), theirs.into_iter().peekable());
    while let (Some(one), Some(other)) = (mine.peek(), theirs.peek()) {
        let order = one.0.cmp(&other.0);
        let mut next = if order.is_le() {
            mine.next()
        } else {
            theirs.next()
        };
        if order.is_eq()
            && let (Some(next), Some(other)) = (&mut next, theirs.next())
        {
            next.1.merge(&other.1);
        }
        entries.extend(next);
    }
    entries.extend(mine);
    entries.extend(theirs);
    entries
}

impl<K: Hash + Ord, V: PartialEq> PartialEq for Entries<K, V> {
    fn eq(&self, other: &Self) -> bool {
        self.refs() == other.refs()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sought(counts: &[(i64, u64)]) -> Entries<i64, u64> {
        let mut entries = Entries::new();
        counts
            .iter()
            .for_each(|(key, count)| *entries.sought().entry(*key).or_default() += count);
        entries
    }

    fn in_order(counts: &[(i64, u64)]) -> Entries<i64, u64> {
        Entries::in_order(sought(counts).ordered()).unwrap()
    }

    proptest! {
        #[test]
        fn however_they_are_held_they_merge_to_the_same(
            a in prop::collection::vec((-30..30_i64, 1..5_u64), 0..60),
            b in prop::collection::vec((-30..30_i64, 1..5_u64), 0..60),
            c in prop::collection::vec((-30..30_i64, 1..5_u64), 0..4),
        ) {
            let all = sought(&[a.clone(), b.clone(), c.clone()].concat());
            for make in [sought, in_order] {
                for other in [sought, in_order] {
                    let mut merged = make(&a);
                    merged.merge(other(&b));
                    merged.merge(other(&c));
                    prop_assert_eq!(&merged, &all);
                    prop_assert_eq!(merged.len(), all.len());
                    prop_assert_eq!(merged.ordered(), all.clone().ordered());
                }
            }
        }
    }

    #[test]
    fn entries_out_of_order_are_refused() {
        assert!(Entries::in_order(vec![(1, 1_u64), (2, 1)]).is_some());
        assert!(Entries::in_order(vec![(1, 1_u64), (1, 1)]).is_none());
        assert!(Entries::in_order(vec![(2, 1_u64), (1, 1)]).is_none());
    }
}
