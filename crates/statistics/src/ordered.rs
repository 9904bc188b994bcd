//! Counts by key in the order of keys: how they are joined, merged and made coarser. What comes first is chance in all of
//! these, so none branches on it.

use std::borrow::Cow;

/// A key, and how many values have it.
pub(crate) type Entry = (u64, u64);

/// Puts entries in order and counts equal keys together.
pub(crate) fn put_in_order(entries: &mut Vec<Entry>) {
    entries.sort_unstable_by_key(|entry| entry.0);
    drop_bits(entries, 0);
}

/// A key without so many low bits.
#[inline]
pub(crate) fn coarse(key: u64, bits: u32) -> u64 {
    key.checked_shr(bits).unwrap_or(0)
}

/// Takes low bits from keys in order, and counts together those that become equal.
pub(crate) fn drop_bits(entries: &mut Vec<Entry>, bits: u32) {
    let mut kept = Joined::default();
    for place in 0..entries.len() {
        let (key, count) = entries[place];
        kept.put(entries, (coarse(key, bits), count));
    }
    entries.truncate(kept.len);
}

/// Keys in order without so many low bits.
pub(crate) fn without_bits(entries: Cow<'_, [Entry]>, bits: u32) -> Cow<'_, [Entry]> {
    if bits == 0 {
        return entries;
    }
    let mut entries = entries.into_owned();
    drop_bits(&mut entries, bits);
    entries.into()
}

/// The entries of both, in order, equal keys counted together, after so many low bits are taken from the keys of each.
pub(crate) fn together(one: (&[Entry], u32), other: (&[Entry], u32)) -> Vec<Entry> {
    let ((a, a_bits), (b, b_bits)) = (one, other);
    let mut entries = vec![(0, 0); a.len() + b.len()];
    let mut kept = Joined::default();
    let (mut at, mut bt) = (0, 0);
    while let (Some(one), Some(other)) = (a.get(at), b.get(bt)) {
        let (one_key, other_key) = (coarse(one.0, a_bits), coarse(other.0, b_bits));
        let key = one_key.min(other_key);
        let (first, second) = (one_key == key, other_key == key);
        let count = u64::from(first) * one.1 + u64::from(second) * other.1;
        kept.put(&mut entries, (key, count));
        at += usize::from(first);
        bt += usize::from(second);
    }
    for &(key, count) in &a[at..] {
        kept.put(&mut entries, (coarse(key, a_bits), count));
    }
    for &(key, count) in &b[bt..] {
        kept.put(&mut entries, (coarse(key, b_bits), count));
    }
    entries.truncate(kept.len);
    entries
}

/// How far a list is written whose entries come in order, and its last entry.
#[derive(Default)]
struct Joined {
    len: usize,
    last: Entry,
}

impl Joined {
    /// Appends an entry, or adds it to the last one if that has the same key. There is room for it.
    #[inline]
    fn put(&mut self, entries: &mut [Entry], (key, count): Entry) {
        let is_same = self.len > 0 && key == self.last.0;
        self.len += usize::from(!is_same);
        self.last = (key, count + u64::from(is_same) * self.last.1);
        entries[self.len - 1] = self.last;
    }
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
