//! Files as they come from outside: what their rows say, before anybody asks whether it is right.
//!
//! [`open`] looks at the first bytes and the name, takes the format, and gives a [`RawReader`]: an iterator that cuts
//! the file into chunks of whole rows, in order and cheaply. [`RawChunk::parse`] splits a chunk into cells, the heavy
//! part, in any thread. Where the file is cut changes no row, no line number and no fault.
//!
//! ```no_run
//! # fn main() -> Result<(), stage::Fault> {
//! let reader = table::raw::open("raw/a.csv".as_ref(), &table::raw::Options::default())?;
//! table::ordered_map(reader, 2, |chunk| chunk.parse(), |batch| {
//!     assert!(batch.num_rows() > 0);
//!     Ok(())
//! })
//! # }
//! ```

mod batch;
mod limits;
mod options;
mod source;

use std::path::Path;

use stage::Fault;

pub use batch::{Cell, Column, RawBatch, RowFault, Rule, TextBatch, TypedBatch};
pub use limits::Limits;
pub use options::{Format, Options};
pub use source::Source;

/// Opens a file from outside. Settings that cannot be (an unknown encoding) are the settings' fault, content that is
/// not what it should be is the item's.
pub fn open(path: &Path, options: &Options) -> Result<RawReader, Fault> {
    let _ = (path, options);
    Ok(RawReader {
        source: Source::default(),
        columns: Vec::new(),
    })
}

/// Cuts a file into chunks of whole rows.
#[derive(Debug)]
pub struct RawReader {
    source: Source,
    columns: Vec<String>,
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
    pub fn schema(&self) -> Option<&arrow_schema::SchemaRef> {
        None
    }
}

impl Iterator for RawReader {
    type Item = Result<RawChunk, Fault>;

    fn next(&mut self) -> Option<Self::Item> {
        None
    }
}

/// Some whole rows of a file, not yet split into cells.
#[derive(Debug)]
pub struct RawChunk {}

impl RawChunk {
    /// Splits the rows into cells. A limit exceeded is the item's fault; a row that cannot be split is among the
    /// batch's [`RowFault`]s.
    pub fn parse(self) -> Result<RawBatch, Fault> {
        Err(Fault::item("empty"))
    }
}
