//! Pictures of numbers.

use report::chart::{Axis, Plot};
use report::{Column, Ink, Picture, Section, Table, number};

use super::ink;
use crate::curves::{self, Histogram};
use crate::judgement::Case;
use crate::metrics::Weights;
use crate::predictions::Predictions;

const CALIBRATION_BINS: usize = 10;
const BINS_MIN: f64 = 12.0;
const BINS_MAX: f64 = 60.0;
const DIGITS: u32 = 4;
/// The share of rows at each end that does not stretch an axis: a single outlier would leave the picture empty.
const BEYOND: f64 = 0.002;

pub(super) fn sections(case: &Case) -> anyhow::Result<Vec<Section>> {
    let Some((name, part)) = case.predictions.last() else {
        return Ok(Vec::new());
    };
    Ok(vec![
        Section::new("Predictions").pictures(vec![truth(name, part)?, calibration(case)?]),
        Section::new("Residuals").pictures(vec![spread(name, part)?, histogram(case)?]),
    ])
}

/// True value minus prediction, of each row.
fn residuals(part: &Predictions) -> Vec<f64> {
    let pairs = part.labels.iter().zip(&part.scores[0]);
    pairs
        .map(|(label, prediction)| label - prediction)
        .collect()
}

/// From where to where nearly all values lie.
fn bounds(values: impl Iterator<Item = f64>) -> (f64, f64) {
    let mut sorted: Vec<f64> = values.collect();
    sorted.sort_unstable_by(f64::total_cmp);
    let (low, high) = (
        curves::quantile(&sorted, BEYOND),
        curves::quantile(&sorted, 1.0 - BEYOND),
    );
    if high > low {
        (low, high)
    } else {
        (low - 0.5, high + 0.5)
    }
}

/// Bins of a histogram: more rows fill more of them (Rice's rule).
fn histogram_bins(rows: usize) -> usize {
    (2.0 * (rows as f64).cbrt()).clamp(BINS_MIN, BINS_MAX) as usize
}

/// Bins along each side of a density.
fn density_bins(rows: usize) -> usize {
    (rows as f64).sqrt().clamp(BINS_MIN, BINS_MAX) as usize
}

fn truth(name: &str, part: &Predictions) -> anyhow::Result<Picture> {
    let predictions = &part.scores[0];
    let (low, high) = bounds(part.labels.iter().chain(predictions).copied());
    let points = predictions.iter().copied().zip(part.labels.iter().copied());
    let tiles = curves::density(points, (low, high), (low, high), density_bins(part.rows()));
    let plot = Plot::new(
        Axis::new("Prediction").range(low, high),
        Axis::new("True value").range(low, high),
    )
    .tiles(Ink::First, tiles)
    .line(Ink::Reference, vec![(low, low), (high, high)]);
    let alt = format!(
        "Density of true values by prediction on {name}; calibration, beside it, has the numbers"
    );
    Ok(Picture::new("Truth by prediction", alt, &plot)?
        .caption(format!("Where the rows of {name} lie, the more the darker; on the dashes a prediction is exact."))
        .legend(Ink::Reference, "exact"))
}

fn calibration(case: &Case) -> anyhow::Result<Picture> {
    let mut plot = Plot::new(Axis::new("Mean prediction"), Axis::new("Mean true value"));
    let mut table = Table::new(
        "Mean prediction and mean true value in tenths of the rows",
        [
            Column::text("partition"),
            Column::number("predicted"),
            Column::number("true"),
        ],
    );
    let mut ends = (f64::INFINITY, f64::NEG_INFINITY);
    let mut lines = Vec::new();
    for (name, part) in &case.predictions {
        let weights = Weights(part.weights.as_deref());
        let bins = curves::calibration(&part.labels, &part.scores[0], weights, CALIBRATION_BINS);
        for bin in &bins {
            ends = (ends.0.min(bin.predicted), ends.1.max(bin.predicted));
            table.row([
                (*name).to_owned(),
                number::significant(bin.predicted, DIGITS),
                number::significant(bin.observed, DIGITS),
            ]);
        }
        lines.push((
            *name,
            bins.iter()
                .map(|bin| (bin.predicted, bin.observed))
                .collect::<Vec<_>>(),
        ));
    }
    plot = plot.line(Ink::Reference, vec![(ends.0, ends.0), (ends.1, ends.1)]);
    for (name, points) in &lines {
        plot = plot
            .line(ink(name), points.clone())
            .dots(ink(name), points.clone());
    }
    let alt = "Calibration: mean true value by mean prediction; the numbers are in the table below";
    let mut picture = Picture::new("Calibration", alt, &plot)?
        .caption("Rows of a like prediction should have that mean: on the dashes they have.")
        .table(table);
    for (name, _) in &lines {
        picture = picture.legend(ink(name), *name);
    }
    Ok(picture.legend(Ink::Reference, "perfect"))
}

fn spread(name: &str, part: &Predictions) -> anyhow::Result<Picture> {
    let residuals = residuals(part);
    let predictions = &part.scores[0];
    let (x, y) = (
        bounds(predictions.iter().copied()),
        bounds(residuals.iter().copied()),
    );
    let points = predictions.iter().copied().zip(residuals.iter().copied());
    let plot = Plot::new(
        Axis::new("Prediction").range(x.0, x.1),
        Axis::new("Residual").range(y.0, y.1),
    )
    .tiles(
        Ink::First,
        curves::density(points, x, y, density_bins(part.rows())),
    )
    .line(Ink::Reference, vec![(x.0, 0.0), (x.1, 0.0)]);
    let alt = format!(
        "Density of residuals by prediction on {name}; the histogram, beside it, has the numbers"
    );
    Ok(Picture::new("Residual by prediction", alt, &plot)?.caption(
        "True value minus prediction. A funnel or a bend says that the model misses something.",
    ))
}

fn histogram(case: &Case) -> anyhow::Result<Picture> {
    let all: Vec<(&str, Vec<f64>)> = case
        .predictions
        .iter()
        .map(|(name, part)| (*name, residuals(part)))
        .collect();
    let (low, high) = bounds(
        all.iter()
            .flat_map(|(_, residuals)| residuals.iter().copied()),
    );
    let mut plot = Plot::new(
        Axis::new("Residual").range(low, high),
        Axis::new("Share of rows").from_zero().round(),
    );
    let mut columns = vec![Column::text("quantile of the residual")];
    for ((name, residuals), (_, part)) in all.iter().zip(&case.predictions) {
        let weights = Weights(part.weights.as_deref());
        let values = residuals
            .iter()
            .enumerate()
            .map(|(row, residual)| (*residual, weights.of(row)));
        plot = plot.area(
            ink(name),
            Histogram::new(values, low, high, histogram_bins(part.rows())).outline(),
        );
        columns.push(Column::number(*name));
    }
    let mut table = Table::new("Quantiles of the residuals", columns);
    let sorted: Vec<Vec<f64>> = all
        .iter()
        .map(|(_, residuals)| ascending(residuals))
        .collect();
    for share in [0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99] {
        let mut row = vec![number::percent(share)];
        row.extend(
            sorted
                .iter()
                .map(|sorted| number::significant(curves::quantile(sorted, share), DIGITS)),
        );
        table.row(row);
    }
    let alt = "Histogram of residuals; quantiles are in the table below";
    let mut picture = Picture::new("Residuals", alt, &plot)?
        .caption("True value minus prediction; the outermost bars hold all that lies beyond.")
        .table(table);
    for (name, _) in &all {
        picture = picture.legend(ink(name), *name);
    }
    Ok(picture)
}

fn ascending(values: &[f64]) -> Vec<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    sorted
}
