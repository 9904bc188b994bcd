//! Files that have types of their own: Parquet and Arrow IPC.

use std::fs::File;
use std::io::{BufReader, ErrorKind, Read};
use std::path::Path;

use arrow_array::RecordBatch;
use arrow_ipc::reader::{FileReader, StreamReader};
use arrow_schema::{ArrowError, SchemaRef};
use bytes::Bytes;
use stage::Fault;

use super::content::{Content, Magic, Stream};
use super::feed::Place;
use super::limits::{Limits, exceeded};
use crate::BATCH_ROWS;
use crate::normal::Normal;
use crate::parallel::caught_item;
use crate::reader::Reader;

type Batches<T> = dyn Iterator<Item = Result<T, ArrowError>> + Send;

/// Reads a file with types as record batches.
pub(crate) struct TypedReader {
    batches: Inner,
    pub(crate) schema: SchemaRef,
    place: Place,
    rows: u64,
    /// What is left of a batch that was longer than ours are.
    rest: Option<RecordBatch>,
}

enum Inner {
    Parquet(Box<Reader>),
    Arrow(Box<Batches<RecordBatch>>, Normal),
}

impl TypedReader {
    pub(crate) fn open(
        path: &Path,
        place: Place,
        content: Content,
        limits: &Limits,
    ) -> Result<Self, Fault> {
        let parquet = content.magic == Magic::Parquet;
        let file = content.magic != Magic::ArrowStream;
        let (batches, schema) = match content.stream {
            Stream::Plain(_) if parquet => parquet_parts(Reader::open(path)?),
            Stream::Passing(stream) if parquet => {
                let bytes = whole(stream, limits, &place)?;
                parquet_parts(Reader::from_bytes(bytes, path)?)
            }
            Stream::Plain(mut plain) if file => {
                rewind(&mut plain, &place)?;
                let buffered = BufReader::new(plain);
                arrow_parts(caught_item(|| Ok(arrow_file(buffered))), &place)?
            }
            Stream::Passing(stream) if file => {
                let bytes = std::io::Cursor::new(whole(stream, limits, &place)?);
                arrow_parts(caught_item(|| Ok(arrow_file(bytes))), &place)?
            }
            Stream::Plain(plain) => {
                let buffered = BufReader::new(plain);
                arrow_parts(caught_item(|| Ok(arrow_stream(buffered))), &place)?
            }
            Stream::Passing(stream) => {
                let buffered = BufReader::new(stream);
                arrow_parts(caught_item(|| Ok(arrow_stream(buffered))), &place)?
            }
        };
        if schema.fields().len() > limits.columns {
            let (found, most) = (schema.fields().len(), limits.columns);
            let message = format!("{found} columns, more than {most}");
            return Err(place.fault(exceeded(message, "columns")));
        }
        Ok(Self {
            batches,
            schema,
            place,
            rows: 0,
            rest: None,
        })
    }

    fn read(&mut self) -> Option<Result<RecordBatch, Fault>> {
        match &mut self.batches {
            Inner::Parquet(reader) => reader.next(),
            Inner::Arrow(batches, normal) => {
                let batch = match caught_item(|| Ok(batches.next())) {
                    Ok(batch) => batch?,
                    Err(fault) => return Some(Err(self.place.fault(fault))),
                };
                let batch = batch.map_err(|error| arrow_error(error, &self.place));
                let normal = |batch: RecordBatch| {
                    let batch = normal.batch(batch.num_rows(), batch.columns().to_vec());
                    batch.map_err(|fault| self.place.fault(fault))
                };
                Some(batch.and_then(normal))
            }
        }
    }
}

impl Iterator for TypedReader {
    /// The number of the first row, and the rows.
    type Item = Result<(u64, RecordBatch), Fault>;

    fn next(&mut self) -> Option<Self::Item> {
        let batch = match self.rest.take() {
            Some(rest) => rest,
            None => match self.read()? {
                Ok(batch) => batch,
                Err(fault) => return Some(Err(fault)),
            },
        };
        let length = batch.num_rows().min(BATCH_ROWS);
        if length < batch.num_rows() {
            self.rest = Some(batch.slice(length, batch.num_rows() - length));
        }
        let first_row = self.rows;
        self.rows += length as u64;
        Some(Ok((first_row, batch.slice(0, length))))
    }
}

impl std::fmt::Debug for TypedReader {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            formatter,
            "TypedReader({:?}, row {})",
            self.place, self.rows
        )
    }
}

fn parquet_parts(reader: Reader) -> (Inner, SchemaRef) {
    let schema = reader.schema().clone();
    (Inner::Parquet(Box::new(reader)), schema)
}

type Opened = Result<(SchemaRef, Box<Batches<RecordBatch>>), ArrowError>;

fn arrow_file(reader: impl Read + std::io::Seek + Send + 'static) -> Opened {
    let reader = FileReader::try_new(reader, None)?;
    Ok((reader.schema(), Box::new(reader)))
}

fn arrow_stream(reader: impl Read + Send + 'static) -> Opened {
    let reader = StreamReader::try_new(reader, None)?;
    Ok((reader.schema(), Box::new(reader)))
}

fn arrow_parts(opened: Result<Opened, Fault>, place: &Place) -> Result<(Inner, SchemaRef), Fault> {
    let opened = opened.map_err(|fault| place.fault(fault))?;
    let (schema, batches) = opened.map_err(|error| arrow_error(error, place))?;
    let normal = Normal::new(&schema).map_err(|fault| place.fault(fault))?;
    let schema = normal.schema().clone();
    Ok((Inner::Arrow(batches, normal), schema))
}

fn arrow_error(error: ArrowError, place: &Place) -> Fault {
    match error {
        // Seeking before the beginning of a file that is too short is no failing disk.
        ArrowError::IoError(_, error) if error.kind() != ErrorKind::InvalidInput => {
            place.read_error(error)
        }
        other => place.fault(Fault::item(format!("not a whole Arrow file: {other}"))),
    }
}

fn rewind(file: &mut File, place: &Place) -> Result<(), Fault> {
    use std::io::Seek;
    file.rewind().map_err(|error| place.read_error(error))
}

/// All of a decompressed file, for formats that are read from their end.
fn whole(stream: Box<dyn Read + Send>, limits: &Limits, place: &Place) -> Result<Bytes, Fault> {
    let mut bytes = Vec::new();
    let most = limits.whole_bytes;
    stream
        .take(most + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| place.read_error(error))?;
    if bytes.len() as u64 > most {
        let message = format!("more than {most} bytes when decompressed");
        let hint = "decompress the file first, or raise `limits.whole_bytes`";
        return Err(place.fault(Fault::item(message).hint(hint)));
    }
    Ok(bytes.into())
}
