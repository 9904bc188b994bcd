//! Rejected rows: what is written about each, and what is said when they are too many.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::Serialize;
use stage::Fault;
use table::MaxRejected;
use table::raw::RowFault;

/// Characters of a value or row that are kept.
const KEPT_CHARACTERS: usize = 500;

/// One rule that one cell broke.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct CellFault {
    /// The column; `None` when the whole row is at fault.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) column: Option<String>,
    /// The rule's name.
    pub(crate) rule: &'static str,
    /// What was expected.
    pub(crate) expected: String,
    /// What was found.
    pub(crate) value: String,
}

impl CellFault {
    /// The end of a message: ``column `age`: expected integer, found `n/a` ``.
    fn told(&self) -> String {
        let mut text = String::new();
        if let Some(column) = &self.column {
            let _ = write!(text, "column `{column}`: ");
        }
        match self.rule {
            // The reader's own words.
            "cells" | "quotes" | "encoding" | "json" if self.value.is_empty() => {
                text.push_str(&self.expected);
            }
            "cells" | "quotes" | "encoding" | "json" => {
                let _ = write!(text, "expected {}, found {}", self.expected, self.value);
            }
            _ => {
                let found = match cut(&self.value) {
                    value if value.is_empty() => "nothing".to_owned(),
                    value => format!("`{value}`"),
                };
                let _ = write!(text, "expected {}, found {found}", self.expected);
            }
        }
        text
    }
}

/// A rejected row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reject {
    /// The line on which it begins, from 1.
    pub(crate) line: u64,
    /// What it broke, in the order of columns; never empty.
    pub(crate) faults: Vec<CellFault>,
    /// Its cells, or its text where it could not be split.
    pub(crate) row: RowText,
    /// The cure, where one is known.
    pub(crate) hint: Option<String>,
}

/// A row as it stood in the file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub(crate) enum RowText {
    /// Cell by cell.
    Cells(Vec<String>),
    /// The text.
    Whole(String),
}

/// A line of `_rejected/ITEM.jsonl`.
#[derive(Serialize)]
struct Line<'a> {
    file: &'a str,
    line: u64,
    #[serde(flatten)]
    first: &'a CellFault,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    also: &'a [CellFault],
    row: &'a RowText,
}

impl Reject {
    /// A row that could not be split into cells.
    pub(crate) fn unsplit(fault: &RowFault) -> Self {
        let told = fault
            .message
            .strip_prefix("expected ")
            .and_then(|told| told.split_once(", found "));
        let (expected, value) = told.unwrap_or((&fault.message, ""));
        Self {
            line: fault.line,
            faults: vec![CellFault {
                column: fault.column.clone(),
                rule: fault.rule.name(),
                expected: expected.to_owned(),
                value: value.to_owned(),
            }],
            row: RowText::Whole(cut(&fault.text)),
            hint: fault.hint.clone(),
        }
    }

    /// The line of `_rejected`, with its end.
    pub(crate) fn line(&self, file: &str) -> Result<Vec<u8>, Fault> {
        let Some((first, also)) = self.faults.split_first() else {
            return Ok(Vec::new());
        };
        let line = Line {
            file,
            line: self.line,
            first,
            also,
            row: &self.row,
        };
        let mut bytes = serde_json::to_vec(&line).map_err(anyhow::Error::from)?;
        bytes.push(b'\n');
        Ok(bytes)
    }
}

/// A text, cut off when long.
pub(crate) fn cut(text: &str) -> String {
    match text.char_indices().nth(KEPT_CHARACTERS) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}

/// The first rejected row.
#[derive(Clone, Debug, Default)]
struct First {
    line: u64,
    told: String,
    hint: Option<String>,
}

/// How many rows broke which rule, and where first.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    /// Rows, by the first rule that each broke.
    rows: BTreeMap<(Option<String>, &'static str), u64>,
    rejected: u64,
    first: Option<First>,
}

impl Tally {
    /// Counts a row.
    pub(crate) fn add(&mut self, reject: &Reject) {
        let Some(fault) = reject.faults.first() else {
            return;
        };
        self.rejected += 1;
        *self
            .rows
            .entry((fault.column.clone(), fault.rule))
            .or_default() += 1;
        if self
            .first
            .as_ref()
            .is_none_or(|first| reject.line < first.line)
        {
            self.first = Some(First {
                line: reject.line,
                told: fault.told(),
                hint: reject.hint.clone(),
            });
        }
    }

    /// How many rows were rejected.
    pub(crate) fn rejected(&self) -> u64 {
        self.rejected
    }

    /// The item's fault when too many were.
    pub(crate) fn check(&self, path: &str, rows: u64, allowed: MaxRejected) -> Result<(), Fault> {
        if allowed.allows(self.rejected, rows) {
            return Ok(());
        }
        let First { line, told, hint } = self.first.clone().unwrap_or_default();
        let place = if line > 0 {
            format!("{path}:{line}")
        } else {
            path.to_owned()
        };
        let rejected = match (self.rejected, rows) {
            (1, 1) => "its only row is rejected".to_owned(),
            (1, rows) => format!("1 of {rows} rows is rejected"),
            (rejected, rows) => format!("{rejected} of {rows} rows are rejected"),
        };
        let rules = self.rules();
        let message =
            format!("{place}: {told}; {rejected} ({rules}), more than the allowed {allowed}");
        Err(Fault::item(message).hint(hint.unwrap_or_else(|| {
            "correct the file or the schema, or allow more with `\"waystation\": {\"max_rejected\": …}`".to_owned()
        })))
    }

    /// The five rules broken most often: ``3 by `age` type``.
    fn rules(&self) -> String {
        let mut rules: Vec<_> = self.rows.iter().collect();
        rules.sort_by(|a, b| b.1.cmp(a.1).then_with(|| a.0.cmp(b.0)));
        let more = rules.len().saturating_sub(5);
        let mut texts: Vec<String> = rules
            .iter()
            .take(5)
            .map(|((column, rule), rows)| match column {
                Some(column) => format!("`{column}` {rule}: {rows}"),
                None => format!("{rule}: {rows}"),
            })
            .collect();
        if more > 0 {
            texts.push(format!("{more} more rules"));
        }
        texts.join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reject(line: u64, column: &str, value: &str) -> Reject {
        Reject {
            line,
            faults: vec![CellFault {
                column: Some(column.to_owned()),
                rule: "type",
                expected: "integer".to_owned(),
                value: value.to_owned(),
            }],
            row: RowText::Cells(vec!["a".to_owned(), value.to_owned()]),
            hint: None,
        }
    }

    #[test]
    fn a_line_names_place_column_rule_and_value() {
        let line = reject(17, "age", "n/a").line("a.csv").unwrap();
        assert_eq!(
            String::from_utf8(line).unwrap(),
            "{\"file\":\"a.csv\",\"line\":17,\"column\":\"age\",\"rule\":\"type\",\"expected\":\"integer\",\"value\":\"n/a\",\"row\":[\"a\",\"n/a\"]}\n"
        );
    }

    #[test]
    fn too_many_rejected_rows_are_told_by_rule_with_the_first_place() {
        let mut tally = Tally::default();
        for reject in [
            reject(17, "age", "n/a"),
            reject(19, "age", ""),
            reject(20, "id", "x"),
        ] {
            tally.add(&reject);
        }
        assert!(
            tally
                .check("raw/a.csv", 300, MaxRejected::default())
                .is_ok()
        );
        let fault = tally
            .check("raw/a.csv", 299, MaxRejected::default())
            .unwrap_err();
        assert_eq!(
            fault.to_string(),
            "raw/a.csv:17: column `age`: expected integer, found `n/a`; 3 of 299 rows are rejected (`age` type: 2, `id` type: 1), more than the allowed 1%"
        );
    }

    #[test]
    fn long_values_are_cut_between_characters() {
        let long = "ä".repeat(600);
        assert_eq!(cut(&long).chars().count(), 501);
        assert_eq!(cut("ä"), "ä");
    }
}
