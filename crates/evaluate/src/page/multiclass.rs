//! Pictures of more than two classes.

use report::chart::{Axis, Plot};
use report::{Cell, Column, Ink, Picture, Section, Table, number};

use super::{confusion, ink};
use crate::curves::{self, Histogram};
use crate::judgement::{Case, TEST};
use crate::metrics::Weights;
use crate::metrics::multiclass::{classes, likeliest};
use crate::predictions::Predictions;

const CALIBRATION_BINS: usize = 10;
const HISTOGRAM_BINS: usize = 40;
/// A wider matrix is not read any more; the table of classes has all of them.
const MATRIX_MAX: usize = 30;

pub(super) fn sections(case: &Case) -> anyhow::Result<Vec<Section>> {
    let pictures = vec![calibration(case)?, histogram(case)?];
    Ok(vec![
        per_class(case),
        matrix(case),
        Section::new("Probabilities").pictures(pictures),
    ])
}

fn weights(part: &Predictions) -> Weights<'_> {
    Weights(part.weights.as_deref())
}

/// The probability of the class that was predicted, and whether it was right, for each row.
fn confidence(part: &Predictions) -> (Vec<f64>, Vec<f64>) {
    let called = (0..part.rows()).map(|row| likeliest(&part.scores, row));
    called
        .enumerate()
        .map(|(row, class)| {
            let right = part.labels[row] == class as f64;
            (f64::from(u8::from(right)), part.scores[class][row])
        })
        .unzip()
}

fn calibration(case: &Case) -> anyhow::Result<Picture> {
    let mut plot = Plot::new(
        Axis::new("Probability of the predicted class").range(0.0, 1.0),
        Axis::new("Share that is right").range(0.0, 1.0),
    )
    .line(Ink::Reference, vec![(0.0, 0.0), (1.0, 1.0)]);
    let mut table = Table::new(
        "Mean probability and share of right answers in tenths of the rows",
        [
            Column::text("partition"),
            Column::number("probability"),
            Column::number("right"),
        ],
    );
    for (name, part) in &case.predictions {
        let (right, probability) = confidence(part);
        let bins = curves::calibration(&right, &probability, weights(part), CALIBRATION_BINS);
        let points: Vec<_> = bins
            .iter()
            .map(|bin| (bin.predicted, bin.observed))
            .collect();
        for (predicted, observed) in &points {
            table.row([
                (*name).to_owned(),
                number::fixed(*predicted, 3),
                number::fixed(*observed, 3),
            ]);
        }
        plot = plot.line(ink(name), points.clone()).dots(ink(name), points);
    }
    let alt = "Calibration: the share of right answers by the probability of the predicted class; the numbers are in the table below";
    let mut picture = Picture::new("Calibration", alt, &plot)?
        .caption("How often the model is right when it is so sure: on the dashes its probabilities can be believed.")
        .table(table);
    for (name, _) in &case.predictions {
        picture = picture.legend(ink(name), *name);
    }
    Ok(picture.legend(Ink::Reference, "perfect"))
}

fn histogram(case: &Case) -> anyhow::Result<Picture> {
    let of = |part: &Predictions, bins: usize| {
        let values = (0..part.rows()).map(|row| {
            (
                part.scores[part.labels[row] as usize][row],
                weights(part).of(row),
            )
        });
        Histogram::new(values, 0.0, 1.0, bins)
    };
    let mut plot = Plot::new(
        Axis::new("Probability of the true class").range(0.0, 1.0),
        Axis::new("Share of rows").from_zero().round(),
    );
    let mut columns = vec![Column::text("probability")];
    for (name, part) in &case.predictions {
        plot = plot.area(ink(name), of(part, HISTOGRAM_BINS).outline());
        columns.push(Column::number(*name));
    }
    let mut table = Table::new(
        "Share of rows by the probability of their true class",
        columns,
    );
    let tenths: Vec<Histogram> = case
        .predictions
        .iter()
        .map(|(_, part)| of(part, 10))
        .collect();
    for bin in 0..10_u8 {
        let edge = f64::from(bin) / 10.0;
        let mut row = vec![format!(
            "{} – {}",
            number::fixed(edge, 1),
            number::fixed(edge + 0.1, 1)
        )];
        row.extend(
            tenths
                .iter()
                .map(|tenths| number::percent(tenths.shares[usize::from(bin)])),
        );
        table.row(row);
    }
    let alt =
        "Histogram of the probability given to the true class; the numbers are in the table below";
    let mut picture = Picture::new("Belief in the truth", alt, &plot)?
        .caption("The probability that the model gave to the class that was true: the further right, the better.")
        .table(table);
    for (name, _) in &case.predictions {
        picture = picture.legend(ink(name), *name);
    }
    Ok(picture)
}

/// How well each class is told from the others, on the partition that counts.
fn per_class(case: &Case) -> Section {
    let Some((name, part)) = case.predictions.last() else {
        return Section::new("Classes");
    };
    let weighted = crate::metrics::multiclass::confusion(&part.labels, &part.scores, weights(part));
    let columns = ["class", "rows", "precision", "recall", "F1"].map(Column::number);
    let mut table = Table::new(format!("Each class against all others, {name}"), columns);
    table.columns[0] = Column::text("class");
    table.columns[4] = Column::text("F1");
    let rows = case
        .judgement
        .last()
        .map(|(_, part)| part.class_rows.clone())
        .unwrap_or_default();
    for (index, class) in classes(&weighted).iter().enumerate() {
        let title = case
            .judgement
            .classes
            .get(index)
            .cloned()
            .unwrap_or_default();
        table.row([
            Cell::from(title),
            number::count(rows.get(index).copied().unwrap_or(0)).into(),
            number::fixed(class.precision, 3).into(),
            number::fixed(class.recall, 3).into(),
            Cell::bar(number::fixed(class.f1, 3), class.f1),
        ]);
    }
    Section::new("Classes").table(table)
}

fn matrix(case: &Case) -> Section {
    let classes = &case.judgement.classes;
    let section = Section::new("Confusion");
    if classes.len() > MATRIX_MAX {
        return section.text(format!(
            "{} classes are too many for a table here; metrics.json has it.",
            classes.len()
        ));
    }
    match case.judgement.last() {
        Some((name, part)) => {
            let title = if name == TEST { "Test" } else { "Validation" };
            section
                .text("Rows by true and predicted class, shaded by their share of the true class.")
                .table(confusion(title.to_owned(), classes, &part.confusion))
        }
        None => section,
    }
}
