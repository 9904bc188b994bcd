//! Exponential and logarithm from plain arithmetic: the same bits on every machine, and without a call per value.
//!
//! The C library's differ in the last bit between systems, so a model trained with them would too.

use std::f64::consts::LOG2_E;

/// Work that is worth vectors; a type rather than a closure, since it must be inlined to get them.
pub(crate) use pulp::NullaryFnOnce as Vectored;

/// Does some work with the widest vectors that this processor has. They give the same bits.
#[inline(always)]
pub(crate) fn vectored<W: Vectored>(work: W) -> W::Output {
    pulp::Arch::new().dispatch(work)
}

/// ln 2 in two parts: the first short enough that its product with a small integer is exact.
const LN2_HIGH: f64 = 6.931_471_803_691_238e-1;
const LN2_LOW: f64 = 1.908_214_929_270_587_7e-10;

/// Adding and taking off 1.5 × 2^52 rounds to an integer, whose low bits stand in the sum's.
pub(crate) const ROUNDER: f64 = 6_755_399_441_055_744.0;

/// The exponential, to about a unit in the last place. Beyond ±708 it stays at the value there.
#[inline(always)]
pub(crate) fn exp(x: f64) -> f64 {
    let x = x.clamp(-708.0, 708.0);
    let rounded = x * LOG2_E + ROUNDER;
    let power = rounded - ROUNDER;
    let rest = (x - power * LN2_HIGH) - power * LN2_LOW;
    // |rest| ≤ ln 2 / 2, where the series to the 13th power is exact to a double.
    let mut sum = 1.0 / 6_227_020_800.0;
    for divisor in [
        479_001_600.0,
        39_916_800.0,
        3_628_800.0,
        362_880.0,
        40_320.0,
        5_040.0,
        720.0,
        120.0,
        24.0,
        6.0,
        2.0,
        1.0,
        1.0,
    ] {
        sum = sum * rest + 1.0 / divisor;
    }
    let exponent = rounded.to_bits().wrapping_add(1023) << 52;
    sum * f64::from_bits(exponent)
}

/// The exponential in single precision, to about a unit in the last place. Beyond ±87 it stays at the value there.
#[inline(always)]
pub(crate) fn exp_single(x: f32) -> f32 {
    /// As [`ROUNDER`] is for doubles: 1.5 × 2^23.
    const ROUNDER: f32 = 12_582_912.0;
    const LN2_HIGH: f32 = 0.693_359_4;
    const LN2_LOW: f32 = -2.121_944_4e-4;
    let x = x.clamp(-87.0, 87.0);
    let rounded = x * std::f32::consts::LOG2_E + ROUNDER;
    let power = rounded - ROUNDER;
    let rest = (x - power * LN2_HIGH) - power * LN2_LOW;
    // To the 7th power, which is exact to a single.
    let mut sum = 1.0 / 5_040.0;
    for divisor in [720.0, 120.0, 24.0, 6.0, 2.0, 1.0, 1.0] {
        sum = sum * rest + 1.0 / divisor;
    }
    sum * f32::from_bits(rounded.to_bits().wrapping_add(127) << 23)
}

/// The natural logarithm of a positive, finite, normal number, to about a unit in the last place; 0 gives the logarithm
/// of the least such number. The method is that of `e_log.c` in fdlibm.
#[inline(always)]
pub(crate) fn ln(x: f64) -> f64 {
    let bits = x.max(f64::MIN_POSITIVE).to_bits();
    // Taking off the bits of √½ makes the exponent round such that the mantissa lies within √½ … √2.
    let shifted = bits.wrapping_sub(0x3FE6_A09E_667F_3BCD) as i64;
    let power = (shifted >> 52) as f64;
    let mantissa = f64::from_bits(bits.wrapping_sub((shifted & !0xF_FFFF_FFFF_FFFF) as u64));
    let f = mantissa - 1.0;
    let s = f / (2.0 + f);
    let z = s * s;
    let series = z
        * (6.666_666_666_666_735e-1
            + z * (3.999_999_999_940_942e-1
                + z * (2.857_142_874_366_239e-1
                    + z * (2.222_219_843_214_978_4e-1
                        + z * (1.818_357_216_161_805e-1
                            + z * (1.531_383_769_920_937_3e-1
                                + z * 1.479_819_860_511_658_6e-1))))));
    let half = 0.5 * f * f;
    power * LN2_HIGH - ((half - (s * (half + series) + power * LN2_LOW)) - f)
}

/// A whole number that has the place of a float among floats, by [`f64::total_cmp`]. Faster to sort.
#[inline(always)]
pub(crate) fn ordered(x: f64) -> u64 {
    let bits = x.to_bits();
    // The bits of negative floats have the order of their sizes.
    bits ^ ((bits as i64 >> 63) as u64 | 1 << 63)
}

/// The float of a place.
#[inline(always)]
pub(crate) fn from_ordered(place: u64) -> f64 {
    f64::from_bits(place ^ ((!place as i64 >> 63) as u64 | 1 << 63))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn near(found: f64, expected: f64) {
        let error = ((found - expected) / expected.abs().max(f64::MIN_POSITIVE)).abs();
        assert!(
            error < 1e-15 || found == expected,
            "{found} {expected} {error}"
        );
    }

    #[test]
    fn the_edges_are_right() {
        assert_eq!(exp(0.0), 1.0);
        assert_eq!(ln(1.0), 0.0);
        near(exp(1.0), std::f64::consts::E);
        near(ln(std::f64::consts::E), 1.0);
        near(ln(1e-300), (1e-300_f64).ln());
        near(ln(1e300), (1e300_f64).ln());
        assert!(exp(f64::NEG_INFINITY) < 1e-300 && exp(f64::INFINITY) > 1e300);
        assert!(ln(0.0) < -700.0);
    }

    proptest! {
        #[test]
        fn places_have_the_order_of_floats(a in any::<f64>(), b in any::<f64>()) {
            prop_assert_eq!(ordered(a).cmp(&ordered(b)), a.total_cmp(&b));
            prop_assert_eq!(from_ordered(ordered(a)).to_bits(), a.to_bits());
        }

        #[test]
        fn exp_is_the_librarys_to_the_last_bits(x in -700.0..700.0f64) {
            near(exp(x), x.exp());
        }

        #[test]
        fn the_single_exp_is_right_to_its_last_bits(x in -87.0..87.0f32) {
            let (found, expected) = (f64::from(exp_single(x)), f64::from(x).exp());
            prop_assert!(((found - expected) / expected).abs() < 2e-7, "{found} {expected}");
        }

        #[test]
        fn ln_is_the_librarys_to_the_last_bits(x in -700.0..700.0f64) {
            let x = x.exp();
            // Near 1 the logarithm itself is small, and so is its unit.
            prop_assert!((ln(x) - x.ln()).abs() <= 1e-15 * x.ln().abs().max(1e-2));
        }
    }
}
