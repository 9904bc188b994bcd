//! Counts between fixed edges.

use serde::{Deserialize, Serialize};

use crate::buckets::Bucket;

/// Counts between fixed edges: bin `i` holds `edges[i] <= value < edges[i + 1]`, the last bin also its upper edge.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "State")]
pub struct Histogram {
    edges: Vec<f64>,
    counts: Vec<u64>,
    /// Below the first edge.
    below: u64,
    /// Above the last edge.
    above: u64,
}

/// On disk, not yet checked.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct State {
    edges: Vec<f64>,
    counts: Vec<u64>,
    below: u64,
    above: u64,
}

impl TryFrom<State> for Histogram {
    type Error = &'static str;

    fn try_from(state: State) -> Result<Self, Self::Error> {
        let histogram = Self::new(state.edges).ok_or("edges must rise")?;
        if state.counts.len() != histogram.counts.len() {
            return Err("expected one count between each two edges");
        }
        Ok(Self {
            counts: state.counts,
            below: state.below,
            above: state.above,
            ..histogram
        })
    }
}

impl Histogram {
    /// An empty histogram with these edges: at least two, finite, each greater than the one before; else `None`.
    pub fn new(edges: Vec<f64>) -> Option<Self> {
        let fit = edges.len() > 1
            && edges.iter().all(|edge| edge.is_finite())
            && edges.is_sorted_by(|a, b| a < b);
        let counts = vec![0; edges.len().saturating_sub(1)];
        fit.then_some(Self {
            edges,
            counts,
            below: 0,
            above: 0,
        })
    }

    /// Bins of equal width. One value alone gets one bin around it.
    pub fn between(min: f64, max: f64, bins: usize) -> Option<Self> {
        if min == max {
            let around = (max.abs() * 1e-9).max(0.5);
            return Self::new(vec![min - around, max + around]);
        }
        let bins = bins.max(1);
        let share = |bin: usize| bin as f64 / bins as f64;
        let mut edges: Vec<f64> = (0..bins)
            .map(|bin| min * (1.0 - share(bin)) + max * share(bin))
            .collect();
        edges.push(max);
        // So close to each other that fewer doubles than bins lie between.
        edges.dedup();
        Self::new(edges)
    }

    /// Adds a value; NaN is ignored.
    pub fn add(&mut self, value: f64) {
        self.add_count(value, 1);
    }

    fn add_count(&mut self, value: f64, count: u64) {
        let (first, last) = (self.edges[0], self.edges[self.edges.len() - 1]);
        if value < first {
            self.below += count;
        } else if value > last {
            self.above += count;
        } else if !value.is_nan() {
            let above = self.edges.partition_point(|edge| *edge <= value);
            let last = self.counts.len() - 1;
            self.counts[(above - 1).min(last)] += count;
        }
    }

    /// Adds the values of a bucket, taken to lie evenly in it.
    pub(crate) fn spread(&mut self, bucket: &Bucket) {
        let width = bucket.upper - bucket.lower;
        if width <= 0.0 {
            return self.add_count(bucket.lower, bucket.count);
        }
        // Whole counts up to each edge, so that their sum stays the bucket's.
        let up_to = |edge: f64| {
            let share = ((edge - bucket.lower) / width).clamp(0.0, 1.0);
            (bucket.count as f64 * share).round() as u64
        };
        let mut done = up_to(self.edges[0]);
        self.below += done;
        // Most buckets reach into one bin or two.
        let first = self.edges[1..].partition_point(|upper| *upper <= bucket.lower);
        for (count, upper) in self.counts.iter_mut().zip(&self.edges[1..]).skip(first) {
            let next = up_to(*upper).max(done);
            *count += next - done;
            done = next;
            if *upper >= bucket.upper {
                break;
            }
        }
        self.above += bucket.count.saturating_sub(done);
    }

    /// Adds the counts of another histogram; false, and nothing happens, when its edges differ.
    pub fn merge(&mut self, other: &Self) -> bool {
        if self.edges != other.edges {
            return false;
        }
        for (mine, theirs) in self.counts.iter_mut().zip(&other.counts) {
            *mine += theirs;
        }
        self.below += other.below;
        self.above += other.above;
        true
    }

    /// The edges, one more than bins.
    pub fn edges(&self) -> &[f64] {
        &self.edges
    }

    /// The counts of the bins.
    pub fn counts(&self) -> &[u64] {
        &self.counts
    }

    /// How many values lay below the first and above the last edge.
    pub fn outside(&self) -> (u64, u64) {
        (self.below, self.above)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::QuantileSketch;
    use proptest::prelude::*;

    #[test]
    fn a_value_on_an_edge_belongs_above_but_for_the_last() {
        let mut histogram = Histogram::new(vec![0.0, 1.0, 2.0]).unwrap();
        for value in [0.0, 0.5, 1.0, 2.0, 2.5, -0.1, f64::NAN] {
            histogram.add(value);
        }
        assert_eq!(
            (histogram.counts(), histogram.outside()),
            ([2, 2].as_slice(), (1, 1))
        );
    }

    #[test]
    fn a_bucket_is_spread_over_bins_and_what_lies_outside() {
        let mut histogram = Histogram::new(vec![1.0, 2.0, 3.0]).unwrap();
        histogram.spread(&Bucket {
            lower: 0.0,
            upper: 4.0,
            count: 10,
        });
        assert_eq!(histogram.outside(), (3, 2));
        assert_eq!(histogram.counts(), [2, 3]);
    }

    #[test]
    fn edges_must_rise() {
        for edges in [
            vec![],
            vec![1.0],
            vec![1.0, 1.0],
            vec![0.0, f64::NAN],
            vec![2.0, 1.0],
        ] {
            assert_eq!(Histogram::new(edges), None);
        }
    }

    proptest! {
        #[test]
        fn a_histogram_of_a_sketch_holds_every_value(values in prop::collection::vec(-1e3..1e3_f64, 1..300), bins in 1_usize..30) {
            let mut sketch = QuantileSketch::new(16);
            sketch.extend(&values);
            let histogram = sketch.buckets().histogram(bins).unwrap();
            prop_assert_eq!(histogram.counts().iter().sum::<u64>(), values.len() as u64);
            prop_assert_eq!(histogram.outside(), (0, 0));
        }
    }
}
