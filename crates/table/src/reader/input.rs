//! What a Parquet file is read from.

use std::fs::File;
use std::io::{self, BufReader, Cursor, Read};
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use bytes::Bytes;
use parquet::errors::ParquetError;
use parquet::file::reader::{ChunkReader, Length};
use stage::{Blame, Fault};

use crate::io_error::IoError;

/// A page's header, which says how long the page is, is some tens of bytes.
const HEADER_BYTES: usize = 512;

/// Reads at any place, from several threads.
#[derive(Clone)]
pub(super) struct Input {
    source: Source,
    error: IoError,
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
            error: IoError::default(),
        }
    }

    /// Whose fault an error is: the machine's where reading failed, else the item's.
    pub(super) fn fault(&self, error: impl std::fmt::Display, place: &str) -> Fault {
        match self.error.take() {
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
                    error: self.error.clone(),
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
                    .map_err(|error| ParquetError::General(kept(&self.error, error).to_string()))?;
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
    error: IoError,
}

impl Read for At {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read_at(buffer, self.place);
        let read = read.map_err(|error| kept(&self.error, error))?;
        self.place += read as u64;
        Ok(read)
    }
}

/// Keeps what the machine says. That a file is too short is the item's fault, and who was interrupted tries again.
fn kept(kept: &IoError, error: io::Error) -> io::Error {
    if error.raw_os_error().is_some() && error.kind() != io::ErrorKind::Interrupted {
        kept.keep(error)
    } else {
        error
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn input(path: &std::path::Path) -> Input {
        Input::new(Source::File(Arc::new(File::open(path).unwrap())))
    }

    #[test]
    fn the_machine_is_to_blame_where_a_file_cannot_be_read() {
        let directory = tempfile::tempdir().unwrap();
        let header = |input: &Input| {
            let mut read = input.get_read(0).unwrap();
            read.read_exact(&mut [0; 8]).unwrap_err()
        };
        // A directory can be opened, and not be read.
        let input_of_directory = input(directory.path());
        let told = header(&input_of_directory);
        let fault = input_of_directory.fault(told, "a");
        assert_eq!(fault.blame, Blame::Machine, "{fault}");

        let path = directory.path().join("b");
        fs_err::write(&path, "PAR1").unwrap();
        let input_of_file = input(&path);
        let told = header(&input_of_file);
        let fault = input_of_file.fault(told, "b");
        assert_eq!(fault.blame, Blame::Item, "{fault}");
    }
}
