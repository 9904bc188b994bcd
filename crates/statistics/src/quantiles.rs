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

use std::borrow::Cow;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::buckets::Buckets;
use crate::compact;
use crate::keys::{Table, key};
use crate::ordered::{Entry, coarse, coarser, in_order, merged, without_bits};

/// How many times the capacity are added before low bits are dropped.
const SLACK: usize = 2;
/// Room for so many numbers added one by one, to begin with.
const FIRST: usize = 64;
/// So often the list is put in order when it is full, then a table takes its place: there, many cost less and few more.
const TURNS: u32 = 4;
/// Fewer keys than there are, by this factor, are added one by one and not merged.
const FEWER: usize = 8;

/// Quantiles, ranks and histograms of finite numbers.
///
/// Exact up to `capacity` distinct values. Beyond, a value is known to a relative error of [`Buckets::error`],
/// and a quantile is interpolated within its bucket. On a normal distribution and with a capacity of 1,024, the error is
/// about 1.6 %, and that of the interpolated median far less. The error grows with the number of powers of two that the values span.
#[derive(Clone, Debug)]
pub struct QuantileSketch {
    capacity: usize,
    /// Low bits dropped from the keys.
    shift: u32,
    counts: Counts,
}

/// How many values have which key.
#[derive(Clone, Debug)]
enum Counts {
    /// A few.
    Lists(Lists),
    /// Many that were added one by one.
    Table(Table),
}

#[derive(Clone, Debug, Default)]
struct Lists {
    /// Keys in order, not more than the capacity.
    ordered: Vec<Entry>,
    /// Those added since, as they came.
    recent: Vec<Entry>,
    /// How often these were put in order because they were many.
    turns: u32,
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
        Self {
            capacity: capacity.max(2),
            shift,
            counts: Counts::Lists(Lists::default()),
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
            self.put(coarse(key(value), self.shift), count);
        }
    }

    /// Adds numbers; what is not finite is ignored.
    pub fn extend(&mut self, values: &[f64]) {
        if let Counts::Lists(lists) = &mut self.counts
            && values.len() >= TURNS as usize * SLACK * self.capacity
        {
            // So many are worth a table as soon as the first ones tell how coarse its keys must be.
            lists.turns = lists.turns.max(TURNS - 1);
        }
        for value in values {
            self.add(*value);
        }
    }

    #[inline]
    fn put(&mut self, key: u64, count: u64) {
        match &mut self.counts {
            Counts::Table(table) if !table.is_full() => table.add(key, count),
            Counts::Lists(lists) if lists.recent.len() < lists.recent.capacity() => {
                lists.recent.push((key, count));
            }
            _ => {
                let before = self.shift;
                self.make_room();
                self.put(coarse(key, self.shift - before), count);
            }
        }
    }

    #[cold]
    fn make_room(&mut self) {
        let most = SLACK * self.capacity;
        let turns = match &mut self.counts {
            Counts::Lists(Lists { recent, .. }) if recent.len() < most => {
                let room = if recent.is_empty() { FIRST } else { most };
                return recent.reserve_exact(room.min(most) - recent.len());
            }
            Counts::Lists(lists) => lists.turns + 1,
            Counts::Table(_) => TURNS,
        };
        let entries = self.counts.ordered().into_owned();
        self.hold(entries, turns);
    }

    /// Holds these keys in order and no others, without low bits if they are too many.
    fn hold(&mut self, entries: Vec<Entry>, turns: u32) {
        let bits = coarser(&entries, self.capacity);
        let entries = without_bits(entries.into(), bits);
        self.shift += bits;
        match &mut self.counts {
            // In the same memory: that of the entries may be twice as large, and is used again for other sketches.
            Counts::Lists(lists) if turns < TURNS => {
                lists.ordered.clear();
                lists.ordered.reserve_exact(entries.len());
                lists.ordered.extend_from_slice(&entries);
                lists.recent.clear();
                lists.turns = turns;
            }
            _ => self.counts = Counts::Table(Table::of(&entries, SLACK * self.capacity)),
        }
    }

    /// Adds the numbers of another sketch. The capacity is the smaller of the two.
    pub fn merge(&mut self, other: &Self) {
        self.capacity = self.capacity.min(other.capacity);
        let shift = self.shift.max(other.shift);
        let (mine, theirs) = (shift - self.shift, shift - other.shift);
        let is_few = FEWER * other.counts.len() < self.counts.len();
        let turns = self.counts.turns();
        if mine == 0 && (is_few || turns == TURNS) {
            let put = |key, count| self.put(coarse(key, self.shift - other.shift), count);
            return other.counts.each(put);
        }
        // Where nothing is sought, all together are faster.
        let both = merged(
            &without_bits(self.counts.ordered(), mine),
            &without_bits(other.counts.ordered(), theirs),
        );
        self.shift = shift;
        self.hold(both, turns);
    }

    /// Bits dropped and keys in order, as the values alone decide them.
    fn canonical(&self) -> (u32, Cow<'_, [Entry]>) {
        let entries = self.counts.ordered();
        let bits = coarser(&entries, self.capacity);
        (self.shift + bits, without_bits(entries, bits))
    }

    /// The buckets in use, in order.
    pub fn buckets(&self) -> Buckets {
        let (shift, entries) = self.canonical();
        Buckets::of(&entries, shift)
    }
}

impl Counts {
    fn turns(&self) -> u32 {
        match self {
            Self::Table(_) => TURNS,
            Self::Lists(lists) => lists.turns,
        }
    }

    /// How many keys, with those that came more than once.
    fn len(&self) -> usize {
        match self {
            Self::Table(table) => table.used,
            Self::Lists(lists) => lists.ordered.len() + lists.recent.len(),
        }
    }

    /// All keys in no order, some more than once.
    fn each(&self, mut put: impl FnMut(u64, u64)) {
        match self {
            Self::Table(table) => table.taken().for_each(|(key, count)| put(key, count)),
            Self::Lists(lists) => {
                let entries = lists.ordered.iter().chain(&lists.recent);
                entries.for_each(|(key, count)| put(*key, *count));
            }
        }
    }

    /// All keys in order, each once.
    fn ordered(&self) -> Cow<'_, [Entry]> {
        match self {
            Self::Table(table) => in_order(table.taken().collect()).into(),
            Self::Lists(lists) if lists.recent.is_empty() => (&lists.ordered).into(),
            Self::Lists(lists) => merged(&lists.ordered, &in_order(lists.recent.clone())).into(),
        }
    }
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
        for &(key, count) in keys.iter() {
            compact::put(&mut bytes, key - before);
            compact::put(&mut bytes, count);
            before = key;
        }
        serializer.serialize_str(&compact::encode(&bytes))
    }
}

impl<'de> Deserialize<'de> for QuantileSketch {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        compact::read(deserializer, "a quantile sketch", parse)
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
    // Two integers each, of which only the last byte is below 0x80.
    let ends = rest.iter().filter(|byte| **byte < 0x80).count();
    let (mut keys, mut all) = (Vec::with_capacity(ends / 2), 0_u64);
    let mut key = 0_u64;
    while !rest.is_empty() {
        let apart = compact::take(&mut rest)?;
        key = key.checked_add(apart)?;
        let count = compact::take(&mut rest)?;
        all = all.checked_add(count)?;
        let is_double = shift == 64 && key == 0 || key.checked_shl(shift)? >> shift == key;
        if count == 0 || apart == 0 && !keys.is_empty() || !is_double {
            return None;
        }
        keys.push((key, count));
    }
    (keys.len() <= capacity).then_some(QuantileSketch {
        capacity,
        shift,
        counts: Counts::Lists(Lists {
            ordered: keys,
            ..Lists::default()
        }),
    })
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
        assert_eq!(sketch(16, values).buckets().quantile(share), Some(expected));
    }

    #[test]
    fn few_values_give_exact_quantiles() {
        check(&[3.0, 1.0, 2.0], 0.5, 2.0);
        check(&[4.0, 1.0, 2.0, 3.0], 0.5, 2.5);
        check(&[10.0, 20.0], 0.25, 12.5);
        check(&[5.0], 0.9, 5.0);
        check(&[-1.0, 0.0, -0.0, 1.0], 1.0, 1.0);
        check(&[2.0, f64::NAN, f64::INFINITY], 0.5, 2.0);
        assert_eq!(sketch(16, &[]).buckets().quantile(0.5), None);
    }

    #[test]
    fn many_values_give_quantiles_to_the_stated_error() {
        let mut state = 1_u64;
        let mut draw = || {
            state = mix(state);
            (state >> 11) as f64 / (1_u64 << 53) as f64
        };
        let values: Vec<f64> = (0..50_000).map(|_| (8.0 * (draw() - 0.5)).exp()).collect();
        let sketch = sketch(1024, &values).buckets();
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
        let sketch = sketch(256, &values).buckets();
        assert_eq!(sketch.quantiles(&[0.01, 0.25]), [0.0, 0.0]);
    }

    #[test]
    fn a_narrow_range_far_from_zero_keeps_its_detail() {
        let values: Vec<f64> = (0..100_000).map(|i| 1.4e15 + f64::from(i) * 1e7).collect();
        let median = sketch(1024, &values).buckets().quantile(0.5).unwrap();
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
        fn what_was_read_merges_as_what_was_added(
            a in numbers(), b in numbers(), c in prop::collection::vec(-3.0..3.0_f64, 0..4), capacity in 2_usize..40
        ) {
            let read = |values: &[f64]| {
                let text = serde_json::to_string(&sketch(capacity, values)).unwrap();
                serde_json::from_str::<QuantileSketch>(&text).unwrap()
            };
            let mut merged = QuantileSketch::like(&sketch(capacity, &a));
            for values in [&a, &b, &c] {
                merged.merge(&read(values));
            }
            merged.extend(&c);
            merged.merge(&read(&a));
            let whole = sketch(capacity, &[&a[..], &b, &c, &c, &a].concat());
            prop_assert_eq!(&merged, &whole);
        }

        #[test]
        fn buckets_hold_all_values_in_order(values in numbers(), capacity in 2_usize..40) {
            let buckets = sketch(capacity, &values).buckets();
            let buckets = buckets.as_slice();
            prop_assert!(buckets.len() <= capacity);
            for bucket in buckets {
                let inside = |value: &&f64| (bucket.lower..=bucket.upper).contains(*value);
                prop_assert_eq!(values.iter().filter(inside).count() as u64, bucket.count);
            }
            prop_assert!(buckets.is_sorted_by(|a, b| a.upper < b.lower));
        }
    }
}
