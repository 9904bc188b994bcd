//! What went wrong with a file that a library reads or writes.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

/// The I/O error that a library has turned into words: with it one knows that the machine is to blame. Clones are one.
#[derive(Clone, Debug, Default)]
pub(crate) struct IoError(Arc<Mutex<Option<io::Error>>>);

impl IoError {
    /// Keeps an error; gives one to hand to the library in its place.
    pub(crate) fn keep(&self, error: io::Error) -> io::Error {
        let told = io::Error::new(error.kind(), error.to_string());
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
        told
    }

    /// The error, if there was one.
    pub(crate) fn take(&self) -> Option<io::Error> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}
