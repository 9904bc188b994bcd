//! Quantiles of numbers in bounded memory, whatever their order.
//!
//! Doubles are mapped to whole numbers in the same order (their bits, with the sign turned), and the sketch counts how many
//! values share the leading bits: that is a histogram whose buckets are linear within a power of two and logarithmic
//! across them. It starts with all bits, so it is exact; when more than `capacity` buckets are in use, it drops as many
//! low bits as it must. Log-linear buckets are those of HdrHistogram (G. Tene); a bounded relative error by logarithmic
//! buckets, and its merging, are described in Masson, Rim and Lee, "DDSketch" (VLDB 2019).
//!
//! The bits dropped are the fewest with which the values need at most `capacity` buckets: a property of the values alone.
//! Hence the promise that sketches of rank error (KLL, t-digest) cannot give: no order, batching or merging changes a bit.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

use crate::Histogram;
use crate::compact;
use crate::keys::{NEGATIVE_ZERO, Table, key, value};

/// How many times the capacity the working table may hold before low bits are dropped.
const SLACK: usize = 2;
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

/// Quantiles, ranks and histograms of finite numbers.
///
/// Exact up to `capacity` distinct values. Beyond, a value is known to a relative error of [`QuantileSketch::error`],
/// and a quantile is interpolated within its bucket. On a normal distribution and with a capacity of 1,024, the error is
/// about 1.6 %, and that of the interpolated median far less. The error grows with the number of powers of two that the values span.
#[derive(Clone, Debug)]
pub struct QuantileSketch {
    capacity: usize,
    /// Low bits dropped from the keys.
    shift: u32,
    table: Table,
    count: u64,
}

impl QuantileSketch {
    /// A sketch with at most this many buckets (at least 2).
    pub fn new(capacity: usize) -> Self {
        Self::with_shift(capacity, 0)
    }

    /// A sketch for a part of data of which a sketch is already there: it starts as coarse as that one has become. The merged
    /// result is the same; filling it is faster.
    pub fn like(other: &Self) -> Self {
        Self::with_shift(other.capacity, other.shift)
    }

    fn with_shift(capacity: usize, shift: u32) -> Self {
        let capacity = capacity.max(2);
        Self {
            capacity,
            shift,
            table: Table::new(64.min(capacity * SLACK)),
            count: 0,
        }
    }

    /// Adds a number; what is not finite is ignored.
    #[inline]
    pub fn add(&mut self, value: f64) {
        self.add_count(value, 1);
    }

    /// Adds a number seen several times; what is not finite is ignored.
    #[inline]
    pub fn add_count(&mut self, value: f64, count: u64) {
        if value.is_finite() && count > 0 {
            self.put(key(value).checked_shr(self.shift).unwrap_or(0), count);
            self.count += count;
        }
    }

    /// Adds numbers; what is not finite is ignored.
    pub fn extend(&mut self, values: &[f64]) {
        for value in values {
            self.add(*value);
        }
    }

    #[inline]
    fn put(&mut self, key: u64, count: u64) {
        self.table.add(key, count);
        if self.table.used * 2 > self.table.slots.len() {
            self.make_room();
        }
    }

    #[cold]
    fn make_room(&mut self) {
        if self.table.used <= self.capacity * SLACK {
            let keys: Vec<_> = self.table.taken().collect();
            self.refill(&keys, 0);
        } else {
            let keys = self.table.sorted();
            self.refill(&keys, coarser(&keys, self.capacity));
        }
    }

    /// Replaces the table by one of these keys without their low bits.
    fn refill(&mut self, keys: &[(u64, u64)], coarser: u32) {
        let room = if coarser == 0 {
            2 * keys.len()
        } else {
            SLACK * self.capacity
        };
        self.table = Table::new(room.max(64));
        self.shift += coarser;
        for (key, count) in keys {
            self.table
                .add(key.checked_shr(coarser).unwrap_or(0), *count);
        }
    }

    /// Adds the numbers of another sketch. The capacity is the smaller of the two.
    pub fn merge(&mut self, other: &Self) {
        self.capacity = self.capacity.min(other.capacity);
        if other.shift > self.shift {
            let keys: Vec<_> = self.table.taken().collect();
            self.refill(&keys, other.shift - self.shift);
        }
        for (key, count) in other.table.taken() {
            let coarser = self.shift - other.shift;
            self.put(key.checked_shr(coarser).unwrap_or(0), count);
        }
        self.count += other.count;
    }

    /// Bits dropped and buckets in order, as the values alone decide them.
    fn canonical(&self) -> (u32, Vec<(u64, u64)>) {
        let mut keys = self.table.sorted();
        let coarser = coarser(&keys, self.capacity);
        for entry in &mut keys {
            entry.0 = entry.0.checked_shr(coarser).unwrap_or(0);
        }
        keys.dedup_by(|next, kept| {
            let same = next.0 == kept.0;
            if same {
                kept.1 += next.1;
            }
            same
        });
        (self.shift + coarser, keys)
    }

    /// How many numbers.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Whether nothing was rounded.
    pub fn is_exact(&self) -> bool {
        self.canonical().0 == 0
    }

    /// The greatest relative difference between two values of one bucket: 0 when exact.
    pub fn error(&self) -> f64 {
        match self.canonical().0 {
            0 => 0.0,
            shift => 2.0_f64.powi(shift.min(63) as i32 - 52),
        }
    }

    /// The buckets in use, in order.
    pub fn buckets(&self) -> Vec<Bucket> {
        let (shift, keys) = self.canonical();
        let last = (1_u64 << shift.min(63)) - 1;
        let bucket = |(bits, count): (u64, u64)| {
            let lower = bits.checked_shl(shift).unwrap_or(0);
            // Keys beyond the finite doubles and that of the negative zero belong to no value.
            let upper = (lower | last).min(key(f64::MAX));
            Bucket {
                lower: value(lower.max(key(f64::MIN))),
                upper: value(upper - u64::from(upper == NEGATIVE_ZERO)),
                count,
            }
        };
        keys.into_iter().map(bucket).collect()
    }

    /// The quantile at a share from 0 to 1, interpolated between neighbours as NumPy does; `None` of nothing.
    pub fn quantile(&self, share: f64) -> Option<f64> {
        self.quantiles(&[share]).first().copied()
    }

    /// Several quantiles; none of nothing.
    pub fn quantiles(&self, shares: &[f64]) -> Vec<f64> {
        let buckets = self.buckets();
        if buckets.is_empty() {
            return Vec::new();
        }
        let at = |share: &f64| {
            let place = share.clamp(0.0, 1.0) * (self.count - 1) as f64;
            let rank = place.floor();
            let (low, high) = (
                order(&buckets, rank as u64),
                order(&buckets, rank as u64 + 1),
            );
            let fraction = place - rank;
            low * (1.0 - fraction) + high * fraction
        };
        shares.iter().map(at).collect()
    }

    /// Counts between edges of equal width from the least value to the greatest.
    pub fn histogram(&self, bins: usize) -> Option<Histogram> {
        let buckets = self.buckets();
        let (min, max) = (buckets.first()?.lower, buckets.last()?.upper);
        Some(self.fill(Histogram::between(min, max, bins)?))
    }

    /// Adds all numbers to a histogram, interpolated within buckets.
    pub fn fill(&self, mut histogram: Histogram) -> Histogram {
        self.buckets()
            .iter()
            .for_each(|bucket| histogram.spread(bucket));
        histogram
    }
}

/// Values of a bucket that lies as near to zero as this are zeros: the bucket of zero reaches to the least numbers there
/// are, which data has not.
const ZERO: f64 = 1e-200;

/// The value at a rank (0 is the least): within a bucket, values are taken to lie evenly.
fn order(buckets: &[Bucket], rank: u64) -> f64 {
    let mut before = 0;
    for bucket in buckets {
        if rank < before + bucket.count {
            if bucket.lower.abs().max(bucket.upper.abs()) < ZERO {
                return 0.0;
            }
            let share = ((rank - before) as f64 + 0.5) / bucket.count as f64;
            return bucket.lower + (bucket.upper - bucket.lower) * share;
        }
        before += bucket.count;
    }
    buckets.last().map_or(f64::NAN, |bucket| bucket.upper)
}

/// How many more low bits must go so that at most `capacity` different keys remain of these, sorted.
fn coarser(keys: &[(u64, u64)], capacity: usize) -> u32 {
    // Neighbours fall together once all bits are gone up to the highest in which they differ.
    let mut apart = [0_usize; 65];
    for pair in keys.windows(2) {
        apart[64 - (pair[0].0 ^ pair[1].0).leading_zeros() as usize] += 1;
    }
    let mut left = keys.len();
    for (bits, joined) in apart.into_iter().enumerate() {
        left -= joined;
        if left <= capacity {
            return bits as u32;
        }
    }
    64
}

impl PartialEq for QuantileSketch {
    fn eq(&self, other: &Self) -> bool {
        self.capacity == other.capacity && self.canonical() == other.canonical()
    }
}

/// On disk: capacity, bits dropped, then key differences and counts.
impl Serialize for QuantileSketch {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (shift, keys) = self.canonical();
        let mut bytes = Vec::with_capacity(8 + 4 * keys.len());
        compact::put(&mut bytes, self.capacity as u64);
        compact::put(&mut bytes, u64::from(shift));
        let mut before = 0;
        for (key, count) in keys {
            compact::put(&mut bytes, key - before);
            compact::put(&mut bytes, count);
            before = key;
        }
        serializer.serialize_str(&compact::encode(&bytes))
    }
}

impl<'de> Deserialize<'de> for QuantileSketch {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        parse(&text).ok_or_else(|| D::Error::custom("not a quantile sketch"))
    }
}

fn parse(text: &str) -> Option<QuantileSketch> {
    let bytes = compact::decode(text)?;
    let mut rest = bytes.as_slice();
    let capacity = usize::try_from(compact::take(&mut rest)?).ok()?;
    let shift = u32::try_from(compact::take(&mut rest)?).ok()?;
    if !(2..=1 << 24).contains(&capacity) || shift > 64 {
        return None;
    }
    let mut sketch = QuantileSketch::with_shift(capacity, shift);
    let mut key = 0_u64;
    while !rest.is_empty() {
        key = key.checked_add(compact::take(&mut rest)?)?;
        let count = compact::take(&mut rest)?;
        sketch.count = sketch.count.checked_add(count)?;
        if count == 0 || key.checked_shl(shift).unwrap_or(0) >> shift.min(63) != key && shift < 64 {
            return None;
        }
        sketch.put(key, count);
    }
    (sketch.shift == shift).then_some(sketch)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hash::mix;
    use proptest::prelude::*;

    fn sketch(capacity: usize, values: &[f64]) -> QuantileSketch {
        let mut sketch = QuantileSketch::new(capacity);
        sketch.extend(values);
        sketch
    }

    #[track_caller]
    fn check(values: &[f64], share: f64, expected: f64) {
        assert_eq!(sketch(16, values).quantile(share), Some(expected));
    }

    #[test]
    fn few_values_give_exact_quantiles() {
        check(&[3.0, 1.0, 2.0], 0.5, 2.0);
        check(&[4.0, 1.0, 2.0, 3.0], 0.5, 2.5);
        check(&[10.0, 20.0], 0.25, 12.5);
        check(&[5.0], 0.9, 5.0);
        check(&[-1.0, 0.0, -0.0, 1.0], 1.0, 1.0);
        check(&[2.0, f64::NAN, f64::INFINITY], 0.5, 2.0);
        assert_eq!(sketch(16, &[]).quantile(0.5), None);
    }

    #[test]
    fn many_values_give_quantiles_to_the_stated_error() {
        let mut state = 1_u64;
        let mut draw = || {
            state = mix(state);
            (state >> 11) as f64 / (1_u64 << 53) as f64
        };
        let values: Vec<f64> = (0..50_000).map(|_| (8.0 * (draw() - 0.5)).exp()).collect();
        let sketch = sketch(1024, &values);
        let mut sorted = values;
        sorted.sort_by(f64::total_cmp);
        assert!(sketch.error() < 0.02, "{}", sketch.error());
        for percent in 0..=100 {
            let share = f64::from(percent) / 100.0;
            let exact = sorted[((sorted.len() - 1) as f64 * share) as usize];
            let estimate = sketch.quantile(share).unwrap();
            let error = (estimate - exact).abs() / exact;
            assert!(
                error <= sketch.error(),
                "{percent} %: {estimate} for {exact}"
            );
        }
    }

    #[test]
    fn zeros_among_many_values_are_zeros() {
        let values: Vec<f64> = (0..10_000)
            .map(|i| f64::from(i).max(4_000.0) - 4_000.0)
            .collect();
        let sketch = sketch(256, &values);
        assert_eq!(sketch.quantiles(&[0.01, 0.25]), [0.0, 0.0]);
    }

    #[test]
    fn a_narrow_range_far_from_zero_keeps_its_detail() {
        let values: Vec<f64> = (0..100_000).map(|i| 1.4e15 + f64::from(i) * 1e7).collect();
        let median = sketch(1024, &values).quantile(0.5).unwrap();
        assert!((median - (1.4e15 + 5e11)).abs() < 1e9, "{median}");
    }

    #[test]
    fn foreign_text_is_refused() {
        for text in ["\"\"", "\"AAAA\"", "\"EABB\"", "\"EAABAA\"", "7"] {
            assert!(
                serde_json::from_str::<QuantileSketch>(text).is_err(),
                "{text}"
            );
        }
    }

    fn numbers() -> impl Strategy<Value = Vec<f64>> {
        let number = prop_oneof![
            prop::num::f64::ANY,
            -10.0..10.0_f64,
            (-5..5).prop_map(f64::from)
        ];
        prop::collection::vec(number, 0..200)
    }

    proptest! {
        #[test]
        fn any_order_and_any_merge_give_the_same(a in numbers(), b in numbers(), capacity in 2_usize..40) {
            let whole = sketch(capacity, &[a.clone(), b.clone()].concat());
            let mut merged = sketch(capacity, &b);
            let mut alike = QuantileSketch::like(&merged);
            alike.extend(&a);
            merged.merge(&alike);
            prop_assert_eq!(&merged, &whole);
            let mut other = sketch(capacity, &a);
            other.merge(&sketch(capacity, &b));
            let text = serde_json::to_string(&whole).unwrap();
            prop_assert_eq!(&serde_json::to_string(&other).unwrap(), &text);
            prop_assert_eq!(&serde_json::from_str::<QuantileSketch>(&text).unwrap(), &whole);
        }

        #[test]
        fn buckets_hold_all_values_in_order(values in numbers(), capacity in 2_usize..40) {
            let buckets = sketch(capacity, &values).buckets();
            prop_assert!(buckets.len() <= capacity);
            for bucket in &buckets {
                let inside = |value: &&f64| (bucket.lower..=bucket.upper).contains(*value);
                prop_assert_eq!(values.iter().filter(inside).count() as u64, bucket.count);
            }
            prop_assert!(buckets.is_sorted_by(|a, b| a.upper < b.lower));
        }
    }
}
