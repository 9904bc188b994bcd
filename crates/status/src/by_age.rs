//! `--age`: how many items wait at which stage, by how long they have waited. After Postfix's `qshape`.

use crate::model::{Line, Stage};
use crate::style::Style;
use crate::text::{count, cut, plain};

/// The upper bounds of the columns, in minutes; each is twice the one before.
const MINUTES: [u64; 9] = [5, 10, 20, 40, 80, 160, 320, 640, 1280];

/// Draws the table: a row for each stage, a column for each age.
pub(crate) fn draw(line: &Line, style: Style) -> String {
    let headings = MINUTES.map(|minutes| format!("{minutes:>6}"));
    let mut text = style.bold(&format!("{:<13}", "waiting, min"));
    text += &style.dim(&format!("{:>7}{} 1280+\n", "total", headings.concat()));
    let mut all = [0; MINUTES.len() + 1];
    for stage in &line.stages {
        let ages = histogram(stage);
        for (sum, number) in all.iter_mut().zip(ages) {
            *sum += number;
        }
        text += &row(&cut(&plain(&stage.stage), 12), &ages, style);
    }
    text += &row("all", &all, style);
    text
}

fn histogram(stage: &Stage) -> [u64; MINUTES.len() + 1] {
    let mut ages = [0; MINUTES.len() + 1];
    for seconds in &stage.waiting_seconds {
        let column = MINUTES.partition_point(|minutes| minutes * 60 <= *seconds);
        ages[column] += 1;
    }
    ages
}

fn row(name: &str, ages: &[u64], style: Style) -> String {
    let cell = |number: u64, width: usize| match number {
        0 => style.dim(&format!("{:>width$}", "·")),
        _ => format!("{:>width$}", count(number, width - 1)),
    };
    let total = cell(ages.iter().sum(), 7);
    let cells: String = ages.iter().map(|number| cell(*number, 6)).collect();
    format!("{name:<13}{total}{cells}\n")
}
