//! Writing an item.

mod groups;

use std::io::Write;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::{Array, RecordBatch, UInt32Array};
use arrow_buffer::Buffer;
use arrow_schema::{DataType, SchemaRef};
use parquet::basic::Compression;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnPath;
use stage::{Blame, Fault};
use xxhash_rust::xxh3::xxh3_64;

use groups::{RowGroups, Rows};

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
    threads: usize,
}

enum State<W: Write + Send> {
    /// Nothing was written: how to encode depends on the first batch.
    Waiting(Option<W>),
    Writing(Box<RowGroups<W>>),
}

impl<W: Write + Send> Writer<W> {
    /// Begins a file with these columns.
    pub fn new(sink: W, schema: &SchemaRef) -> Self {
        Self {
            state: State::Waiting(Some(sink)),
            schema: Arc::clone(schema),
            threads: 1,
        }
    }

    /// From here on encodes the columns on so many threads.
    #[must_use]
    pub fn threads(self, threads: usize) -> Self {
        Self { threads, ..self }
    }

    /// Writes a batch. Its columns must be those the file began with.
    pub fn write(&mut self, batch: &RecordBatch) -> Result<(), Fault> {
        self.add(batch, None)
    }

    /// Writes some rows of a batch, by their numbers within it, as [`Writer::write`] would.
    pub fn write_rows(&mut self, batch: &RecordBatch, rows: UInt32Array) -> Result<(), Fault> {
        self.add(batch, Some(rows))
    }

    fn add(&mut self, batch: &RecordBatch, chosen: Option<UInt32Array>) -> Result<(), Fault> {
        if batch.schema_ref().fields() != self.schema.fields() {
            crate::columns::check_same(&self.schema, batch.schema_ref())
                .map_err(|fault| Fault::new(Blame::Program, fault.error))?;
        }
        let (threads, batch) = (self.threads, batch.clone());
        let rows = Rows { batch, chosen };
        self.begin(Some(&rows))?.write(rows, threads)
    }

    /// Writes the footer and gives the sink back.
    pub fn finish(mut self) -> Result<W, Fault> {
        self.begin(None)?;
        match self.state {
            State::Writing(groups) => groups.finish(self.threads),
            State::Waiting(_) => Err(lost()),
        }
    }

    fn begin(&mut self, first: Option<&Rows>) -> Result<&mut RowGroups<W>, Fault> {
        if let State::Waiting(sink) = &mut self.state {
            let sink = sink.take().ok_or_else(lost)?;
            let properties = properties(&self.schema, first)?;
            let groups = RowGroups::new(sink, &self.schema, properties)?;
            self.state = State::Writing(Box::new(groups));
        }
        match &mut self.state {
            State::Writing(groups) => Ok(groups),
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

fn properties(schema: &SchemaRef, first: Option<&Rows>) -> Result<WriterProperties, Fault> {
    let mut properties = WriterProperties::builder()
        .set_created_by("waystation".to_owned())
        .set_compression(Compression::SNAPPY)
        .set_dictionary_enabled(false)
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .set_offset_index_disabled(true);
    for (position, field) in schema.fields().iter().enumerate() {
        let path = ColumnPath::from(field.name().as_str());
        let sample = first.map(|rows| rows.column(position, 0, rows.len().min(SAMPLE_ROWS)));
        if sample.transpose()?.is_some_and(|sample| repeats(&sample)) {
            properties = properties.set_column_dictionary_enabled(path, true);
        } else if field.data_type().is_floating() {
            // What looks random does not shrink, and lies between much the same bounds everywhere, so that no reader could pass any by.
            properties = properties
                .set_column_compression(path.clone(), Compression::UNCOMPRESSED)
                .set_column_statistics_enabled(path, EnabledStatistics::None);
        }
    }
    Ok(properties.build())
}

/// Whether the first values of a column repeat so often that a dictionary of all pays.
fn repeats(sample: &dyn Array) -> bool {
    let most = sample.len() / REPEATS_MIN;
    // Of values that do not repeat, some of them are too many already.
    [most + 1, sample.len()].into_iter().all(|rows| {
        let some = sample.slice(0, rows.min(sample.len()));
        different(&some).is_some_and(|found| found <= most)
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
