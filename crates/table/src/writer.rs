//! Writing an item.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

use arrow_array::cast::AsArray;
use arrow_array::{Array, RecordBatch};
use arrow_buffer::Buffer;
use arrow_schema::{DataType, SchemaRef};
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::errors::ParquetError;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnPath;
use stage::{Blame, Fault};
use xxhash_rust::xxh3::xxh3_64;

/// Most rows of a row group: enough that readers which take a row group per thread (DuckDB, polars) are busy.
const GROUP_ROWS: usize = 2 * crate::BATCH_ROWS;
/// Most encoded bytes of a row group, by columns. They are held in memory until it is whole and then written by one thread
/// in one go, so that there be few of them; but the piece of each column must be worth a reader's while.
const GROUP_BYTES_PER_COLUMN: usize = 128 << 10;
const GROUP_BYTES_MIN: usize = 4 << 20;
const GROUP_BYTES_MAX: usize = 32 << 20;
/// How many values of a column are looked at to see whether they repeat, and how often each must.
const SAMPLE_ROWS: usize = 1024;
const REPEATS_MIN: usize = 4;

/// Writes record batches as a Parquet file whose bytes depend on the batches alone.
///
/// Written for speed: plainly, and with a dictionary where the first batch shows that a column's values repeat. Measured
/// on flights (16 columns of integers and strings), a dictionary costs no time and makes a tenth of the size; on numbers
/// that do not repeat it doubles the time. Snappy is the fastest codec there, and all tools read it.
pub struct Writer<W: Write + Send> {
    state: State<W>,
    schema: SchemaRef,
    error: Errors,
}

enum State<W: Write + Send> {
    /// Nothing was written: how to encode depends on the first batch.
    Waiting(Option<W>),
    Writing(Box<ArrowWriter<Sink<W>>>),
}

/// An I/O error, which the encoder would turn into words.
type Errors = Arc<Mutex<Option<io::Error>>>;

struct Sink<W> {
    inner: W,
    error: Errors,
}

impl<W: Write> Write for Sink<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.inner.write(bytes).map_err(|error| {
            let told = io::Error::new(error.kind(), error.to_string());
            *self.error.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
            told
        })
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

impl<W: Write + Send> Writer<W> {
    /// Begins a file with these columns.
    pub fn new(sink: W, schema: &SchemaRef) -> Result<Self, Fault> {
        Ok(Self {
            state: State::Waiting(Some(sink)),
            schema: Arc::clone(schema),
            error: Errors::default(),
        })
    }

    /// Writes a batch. Its columns must be those the file began with.
    pub fn write(&mut self, batch: &RecordBatch) -> Result<(), Fault> {
        if batch.schema_ref().fields() != self.schema.fields() {
            crate::columns::check_same(&self.schema, batch.schema_ref())
                .map_err(|fault| Fault::new(Blame::Program, fault.error))?;
        }
        let written = self.begin(Some(batch))?.write(batch);
        written.map_err(|error| fault(error, &self.error))
    }

    /// Writes the footer and gives the sink back.
    pub fn finish(mut self) -> Result<W, Fault> {
        self.begin(None)?;
        match self.state {
            State::Writing(writer) => match writer.into_inner() {
                Ok(sink) => Ok(sink.inner),
                Err(error) => Err(fault(error, &self.error)),
            },
            State::Waiting(_) => Err(lost()),
        }
    }

    fn begin(&mut self, first: Option<&RecordBatch>) -> Result<&mut ArrowWriter<Sink<W>>, Fault> {
        if let State::Waiting(sink) = &mut self.state {
            let sink = Sink {
                inner: sink.take().ok_or_else(lost)?,
                error: Arc::clone(&self.error),
            };
            let properties = properties(&self.schema, first);
            let schema = Arc::clone(&self.schema);
            let writer = ArrowWriter::try_new(sink, schema, Some(properties))
                .map_err(|error| fault(error, &self.error))?;
            self.state = State::Writing(Box::new(writer));
        }
        match &mut self.state {
            State::Writing(writer) => Ok(writer),
            State::Waiting(_) => Err(lost()),
        }
    }
}

/// A writer whose beginning failed was used on.
fn lost() -> Fault {
    Fault::message(
        Blame::Program,
        "a Parquet file was written on after it failed",
    )
}

/// Failing to write is the machine's fault; a batch that cannot be written is ours.
fn fault(error: ParquetError, io: &Errors) -> Fault {
    let io = io.lock().unwrap_or_else(PoisonError::into_inner).take();
    match io {
        Some(io) => Fault::new(Blame::Machine, io),
        None => Fault::new(Blame::Program, error),
    }
}

fn properties(schema: &SchemaRef, first: Option<&RecordBatch>) -> WriterProperties {
    let columns = schema.fields().len();
    let group_bytes = (columns * GROUP_BYTES_PER_COLUMN).clamp(GROUP_BYTES_MIN, GROUP_BYTES_MAX);
    let mut properties = WriterProperties::builder()
        .set_created_by("waystation".to_owned())
        .set_compression(Compression::SNAPPY)
        .set_dictionary_enabled(false)
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .set_offset_index_disabled(true)
        .set_max_row_group_row_count(Some(GROUP_ROWS))
        .set_max_row_group_bytes(Some(group_bytes));
    for (position, field) in schema.fields().iter().enumerate() {
        let path = ColumnPath::from(field.name().as_str());
        if first.is_some_and(|batch| repeats(batch.column(position).as_ref())) {
            properties = properties.set_column_dictionary_enabled(path, true);
        } else if field.data_type().is_floating() {
            // What looks random does not shrink, and lies between much the same bounds everywhere, so that no reader could pass any by.
            properties = properties
                .set_column_compression(path.clone(), Compression::UNCOMPRESSED)
                .set_column_statistics_enabled(path, EnabledStatistics::None);
        }
    }
    properties.build()
}

/// Whether the values of a column repeat so often that a dictionary of them pays.
fn repeats(column: &dyn Array) -> bool {
    let rows = column.len().min(SAMPLE_ROWS);
    let most = rows / REPEATS_MIN;
    // Of a column that does not repeat, the first values are too many already.
    [most + 1, rows].into_iter().all(|rows| {
        different(&column.slice(0, rows.min(column.len()))).is_some_and(|found| found <= most)
    })
}

/// How many different values there are; `None` where a dictionary never pays.
fn different(sample: &dyn Array) -> Option<usize> {
    let mut cells: Vec<u64> = match sample.data_type() {
        DataType::Utf8 => {
            let cells = sample.as_string::<i32>().iter().flatten();
            cells.map(|cell| xxh3_64(cell.as_bytes())).collect()
        }
        // Whatever the bytes mean: a loop for each type would make each binary larger by a hundredth.
        of => match of.primitive_width()? {
            1 => words::<1>(sample),
            2 => words::<2>(sample),
            4 => words::<4>(sample),
            8 => words::<8>(sample),
            _ => return None,
        },
    };
    cells.sort_unstable();
    cells.dedup();
    Some(cells.len())
}

/// The values of a type of so many bytes that are there.
fn words<const WIDTH: usize>(sample: &dyn Array) -> Vec<u64> {
    let data = sample.to_data();
    let bytes = data.buffers().first().map(Buffer::as_slice);
    let (values, _) = bytes.unwrap_or_default().as_chunks::<WIDTH>();
    let values = values.iter().skip(data.offset()).take(sample.len());
    let nulls = sample.nulls();
    let is_valid = |row| nulls.is_none_or(|nulls| nulls.is_valid(row));
    let values = values.enumerate().filter(|(row, _)| is_valid(*row));
    let word = |value: &[u8; WIDTH]| {
        let mut word = [0; 8];
        word[..WIDTH].copy_from_slice(value);
        u64::from_le_bytes(word)
    };
    values.map(|(_, value)| word(value)).collect()
}

#[cfg(test)]
mod tests;
