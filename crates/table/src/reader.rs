//! Reading an item.

mod input;

use std::fmt::Display;
use std::path::Path;
use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::SchemaRef;
use bytes::Bytes;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder,
};
use parquet::file::metadata::{ParquetMetaData, RowGroupMetaData};
use stage::Fault;

use crate::BATCH_ROWS;
use crate::columns;
use crate::normal::Normal;
use crate::parallel::{caught_item, map_columns, pays};
use input::{Input, Source};

/// Reads a Parquet file as record batches of [`BATCH_ROWS`] rows, in types used between stages.
///
/// Types of other tools are brought to those: narrow and unsigned integers to 64 bits (32-bit integers only where no
/// stage wrote the column, as ours are codes), decimals to numbers, views, large and dictionary-encoded strings to
/// strings, times to microseconds.
pub struct Reader {
    input: Input,
    metadata: ArrowReaderMetadata,
    /// Columns of the file in the order asked for; `None` for all.
    columns: Option<Vec<usize>>,
    batch_rows: usize,
    threads: usize,
    normal: Normal,
    place: String,
    /// Made when the first batch is asked for: one of all columns, or one of each where threads share them.
    decoders: Option<Vec<ParquetRecordBatchReader>>,
    rows: usize,
    /// Rows not read yet.
    left: usize,
}

impl Reader {
    /// Opens a Parquet file. A torn or foreign file is the item's fault, a failing disk the machine's.
    pub fn open(path: &Path) -> Result<Self, Fault> {
        let file = fs_err::File::open(path)?.into_file();
        Self::new(Source::File(Arc::new(file)), path)
    }

    /// Reads a Parquet file that is held in memory.
    pub(crate) fn from_bytes(bytes: Bytes, path: &Path) -> Result<Self, Fault> {
        Self::new(Source::Bytes(bytes), path)
    }

    fn new(source: Source, path: &Path) -> Result<Self, Fault> {
        let input = Input::new(source);
        let place = path.display().to_string();
        let metadata = caught_item(|| {
            ArrowReaderMetadata::load(&input, Default::default())
                .map_err(|error| input.fault(error, &place))
        })
        .map_err(|fault| named(fault, &place))?;
        let normal = Normal::new(metadata.schema()).map_err(|fault| named(fault, &place))?;
        let rows = rows(metadata.metadata()).map_err(|error| input.fault(error, &place))?;
        Ok(Self {
            left: rows,
            rows,
            input,
            metadata,
            columns: None,
            batch_rows: BATCH_ROWS,
            threads: 1,
            normal,
            place,
            decoders: None,
        })
    }

    /// The columns of every batch.
    pub fn schema(&self) -> &SchemaRef {
        self.normal.schema()
    }

    /// How many rows the file has.
    pub fn num_rows(&self) -> u64 {
        self.rows as u64
    }

    /// Reads only these columns, in this order. A missing one is the item's fault. To be called before the first
    /// batch is read.
    pub fn project(mut self, names: &[&str]) -> Result<Self, Fault> {
        let mut positions = Vec::with_capacity(names.len());
        for name in names {
            let found = columns::find(self.metadata.schema(), name);
            positions.push(found.map_err(|fault| named(fault, &self.place))?);
        }
        let schema = self.metadata.schema().project(&positions);
        let schema = schema.map_err(|error| named(Fault::item(error), &self.place))?;
        self.normal = Normal::new(&schema).map_err(|fault| named(fault, &self.place))?;
        self.columns = Some(positions);
        self.decoders = None;
        Ok(self)
    }

    /// Reads batches of so many rows, for work to which smaller ones are as good: they take less memory. To be called before
    /// the first batch is read.
    #[must_use]
    pub fn batch_rows(self, rows: usize) -> Self {
        Self {
            batch_rows: rows,
            ..self
        }
    }

    /// Decodes the columns on so many threads. To be called before the first batch is read.
    #[must_use]
    pub fn threads(self, threads: usize) -> Self {
        Self { threads, ..self }
    }

    /// A decoder of all columns, or one of each where there is enough for several threads.
    fn start(&self) -> Result<Vec<ParquetRecordBatchReader>, Fault> {
        let columns = self.in_file();
        let rows = self.rows.min(self.batch_rows);
        if pays(self.threads, rows, columns.len()) == 1 {
            return Ok(vec![self.decoder(&columns)?]);
        }
        columns.chunks(1).map(|one| self.decoder(one)).collect()
    }

    fn decoder(&self, columns: &[usize]) -> Result<ParquetRecordBatchReader, Fault> {
        let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(
            self.input.clone(),
            self.metadata.clone(),
        );
        let mask = ProjectionMask::roots(builder.parquet_schema(), columns.iter().copied());
        let builder = builder
            .with_projection(mask)
            .with_batch_size(self.batch_rows);
        builder.build().map_err(|error| self.fault(error))
    }

    fn fault(&self, error: impl Display) -> Fault {
        self.input.fault(error, &self.place)
    }

    fn read(&mut self) -> Result<Option<RecordBatch>, Fault> {
        if self.left == 0 {
            return Ok(None);
        }
        let mut decoders = match self.decoders.take() {
            Some(decoders) => decoders,
            None => self.start()?,
        };
        let rows = self.left.min(self.batch_rows);
        let (input, place) = (&self.input, &self.place);
        let parts = map_columns(decoders.iter_mut(), rows, self.threads, |decoder| {
            let part = caught_item(|| Ok(decoder.next()))?;
            part.transpose().map_err(|error| input.fault(error, place))
        })?;
        self.decoders = Some(decoders);
        self.left -= rows;
        self.batch(rows, &parts).map(Some)
    }

    /// What the decoders found, as one batch of so many rows.
    fn batch(&self, rows: usize, parts: &[Option<RecordBatch>]) -> Result<RecordBatch, Fault> {
        let found = |part: &Option<RecordBatch>| part.as_ref().map_or(0, RecordBatch::num_rows);
        if let Some(found) = parts.iter().map(found).find(|found| *found != rows) {
            let message = format!("expected {rows} more rows, found {found}");
            return Err(self.fault(message));
        }
        let columns = parts.iter().flatten().flat_map(RecordBatch::columns);
        self.normal
            .batch(rows, self.in_order(columns.cloned().collect()))
    }

    /// The columns to read, in the order of the file, in which they are decoded.
    fn in_file(&self) -> Vec<usize> {
        let Some(columns) = &self.columns else {
            return (0..self.metadata.schema().fields().len()).collect();
        };
        let mut columns = columns.clone();
        columns.sort_unstable();
        columns.dedup();
        columns
    }

    /// Columns that come in the order of the file, in the order asked for.
    fn in_order(&self, found: Vec<ArrayRef>) -> Vec<ArrayRef> {
        let Some(columns) = &self.columns else {
            return found;
        };
        let in_file = self.in_file();
        let place = |column| in_file.partition_point(|other| other < column);
        columns
            .iter()
            .map(|column| Arc::clone(&found[place(column)]))
            .collect()
    }
}

/// How many rows a file has by its footer, which says it twice.
fn rows(metadata: &ParquetMetaData) -> Result<usize, String> {
    let all = metadata.file_metadata().num_rows();
    let groups = metadata.row_groups().iter().map(RowGroupMetaData::num_rows);
    let sum = groups.fold(0_i64, i64::saturating_add);
    match usize::try_from(all) {
        Ok(rows) if all == sum => Ok(rows),
        _ => Err(format!("{all} rows by its footer, {sum} by its row groups")),
    }
}

impl Iterator for Reader {
    type Item = Result<RecordBatch, Fault>;

    fn next(&mut self) -> Option<Self::Item> {
        let batch = caught_item(|| self.read());
        if batch.is_err() {
            self.left = 0;
        }
        batch.map_err(|fault| named(fault, &self.place)).transpose()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (0, Some(self.left.div_ceil(self.batch_rows)))
    }
}

impl std::fmt::Debug for Reader {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Reader({})", self.place)
    }
}

/// Puts the path in front, unless the message has it already.
fn named(fault: Fault, place: &str) -> Fault {
    if fault.to_string().contains(place) {
        return fault;
    }
    fault.context(place.to_owned())
}
