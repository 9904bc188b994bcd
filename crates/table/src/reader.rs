//! Reading an item.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use bytes::Bytes;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder,
};
use parquet::errors::ParquetError;
use parquet::file::reader::{ChunkReader, Length};
use stage::{Blame, Fault};

use crate::BATCH_ROWS;
use crate::columns;
use crate::normal::Normal;
use crate::parallel::caught_item;

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
    normal: Normal,
    place: String,
    /// Made when the first batch is asked for.
    batches: Option<ParquetRecordBatchReader>,
    failed: bool,
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
        let input = Input {
            source,
            error: Arc::default(),
        };
        let place = path.display().to_string();
        let metadata = caught_item(|| {
            ArrowReaderMetadata::load(&input, Default::default())
                .map_err(|error| input.fault(error, &place))
        })
        .map_err(|fault| named(fault, &place))?;
        let normal = Normal::new(metadata.schema()).map_err(|fault| named(fault, &place))?;
        Ok(Self {
            input,
            metadata,
            columns: None,
            batch_rows: BATCH_ROWS,
            normal,
            place,
            batches: None,
            failed: false,
        })
    }

    /// The columns of every batch.
    pub fn schema(&self) -> &SchemaRef {
        self.normal.schema()
    }

    /// How many rows the file has.
    pub fn num_rows(&self) -> u64 {
        let rows = self.metadata.metadata().file_metadata().num_rows();
        u64::try_from(rows).unwrap_or(0)
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
        self.batches = None;
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

    fn start(&self) -> Result<ParquetRecordBatchReader, ParquetError> {
        let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(
            self.input.clone(),
            self.metadata.clone(),
        );
        let builder = match &self.columns {
            Some(columns) => {
                let roots = columns.iter().copied();
                let mask = ProjectionMask::roots(builder.parquet_schema(), roots);
                builder.with_projection(mask)
            }
            None => builder,
        };
        builder.with_batch_size(self.batch_rows).build()
    }

    fn read(&mut self) -> Result<Option<RecordBatch>, Fault> {
        let batches = match &mut self.batches {
            Some(batches) => batches,
            None => {
                let batches = self
                    .start()
                    .map_err(|error| self.input.fault(error, &self.place))?;
                self.batches.insert(batches)
            }
        };
        let Some(batch) = batches.next() else {
            return Ok(None);
        };
        let batch = batch.map_err(|error| self.input.fault(error, &self.place))?;
        let batch = match &self.columns {
            Some(columns) => in_order(&batch, columns)?,
            None => batch,
        };
        self.normal.batch(batch).map(Some)
    }
}

/// The columns of a batch that come in the order of the file, in the order asked for.
fn in_order(batch: &RecordBatch, columns: &[usize]) -> Result<RecordBatch, Fault> {
    let mut sorted = columns.to_vec();
    sorted.sort_unstable();
    sorted.dedup();
    let places: Vec<usize> = columns
        .iter()
        .map(|column| sorted.partition_point(|other| other < column))
        .collect();
    batch.project(&places).map_err(Fault::item)
}

impl Iterator for Reader {
    type Item = Result<RecordBatch, Fault>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        let batch = caught_item(|| self.read());
        self.failed = batch.is_err();
        batch.map_err(|fault| named(fault, &self.place)).transpose()
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

/// What a Parquet file is read from. Remembers an I/O error, which the decoder would turn into words.
#[derive(Clone)]
struct Input {
    source: Source,
    error: Arc<Mutex<Option<io::Error>>>,
}

#[derive(Clone)]
enum Source {
    File(Arc<File>),
    Bytes(Bytes),
}

impl Input {
    /// Whose fault an error is: the machine's where reading failed, else the item's.
    fn fault(&self, error: impl std::fmt::Display, place: &str) -> Fault {
        let io = self
            .error
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        match io {
            Some(io) => {
                Fault::new(Blame::Machine, io).context(format!("failed to read file `{place}`"))
            }
            None => {
                let error = error.to_string();
                let error = error.trim_start_matches("Parquet error: ");
                Fault::item(format!("{place}: not a whole Parquet file: {error}"))
            }
        }
    }

    fn remember(&self, error: io::Error) -> ParquetError {
        let message = error.to_string();
        if error.raw_os_error().is_some() {
            *self.error.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
        }
        ParquetError::General(message)
    }
}

impl Length for Input {
    fn len(&self) -> u64 {
        match &self.source {
            Source::File(file) => file.metadata().map_or(0, |metadata| metadata.len()),
            Source::Bytes(bytes) => bytes.len() as u64,
        }
    }
}

impl ChunkReader for Input {
    type T = Box<dyn Read + Send>;

    fn get_read(&self, start: u64) -> Result<Self::T, ParquetError> {
        match &self.source {
            Source::File(file) => {
                let mut file = file.try_clone().map_err(|error| self.remember(error))?;
                file.seek(SeekFrom::Start(start))
                    .map_err(|error| self.remember(error))?;
                Ok(Box::new(io::BufReader::new(file)))
            }
            Source::Bytes(bytes) => Ok(Box::new(io::Cursor::new(
                bytes.slice(bytes.len().min(start as usize)..),
            ))),
        }
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes, ParquetError> {
        match &self.source {
            Source::File(file) => {
                let end = start.saturating_add(length as u64);
                if end > self.len() {
                    let message = format!("ends at byte {}, expected {end}", self.len());
                    return Err(ParquetError::EOF(message));
                }
                let mut buffer = Vec::with_capacity(length);
                let mut file: &File = file;
                file.seek(SeekFrom::Start(start))
                    .and_then(|_| file.take(length as u64).read_to_end(&mut buffer))
                    .map_err(|error| self.remember(error))?;
                Ok(buffer.into())
            }
            Source::Bytes(bytes) => {
                let start = usize::try_from(start).unwrap_or(usize::MAX);
                let end = start.saturating_add(length);
                if end > bytes.len() {
                    let message = format!("ends at byte {}, expected {end}", bytes.len());
                    return Err(ParquetError::EOF(message));
                }
                Ok(bytes.slice(start..end))
            }
        }
    }
}
