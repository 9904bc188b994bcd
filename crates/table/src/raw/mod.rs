//! Files as they come from outside: what their rows say, before anybody asks whether it is right.
//!
//! [`open`] looks at the first bytes and the name, takes the format, and gives a [`RawReader`]: an iterator that cuts
//! the file into chunks of whole rows, in order and cheaply. [`RawChunk::parse`] splits a chunk into cells, the heavy
//! part, in any thread. Where the file is cut changes no row, no line number and no fault.
//!
//! ```no_run
//! # fn main() -> Result<(), stage::Fault> {
//! let reader = table::raw::open("raw/a.csv".as_ref(), &table::raw::Options::default())?;
//! let mut rows = 0;
//! table::ordered_map(reader, 2, |chunk| chunk.parse(), |batch| {
//!     rows += batch.num_rows();
//!     Ok(())
//! })
//! # }
//! ```
//!
//! The rules:
//!
//! - **Compression** (gzip, zstd), Parquet and Arrow are known by their first bytes, whatever the name. Text is JSON
//!   when it begins with a bracket and its name does not say otherwise, else delimited.
//! - **Delimited**: a quote opens a cell only at the cell's beginning; anywhere else it is plain text. A quote is
//!   doubled within a quoted cell. Lines end with LF or CRLF; with CR alone in files that have no LF. Empty lines are
//!   skipped. A row with another number of cells than there are columns is a row fault.
//! - **Names** of columns: blanks around them are dropped, an empty one becomes `column_N`, a repeated one gets `_2`,
//!   `_3`, …
//! - **JSON**: a record is an object; its keys are columns. Nested objects and arrays stay JSON text, as written. Of a
//!   key that occurs twice the last one counts. `NaN`, `Infinity` and `-Infinity` pass as numbers. In JSON Lines a line
//!   that is no record is a row fault; in an array a record that is none is, but brackets that do not close are the
//!   item's.
//! - **Encoding**: UTF-8 unless a byte order mark or the options say otherwise. A byte that is no text makes its row a
//!   row fault.
//! - **Limits** ([`Limits`]) are the item's fault.

mod batch;
mod content;
mod decode;
mod delimited;
mod dialect;
mod feed;
mod json;
mod limits;
mod mask;
mod names;
mod options;
mod plan;
mod sniff;
mod source;
mod split;
mod text;
mod transcode;
mod typed;
mod utf8;

#[cfg(test)]
mod tests;

use std::path::Path;
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use stage::{Fault, Item};

pub use batch::{Cell, Column, RawBatch, RowFault, Rule, TextBatch, TypedBatch};
pub use limits::Limits;
pub use options::{Format, Options};
pub use source::Source;

use content::Magic;
use feed::Place;
use text::{TextChunk, TextReader};
use typed::TypedReader;

/// How much text a chunk holds for each column, and at least and at most: about a thousand rows, so that what is done
/// once per chunk and column costs little beside, and not more than a core's cache holds, where it can be.
const CHUNK_BYTES_PER_COLUMN: usize = 8 << 10;
const CHUNK_BYTES_MIN: usize = 256 << 10;
const CHUNK_BYTES_MAX: usize = 8 << 20;

/// Opens a file from outside. Settings that cannot be (an unknown encoding) are the settings' fault, content that is
/// not what it should be is the item's.
pub fn open(path: &Path, options: &Options) -> Result<RawReader, Fault> {
    begin(path, None, options, None)
}

/// Opens an item. A small one that the stage has read already is not read again.
pub fn open_item(item: &Item, options: &Options) -> Result<RawReader, Fault> {
    begin(item.path(), item.content(), options, None)
}

#[cfg(test)]
fn open_in_chunks(
    path: &Path,
    options: &Options,
    chunk_bytes: Option<usize>,
) -> Result<RawReader, Fault> {
    begin(path, None, options, chunk_bytes)
}

fn begin(
    path: &Path,
    known: Option<&Arc<[u8]>>,
    options: &Options,
    chunk_bytes: Option<usize>,
) -> Result<RawReader, Fault> {
    options.check()?;
    let place = Place::new(path);
    let content = content::open(path, known, &place, &options.limits)?;
    let format = match content.magic {
        Magic::Text => {
            let (reader, source) = text::open(path, place, content, options)?;
            let chunk_bytes = chunk_bytes.unwrap_or_else(|| chunk_bytes_for(&reader));
            let reader = reader.in_chunks(chunk_bytes);
            return Ok(RawReader {
                source,
                columns: Arc::clone(&reader.plan.columns),
                inner: Inner::Text(reader),
            });
        }
        Magic::Parquet => Format::Parquet,
        Magic::ArrowFile | Magic::ArrowStream => Format::Arrow,
    };
    let source = Source {
        format,
        delimiter: None,
        header: false,
        old_newlines: false,
        encoding: "UTF-8",
        compression: content.compression,
    };
    if let Some(expected) = options.format.filter(|expected| *expected != format) {
        let expected = Source {
            format: expected,
            ..source.clone()
        };
        let message = format!("expected {expected}, found {source}");
        return Err(place.fault(Fault::item(message)));
    }
    let reader = TypedReader::open(path, place, content, &options.limits)?;
    let names = reader.schema.fields().iter();
    Ok(RawReader {
        source,
        columns: Arc::new(names.map(|field| field.name().clone()).collect()),
        inner: Inner::Typed(reader),
    })
}

fn chunk_bytes_for(reader: &TextReader) -> usize {
    let columns = reader.plan.columns.len();
    (columns * CHUNK_BYTES_PER_COLUMN).clamp(CHUNK_BYTES_MIN, CHUNK_BYTES_MAX)
}

/// Cuts a file into chunks of whole rows.
#[derive(Debug)]
pub struct RawReader {
    source: Source,
    columns: Arc<Vec<String>>,
    inner: Inner,
}

#[derive(Debug)]
enum Inner {
    Text(TextReader),
    Typed(TypedReader),
}

impl RawReader {
    /// What the file was taken for.
    pub fn source(&self) -> &Source {
        &self.source
    }

    /// The names of the columns. In JSON they are what the first records hold; a batch may have more
    /// ([`TextBatch::columns`]).
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// The columns with their types where the format has types (Parquet, Arrow).
    pub fn schema(&self) -> Option<&SchemaRef> {
        match &self.inner {
            Inner::Text(_) => None,
            Inner::Typed(reader) => Some(&reader.schema),
        }
    }
}

impl Iterator for RawReader {
    type Item = Result<RawChunk, Fault>;

    fn next(&mut self) -> Option<Self::Item> {
        Some(match &mut self.inner {
            Inner::Text(reader) => reader.next()?.map(Chunk::Text),
            Inner::Typed(reader) => {
                let rows = reader.next()?;
                rows.map(|(first_row, batch)| Chunk::Typed(first_row, batch))
            }
        })
        .map(|chunk| chunk.map(RawChunk))
    }
}

/// Some whole rows of a file, not yet split into cells.
#[derive(Debug)]
pub struct RawChunk(Chunk);

#[derive(Debug)]
enum Chunk {
    Text(TextChunk),
    Typed(u64, RecordBatch),
}

impl RawChunk {
    /// Splits the rows into cells. A limit exceeded is the item's fault; a row that cannot be split is among the
    /// batch's [`RowFault`]s.
    pub fn parse(self) -> Result<RawBatch, Fault> {
        match self.0 {
            Chunk::Text(chunk) => chunk.parse().map(RawBatch::Text),
            Chunk::Typed(first_row, batch) => Ok(RawBatch::Typed(TypedBatch { first_row, batch })),
        }
    }
}
