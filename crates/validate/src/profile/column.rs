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
            DataType::Utf8 => Self::Texts(Box::new(Texts {
                extremes: TextExtremes::default(),
                distinct: Distinct::default(),
                frequent: FrequentValues::new(TEXTS),
                long: 0,
            })),
            _ => Self::Numbers(Box::new(Numbers {
                moments: Moments::default(),
                extremes: Extremes::default(),
                distinct: Distinct::default(),
                sketch: QuantileSketch::new(BUCKETS),
                infinite: 0,
            })),
        }
    }

    /// Nothing known yet of a part of the column of which this is known: filling it is faster.
    pub(crate) fn like(&self) -> Self {
        match self {
            Self::Booleans { .. } => Self::Booleans { yes: 0, no: 0 },
            Self::Texts(texts) => Self::Texts(Box::new(Texts {
                extremes: TextExtremes::default(),
                distinct: Distinct::like(&texts.distinct),
                frequent: FrequentValues::new(TEXTS),
                long: 0,
            })),
            Self::Numbers(numbers) => Self::Numbers(Box::new(Numbers {
                moments: Moments::default(),
                extremes: Extremes::default(),
                distinct: Distinct::like(&numbers.distinct),
                sketch: QuantileSketch::like(&numbers.sketch),
                infinite: 0,
            })),
        }
    }

    /// Adds the values of an array.
    pub(crate) fn add(&mut self, array: &dyn Array, sample: &Sample, scratch: &mut Vec<f64>) {
        match self {
            Self::Booleans { yes, no } => {
                let values = array.as_boolean();
                let trues = values.true_count() as u64;
                *yes += trues;
                *no += (values.len() - values.null_count()) as u64 - trues;
            }
            Self::Texts(texts) => texts.add(array, sample),
            Self::Numbers(numbers) => match array.data_type() {
                DataType::Float64 => {
                    numbers.add::<Float64Type>(array, sample, scratch, |value| value)
                }
                DataType::Int64 => {
                    numbers.add::<Int64Type>(array, sample, scratch, |value| value as f64)
                }
                DataType::Date32 => numbers.add::<Date32Type>(array, sample, scratch, f64::from),
                DataType::Time64(_) => {
                    numbers
                        .add::<Time64MicrosecondType>(array, sample, scratch, |value| value as f64);
                }
                DataType::Timestamp(..) => {
                    numbers.add::<TimestampMicrosecondType>(array, sample, scratch, |value| {
                        value as f64
                    });
                }
                _ => {}
            },
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
            (Self::Texts(texts), Self::Texts(other)) => {
                texts.extremes.merge(&other.extremes);
                texts.distinct.merge(&other.distinct);
                texts.frequent.merge(&other.frequent);
                texts.long += other.long;
            }
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
        let all = scratch.len();
        scratch.retain(|value| value.is_finite());
        self.infinite += (all - scratch.len()) as u64;
        self.moments.extend(scratch);
        self.extremes.extend(scratch);
        scratch
            .iter()
            .for_each(|value| self.distinct.add_number(*value));
        for row in sample.rows() {
            if array.is_valid(row) {
                self.sketch
                    .add_count(number(array.value(row)), sample.weight);
            }
        }
    }
}

impl Texts {
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
