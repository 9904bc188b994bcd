//! What a sketch of quantiles tells: its buckets in order, quantiles and histograms.

use crate::Histogram;
use crate::keys::{NEGATIVE_ZERO, key, value};

/// Values of a bucket that lies as near to zero as this are zeros: the bucket of zero reaches to the least numbers there
/// are, which data has not.
const ZERO: f64 = 1e-200;

/// A bucket of a sketch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bucket {
    /// The least double that falls into it.
    pub lower: f64,
    /// The greatest double that falls into it.
    pub upper: f64,
    /// How many values fell into it.
    pub count: u64,
}

/// The buckets of a sketch that are in use, in order.
#[derive(Clone, Debug)]
pub struct Buckets {
    buckets: Vec<Bucket>,
    /// Low bits dropped from the keys.
    shift: u32,
    count: u64,
}

impl Buckets {
    /// Of keys in order without so many low bits, each with its count.
    pub(crate) fn of(keys: &[(u64, u64)], shift: u32) -> Self {
        let last = (1_u64 << shift.min(63)) - 1;
        let bucket = |&(bits, count): &(u64, u64)| {
            let lower = bits.checked_shl(shift).unwrap_or(0);
            // Keys beyond the finite doubles and that of the negative zero belong to no value.
            let upper = (lower | last).min(key(f64::MAX));
            Bucket {
                lower: value(lower.max(key(f64::MIN))),
                upper: value(upper - u64::from(upper == NEGATIVE_ZERO)),
                count,
            }
        };
        Self {
            buckets: keys.iter().map(bucket).collect(),
            shift,
            count: keys.iter().map(|(_, count)| count).sum(),
        }
    }

    /// The buckets.
    pub fn as_slice(&self) -> &[Bucket] {
        &self.buckets
    }

    /// Whether nothing was rounded: each bucket is one value.
    pub fn is_exact(&self) -> bool {
        self.shift == 0
    }

    /// The greatest relative difference between two values of one bucket: 0 when exact.
    pub fn error(&self) -> f64 {
        match self.shift {
            0 => 0.0,
            shift => 2.0_f64.powi(shift.min(63) as i32 - 52),
        }
    }

    /// The quantile at a share from 0 to 1, interpolated between neighbours as NumPy does; `None` of nothing.
    pub fn quantile(&self, share: f64) -> Option<f64> {
        if self.buckets.is_empty() {
            return None;
        }
        let place = share.clamp(0.0, 1.0) * (self.count - 1) as f64;
        let rank = place.floor();
        let (low, high) = (self.at(rank as u64), self.at(rank as u64 + 1));
        let fraction = place - rank;
        Some(low * (1.0 - fraction) + high * fraction)
    }

    /// Several quantiles; none of nothing.
    pub fn quantiles(&self, shares: &[f64]) -> Vec<f64> {
        let quantile = |share: &f64| self.quantile(*share);
        shares.iter().filter_map(quantile).collect()
    }

    /// Counts between edges of equal width from the least value to the greatest.
    pub fn histogram(&self, bins: usize) -> Option<Histogram> {
        let (min, max) = (self.buckets.first()?.lower, self.buckets.last()?.upper);
        Some(self.fill(Histogram::between(min, max, bins)?))
    }

    /// Adds all numbers to a histogram, interpolated within buckets.
    pub fn fill(&self, mut histogram: Histogram) -> Histogram {
        self.buckets
            .iter()
            .for_each(|bucket| histogram.spread(bucket));
        histogram
    }

    /// The value at a rank (0 is the least): within a bucket, values are taken to lie evenly.
    fn at(&self, rank: u64) -> f64 {
        let mut before = 0;
        for bucket in &self.buckets {
            if rank < before + bucket.count {
                if bucket.lower.abs().max(bucket.upper.abs()) < ZERO {
                    return 0.0;
                }
                let share = ((rank - before) as f64 + 0.5) / bucket.count as f64;
                return bucket.lower + (bucket.upper - bucket.lower) * share;
            }
            before += bucket.count;
        }
        self.buckets.last().map_or(f64::NAN, |bucket| bucket.upper)
    }
}
