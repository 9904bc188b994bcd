//! The row groups of a file: where they end, and their columns encoded side by side.

use std::io::{self, Write};
use std::sync::Arc;

use arrow_array::{Array, ArrayRef, RecordBatch, UInt32Array};
use arrow_schema::SchemaRef;
use arrow_select::take::take;
use parquet::arrow::arrow_writer::{ArrowColumnWriter, ArrowRowGroupWriterFactory, compute_leaves};
use parquet::arrow::{ArrowSchemaConverter, add_encoded_arrow_schema_to_metadata};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use stage::{Blame, Fault};

use crate::io_error::IoError;
use crate::parallel::{map_columns, sink_columns};

/// Most rows of a row group: enough that readers which take a row group per thread (DuckDB, polars) are busy.
const ROWS_MAX: usize = 2 * crate::BATCH_ROWS;
/// Most encoded bytes of a row group, by columns. They are held in memory until it is whole and then written by one thread
/// in one go, so that there be few of them; but the piece of each column must be worth a reader's while.
const BYTES_PER_COLUMN: usize = 128 << 10;
const BYTES_MIN: usize = 4 << 20;
const BYTES_MAX: usize = 32 << 20;

/// A Parquet file in the making. Where its groups end depends on the rows alone, not on the number of threads.
pub(super) struct RowGroups<W: Write + Send> {
    file: SerializedFileWriter<Sink<W>>,
    columns: ArrowRowGroupWriterFactory,
    schema: SchemaRef,
    bytes_max: usize,
    group: Group,
    /// The last rows. If they end a group, each of its columns is encoded, written and forgotten in one go.
    pending: Option<Rows>,
    error: IoError,
}

/// The row group being filled: nothing until it has rows.
#[derive(Default)]
struct Group {
    columns: Vec<ArrowColumnWriter>,
    rows: usize,
}

impl<W: Write + Send> RowGroups<W> {
    pub(super) fn new(
        inner: W,
        schema: &SchemaRef,
        mut properties: WriterProperties,
    ) -> Result<Self, Fault> {
        add_encoded_arrow_schema_to_metadata(schema, &mut properties);
        let parquet = ArrowSchemaConverter::new().convert(schema).map_err(ours)?;
        let error = IoError::default();
        let sink = Sink {
            inner,
            error: error.clone(),
        };
        let root = parquet.root_schema_ptr();
        let file = SerializedFileWriter::new(sink, root, Arc::new(properties))
            .map_err(|told| fault(told, &error))?;
        let bytes_max = schema.fields().len() * BYTES_PER_COLUMN;
        Ok(Self {
            columns: ArrowRowGroupWriterFactory::new(&file, Arc::clone(schema)),
            file,
            schema: Arc::clone(schema),
            bytes_max: bytes_max.clamp(BYTES_MIN, BYTES_MAX),
            group: Group::default(),
            pending: None,
            error,
        })
    }

    /// Takes rows, and encodes those before them on so many threads.
    pub(super) fn write(&mut self, rows: Rows, threads: usize) -> Result<(), Fault> {
        if rows.len() == 0 {
            return Ok(());
        }
        match self.pending.replace(rows) {
            Some(before) => self.encode(&before, false, threads),
            None => Ok(()),
        }
    }

    /// Writes what is left and the footer, and gives the sink back.
    pub(super) fn finish(mut self, threads: usize) -> Result<W, Fault> {
        if let Some(last) = self.pending.take() {
            self.encode(&last, true, threads)?;
        }
        let sink = self.file.into_inner();
        let sink = sink.map_err(|error| fault(error, &self.error))?;
        Ok(sink.inner)
    }

    fn encode(&mut self, rows: &Rows, last: bool, threads: usize) -> Result<(), Fault> {
        let mut done = 0;
        while done < rows.len() {
            if self.group.rows == 0 {
                let number = self.file.flushed_row_groups().len();
                let columns = self.columns.create_column_writers(number);
                self.group.columns = columns.map_err(ours)?;
            }
            let length = (rows.len() - done).min(self.group.room(self.bytes_max));
            let piece = Piece {
                rows,
                from: done,
                length,
            };
            done += length;
            self.group.rows += length;
            if self.group.rows == ROWS_MAX || (last && done == rows.len()) {
                self.end_group(Some(piece), threads)?;
                continue;
            }
            self.group.encode(piece, &self.schema, threads)?;
            if self.group.room(self.bytes_max) == 0 {
                self.end_group(None, threads)?;
            }
        }
        Ok(())
    }

    /// Writes the group, with its last piece where that is not encoded yet.
    fn end_group(&mut self, piece: Option<Piece<'_>>, threads: usize) -> Result<(), Fault> {
        let group = std::mem::take(&mut self.group);
        let told = |error| fault(error, &self.error);
        let mut row_group = self.file.next_row_group().map_err(told)?;
        sink_columns(
            group.columns.into_iter().enumerate(),
            group.rows,
            threads,
            |(position, mut column)| {
                if let Some(piece) = piece {
                    piece.encode(position, &self.schema, &mut column)?;
                }
                column.close().map_err(ours)
            },
            |chunk| chunk.append_to_row_group(&mut row_group).map_err(told),
        )?;
        row_group.close().map_err(told)?;
        Ok(())
    }
}

impl Group {
    /// How many more rows the group takes, if they are as large as those it has.
    fn room(&self, bytes_max: usize) -> usize {
        let columns = self.columns.iter();
        let bytes: usize = columns
            .map(ArrowColumnWriter::get_estimated_total_bytes)
            .sum();
        let by_rows = ROWS_MAX - self.rows;
        match bytes.checked_div(self.rows) {
            Some(a_row @ 1..) => by_rows.min(bytes_max.saturating_sub(bytes) / a_row),
            _ => by_rows,
        }
    }

    fn encode(
        &mut self,
        piece: Piece<'_>,
        schema: &SchemaRef,
        threads: usize,
    ) -> Result<(), Fault> {
        let columns = self.columns.iter_mut().enumerate();
        let encode = |(position, column)| piece.encode(position, schema, column);
        map_columns(columns, piece.length, threads, encode).map(drop)
    }
}

/// Rows to write: a batch, or some rows of it, which are copied column by column as these are encoded.
pub(super) struct Rows {
    pub(super) batch: RecordBatch,
    pub(super) chosen: Option<UInt32Array>,
}

impl Rows {
    pub(super) fn len(&self) -> usize {
        let chosen = self.chosen.as_ref();
        chosen.map_or(self.batch.num_rows(), Array::len)
    }

    /// Some rows of a column.
    pub(super) fn column(
        &self,
        position: usize,
        from: usize,
        length: usize,
    ) -> Result<ArrayRef, Fault> {
        let column = self.batch.column(position);
        match &self.chosen {
            None => Ok(column.slice(from, length)),
            Some(chosen) => take(column, &chosen.slice(from, length), None)
                .map_err(|error| Fault::new(Blame::Program, error)),
        }
    }
}

/// So many rows, from one on.
#[derive(Clone, Copy)]
struct Piece<'a> {
    rows: &'a Rows,
    from: usize,
    length: usize,
}

impl Piece<'_> {
    /// A column is one leaf of the file's tree, as none is nested.
    fn encode(
        self,
        position: usize,
        schema: &SchemaRef,
        column: &mut ArrowColumnWriter,
    ) -> Result<(), Fault> {
        let values = self.rows.column(position, self.from, self.length)?;
        let leaves = compute_leaves(schema.field(position), &values).map_err(ours)?;
        let mut leaves = leaves.iter();
        leaves.try_for_each(|leaf| column.write(leaf)).map_err(ours)
    }
}

struct Sink<W> {
    inner: W,
    error: IoError,
}

impl<W: Write> Write for Sink<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes);
        written.map_err(|error| self.error.keep(error))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// Failing to write is the machine's fault; rows that cannot be written are ours.
fn fault(error: ParquetError, io: &IoError) -> Fault {
    match io.take() {
        Some(io) => Fault::new(Blame::Machine, io),
        None => ours(error),
    }
}

fn ours(error: ParquetError) -> Fault {
    Fault::new(Blame::Program, error)
}

#[cfg(test)]
mod tests;
