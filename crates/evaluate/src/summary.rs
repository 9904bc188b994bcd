//! The metrics as a short table for the terminal.

use crate::judgement::{Judgement, Partition};
use crate::metrics::specs;

/// A table of the metrics, a column per partition and one for the constant.
pub(crate) fn table(judgement: &Judgement) -> String {
    let partitions: Vec<(&str, &Partition)> = judgement.partitions().collect();
    let mut rows = vec![heading(&partitions)];
    for spec in specs(judgement.task()) {
        let mut row = vec![spec.title.to_owned()];
        row.extend(
            partitions
                .iter()
                .map(|(_, part)| plain(&spec.format(part.metrics.get(spec.key)))),
        );
        row.extend(
            partitions
                .last()
                .map(|(_, part)| plain(&spec.format(part.baseline.get(spec.key)))),
        );
        rows.push(row);
    }
    let mut row = vec!["Rows".to_owned()];
    row.extend(partitions.iter().map(|(_, part)| part.rows.to_string()));
    row.push(String::new());
    rows.push(row);
    align(&rows)
}

fn heading(partitions: &[(&str, &Partition)]) -> Vec<String> {
    let mut row = vec![String::new()];
    row.extend(partitions.iter().map(|(name, _)| (*name).to_owned()));
    row.push("constant".to_owned());
    row
}

/// In plain ASCII, so that programs read it too.
fn plain(number: &str) -> String {
    number.replace(['−', '–'], "-").replace('\u{202f}', "")
}

/// The first column to the left, the others to the right.
fn align(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut out = String::new();
    for row in rows {
        let mut line = String::new();
        for (column, (cell, width)) in row.iter().zip(&widths).enumerate() {
            if column == 0 {
                line.push_str(&format!("{cell:<width$}"));
            } else {
                line.push_str(&format!("  {cell:>width$}", width = width.max(&10)));
            }
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::baseline::FittedOn;
    use crate::task::Told;
    use table::roles::Task;

    fn partition(rmse: Option<f64>) -> Partition {
        let metrics = [
            ("rmse", rmse),
            ("mae", Some(12_345.678)),
            ("r2", Some(-0.5)),
        ];
        let metrics: crate::metrics::Metrics =
            metrics.map(|(key, value)| (key.to_owned(), value)).into();
        Partition {
            rows: 1200,
            weight: None,
            class_rows: Vec::new(),
            baseline: metrics.clone(),
            metrics,
            confusion: Vec::new(),
        }
    }

    #[test]
    fn the_table_has_a_column_per_partition_and_one_for_the_constant() {
        let judgement = Judgement {
            version: 1,
            task: Task::Regression,
            task_from: Told::Values,
            classes: Vec::new(),
            threshold: None,
            baseline_from: FittedOn::Train,
            partitions: [
                ("test".to_owned(), partition(Some(0.731_24))),
                ("validation".to_owned(), partition(None)),
            ]
            .into(),
        };
        insta::assert_snapshot!(table(&judgement), @r"
                   validation        test    constant
        RMSE                -      0.7312      0.7312
        MAE             12346       12346       12346
        R²            -0.5000     -0.5000     -0.5000
        Median AE           -           -           -
        Rows             1200        1200
        ");
    }
}
