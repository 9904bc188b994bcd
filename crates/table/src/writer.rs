//! Writing an item.

use std::io::Write;

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use parquet::arrow::ArrowWriter;
use stage::{Fault, OrBlame};

/// Writes record batches as a Parquet file whose bytes depend on the batches alone.
pub struct Writer<W: Write + Send> {
    writer: ArrowWriter<W>,
}

impl<W: Write + Send> Writer<W> {
    /// Begins a file with these columns.
    pub fn new(sink: W, schema: &SchemaRef) -> Result<Self, Fault> {
        let writer = ArrowWriter::try_new(sink, schema.clone(), None).or_machine()?;
        Ok(Self { writer })
    }

    /// Writes a batch. Its columns must be those the file began with.
    pub fn write(&mut self, batch: &RecordBatch) -> Result<(), Fault> {
        self.writer.write(batch).or_machine()
    }

    /// Writes the footer and gives the sink back.
    pub fn finish(self) -> Result<W, Fault> {
        self.writer.into_inner().or_machine()
    }
}
