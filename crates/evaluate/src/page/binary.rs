//! Pictures of two classes.

use report::chart::{Axis, Plot};
use report::{Column, Ink, Picture, Section, Table, number};

use super::{Curves, confusion, ink};
use crate::curves::{self, Bin, Histogram};
use crate::judgement::Case;
use crate::metrics::Weights;
use crate::metrics::ranking::Ranking;
use crate::predictions::Predictions;

const CALIBRATION_BINS: usize = 10;
const HISTOGRAM_BINS: usize = 40;

pub(super) fn sections(case: &Case) -> anyhow::Result<Vec<Section>> {
    let rankings: Vec<(&'static str, Ranking)> = case
        .predictions
        .iter()
        .map(|(name, part)| {
            (
                *name,
                Ranking::new(&part.labels, &part.scores[0], weights(part)),
            )
        })
        .collect();
    let mut ranks = vec![roc(&rankings)?, precision_recall(case, &rankings)?];
    if let Some((name, ranking)) = rankings.first() {
        ranks.push(by_threshold(name, ranking)?);
    }
    let mut probabilities = vec![calibration(case)?];
    if let Some((name, part)) = case.predictions.last() {
        probabilities.push(histogram(case, name, part)?);
    }
    Ok(vec![
        Section::new("Ranking").pictures(ranks),
        Section::new("Probabilities").pictures(probabilities),
        confusions(case),
    ])
}

fn weights(part: &Predictions) -> Weights<'_> {
    Weights(part.weights.as_deref())
}

fn roc(rankings: &[(&'static str, Ranking)]) -> anyhow::Result<Picture> {
    Curves {
        title: "ROC curve",
        caption: "The share of positives found, for each share of negatives that is called positive with them.".to_owned(),
        x: "False positive rate",
        y: "True positive rate",
        lines: rankings.iter().map(|(name, ranking)| (*name, curves::roc(ranking))).collect(),
        reference: Some(("chance", vec![(0.0, 0.0), (1.0, 1.0)])),
    }
    .picture()
}

fn precision_recall(case: &Case, rankings: &[(&'static str, Ranking)]) -> anyhow::Result<Picture> {
    let share = rankings.last().map(|(_, ranking)| {
        let share = ranking.positive / (ranking.positive + ranking.negative);
        ("chance", vec![(0.0, share), (1.0, share)])
    });
    Curves {
        title: "Precision–recall curve",
        caption: format!(
            "How many of the rows called “{}” are so, for each share of them that is found.",
            case.judgement.classes[1]
        ),
        x: "Recall",
        y: "Precision",
        lines: rankings
            .iter()
            .map(|(name, ranking)| (*name, curves::precision_recall(ranking)))
            .collect(),
        reference: share,
    }
    .picture()
}

fn by_threshold(name: &str, ranking: &Ranking) -> anyhow::Result<Picture> {
    let (precision, recall) = curves::by_threshold(ranking);
    let mut table = Table::new(
        format!("Precision and recall by threshold, {name}"),
        [
            Column::number("threshold"),
            Column::number("precision"),
            Column::number("recall"),
        ],
    );
    for step in 0..=10_u8 {
        let at = f64::from(step) / 10.0;
        table.row([
            number::fixed(at, 1),
            number::fixed(super::interpolate(&precision, at), 3),
            number::fixed(super::interpolate(&recall, at), 3),
        ]);
    }
    let plot = Plot::new(
        Axis::new("Threshold").range(0.0, 1.0),
        Axis::new("Share").range(0.0, 1.0),
    )
    .line(Ink::Third, precision)
    .line(Ink::Fourth, recall);
    let alt =
        format!("Precision and recall on {name} by threshold; the numbers are in the table below");
    Ok(Picture::new("By threshold", alt, &plot)?
        .caption(format!(
            "What a threshold would give, on {name}, where it is chosen."
        ))
        .legend(Ink::Third, "precision")
        .legend(Ink::Fourth, "recall")
        .table(table))
}

fn calibration(case: &Case) -> anyhow::Result<Picture> {
    let mut plot = Plot::new(
        Axis::new("Predicted probability").range(0.0, 1.0),
        Axis::new("Observed share").range(0.0, 1.0),
    )
    .line(Ink::Reference, vec![(0.0, 0.0), (1.0, 1.0)]);
    let columns = ["partition", "predicted", "observed", "rows' weight"];
    let mut table = Table::new(
        "Mean prediction and observed share in tenths of the rows",
        columns.map(Column::number),
    );
    table.columns[0] = Column::text("partition");
    for (name, part) in &case.predictions {
        let bins = curves::calibration(
            &part.labels,
            &part.scores[0],
            weights(part),
            CALIBRATION_BINS,
        );
        let points: Vec<_> = bins
            .iter()
            .map(|bin| (bin.predicted, bin.observed))
            .collect();
        plot = plot.line(ink(name), points.clone()).dots(ink(name), points);
        bins.iter().for_each(|bin| table.row(bin_row(name, bin)));
    }
    let alt = "Calibration: the observed share of class 1 by predicted probability; the numbers are in the table below";
    let mut picture = Picture::new("Calibration", alt, &plot)?
        .caption("Of the rows given a probability, that share should be positive: the nearer to the dashes, the more the probabilities can be believed.")
        .table(table);
    for (name, _) in &case.predictions {
        picture = picture.legend(ink(name), *name);
    }
    Ok(picture.legend(Ink::Reference, "perfect"))
}

fn bin_row(name: &str, bin: &Bin) -> [String; 4] {
    [
        name.to_owned(),
        number::fixed(bin.predicted, 3),
        number::fixed(bin.observed, 3),
        number::significant(bin.weight, 5),
    ]
}

fn histogram(case: &Case, name: &str, part: &Predictions) -> anyhow::Result<Picture> {
    let classes = &case.judgement.classes;
    let of = |class: f64, bins: usize| {
        let rows = (0..part.rows()).filter(|row| part.labels[*row] == class);
        let values = rows.map(|row| (part.scores[0][row], weights(part).of(row)));
        Histogram::new(values, 0.0, 1.0, bins)
    };
    let plot = Plot::new(
        Axis::new("Predicted probability").range(0.0, 1.0),
        Axis::new("Share of the class").from_zero().round(),
    )
    .area(Ink::Sixth, of(0.0, HISTOGRAM_BINS).outline())
    .area(Ink::Second, of(1.0, HISTOGRAM_BINS).outline());
    let mut table = Table::new(
        format!("Share of each class by predicted probability, {name}"),
        [
            Column::text("probability"),
            Column::number(&classes[0]),
            Column::number(&classes[1]),
        ],
    );
    let (negative, positive) = (of(0.0, 10), of(1.0, 10));
    for (bin, edges) in negative.edges.windows(2).enumerate() {
        let range = format!(
            "{} – {}",
            number::fixed(edges[0], 1),
            number::fixed(edges[1], 1)
        );
        table.row([
            range,
            number::percent(negative.shares[bin]),
            number::percent(positive.shares[bin]),
        ]);
    }
    let alt = format!(
        "Histogram of predicted probabilities on {name} for each class; the numbers are in the table below"
    );
    Ok(Picture::new("Scores by class", alt, &plot)?
        .caption(format!("How the model scores the rows of each class, on {name}: the less the two overlap, the better."))
        .legend(Ink::Sixth, &classes[0])
        .legend(Ink::Second, &classes[1])
        .table(table))
}

fn confusions(case: &Case) -> Section {
    let judgement = &case.judgement;
    let at = judgement.threshold.map_or(0.5, |threshold| threshold.value);
    let section = Section::new("Confusion").text(format!(
        "Rows by true and predicted class. A row whose probability is at least {} is called “{}”.",
        number::significant(at, super::DIGITS),
        judgement.classes[1]
    ));
    let tables = judgement
        .partitions()
        .map(|(name, part)| confusion(capital(name), &judgement.classes, &part.confusion));
    section.tables(tables.collect())
}

fn capital(name: &str) -> String {
    let mut letters = name.chars();
    letters
        .next()
        .map(|first| first.to_uppercase().chain(letters).collect())
        .unwrap_or_default()
}
