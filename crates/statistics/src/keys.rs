//! Doubles as whole numbers in the same order, and counts by such keys.

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

/// How many slots so many keys need: half of them stay free.
fn slots(keys: usize) -> usize {
    (keys * 2).next_power_of_two()
}

/// Counts by key: open addressing, so that adding costs a few instructions.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    /// Key and count; a count of zero marks a free slot. The length is a power of two.
    pub(crate) slots: Vec<(u64, u64)>,
    /// How many slots are taken.
    pub(crate) used: usize,
}

impl Table {
    /// Room for so many keys.
    pub(crate) fn new(keys: usize) -> Self {
        Self {
            slots: vec![(0, 0); slots(keys)],
            used: 0,
        }
    }

    /// Empties it, with room for so many keys.
    pub(crate) fn clear(&mut self, keys: usize) {
        if self.slots.len() == slots(keys) {
            self.slots.fill((0, 0));
            self.used = 0;
        } else {
            *self = Self::new(keys);
        }
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
    pub(crate) fn taken(&self) -> impl Iterator<Item = (u64, u64)> {
        self.slots.iter().copied().filter(|slot| slot.1 > 0)
    }

    /// The same, in order.
    pub(crate) fn sorted(&self) -> Vec<(u64, u64)> {
        let mut keys = Vec::with_capacity(self.used);
        keys.extend(self.taken());
        keys.sort_unstable_by_key(|slot| slot.0);
        keys
    }
}
