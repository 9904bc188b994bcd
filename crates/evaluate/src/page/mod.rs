//! The report: the judgement for people.

mod binary;
mod multiclass;
mod regression;
mod training;

use report::chart::{Axis, Plot, Point};
use report::{Cell, Column, Figure, Ink, Page, Picture, Section, Table, number};

use crate::baseline::FittedOn;
use crate::judgement::{Case, Judgement, TEST};
use crate::metrics::specs;
use crate::settings::Settings;
use crate::task::{Task, Told};
use crate::training::Training;

/// Digits of a metric that are shown.
const DIGITS: u32 = 4;

/// What the trainer left to say, if it can be understood.
pub(crate) type Left = Option<Result<Training, String>>;

/// The report of a case.
pub(crate) fn page(case: &Case, settings: &Settings, training: &Left) -> anyhow::Result<Page> {
    let judgement = &case.judgement;
    let mut page = Page::new(settings.title.as_deref().unwrap_or("Evaluation"));
    page.lead = lead(judgement);
    page.figures = figures(judgement);
    page = page.section(metrics(judgement)).section(data(judgement));
    page.sections.extend(match judgement.task() {
        Task::Binary => binary::sections(case)?,
        Task::Multiclass => multiclass::sections(case)?,
        Task::Regression => regression::sections(case)?,
    });
    page.sections.extend(training::sections(training)?);
    page.footer =
        "Every figure on this page is also in metrics.json, or in the table under its picture."
            .to_owned();
    Ok(page)
}

fn lead(judgement: &Judgement) -> String {
    let rows: Vec<String> = judgement
        .partitions()
        .map(|(name, part)| format!("{} {name} rows", number::count(part.rows)))
        .collect();
    let what = match judgement.task() {
        Task::Binary => format!(
            "How well the model tells “{}” from “{}”",
            judgement.classes[1], judgement.classes[0]
        ),
        Task::Multiclass => format!(
            "How well the model tells {} classes apart",
            judgement.classes.len()
        ),
        Task::Regression => "How close the model's numbers come to the true ones".to_owned(),
    };
    let last = judgement.last().map_or("", |(name, _)| name);
    format!(
        "{what}, judged on {}. The large figures are those of {last}.",
        rows.join(" and ")
    )
}

/// The first metrics on the partition that counts, each with the constant's beside it.
fn figures(judgement: &Judgement) -> Vec<Figure> {
    let Some((name, part)) = judgement.last() else {
        return Vec::new();
    };
    let figure = |spec: &crate::metrics::Spec| {
        let others = judgement.partitions().filter(|(other, _)| *other != name);
        let mut notes: Vec<String> = others
            .map(|(other, part)| format!("{other} {}", spec.format(part.metrics.get(spec.key))))
            .collect();
        notes.push(format!(
            "constant {}",
            spec.format(part.baseline.get(spec.key))
        ));
        Figure::new(
            spec.title,
            spec.format(part.metrics.get(spec.key)),
            notes.join("\n"),
        )
    };
    specs(judgement.task()).iter().take(6).map(figure).collect()
}

fn metrics(judgement: &Judgement) -> Section {
    let mut columns = vec![Column::text("metric")];
    for (name, _) in judgement.partitions() {
        columns.push(Column::number(name));
        columns.push(Column::number("constant"));
    }
    columns.extend(["better", "what it says"].map(Column::text));
    let mut table = Table::new("", columns);
    for spec in specs(judgement.task()) {
        let mut row = vec![spec.title.to_owned()];
        for (_, part) in judgement.partitions() {
            row.push(spec.format(part.metrics.get(spec.key)));
            row.push(spec.format(part.baseline.get(spec.key)));
        }
        row.extend([spec.better, spec.about].map(str::to_owned));
        table.row(row);
    }
    Section::new("Metrics").table(table).text(notes(judgement))
}

fn notes(judgement: &Judgement) -> String {
    let mut notes = vec![match judgement.baseline_from {
        FittedOn::Train => "The constant is fitted on the train partition: what a model that learnt nothing would score.".to_owned(),
        FittedOn::Validation => "The trainer left no constant, so the constant is the mean of the validation partition.".to_owned(),
        FittedOn::Test => "The trainer left no constant and there is no validation partition, so the constant is the mean of the test partition itself.".to_owned(),
    }];
    if let Some(threshold) = judgement.threshold {
        let at = number::significant(threshold.value, DIGITS);
        notes.push(if threshold.best_f1 {
            format!("The threshold {at} has the highest F1 on validation.")
        } else {
            format!("The threshold is {at}.")
        });
    }
    if judgement
        .partitions()
        .any(|(_, part)| part.weight.is_some())
    {
        notes.push("Metrics are weighted; counts of rows are not.".to_owned());
    }
    if judgement.task_from == Told::Values {
        notes.push(format!(
            "Neither settings nor label say so, but the values look like a {} task.",
            judgement.task()
        ));
    }
    notes.join(" ")
}

fn data(judgement: &Judgement) -> Section {
    let mut columns = vec![Column::text("partition"), Column::number("rows")];
    if judgement
        .partitions()
        .any(|(_, part)| part.weight.is_some())
    {
        columns.push(Column::number("weight"));
    }
    let weighted = columns.len() > 2;
    // Many classes have a table of their own.
    let classes = if judgement.classes.len() <= 8 {
        judgement.classes.as_slice()
    } else {
        &[]
    };
    columns.extend(classes.iter().map(Column::number));
    let mut table = Table::new("", columns);
    for (name, part) in judgement.partitions() {
        let mut row = vec![Cell::from(name), number::count(part.rows).into()];
        if weighted {
            row.push(
                part.weight
                    .map_or_else(|| "–".to_owned(), |sum| number::significant(sum, 6))
                    .into(),
            );
        }
        row.extend(part.class_rows.iter().take(classes.len()).map(|rows| Cell {
            text: number::count(*rows),
            note: number::percent(*rows as f64 / part.rows as f64),
            ..Cell::default()
        }));
        table.row(row);
    }
    Section::new("Data").table(table)
}

/// The ink of a partition: test is the first thing to look at.
fn ink(partition: &str) -> Ink {
    if partition == TEST {
        Ink::First
    } else {
        Ink::Second
    }
}

/// One line per partition over two axes.
struct Curves {
    title: &'static str,
    caption: String,
    x: &'static str,
    y: &'static str,
    lines: Vec<(&'static str, Vec<Point>)>,
    reference: Option<(&'static str, Vec<Point>)>,
}

impl Curves {
    /// The picture, both axes from 0 to 1.
    fn picture(self) -> anyhow::Result<Picture> {
        let mut plot = Plot::new(
            Axis::new(self.x).range(0.0, 1.0),
            Axis::new(self.y).range(0.0, 1.0),
        );
        if let Some((_, points)) = &self.reference {
            plot = plot.line(Ink::Reference, points.clone());
        }
        let mut columns = vec![Column::number(self.x)];
        for (name, points) in &self.lines {
            plot = plot.line(ink(name), points.clone());
            columns.push(Column::number(*name));
        }
        let mut table = Table::new(format!("{} by {}", self.y, self.x.to_lowercase()), columns);
        for step in 0..=10_u8 {
            let x = f64::from(step) / 10.0;
            let mut row = vec![number::fixed(x, 1)];
            row.extend(
                self.lines
                    .iter()
                    .map(|(_, points)| number::fixed(interpolate(points, x), 3)),
            );
            table.row(row);
        }
        let names: Vec<&str> = self.lines.iter().map(|(name, _)| *name).collect();
        let alt = format!(
            "{}: {} by {}, for {}; the numbers are in the table below",
            self.title,
            self.y.to_lowercase(),
            self.x.to_lowercase(),
            names.join(" and ")
        );
        let mut picture = Picture::new(self.title, alt, &plot)?
            .caption(self.caption)
            .table(table);
        for (name, _) in &self.lines {
            picture = picture.legend(ink(name), *name);
        }
        if let Some((name, _)) = self.reference {
            picture = picture.legend(Ink::Reference, name);
        }
        Ok(picture)
    }
}

/// The height of a line at `x`; beyond its ends the height of the end.
fn interpolate(points: &[Point], x: f64) -> f64 {
    let mut points = points.to_vec();
    points.sort_by(|a, b| a.0.total_cmp(&b.0));
    let after = points.partition_point(|point| point.0 < x);
    match (
        after.checked_sub(1).and_then(|before| points.get(before)),
        points.get(after),
    ) {
        (_, Some(right)) if right.0 == x => right.1,
        (Some(left), Some(right)) => {
            left.1 + (right.1 - left.1) * (x - left.0) / (right.0 - left.0)
        }
        (Some(only), None) | (None, Some(only)) => only.1,
        (None, None) => f64::NAN,
    }
}

/// Rows by true and predicted class, each row shaded by its shares.
fn confusion(title: String, classes: &[String], confusion: &[Vec<u64>]) -> Table {
    let mut columns = vec![Column::text("true ↓ predicted →")];
    columns.extend(classes.iter().map(Column::center));
    let mut table = Table::new(title, columns);
    for (class, row) in classes.iter().zip(confusion) {
        let sum: u64 = row.iter().sum();
        let mut cells = vec![Cell::from(class.as_str())];
        cells.extend(row.iter().map(|rows| {
            let share = if sum == 0 {
                0.0
            } else {
                *rows as f64 / sum as f64
            };
            Cell::shaded(number::count(*rows), number::percent(share), share)
        }));
        table.row(cells);
    }
    table
}

#[cfg(test)]
mod tests;
