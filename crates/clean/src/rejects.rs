//! The rows that are not written: counted, and where they are at fault, set aside with the reason.

use std::io::Write;

use serde::Serialize;
use stage::{Counts, Fault, Item, Output, OutputFile};
use table::MaxRejected;

use crate::rows::{Rejected, Rows};

/// What became of an item's rows.
#[derive(Default)]
pub(crate) struct Tally {
    /// The rows so far.
    pub(crate) counts: Counts,
    first: Option<String>,
}

impl Tally {
    /// Adds a batch.
    pub(crate) fn add(&mut self, rows: &Rows) {
        self.counts.read += rows.read() as u64;
        self.counts.written += rows.len() as u64;
        self.counts.rejected += rows.rejected.len() as u64;
        for (reason, count) in &rows.dropped {
            *self.counts.dropped.entry(reason.clone()).or_default() += count;
        }
        if self.first.is_none() {
            self.first = rows.rejected.first().map(Rejected::to_string);
        }
    }

    /// Refuses the item when more of its rows were rejected than is allowed.
    pub(crate) fn check(&self, item: &Item, allowed: MaxRejected) -> Result<(), Fault> {
        let Counts { read, rejected, .. } = self.counts;
        if allowed.allows(rejected, read) {
            return Ok(());
        }
        let path = item.path().display();
        let first = self.first.as_deref().unwrap_or_default();
        let message = format!(
            "{path}: {first}; {rejected} of {read} rows rejected, more than the allowed {allowed}"
        );
        let hint = "correct the rule or the data, or allow more with `max_rejected`";
        Err(Fault::item(message).hint(hint))
    }
}

/// One line of `_rejected/STEM.jsonl`.
#[derive(Serialize)]
struct Line<'a> {
    file: &'a str,
    row: u64,
    column: &'a str,
    rule: &'a str,
    expected: &'a str,
    value: &'a str,
}

/// The file of an item's rejected rows; there is none where there are none.
pub(crate) struct Rejects<'a> {
    item: &'a Item,
    output: &'a Output,
    file: Option<OutputFile>,
}

impl<'a> Rejects<'a> {
    /// No rows so far.
    pub(crate) fn new(item: &'a Item, output: &'a Output) -> Self {
        Self {
            item,
            output,
            file: None,
        }
    }

    /// Adds rows.
    pub(crate) fn write(&mut self, rejected: &[Rejected]) -> Result<(), Fault> {
        for row in rejected {
            let line = Line {
                file: self.item.name(),
                row: row.row,
                column: &row.column,
                rule: &row.rule,
                expected: &row.expected,
                value: &row.value,
            };
            let mut line = serde_json::to_vec(&line).map_err(std::io::Error::from)?;
            line.push(b'\n');
            self.file()?.write_all(&line)?;
        }
        Ok(())
    }

    /// Finishes the file.
    pub(crate) fn finish(self) -> Result<(), Fault> {
        self.file.map_or(Ok(()), OutputFile::finish)
    }

    fn file(&mut self) -> Result<&mut OutputFile, Fault> {
        let file = match self.file.take() {
            Some(file) => file,
            None => self
                .output
                .create(&format!("_rejected/{}.jsonl", self.item.stem()))?,
        };
        Ok(self.file.insert(file))
    }
}
