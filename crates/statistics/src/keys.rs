//! Doubles as whole numbers in the same order, and counts by such keys.

use crate::ordered::Entry;

const SIGN: u64 = 1 << 63;
/// 2^64 over the golden ratio: the high bits of its multiples lie far apart (Knuth, "The Art of Computer Programming" 3, 6.4).
const SCATTER: u64 = 0x9e37_79b9_7f4a_7c15;
/// The key that a negative zero would have: of no value, as both zeros are one.
pub(crate) const NEGATIVE_ZERO: u64 = SIGN - 1;

/// A double as a whole number, in the same order. Both zeros are one.
#[inline]
pub(crate) fn key(value: f64) -> u64 {
    let bits = (value + 0.0).to_bits();
    bits ^ (((bits as i64) >> 63) as u64 | SIGN)
}

/// The double of a key.
pub(crate) fn value(key: u64) -> f64 {
    f64::from_bits(key ^ ((!(key as i64) >> 63) as u64 | SIGN))
}

/// Counts by key: open addressing, so that adding costs a few instructions.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    /// Key and count; a count of zero marks a free slot. The length is a power of two.
    slots: Vec<Entry>,
    /// How many slots are taken.
    pub(crate) used: usize,
}

impl Table {
    /// These entries, and room for so many keys in all.
    pub(crate) fn of(entries: &[Entry], keys: usize) -> Self {
        let mut table = Self {
            slots: vec![(0, 0); (2 * keys).next_power_of_two()],
            used: 0,
        };
        for (key, count) in entries {
            table.add(*key, *count);
        }
        table
    }

    /// Whether half of the slots are taken: with more, keys would be sought for long.
    #[inline]
    pub(crate) fn is_full(&self) -> bool {
        self.used * 2 >= self.slots.len()
    }

    /// Counts a key. There must be a free slot.
    #[inline]
    pub(crate) fn add(&mut self, key: u64, count: u64) {
        let mask = self.slots.len() - 1;
        // Neighbouring keys lie in neighbouring slots within a block of 16, blocks are scattered.
        let block = (key >> 4).wrapping_mul(SCATTER) >> 40;
        let mut place = (block as usize) << 4 | key as usize & 15;
        loop {
            let slot = &mut self.slots[place & mask];
            if slot.1 == 0 {
                *slot = (key, count);
                self.used += 1;
                return;
            }
            if slot.0 == key {
                slot.1 += count;
                return;
            }
            place += 1;
        }
    }

    /// All keys with their counts.
    pub(crate) fn taken(&self) -> impl Iterator<Item = Entry> {
        self.slots.iter().copied().filter(|slot| slot.1 > 0)
    }
}
