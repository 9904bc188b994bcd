//! What a Parquet file is read from.

use std::fs::File;
use std::io::{self, BufReader, Cursor, Read};
use std::os::unix::fs::FileExt;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use parquet::errors::ParquetError;
use parquet::file::reader::{ChunkReader, Length};
use stage::{Blame, Fault};

/// A page's header, which says how long the page is, is some tens of bytes.
const HEADER_BYTES: usize = 512;

/// Reads at any place, from several threads. Remembers an I/O error, which the decoder would turn into words.
#[derive(Clone)]
pub(super) struct Input {
    source: Source,
    error: Arc<Mutex<Option<io::Error>>>,
}

#[derive(Clone)]
pub(super) enum Source {
    File(Arc<File>),
    Bytes(Bytes),
}

impl Input {
    pub(super) fn new(source: Source) -> Self {
        Self {
            source,
            error: Arc::default(),
        }
    }

    /// Whose fault an error is: the machine's where reading failed, else the item's.
    pub(super) fn fault(&self, error: impl std::fmt::Display, place: &str) -> Fault {
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
        Ok(match &self.source {
            Source::File(file) => Box::new(BufReader::with_capacity(
                HEADER_BYTES,
                At {
                    file: Arc::clone(file),
                    place: start,
                },
            )),
            Source::Bytes(bytes) => {
                let start = usize::try_from(start).unwrap_or(usize::MAX);
                Box::new(Cursor::new(bytes.slice(bytes.len().min(start)..)))
            }
        })
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes, ParquetError> {
        let end = start.saturating_add(length as u64);
        if end > self.len() {
            let message = format!("ends at byte {}, expected {end}", self.len());
            return Err(ParquetError::EOF(message));
        }
        match &self.source {
            Source::File(file) => {
                let mut buffer = vec![0; length];
                file.read_exact_at(&mut buffer, start)
                    .map_err(|error| self.remember(error))?;
                Ok(buffer.into())
            }
            Source::Bytes(bytes) => {
                // Not more than there are, as was seen above.
                let start = usize::try_from(start).unwrap_or(usize::MAX);
                Ok(bytes.slice(start..start + length))
            }
        }
    }
}

/// Reads a file from a place on, with a cursor of its own.
struct At {
    file: Arc<File>,
    place: u64,
}

impl Read for At {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read_at(buffer, self.place)?;
        self.place += read as u64;
        Ok(read)
    }
}
