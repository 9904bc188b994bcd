//! What is known of one column: a state that merges.

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Date32Type, Float64Type, Int64Type, Time64MicrosecondType, TimestampMicrosecondType,
};
use arrow_array::{Array, ArrowPrimitiveType, PrimitiveArray};
use arrow_schema::DataType;
use serde::{Deserialize, Serialize};
use statistics::{Distinct, Extremes, FrequentValues, Moments, QuantileSketch, TextExtremes};

use super::sample::Sample;

/// Buckets of a sketch: up to so many distinct numbers are known exactly.
const BUCKETS: usize = 1024;
/// Texts of which the frequency is kept.
const TEXTS: usize = 256;
/// Texts longer than this (in bytes) are not kept as frequent values.
const TEXT_BYTES: usize = 200;

/// What is known of the values of a column.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum State {
    /// Integers, numbers, dates, times, datetimes: all as numbers.
    Numbers(Box<Numbers>),
    /// Strings.
    Texts(Box<Texts>),
    /// Booleans.
    Booleans {
        /// How many are true.
        yes: u64,
        /// How many are false.
        no: u64,
    },
}

/// What is known of numbers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Numbers {
    /// Of finite values.
    pub(crate) moments: Moments,
    pub(crate) extremes: Extremes,
    pub(crate) distinct: Distinct,
    /// Of the sampled rows.
    pub(crate) sketch: QuantileSketch,
    /// How many values are infinite.
    pub(crate) infinite: u64,
}

/// What is known of texts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Texts {
    pub(crate) extremes: TextExtremes,
    pub(crate) distinct: Distinct,
    /// Of the sampled rows.
    pub(crate) frequent: FrequentValues<String>,
    /// How many sampled texts were too long to be kept.
    pub(crate) long: u64,
}

impl State {
    /// Nothing known yet of a column of this type.
    pub(crate) fn new(data_type: &DataType) -> Self {
        match data_type {
            DataType::Boolean => Self::Booleans { yes: 0, no: 0 },
            DataType::Utf8 => Self::Texts(Box::new(Texts::new())),
            _ => Self::Numbers(Box::new(Numbers {
                moments: Moments::default(),
                extremes: Extremes::default(),
                distinct: Distinct::default(),
                sketch: QuantileSketch::new(BUCKETS),
                infinite: 0,
            })),
        }
    }

    /// Whether there are more different values than can be told exactly.
    pub(super) fn has_many(&self) -> bool {
        match self {
            Self::Booleans { .. } => false,
            Self::Texts(texts) => !texts.distinct.is_exact(),
            Self::Numbers(numbers) => !numbers.distinct.is_exact(),
        }
    }

    /// Adds what a batch says. The batches of a file come in order.
    pub(super) fn add(&mut self, glance: &Glance) {
        match (self, glance) {
            (
                Self::Booleans { yes, no },
                Glance::Booleans {
                    yes: more,
                    no: less,
                },
            ) => {
                *yes += more;
                *no += less;
            }
            (Self::Texts(texts), Glance::Texts(other)) => texts.merge(other),
            (Self::Numbers(numbers), Glance::Numbers(seen)) => numbers.add(seen),
            _ => {}
        }
    }

    /// Adds what is known of other rows of the column. False when that column has another type.
    pub(crate) fn merge(&mut self, other: &Self) -> bool {
        match (self, other) {
            (
                Self::Booleans { yes, no },
                Self::Booleans {
                    yes: more,
                    no: less,
                },
            ) => {
                *yes += more;
                *no += less;
            }
            (Self::Texts(texts), Self::Texts(other)) => texts.merge(other),
            (Self::Numbers(numbers), Self::Numbers(other)) => {
                numbers.moments.merge(&other.moments);
                numbers.extremes.merge(&other.extremes);
                numbers.distinct.merge(&other.distinct);
                numbers.sketch.merge(&other.sketch);
                numbers.infinite += other.infinite;
            }
            _ => return false,
        }
        true
    }
}

impl Numbers {
    fn add(&mut self, seen: &Seen) {
        self.moments.merge(&seen.moments);
        self.extremes.merge(&seen.extremes);
        self.distinct.merge(&seen.distinct);
        self.infinite += seen.infinite;
        for value in &seen.sample {
            self.sketch.add_count(*value, seen.weight);
        }
    }
}

impl Texts {
    fn new() -> Self {
        Self {
            extremes: TextExtremes::default(),
            distinct: Distinct::default(),
            frequent: FrequentValues::new(TEXTS),
            long: 0,
        }
    }

    fn merge(&mut self, other: &Self) {
        self.extremes.merge(&other.extremes);
        self.distinct.merge(&other.distinct);
        self.frequent.merge(&other.frequent);
        self.long += other.long;
    }

    fn add(&mut self, array: &dyn Array, sample: &Sample) {
        let array = array.as_string::<i32>();
        for text in array.iter().flatten() {
            self.extremes.add(text);
            self.distinct.add_text(text);
        }
        for row in sample.rows() {
            if array.is_null(row) {
                continue;
            }
            let text = array.value(row);
            if text.len() > TEXT_BYTES {
                self.long += sample.weight;
            } else {
                self.frequent.add_count(text, sample.weight);
            }
        }
    }
}

/// What one batch says of a column.
#[derive(Debug)]
pub(super) enum Glance {
    Numbers(Box<Seen>),
    Texts(Box<Texts>),
    Booleans { yes: u64, no: u64 },
}

/// What one batch says of a column of numbers. Adding a few sampled values to a sketch is cheaper than merging sketches.
#[derive(Debug, Default)]
pub(super) struct Seen {
    moments: Moments,
    extremes: Extremes,
    distinct: Distinct,
    infinite: u64,
    /// Each for so many rows.
    sample: Vec<f64>,
    weight: u64,
}

impl Glance {
    /// What the batch's array says. When the whole column is known to have many different values, this one is not asked
    /// whether it has.
    pub(super) fn of(
        array: &dyn Array,
        sample: &Sample,
        has_many: bool,
        scratch: &mut Vec<f64>,
    ) -> Self {
        let mut seen = Seen::default();
        if has_many {
            seen.distinct = Distinct::of_many();
        }
        match array.data_type() {
            DataType::Boolean => {
                let values = array.as_boolean();
                let yes = values.true_count() as u64;
                return Self::Booleans {
                    yes,
                    no: (values.len() - values.null_count()) as u64 - yes,
                };
            }
            DataType::Utf8 => {
                let mut texts = Texts {
                    distinct: seen.distinct,
                    ..Texts::new()
                };
                texts.add(array, sample);
                return Self::Texts(Box::new(texts));
            }
            DataType::Float64 => seen.add::<Float64Type>(array, sample, scratch, |value| value),
            DataType::Int64 => seen.add::<Int64Type>(array, sample, scratch, |value| value as f64),
            DataType::Date32 => seen.add::<Date32Type>(array, sample, scratch, f64::from),
            DataType::Time64(_) => {
                seen.add::<Time64MicrosecondType>(array, sample, scratch, |value| value as f64);
            }
            DataType::Timestamp(..) => {
                seen.add::<TimestampMicrosecondType>(array, sample, scratch, |value| value as f64);
            }
            _ => {}
        }
        Self::Numbers(Box::new(seen))
    }
}

impl Seen {
    fn add<T: ArrowPrimitiveType>(
        &mut self,
        array: &dyn Array,
        sample: &Sample,
        scratch: &mut Vec<f64>,
        number: impl Fn(T::Native) -> f64,
    ) {
        let array: &PrimitiveArray<T> = array.as_primitive();
        scratch.clear();
        if array.null_count() == 0 {
            scratch.extend(array.values().iter().map(|value| number(*value)));
        } else {
            scratch.extend(array.iter().flatten().map(&number));
        }
        if !scratch.iter().all(|value| value.is_finite()) {
            let all = scratch.len();
            scratch.retain(|value| value.is_finite());
            self.infinite += (all - scratch.len()) as u64;
        }
        self.moments.extend(scratch);
        self.extremes.extend(scratch);
        self.distinct.extend_numbers(scratch);
        self.weight = sample.weight;
        let valid = sample.rows().filter(|row| array.is_valid(*row));
        self.sample
            .extend(valid.map(|row| number(array.value(row))));
    }
}
