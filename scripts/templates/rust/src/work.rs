//! The work on one item: a pure function of the item and the settings.

use std::io::Write;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use stage::{Counts, Fault, Item, ItemStage, OrBlame, Output};

/// What can be set in `config/template.json`; unknown keys are refused.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Settings {
    /// What stands between two cells.
    separator: char,
}

impl Default for Settings {
    fn default() -> Self {
        Self { separator: ',' }
    }
}

/// The stage's work.
#[derive(Debug)]
pub(crate) struct Work {
    /// What can be set.
    pub(crate) settings: Settings,
}

impl ItemStage for Work {
    fn process(&self, item: &Item, output: &Output) -> Result<(), Fault> {
        // What is not text is the item's fault; that the file cannot be read is the machine's.
        let text = fs_err::read_to_string(item.path())?;
        let kept = keep(&text, self.settings.separator)
            .or_item()
            .map_err(|fault| fault.context(item.path().display().to_string()))?;
        let mut file = output.create(item.name())?;
        for line in kept.lines {
            writeln!(file, "{line}")?;
        }
        file.finish()?;
        output.count(kept.counts)
    }
}

/// What is kept of an item. Every row is written, or counted as dropped, with a reason.
struct Kept<'a> {
    lines: Vec<&'a str>,
    counts: Counts,
}

fn keep(text: &str, separator: char) -> Result<Kept<'_>, WrongRow> {
    let mut lines = text.lines();
    let header = lines.next().unwrap_or_default();
    let expected = header.split(separator).count();
    let mut kept = Kept {
        lines: vec![header],
        counts: Counts::default(),
    };
    for (row, line) in lines.enumerate() {
        let found = line.split(separator).count();
        if found != expected {
            return Err(WrongRow {
                line: row + 2,
                expected,
                found,
            });
        }
        kept.counts.read += 1;
        if line.split(separator).any(str::is_empty) {
            let dropped = kept.counts.dropped.entry("empty cell".to_owned());
            *dropped.or_default() += 1;
        } else {
            kept.counts.written += 1;
            kept.lines.push(line);
        }
    }
    Ok(kept)
}

/// A row that does not fit its header.
#[derive(Debug)]
struct WrongRow {
    line: usize,
    expected: usize,
    found: usize,
}

impl std::error::Error for WrongRow {}

impl std::fmt::Display for WrongRow {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            line,
            expected,
            found,
        } = self;
        write!(
            formatter,
            "line {line}: expected {expected} cells, found {found}"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_with_an_empty_cell_is_dropped_and_counted() {
        let kept = keep("id,city\n1,Portland\n2,\n", ',').unwrap();
        assert_eq!(kept.lines, ["id,city", "1,Portland"]);
        assert_eq!((kept.counts.read, kept.counts.written), (2, 1));
        assert!(kept.counts.reconcile());
    }

    #[test]
    fn a_row_that_does_not_fit_is_told_with_its_line() {
        let error = keep("id,city\n1,Portland,2\n", ',').map(|_| ()).unwrap_err();
        assert_eq!(error.to_string(), "line 2: expected 2 cells, found 3");
    }
}
