//! Chains of numbers, fitted: what is filled in, and the scale of what comes out.

use stage::{Blame, Fault};

use crate::chain::{NumberStep, Scale};
use crate::fit::{NumberStatistics, NumbersPart, logs};
use crate::numbers::log1p_times;
use crate::settings::{Impute, Literal, QuantileBins, RobustScale, Strategy};
use crate::transform::Step;

pub(super) fn fit(
    steps: &[NumberStep],
    scale: Option<&Scale>,
    part: &NumbersPart,
) -> Result<Vec<Step>, Fault> {
    let mut fitted = Vec::new();
    let mut at_end = part.at_end.clone();
    for step in steps {
        match step {
            NumberStep::Log1p => fitted.push(Step::Log1p),
            NumberStep::Impute(settings) => {
                let value = fill(settings, &part.at_impute)?;
                let (_, after) = logs(steps);
                if let Some(value) = log1p_times(value, after) {
                    at_end.add_many(value, part.missing);
                }
                fitted.push(Step::Impute { value });
            }
        }
    }
    if let Some(scale) = scale {
        fitted.push(fit_scale(scale, &at_end).ok_or_else(no_value)?);
    }
    Ok(fitted)
}

fn no_value() -> Fault {
    Fault::message(Blame::Data, "has no value in the train rows")
        .hint("drop it, or impute with `\"strategy\": \"constant\"`")
}

/// The value for what is missing.
fn fill(settings: &Impute, statistics: &NumberStatistics) -> Result<f64, Fault> {
    let value = match settings.strategy {
        Strategy::Constant => Some(match &settings.fill_value {
            Some(Literal::Number(number)) => *number,
            Some(Literal::Boolean(value)) => f64::from(u8::from(*value)),
            _ => 0.0,
        }),
        Strategy::Mean => statistics
            .moments
            .as_ref()
            .and_then(|moments| moments.mean()),
        Strategy::Median => statistics
            .quantiles
            .as_ref()
            .and_then(|quantiles| quantiles.buckets().quantile(0.5)),
        Strategy::MostFrequent => most_frequent(statistics)?,
    };
    value.ok_or_else(no_value)
}

/// Of several equally frequent values the least, as in scikit-learn.
fn most_frequent(statistics: &NumberStatistics) -> Result<Option<f64>, Fault> {
    let Some(quantiles) = &statistics.quantiles else {
        return Ok(None);
    };
    let buckets = quantiles.buckets();
    if !buckets.is_exact() {
        let fault = Fault::settings("has too many different values for a most frequent one");
        return Err(fault.hint("use `\"strategy\": \"median\"`"));
    }
    let mut most: Option<(f64, u64)> = None;
    for bucket in buckets.as_slice() {
        if most.is_none_or(|(_, count)| bucket.count > count) {
            most = Some((bucket.lower, bucket.count));
        }
    }
    Ok(most.map(|(value, _)| value))
}

fn fit_scale(scale: &Scale, statistics: &NumberStatistics) -> Option<Step> {
    match scale {
        Scale::Standard(settings) => {
            let moments = statistics.moments.as_ref()?;
            let (mean, variance) = (moments.mean()?, moments.variance()?);
            let scale = if settings.with_std {
                deviation(variance, mean, moments.count())
            } else {
                1.0
            };
            let mean = if settings.with_mean { mean } else { 0.0 };
            Some(Step::StandardScale { mean, scale })
        }
        Scale::MinMax(settings) => {
            let extremes = statistics.extremes.as_ref()?;
            let (least, greatest) = (extremes.min()?, extremes.max()?);
            let [low, high] = settings.feature_range;
            let scale = (high - low) / not_zero(greatest - least);
            Some(Step::MinMaxScale {
                scale,
                min: low - least * scale,
                clip: settings.clip.then_some([low, high]),
            })
        }
        Scale::Robust(settings) => robust(settings, statistics),
        Scale::Bins(settings) => bins(settings, statistics),
    }
}

/// The standard deviation; 1 where the values differ by no more than rounding (scikit-learn's `_is_constant_feature`).
fn deviation(variance: f64, mean: f64, count: u64) -> f64 {
    let count = count as f64;
    let rounding = count * f64::EPSILON * variance + (count * mean * f64::EPSILON).powi(2);
    if variance <= rounding {
        1.0
    } else {
        variance.sqrt()
    }
}

/// The scale; 1 where it is no more than rounding (scikit-learn's `_handle_zeros_in_scale`).
fn not_zero(scale: f64) -> f64 {
    if scale.abs() < 10.0 * f64::EPSILON {
        1.0
    } else {
        scale
    }
}

fn robust(settings: &RobustScale, statistics: &NumberStatistics) -> Option<Step> {
    let quantiles = statistics.quantiles.as_ref()?;
    let [low, high] = settings.quantile_range.map(|percent| percent / 100.0);
    let found = quantiles.buckets().quantiles(&[low, 0.5, high]);
    let [low, center, high] = found.try_into().ok()?;
    Some(Step::RobustScale {
        center: if settings.with_centering { center } else { 0.0 },
        scale: if settings.with_scaling {
            not_zero(high - low)
        } else {
            1.0
        },
    })
}

/// Edges that are closer than 1e-8 fall together, as in scikit-learn.
fn bins(settings: &QuantileBins, statistics: &NumberStatistics) -> Option<Step> {
    let quantiles = statistics.quantiles.as_ref()?;
    let count = settings.n_bins;
    let shares: Vec<f64> = (0..=count)
        .map(|edge| f64::from(edge) / f64::from(count))
        .collect();
    let found = quantiles.buckets().quantiles(&shares);
    let mut edges: Vec<f64> = Vec::with_capacity(found.len());
    let mut last = f64::NEG_INFINITY;
    for edge in found {
        if edge - last > 1e-8 {
            edges.push(edge);
        }
        last = edge;
    }
    (!edges.is_empty()).then_some(Step::QuantileBins {
        edges,
        encode: settings.encode,
    })
}
