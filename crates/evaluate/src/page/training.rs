//! How the training went, if the trainer says so.

use report::chart::{Axis, Plot, Point, thin};
use report::{Cell, Column, Picture, Section, Table, number};

use super::Left;
use crate::training::{Curve, Importance, Training};

/// So many features are shown.
const FEATURES_MAX: usize = 20;

const GAIN: &str = "How much of what the model gained in training it gained by each feature. It says what the model \
    uses, not what causes what.";
const COEFFICIENTS: &str = "How large the coefficients of each feature are, all features brought to one scale. It says \
    what the model uses, not what causes what.";

pub(super) fn sections(training: &Left) -> anyhow::Result<Vec<Section>> {
    match training {
        None => Ok(Vec::new()),
        Some(Err(reason)) => Ok(vec![Section::new("Training").text(format!(
            "The trainer's training.json is not shown: {reason}."
        ))]),
        Some(Ok(training)) => {
            let mut sections = Vec::new();
            if training.curves.iter().any(|curve| curve.values.len() > 1) {
                sections.push(Section::new("Learning curves").pictures(learning(training)?));
            }
            if !training.importance.is_empty() {
                sections.push(importance(training));
            }
            Ok(sections)
        }
    }
}

/// One picture per metric, with a line per partition.
fn learning(training: &Training) -> anyhow::Result<Vec<Picture>> {
    let mut metrics: Vec<&str> = training
        .curves
        .iter()
        .map(|curve| curve.metric.as_str())
        .collect();
    metrics.sort_unstable();
    metrics.dedup();
    metrics
        .into_iter()
        .map(|metric| {
            let curves: Vec<&Curve> = training
                .curves
                .iter()
                .filter(|curve| curve.metric == metric)
                .collect();
            curve(metric, &curves, training.best_round)
        })
        .collect()
}

fn curve(metric: &str, curves: &[&Curve], best: Option<u32>) -> anyhow::Result<Picture> {
    let mut plot = Plot::new(Axis::new("Round"), Axis::new(metric).round());
    let mut columns = vec![Column::number("round")];
    for curve in curves {
        let points: Vec<Point> = (1..)
            .map(f64::from)
            .zip(curve.values.iter().copied())
            .collect();
        if let Some(best) = best.filter(|best| *best > 0 && curve.partition == "validation") {
            let best = points.get(best as usize - 1).copied();
            plot = plot.dots(ink(&curve.partition), best.into_iter().collect());
        }
        plot = plot.line(ink(&curve.partition), thin(&points, 0.004));
        columns.push(Column::number(&curve.partition));
    }
    let rounds = curves
        .iter()
        .map(|curve| curve.values.len())
        .max()
        .unwrap_or(0);
    let mut table = Table::new(format!("{metric} by round"), columns);
    for round in table_rounds(rounds, best) {
        let mut row = vec![round.to_string()];
        row.extend(curves.iter().map(|curve| {
            number::significant(curve.values.get(round - 1).copied().unwrap_or(f64::NAN), 5)
        }));
        table.row(row);
    }
    let alt = format!("{metric} by round of training; the numbers are in the table below");
    let caption = best.map_or_else(String::new, |best| {
        format!("The model of round {best} was kept.")
    });
    let mut picture = Picture::new(metric, alt, &plot)?
        .caption(caption)
        .table(table);
    for curve in curves {
        picture = picture.legend(ink(&curve.partition), &curve.partition);
    }
    Ok(picture)
}

/// About ten rounds, with the first, the best and the last.
fn table_rounds(rounds: usize, best: Option<u32>) -> Vec<usize> {
    let mut shown: Vec<usize> = (0..=10)
        .map(|step| 1 + rounds.saturating_sub(1) * step / 10)
        .collect();
    shown.extend(
        best.map(|best| best as usize)
            .filter(|best| (1..=rounds).contains(best)),
    );
    shown.sort_unstable();
    shown.dedup();
    shown.retain(|round| *round <= rounds);
    shown
}

/// Train has an ink of its own here: on this page the first is for test.
fn ink(partition: &str) -> report::Ink {
    match partition {
        "train" => report::Ink::Third,
        other => super::ink(other),
    }
}

fn importance(training: &Training) -> Section {
    let mut features: Vec<&Importance> = training
        .importance
        .iter()
        .filter(|feature| feature.gain.is_finite())
        .collect();
    features.sort_by(|a, b| {
        b.gain
            .total_cmp(&a.gain)
            .then_with(|| a.feature.cmp(&b.feature))
    });
    let (share_of, about) = if training.model.as_deref() == Some("linear") {
        ("share of all coefficients", COEFFICIENTS)
    } else {
        ("share of all gain", GAIN)
    };
    let sum: f64 = features.iter().map(|feature| feature.gain).sum();
    let most = features.first().map_or(0.0, |feature| feature.gain);
    let with_splits = features.iter().any(|feature| feature.split.is_some());
    let mut columns = vec![Column::text("feature"), Column::text(share_of)];
    if with_splits {
        columns.push(Column::number("splits"));
    }
    let shown = features.len().min(FEATURES_MAX);
    let caption = format!("The {shown} most important of {} features", features.len());
    let mut table = Table::new(
        if shown < features.len() {
            caption
        } else {
            String::new()
        },
        columns,
    );
    for feature in features.iter().take(FEATURES_MAX) {
        let share = |whole: f64| {
            if whole > 0.0 {
                feature.gain / whole
            } else {
                0.0
            }
        };
        let mut row = vec![
            Cell::from(feature.feature.as_str()),
            Cell::bar(number::percent(share(sum)), share(most)),
        ];
        if with_splits {
            row.push(
                feature
                    .split
                    .map_or_else(|| "–".to_owned(), |split| number::fixed(split, 0))
                    .into(),
            );
        }
        table.row(row);
    }
    Section::new("Feature importance").text(about).table(table)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_the_best_and_the_last_round_are_in_the_table() {
        assert_eq!(
            table_rounds(101, Some(33)),
            [1, 11, 21, 31, 33, 41, 51, 61, 71, 81, 91, 101]
        );
        assert_eq!(table_rounds(1, None), [1]);
        assert_eq!(table_rounds(2, Some(9)), [1, 2]);
    }
}
