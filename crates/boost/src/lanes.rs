//! Bringing together, in a register, the numbers of a set of its lanes.

/// Numbers that fit into a register.
pub(crate) const LANES: usize = 8;

#[cfg(target_arch = "x86_64")]
pub(crate) use by_vectors::first;

#[cfg(target_arch = "x86_64")]
mod by_vectors {
    use std::arch::x86_64::__m256i;

    use pulp::{cast, x86::V3};

    use super::LANES;

    /// The numbers of a set of lanes first.
    #[inline(always)]
    pub(crate) fn first(simd: V3, block: [u32; LANES], set: usize) -> [u32; LANES] {
        let order = cast([ORDERS[set % ORDERS.len()], 0]);
        let order: __m256i = simd.avx2._mm256_cvtepu8_epi32(order);
        cast(simd.avx2._mm256_permutevar8x32_epi32(cast(block), order))
    }

    /// For each set of lanes their numbers, ascending, a byte each.
    const ORDERS: [u64; 1 << LANES] = {
        let mut orders = [0; 1 << LANES];
        let mut set = 0;
        while set < orders.len() {
            let (mut lane, mut count) = (0, 0);
            while lane < LANES as u64 {
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
