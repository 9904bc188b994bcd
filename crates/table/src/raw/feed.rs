//! The bytes of a text file, decompressed and decoded, as far as they are read but not yet cut into chunks.

use std::fmt;
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;

use stage::{Blame, Fault};

use super::limits;

/// What is read from when, and from which file: for messages.
#[derive(Clone, Debug)]
pub(crate) struct Place(Arc<str>);

impl Place {
    pub(crate) fn new(path: &Path) -> Self {
        Self(path.display().to_string().into())
    }

    /// ``raw/a.csv: …``
    pub(crate) fn fault(&self, fault: Fault) -> Fault {
        fault.context(self.0.clone())
    }

    /// ``raw/a.csv:17: …``
    pub(crate) fn fault_at(&self, line: u64, fault: Fault) -> Fault {
        fault.context(format!("{}:{line}", self.0))
    }

    /// Says of a reading error whose fault it is: what the system tells is the machine's, what a decoder tells is
    /// the item's.
    pub(crate) fn read_error(&self, error: io::Error) -> Fault {
        if error.raw_os_error().is_some() {
            let context = format!("failed to read file `{}`", self.0);
            return Fault::new(Blame::Machine, error).context(context);
        }
        if let Some(limit) = error
            .get_ref()
            .and_then(|inner| inner.downcast_ref::<Limit>())
        {
            return self.fault(limits::exceeded(&limit.message, limit.name));
        }
        self.fault(Fault::new(Blame::Item, error))
    }
}

/// A limit that a decoder met, on its way through an I/O error.
#[derive(Debug)]
pub(crate) struct Limit {
    pub(crate) name: &'static str,
    pub(crate) message: String,
}

impl fmt::Display for Limit {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl std::error::Error for Limit {}

/// A stream of text with what is read ahead of it.
pub(crate) struct Feed {
    stream: Box<dyn Read + Send>,
    place: Place,
    /// Read, not yet taken.
    pub(crate) pending: Vec<u8>,
    /// Whether `pending` is all that is left.
    pub(crate) ended: bool,
    /// The line on which `pending` begins, from 1.
    pub(crate) line: u64,
    /// What ends a line.
    pub(crate) newline: u8,
    /// How many bytes are left at most, where it is known: spares small files a large buffer.
    left: Option<u64>,
}

impl Feed {
    pub(crate) fn new(stream: Box<dyn Read + Send>, place: Place, left: Option<u64>) -> Self {
        Self {
            stream,
            place,
            pending: Vec::new(),
            ended: false,
            line: 1,
            newline: b'\n',
            left,
        }
    }

    pub(crate) fn place(&self) -> &Place {
        &self.place
    }

    /// Reads until so many bytes are pending or the stream ends.
    pub(crate) fn fill(&mut self, target: usize) -> Result<(), Fault> {
        let Some(missing) = target
            .checked_sub(self.pending.len())
            .filter(|missing| *missing > 0 && !self.ended)
        else {
            return Ok(());
        };
        // One byte more than is left, so that the end is seen without another buffer.
        let expected = self.left.map_or(missing as u64, |left| left + 1);
        self.pending
            .reserve_exact(missing.min(usize::try_from(expected).unwrap_or(missing)));
        let read = (&mut self.stream)
            .take(missing as u64)
            .read_to_end(&mut self.pending)
            .map_err(|error| self.place.read_error(error))?;
        self.ended = read < missing;
        self.left = self.left.map(|left| left.saturating_sub(read as u64));
        Ok(())
    }

    /// Takes the first bytes, and counts their lines.
    pub(crate) fn take(&mut self, length: usize) -> Vec<u8> {
        let rest = self.pending.split_off(length);
        let taken = std::mem::replace(&mut self.pending, rest);
        self.line += count(self.newline, &taken);
        taken
    }

    /// Drops the first bytes, and counts their lines.
    pub(crate) fn skip(&mut self, length: usize) {
        self.line += count(self.newline, &self.pending[..length]);
        self.pending.drain(..length);
    }
}

impl fmt::Debug for Feed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Feed({}:{})", self.place.0, self.line)
    }
}

/// How many times a byte occurs.
pub(crate) fn count(byte: u8, bytes: &[u8]) -> u64 {
    memchr::memchr_iter(byte, bytes).count() as u64
}
