//! The output of one item: one Parquet file, or several of so many rows each.

use std::num::NonZeroU64;

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use stage::{Fault, Output, OutputFile};
use table::Writer;

/// Writes batches into one or several files.
pub(super) struct Parts<'a> {
    output: &'a Output,
    stem: &'a str,
    schema: SchemaRef,
    rows_per_item: Option<NonZeroU64>,
    /// The file being written and how many rows it has.
    current: Option<(Writer<OutputFile>, u64)>,
    begun: usize,
}

impl<'a> Parts<'a> {
    pub(super) fn new(
        output: &'a Output,
        stem: &'a str,
        schema: SchemaRef,
        rows_per_item: Option<NonZeroU64>,
    ) -> Self {
        Self {
            output,
            stem,
            schema,
            rows_per_item,
            current: None,
            begun: 0,
        }
    }

    /// Appends rows.
    pub(super) fn write(&mut self, batch: &RecordBatch) -> Result<(), Fault> {
        let mut rest = batch.clone();
        while rest.num_rows() > 0 {
            let (mut writer, rows) = match self.current.take() {
                Some(current) => current,
                None => (self.begin()?, 0),
            };
            let room = self
                .rows_per_item
                .map_or(u64::MAX, |most| most.get() - rows);
            let take = usize::try_from(room)
                .unwrap_or(usize::MAX)
                .min(rest.num_rows());
            writer.write(&rest.slice(0, take))?;
            rest = rest.slice(take, rest.num_rows() - take);
            if take as u64 == room {
                writer.finish()?.finish()?;
            } else {
                self.current = Some((writer, rows + take as u64));
            }
        }
        Ok(())
    }

    /// Ends the last file, on so many threads. An item without rows is a file without rows.
    pub(super) fn finish(mut self, threads: usize) -> Result<(), Fault> {
        let last = match self.current.take() {
            Some((writer, _)) => Some(writer),
            None if self.begun == 0 => Some(self.begin()?),
            None => None,
        };
        match last {
            Some(writer) => writer.threads(threads).finish()?.finish(),
            None => Ok(()),
        }
    }

    fn begin(&mut self) -> Result<Writer<OutputFile>, Fault> {
        let name = match self.rows_per_item {
            None => format!("{}.parquet", self.stem),
            Some(_) => format!("{}-{:05}.parquet", self.stem, self.begun),
        };
        self.begun += 1;
        Ok(Writer::new(self.output.create(&name)?, &self.schema))
    }
}
