//! What is learnt of the numbers of a chain.

use arrow_array::ArrayRef;
use serde::{Deserialize, Serialize};
use stage::Fault;
use statistics::{Extremes, Moments, QuantileSketch};

use crate::chain::{NumberStep, Scale};
use crate::numbers::{self, log1p_times};
use crate::settings::Strategy;

/// How many different numbers a column may have so that its quantiles are exact.
const QUANTILE_CAPACITY: usize = 4_096;

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
    pub(super) fn new(steps: &[NumberStep], scale: Option<&Scale>) -> Self {
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
    pub(super) fn add(&mut self, steps: &[NumberStep], column: &ArrayRef) -> Result<(), Fault> {
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

    pub(super) fn merge(&mut self, other: &Self) {
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
