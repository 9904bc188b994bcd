//! Bringing together, in a register, the numbers of a set of its lanes.

/// Numbers that are written at once at most.
pub(crate) const MOST_LANES: usize = 16;

#[cfg(target_arch = "x86_64")]
pub(crate) use by_vectors::Lanes;

#[cfg(target_arch = "x86_64")]
mod by_vectors {
    use std::arch::x86_64::__m256i;

    use pulp::x86::{V3, V4};
    use pulp::{NullaryFnOnce, cast};

    /// Vectors of some numbers.
    pub(crate) trait Lanes<const COUNT: usize>: Copy {
        /// The numbers of a set of lanes first.
        fn first(self, block: [u32; COUNT], set: usize) -> [u32; COUNT];

        /// Does some work with them.
        fn vectorize<W: NullaryFnOnce>(self, work: W) -> W::Output;
    }

    impl Lanes<8> for V3 {
        #[inline(always)]
        fn first(self, block: [u32; 8], set: usize) -> [u32; 8] {
            let order = cast([ORDERS[set % ORDERS.len()], 0]);
            let order: __m256i = self.avx2._mm256_cvtepu8_epi32(order);
            cast(self.avx2._mm256_permutevar8x32_epi32(cast(block), order))
        }

        #[inline(always)]
        fn vectorize<W: NullaryFnOnce>(self, work: W) -> W::Output {
            self.vectorize(work)
        }
    }

    impl Lanes<16> for V4 {
        #[inline(always)]
        fn first(self, block: [u32; 16], set: usize) -> [u32; 16] {
            let set = set as u16;
            cast(self.avx512f._mm512_maskz_compress_epi32(set, cast(block)))
        }

        #[inline(always)]
        fn vectorize<W: NullaryFnOnce>(self, work: W) -> W::Output {
            self.vectorize(work)
        }
    }

    /// For each set of lanes their numbers, ascending, a byte each.
    const ORDERS: [u64; 1 << 8] = {
        let mut orders = [0; 1 << 8];
        let mut set = 0;
        while set < orders.len() {
            let (mut lane, mut count) = (0, 0);
            while lane < 8 {
                if set >> lane & 1 == 1 {
                    orders[set] |= lane << (8 * count);
                    count += 1;
                }
                lane += 1;
            }
            set += 1;
        }
        orders
    };
}
