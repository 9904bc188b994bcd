//! Where the batches of an item go, in order: good rows to Parquet, bad ones to `_rejected`, all of them counted.

use std::io::Write;
use std::num::NonZeroU64;
use std::sync::Arc;

use stage::{Counts, Fault, Item, Output, OutputFile};

use super::Done;
use super::parts::Parts;
use crate::reject::{Reject, Tally};
use crate::schema::Checked;
use crate::source::row_text;
use crate::unique::Seen;

/// Collects what one item becomes.
pub(super) struct Sink<'a> {
    checked: &'a Checked,
    item: &'a Item,
    output: &'a Output,
    parts: Parts<'a>,
    seen: Seen,
    tally: Tally,
    /// Made when the first row is rejected.
    rejected: Option<OutputFile>,
    read: u64,
}

impl<'a> Sink<'a> {
    pub(super) fn new(
        checked: &'a Checked,
        item: &'a Item,
        output: &'a Output,
        rows_per_item: Option<NonZeroU64>,
    ) -> Self {
        Self {
            checked,
            item,
            output,
            parts: Parts::new(
                output,
                item.stem(),
                Arc::clone(&checked.arrow),
                rows_per_item,
            ),
            seen: Seen::new(checked),
            tally: Tally::default(),
            rejected: None,
            read: 0,
        }
    }

    /// Moves rows that repeat a key of an earlier one to the rejected ones. True if there are any.
    pub(super) fn reject_repeated(&mut self, done: &mut Done) -> Result<bool, Fault> {
        if self.checked.keys.is_empty() {
            return Ok(false);
        }
        let rows = done.sifted.batch.num_rows();
        let mut good = vec![true; rows];
        for (row, good) in good.iter_mut().enumerate() {
            let faults = self
                .seen
                .check(self.checked, &done.sifted.batch, &done.digests, row);
            if faults.is_empty() {
                continue;
            }
            *good = false;
            let raw = done.sifted.raw_row(row);
            done.sifted.rejects.push(Reject {
                line: done.raw.line(raw),
                faults,
                row: row_text(&done.raw, raw),
                hint: None,
            });
        }
        if good.iter().all(|good| *good) {
            return Ok(false);
        }
        done.sifted.rejects.sort_by_key(|reject| reject.line);
        done.sifted.keep(&good)?;
        Ok(true)
    }

    /// Writes what became of a batch.
    pub(super) fn write(&mut self, done: &Done) -> Result<(), Fault> {
        self.read += (done.raw.num_rows() + done.raw.faults().len()) as u64;
        for reject in &done.sifted.rejects {
            self.tally.add(reject);
            let file = match &mut self.rejected {
                Some(file) => file,
                none => none.insert(
                    self.output
                        .create(&format!("_rejected/{}.jsonl", self.item.stem()))?,
                ),
            };
            file.write_all(&reject.line(self.item.name())?)?;
        }
        self.parts.write(&done.sifted.batch)
    }

    /// Ends all files, unless too many rows were rejected.
    pub(super) fn finish(self, path: &str) -> Result<(), Fault> {
        self.tally.check(path, self.read, self.checked.allowed)?;
        // By now all rows are parsed, and one thread writes the profile.
        self.parts.finish(self.item.threads().saturating_sub(1))?;
        if let Some(file) = self.rejected {
            file.finish()?;
        }
        let rejected = self.tally.rejected();
        self.output.count(Counts {
            read: self.read,
            written: self.read - rejected,
            rejected,
            ..Counts::default()
        })
    }
}
