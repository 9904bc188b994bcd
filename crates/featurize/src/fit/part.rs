//! What is learnt of one column from some train rows; parts of the same column add up.

use arrow_array::{Array, ArrayRef};
use arrow_schema::{DataType, TimeUnit};
use serde::{Deserialize, Serialize};
use stage::{Fault, OrBlame};
use statistics::{Distinct, Extremes, Moments, QuantileSketch};

use super::tally::{Categories, Tally};
use super::target::{TargetRows, Targets};
use crate::chain::{Chain, Encoder, NumberStep, Scale};
use crate::kind::Kind;
use crate::numbers::{self, log1p_times};
use crate::plan::FeaturePlan;
use crate::settings::Strategy;

/// How many different numbers a column may have so that its quantiles are exact.
const QUANTILE_CAPACITY: usize = 4_096;

/// What is learnt of one column.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum FeaturePart {
    /// Nothing.
    Nothing,
    /// Whether there is anything in it.
    Spread(Spread),
    /// Numbers, in a chain.
    Numbers(NumbersPart),
    /// Categories and their counts.
    Categories { tally: Tally<u64>, missing: u64 },
    /// Categories and the labels that go with them.
    Targets(Targets),
}

impl FeaturePart {
    pub(crate) fn new(feature: &FeaturePlan) -> Self {
        let kind = feature.column.kind;
        match &feature.chain {
            Chain::Passthrough | Chain::Dates(_) if feature.picked => {
                Self::Spread(Spread::new(kind))
            }
            Chain::Passthrough | Chain::Dates(_) => Self::Nothing,
            Chain::Numbers { steps, scale } => {
                Self::Numbers(NumbersPart::new(steps, scale.as_ref()))
            }
            Chain::Categories { impute, encoder } => {
                let most_frequent = impute
                    .as_ref()
                    .is_some_and(|impute| impute.strategy == Strategy::MostFrequent);
                match encoder {
                    Encoder::TargetEncode(settings) => {
                        Self::Targets(Targets::new(kind, settings.cv))
                    }
                    Encoder::Hashing(_) if !most_frequent => Self::Nothing,
                    _ => Self::Categories {
                        tally: Tally::new(kind),
                        missing: 0,
                    },
                }
            }
        }
    }

    /// Learns from train rows.
    pub(crate) fn add(
        &mut self,
        feature: &FeaturePlan,
        column: &ArrayRef,
        targets: Option<&TargetRows>,
    ) -> Result<(), Fault> {
        let kind = feature.column.kind;
        match self {
            Self::Nothing => {}
            Self::Spread(spread) => spread.add(column)?,
            Self::Numbers(part) => {
                if let Chain::Numbers { steps, .. } = &feature.chain {
                    part.add(steps, column)?;
                }
            }
            Self::Categories { tally, missing } => {
                let categories = Categories::new(column, kind)?;
                tally.visit(&categories, &0, |count, _| *count += 1, |_| *missing += 1);
            }
            Self::Targets(part) => {
                if let Some(rows) = targets {
                    part.add(&Categories::new(column, kind)?, rows);
                }
            }
        }
        Ok(())
    }

    pub(crate) fn merge(&mut self, other: Self) {
        match (self, other) {
            (Self::Spread(part), Self::Spread(other)) => part.merge(&other),
            (Self::Numbers(part), Self::Numbers(other)) => part.merge(&other),
            (
                Self::Categories { tally, missing },
                Self::Categories {
                    tally: other,
                    missing: more,
                },
            ) => {
                tally.merge(other);
                *missing += more;
            }
            (Self::Targets(part), Self::Targets(other)) => part.merge(other),
            _ => {}
        }
    }
}

/// Whether there is anything in a column, for `auto`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Spread {
    count: u64,
    missing: u64,
    extremes: Extremes,
    distinct: Option<Distinct>,
}

impl Spread {
    fn new(kind: Kind) -> Self {
        Self {
            count: 0,
            missing: 0,
            extremes: Extremes::default(),
            distinct: (kind == Kind::Integer).then(Distinct::default),
        }
    }

    fn add(&mut self, column: &ArrayRef) -> Result<(), Fault> {
        let values = numbers::read(&ordinal(column)?)?;
        let missing = values.null_count() as u64;
        self.missing += missing;
        self.count += values.len() as u64 - missing;
        let mut add = |present: &[f64]| {
            self.extremes.extend(present);
            if let Some(distinct) = &mut self.distinct {
                present.iter().for_each(|value| distinct.add_number(*value));
            }
        };
        if missing == 0 {
            add(values.values());
        } else {
            add(&values.iter().flatten().collect::<Vec<f64>>());
        }
        Ok(())
    }

    fn merge(&mut self, other: &Self) {
        self.count += other.count;
        self.missing += other.missing;
        self.extremes.merge(&other.extremes);
        if let (Some(distinct), Some(other)) = (&mut self.distinct, &other.distinct) {
            distinct.merge(other);
        }
    }

    /// Why the column is of no use, if it is of none.
    pub(crate) fn useless(&self) -> Option<&'static str> {
        if self.count == 0 {
            return Some("has no value in the train rows");
        }
        let (Some(min), Some(max)) = (self.extremes.min(), self.extremes.max()) else {
            return None;
        };
        if min == max && self.missing == 0 {
            return Some("has one value only in the train rows");
        }
        self.is_row_number(max - min)
            .then_some("numbers the rows: nearly all values differ and lie close together")
    }

    /// Random numbers that are as close together as this would repeat: at three times as many numbers as rows, 15 % of them.
    fn is_row_number(&self, range: f64) -> bool {
        let rows = self.count as f64;
        let distinct = self.distinct.as_ref().map_or(0, Distinct::count) as f64;
        self.count >= 100 && range < 3.0 * rows && distinct > 0.95 * rows
    }
}

/// A date or time as the number that Arrow keeps of it.
fn ordinal(column: &ArrayRef) -> Result<ArrayRef, Fault> {
    let integer = match column.data_type() {
        DataType::Date32 => DataType::Int32,
        DataType::Time32(_) => {
            let micros = DataType::Time64(TimeUnit::Microsecond);
            return ordinal(&arrow_cast::cast(column, &micros).or_item()?);
        }
        DataType::Time64(_) | DataType::Date64 | DataType::Timestamp(_, _) => DataType::Int64,
        _ => return Ok(column.clone()),
    };
    arrow_cast::cast(column, &integer).or_item()
}

/// What is learnt of the numbers at one place of a chain: only what is needed there.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct NumberStatistics {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) moments: Option<Moments>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) extremes: Option<Extremes>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) quantiles: Option<QuantileSketch>,
}

impl NumberStatistics {
    fn for_strategy(strategy: Strategy) -> Self {
        match strategy {
            Strategy::Mean => Self::of_moments(),
            Strategy::Median | Strategy::MostFrequent => Self::of_quantiles(),
            Strategy::Constant => Self::default(),
        }
    }

    fn for_scale(scale: Option<&Scale>) -> Self {
        match scale {
            None => Self::default(),
            Some(Scale::Standard(_)) => Self::of_moments(),
            Some(Scale::MinMax(_)) => Self {
                extremes: Some(Extremes::default()),
                ..Self::default()
            },
            Some(Scale::Robust(_) | Scale::Bins(_)) => Self::of_quantiles(),
        }
    }

    fn of_moments() -> Self {
        Self {
            moments: Some(Moments::default()),
            ..Self::default()
        }
    }

    fn of_quantiles() -> Self {
        Self {
            quantiles: Some(QuantileSketch::new(QUANTILE_CAPACITY)),
            ..Self::default()
        }
    }

    /// Adds numbers, all of them finite.
    fn extend(&mut self, values: &[f64]) {
        if let Some(moments) = &mut self.moments {
            moments.extend(values);
        }
        if let Some(extremes) = &mut self.extremes {
            extremes.extend(values);
        }
        if let Some(quantiles) = &mut self.quantiles {
            quantiles.extend(values);
        }
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        if let (Some(moments), Some(other)) = (&mut self.moments, &other.moments) {
            moments.merge(other);
        }
        if let (Some(extremes), Some(other)) = (&mut self.extremes, &other.extremes) {
            extremes.merge(other);
        }
        if let (Some(quantiles), Some(other)) = (&mut self.quantiles, &other.quantiles) {
            quantiles.merge(other);
        }
    }

    /// Adds one number many times, in as many steps as the count has bits.
    pub(crate) fn add_many(&mut self, value: f64, mut count: u64) {
        let mut power = Self {
            moments: self.moments.as_ref().map(|_| Moments::default()),
            extremes: self.extremes.as_ref().map(|_| Extremes::default()),
            quantiles: self.quantiles.as_ref().map(QuantileSketch::like),
        };
        power.extend(&[value]);
        while count > 0 {
            if count & 1 == 1 {
                self.merge(&power);
            }
            let twin = power.clone();
            power.merge(&twin);
            count >>= 1;
        }
    }
}

/// What is learnt of the numbers of a chain.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NumbersPart {
    /// Rows without a number where the chain imputes.
    pub(crate) missing: u64,
    /// Where the chain imputes.
    pub(crate) at_impute: NumberStatistics,
    /// At the chain's end, without the rows imputed.
    pub(crate) at_end: NumberStatistics,
}

impl NumbersPart {
    fn new(steps: &[NumberStep], scale: Option<&Scale>) -> Self {
        let impute = steps.iter().find_map(|step| match step {
            NumberStep::Impute(settings) => Some(settings),
            NumberStep::Log1p => None,
        });
        Self {
            missing: 0,
            at_impute: impute.map_or_else(NumberStatistics::default, |settings| {
                NumberStatistics::for_strategy(settings.strategy)
            }),
            at_end: NumberStatistics::for_scale(scale),
        }
    }

    /// Infinities are no part of any statistic.
    fn add(&mut self, steps: &[NumberStep], column: &ArrayRef) -> Result<(), Fault> {
        let (before, after) = logs(steps);
        let values = numbers::read(column)?;
        let mut at_impute: Vec<f64> = Vec::with_capacity(values.len());
        let present = values.iter().flatten();
        at_impute.extend(present.filter_map(|value| log1p_times(value, before)));
        self.missing += (values.len() - at_impute.len()) as u64;
        at_impute.retain(|value| value.is_finite());
        self.at_impute.extend(&at_impute);
        if after == 0 {
            self.at_end.extend(&at_impute);
        } else {
            let at_end: Vec<f64> = at_impute
                .into_iter()
                .filter_map(|value| log1p_times(value, after))
                .collect();
            self.at_end.extend(&at_end);
        }
        Ok(())
    }

    fn merge(&mut self, other: &Self) {
        self.missing += other.missing;
        self.at_impute.merge(&other.at_impute);
        self.at_end.merge(&other.at_end);
    }
}

/// How many logarithms stand before and after the place where a chain imputes; without such a place, all before.
pub(crate) fn logs(steps: &[NumberStep]) -> (usize, usize) {
    let place = steps
        .iter()
        .position(|step| matches!(step, NumberStep::Impute(_)));
    match place {
        Some(place) => (place, steps.len() - place - 1),
        None => (steps.len(), 0),
    }
}
