//! Random numbers without a state: each is a function of the seed and of what it is for.

/// What a number is drawn for; keeps the draws of different purposes apart.
#[derive(Clone, Copy)]
pub(crate) enum Purpose {
    /// Whether a row is in the sample that bins are found from.
    Sample = 1,
    /// Whether a row is in the bag of a round.
    Bag = 2,
    /// Whether a feature may be used by a tree.
    Feature = 3,
    /// How the gradients of a class are rounded.
    Rounding = 4,
}

/// The step of the sequence in `SplitMix64` (Steele, Lea and Flood 2014): 2^64 divided by the golden ratio.
const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;

/// The finalizer of `SplitMix64`: every bit of the input moves half of the bits of the output.
#[inline(always)]
pub(crate) fn mix(value: u64) -> u64 {
    let value = (value ^ (value >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    value ^ (value >> 31)
}

/// The key of all draws for one purpose in one round.
pub(crate) fn key(seed: u64, purpose: Purpose, round: u64) -> u64 {
    let seeded = mix(seed.wrapping_add(GOLDEN));
    let purposed = mix(seeded.wrapping_add((purpose as u64).wrapping_mul(GOLDEN)));
    mix(purposed ^ round.wrapping_mul(GOLDEN))
}

/// The draw number `index` under `key`: 64 random bits.
#[inline(always)]
pub(crate) fn draw(key: u64, index: u64) -> u64 {
    mix(key.wrapping_add(index.wrapping_mul(GOLDEN)))
}

/// The draws below this number are `share` of all.
pub(crate) fn limit(share: f64) -> u64 {
    // A float of 2^64 saturates to the greatest integer: a share of 1 takes (all but one in 2^64 of) all.
    (share * 18_446_744_073_709_551_616.0) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_are_pinned_for_ever() {
        // A model must not change because this module did.
        let key = key(7, Purpose::Bag, 3);
        let draws: Vec<u64> = (0..3).map(|index| draw(key, index)).collect();
        let expected = [
            13_286_544_077_401_173_498,
            10_413_491_643_267_644_791,
            8_509_887_972_884_921_054,
        ];
        assert_eq!(draws, expected);
    }

    #[test]
    fn a_share_of_the_draws_is_below_its_limit() {
        for purpose in [Purpose::Sample, Purpose::Bag, Purpose::Feature] {
            let key = key(1, purpose, 1);
            let below = (0..100_000).filter(|&i| draw(key, i) < limit(0.3)).count();
            assert!((29_500..30_500).contains(&below), "{below}");
        }
    }

    #[test]
    fn rounds_and_purposes_draw_apart() {
        let keys = [
            key(1, Purpose::Bag, 1),
            key(1, Purpose::Bag, 2),
            key(1, Purpose::Feature, 1),
            key(2, Purpose::Bag, 1),
        ];
        for (i, a) in keys.iter().enumerate() {
            for b in &keys[i + 1..] {
                let same = (0..1000)
                    .filter(|&n| draw(*a, n) >> 63 == draw(*b, n) >> 63)
                    .count();
                assert!((400..600).contains(&same), "{same}");
            }
        }
    }
}
