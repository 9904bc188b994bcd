//! Fixed hashes: the same on every machine and in every run.

use std::hash::{BuildHasherDefault, Hasher};

/// A hash map whose hash is fixed. Its iteration order must still never reach an output.
pub(crate) type Map<K, V> = std::collections::HashMap<K, V, BuildHasherDefault<Fixed>>;

/// XXH3 over what is written.
#[derive(Default)]
pub(crate) struct Fixed(u64);

impl Hasher for Fixed {
    fn write(&mut self, bytes: &[u8]) {
        self.0 = xxhash_rust::xxh3::xxh3_64_with_seed(bytes, self.0);
    }

    fn write_u8(&mut self, value: u8) {
        self.write_u64(u64::from(value));
    }

    fn write_u64(&mut self, value: u64) {
        self.0 = mix(self.0 ^ value);
    }

    fn write_i64(&mut self, value: i64) {
        self.write_u64(value as u64);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// The finalizer of SplitMix64 (Steele, Lea, Flood 2014): a bijection in which every bit moves every other.
#[inline]
pub(crate) fn mix(value: u64) -> u64 {
    let value = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}
