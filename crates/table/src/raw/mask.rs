//! Finding separators, 64 bytes at a time, eight of them in each step of ordinary arithmetic.
//!
//! The comparison of eight bytes at once is the exact form of "SIMD within a register" (Warren, Hacker's Delight,
//! section 6-1); the multiplication gathers its eight results into one byte.

const LOW: u64 = 0x7f7f_7f7f_7f7f_7f7f;
const HIGH: u64 = 0x8080_8080_8080_8080;
const ONES: u64 = 0x0101_0101_0101_0101;
const GATHER: u64 = 0x0102_0408_1020_4080;

/// How many bytes one mask covers.
const BLOCK: usize = 64;

/// Up to three bytes to look for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Needles([u64; 3]);

impl Needles {
    pub(crate) fn new(a: u8, b: u8, c: u8) -> Self {
        Self([a, b, c].map(|byte| u64::from(byte) * ONES))
    }

    /// One bit for each byte of the block, the lowest for the first, set where the byte is one of the needles.
    #[inline]
    fn mask(self, block: &[u8; BLOCK]) -> u64 {
        let (words, _) = block.as_chunks::<8>();
        let mut mask = 0;
        for (position, word) in words.iter().enumerate() {
            let word = u64::from_le_bytes(*word);
            let [a, b, c] = self.0;
            let differ = nonzero(word ^ a) & nonzero(word ^ b) & nonzero(word ^ c);
            let found = (!differ & HIGH) >> 7;
            mask |= (found.wrapping_mul(GATHER) >> 56) << (8 * position);
        }
        mask
    }
}

/// Calls `found` with the place of every needle, in order.
#[inline]
pub(crate) fn each_match(bytes: &[u8], needles: Needles, mut found: impl FnMut(usize)) {
    let (blocks, rest) = bytes.as_chunks::<BLOCK>();
    let mut each = |base: usize, mut mask: u64| {
        while mask != 0 {
            found(base + mask.trailing_zeros() as usize);
            mask &= mask - 1;
        }
    };
    for (number, block) in blocks.iter().enumerate() {
        each(number * BLOCK, needles.mask(block));
    }
    let mut last = [0; BLOCK];
    last[..rest.len()].copy_from_slice(rest);
    let covered = (1 << rest.len()) - 1;
    each(blocks.len() * BLOCK, needles.mask(&last) & covered);
}

/// The high bit of every byte that is not zero.
#[inline]
fn nonzero(word: u64) -> u64 {
    ((word & LOW) + LOW) | word
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_mask_has_a_bit_for_every_needle(
            bytes in proptest::collection::vec(prop_oneof![any::<u8>(), Just(b','), Just(b'\n')], BLOCK),
            third in any::<u8>(),
        ) {
            let block: [u8; BLOCK] = bytes.try_into().unwrap();
            let mask = Needles::new(b',', b'\n', third).mask(&block);
            for (position, byte) in block.iter().enumerate() {
                let expected = *byte == b',' || *byte == b'\n' || *byte == third;
                prop_assert_eq!(mask >> position & 1 == 1, expected);
            }
        }
    }
}
