//! Counts by key, in the order of keys.

use std::borrow::Cow;

/// A key, and how many values have it.
pub(crate) type Entry = (u64, u64);

/// A key without so many low bits.
#[inline]
pub(crate) fn coarse(key: u64, bits: u32) -> u64 {
    key.checked_shr(bits).unwrap_or(0)
}

/// Entries in order, equal keys counted together.
pub(crate) fn in_order(mut entries: Vec<Entry>) -> Vec<Entry> {
    entries.sort_unstable_by_key(|entry| entry.0);
    join(&mut entries, 0);
    entries
}

/// Entries in order after so many low bits are taken from their keys.
pub(crate) fn without_bits(entries: Cow<'_, [Entry]>, bits: u32) -> Cow<'_, [Entry]> {
    if bits == 0 {
        return entries;
    }
    let mut entries = entries.into_owned();
    join(&mut entries, bits);
    entries.into()
}

/// Takes so many low bits from keys in order, and counts together those that are equal then.
fn join(entries: &mut Vec<Entry>, bits: u32) {
    let (mut len, mut last) = (0, (0, 0));
    for place in 0..entries.len() {
        let (key, count) = entries[place];
        let key = coarse(key, bits);
        // Whether it is, is chance: nothing branches on it.
        let is_same = len > 0 && key == last.0;
        len += usize::from(!is_same);
        last = (key, count + u64::from(is_same) * last.1);
        entries[len - 1] = last;
    }
    entries.truncate(len);
}

/// The entries of both in order, equal keys counted together.
pub(crate) fn merged(a: &[Entry], b: &[Entry]) -> Vec<Entry> {
    let mut entries = Vec::with_capacity(a.len() + b.len());
    let (mut at, mut bt) = (0, 0);
    while let (Some(one), Some(other)) = (a.get(at), b.get(bt)) {
        let key = one.0.min(other.0);
        // Which comes next is chance, too.
        let (is_one, is_other) = (one.0 == key, other.0 == key);
        entries.push((
            key,
            u64::from(is_one) * one.1 + u64::from(is_other) * other.1,
        ));
        at += usize::from(is_one);
        bt += usize::from(is_other);
    }
    entries.extend_from_slice(&a[at..]);
    entries.extend_from_slice(&b[bt..]);
    entries
}

/// How many more low bits must go so that at most `capacity` different keys remain of these, in order.
pub(crate) fn coarser(entries: &[Entry], capacity: usize) -> u32 {
    if entries.len() <= capacity {
        return 0;
    }
    // Neighbours fall together once all bits are gone up to the highest in which they differ.
    let mut apart = [0_usize; 65];
    for pair in entries.windows(2) {
        apart[64 - (pair[0].0 ^ pair[1].0).leading_zeros() as usize] += 1;
    }
    let mut left = entries.len();
    for (bits, joined) in apart.into_iter().enumerate() {
        left -= joined;
        if left <= capacity {
            return bits as u32;
        }
    }
    64
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    fn counted(entries: impl IntoIterator<Item = Entry>) -> Vec<Entry> {
        let mut counts = BTreeMap::new();
        for (key, count) in entries {
            *counts.entry(key).or_insert(0) += count;
        }
        counts.into_iter().collect()
    }

    fn entries() -> impl Strategy<Value = Vec<Entry>> {
        prop::collection::vec((0..60_u64, 1..9_u64), 0..40).prop_map(counted)
    }

    proptest! {
        #[test]
        fn merged_entries_are_those_of_both(a in entries(), b in entries()) {
            prop_assert_eq!(merged(&a, &b), counted(a.into_iter().chain(b)));
        }

        #[test]
        fn entries_without_bits_are_those_of_coarse_keys(entries in entries(), bits in 0..65_u32) {
            let expected = counted(entries.iter().map(|(key, count)| (coarse(*key, bits), *count)));
            prop_assert_eq!(without_bits(entries.into(), bits).into_owned(), expected);
        }

        #[test]
        fn no_fewer_bits_would_do(entries in entries(), capacity in 1..20_usize) {
            let left = |bits| without_bits((&entries).into(), bits).len();
            let bits = coarser(&entries, capacity);
            prop_assert!(left(bits) <= capacity);
            prop_assert!(bits == 0 || left(bits - 1) > capacity);
        }
    }
}
