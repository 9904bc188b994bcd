//! `_profile.json`: the merged profile, for people and reports.

use std::collections::BTreeMap;

use arrow_schema::DataType;
use serde::Serialize;
use serde_json::{Number, Value};
use stage::Fault;

use statistics::Buckets;

use super::column::{Numbers, State, Texts};
use super::{Column, Profile};
use crate::parse::{show_date, show_datetime, show_time};
use crate::schema::Type;

const SHARES: [f64; 9] = [0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99];
const BINS: usize = 20;
const FREQUENT: usize = 20;
/// Of numbers with more different values than this, the most frequent mean little.
const FEW: usize = 256;

#[derive(Serialize)]
struct Page {
    rows: u64,
    /// Less than `rows` when quantiles, frequent values and histograms are taken from a sample.
    sampled_rows: u64,
    columns: Vec<Entry>,
}

/// A column. What a type has not is left out.
#[derive(Default, Serialize)]
struct Entry {
    name: String,
    r#type: Type,
    missing: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    distinct: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    distinct_is_exact: Option<bool>,
    #[serde(skip_serializing_if = "Value::is_null")]
    min: Value,
    #[serde(skip_serializing_if = "Value::is_null")]
    max: Value,
    #[serde(skip_serializing_if = "Value::is_null")]
    mean: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    standard_deviation: Option<f64>,
    #[serde(skip_serializing_if = "is_zero")]
    infinite: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    min_length: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_length: Option<u64>,
    /// By share of the rows.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    quantiles: BTreeMap<String, Value>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    frequent: Vec<Frequent>,
    #[serde(skip_serializing_if = "Option::is_none")]
    histogram: Option<Histogram>,
}

fn is_zero(count: &u64) -> bool {
    *count == 0
}

#[derive(Serialize)]
struct Frequent {
    value: Value,
    count: u64,
}

/// One more edge than counts.
#[derive(Serialize)]
struct Histogram {
    edges: Vec<Value>,
    counts: Vec<u64>,
}

/// The schema's type of an Arrow type.
pub(super) fn type_of(data_type: &DataType) -> Type {
    match data_type {
        DataType::Int64 => Type::Integer,
        DataType::Float64 => Type::Number,
        DataType::Boolean => Type::Boolean,
        DataType::Date32 => Type::Date,
        DataType::Time64(_) => Type::Time,
        DataType::Timestamp(..) => Type::Datetime,
        _ => Type::String,
    }
}

impl Profile {
    /// As `_profile.json`.
    pub(crate) fn page(&self, threads: usize) -> Result<Vec<u8>, Fault> {
        let mut columns = Vec::with_capacity(self.columns.len());
        table::ordered_map(
            self.columns.iter().map(Ok),
            threads,
            |column| Ok(entry(column, self.rows)),
            |entry| {
                columns.push(entry);
                Ok(())
            },
        )?;
        let page = Page {
            rows: self.rows,
            sampled_rows: self.sampled,
            columns,
        };
        let mut bytes = serde_json::to_vec_pretty(&page).map_err(anyhow::Error::from)?;
        bytes.push(b'\n');
        Ok(bytes)
    }
}

fn entry(column: &Column, rows: u64) -> Entry {
    let entry = Entry {
        name: column.name.clone(),
        r#type: column.kind,
        missing: column.missing,
        ..Entry::default()
    };
    let entry = match &column.values {
        State::Booleans { yes, no } => of_booleans(entry, *yes, *no),
        State::Texts(texts) => of_texts(entry, texts),
        State::Numbers(numbers) => of_numbers(entry, numbers),
    };
    // An estimate may be above what there is at all.
    let present = rows.saturating_sub(entry.missing);
    Entry {
        distinct: entry.distinct.map(|distinct| distinct.min(present)),
        ..entry
    }
}

fn of_booleans(entry: Entry, yes: u64, no: u64) -> Entry {
    let mut frequent = vec![(false, no), (true, yes)];
    frequent.retain(|(_, count)| *count > 0);
    frequent.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let frequent = frequent.into_iter().map(|(value, count)| Frequent {
        value: Value::Bool(value),
        count,
    });
    Entry {
        frequent: frequent.collect(),
        ..entry
    }
}

fn of_texts(entry: Entry, texts: &Texts) -> Entry {
    let text = |text: Option<&str>| {
        text.map_or(Value::Null, |text| Value::String(crate::reject::cut(text)))
    };
    let frequent = texts
        .frequent
        .most(FREQUENT)
        .into_iter()
        .map(|frequent| Frequent {
            value: Value::String(frequent.value),
            count: frequent.count,
        });
    Entry {
        distinct: Some(texts.distinct.count()),
        distinct_is_exact: Some(texts.distinct.is_exact()),
        min: text(texts.extremes.min()),
        max: text(texts.extremes.max()),
        min_length: texts.extremes.min_length(),
        max_length: texts.extremes.max_length(),
        frequent: frequent.collect(),
        ..entry
    }
}

fn of_numbers(entry: Entry, numbers: &Numbers) -> Entry {
    let kind = entry.r#type;
    let exact = |value: Option<f64>| value.map_or(Value::Null, |value| show(kind, value));
    // Between two integers or days lie values of no integer or day.
    let between = |value: f64| match kind {
        Type::Integer | Type::Year => number(value),
        _ => show(kind, value.round_if(kind != Type::Number)),
    };
    let buckets = numbers.sketch.buckets();
    let quantiles = SHARES.iter().zip(buckets.quantiles(&SHARES));
    let histogram = histogram(kind, numbers, &buckets).map(|histogram| Histogram {
        edges: histogram
            .edges()
            .iter()
            .map(|edge| between(*edge))
            .collect(),
        counts: histogram.counts().to_vec(),
    });
    let mean = numbers.moments.mean();
    Entry {
        distinct: Some(numbers.distinct.count()),
        distinct_is_exact: Some(numbers.distinct.is_exact()),
        min: exact(numbers.extremes.min()),
        max: exact(numbers.extremes.max()),
        mean: mean.map_or(Value::Null, between),
        standard_deviation: numbers
            .moments
            .standard_deviation()
            .filter(|_| matches!(kind, Type::Integer | Type::Number | Type::Year)),
        infinite: numbers.infinite,
        quantiles: quantiles
            .map(|(share, value)| (share.to_string(), between(value)))
            .collect(),
        frequent: frequent_numbers(kind, &buckets),
        histogram,
        ..entry
    }
}

/// Bins of equal width; around each integer where there are few.
fn histogram(kind: Type, numbers: &Numbers, buckets: &Buckets) -> Option<statistics::Histogram> {
    let (min, max) = (numbers.extremes.min()?, numbers.extremes.max()?);
    let integers = max - min + 1.0;
    if kind == Type::Integer && integers <= 2.0 * BINS as f64 {
        let around = statistics::Histogram::between(min - 0.5, max + 0.5, integers as usize)?;
        return Some(buckets.fill(around));
    }
    buckets.histogram(BINS)
}

/// While the sketch is exact, its buckets are the values.
fn frequent_numbers(kind: Type, buckets: &Buckets) -> Vec<Frequent> {
    if !buckets.is_exact() || buckets.as_slice().len() > FEW {
        return Vec::new();
    }
    let mut buckets = buckets.as_slice().to_vec();
    // Stable: equals stay in their order.
    buckets.sort_by_key(|bucket| std::cmp::Reverse(bucket.count));
    buckets.truncate(FREQUENT);
    let frequent = buckets.into_iter().map(|bucket| Frequent {
        value: show(kind, bucket.lower),
        count: bucket.count,
    });
    frequent.collect()
}

trait RoundIf {
    fn round_if(self, round: bool) -> Self;
}

impl RoundIf for f64 {
    fn round_if(self, round: bool) -> Self {
        if round { self.round() } else { self }
    }
}

/// A value as its column has it.
fn show(kind: Type, value: f64) -> Value {
    match kind {
        Type::Date => Value::String(show_date(value as i64)),
        Type::Time => Value::String(show_time(value as i64)),
        Type::Datetime => Value::String(show_datetime(value as i64)),
        Type::Integer | Type::Year => Value::Number(Number::from(value as i64)),
        _ => number(value),
    }
}

fn number(value: f64) -> Value {
    Number::from_f64(value).map_or(Value::Null, Value::Number)
}
