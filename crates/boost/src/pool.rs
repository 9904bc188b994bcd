//! The threads that work together on one training.

use std::fmt;
use std::sync::Arc;

use crate::error::Error;

/// A number of threads. What they compute never depends on how many they are.
#[derive(Clone)]
pub struct Pool {
    threads: Arc<rayon::ThreadPool>,
}

impl Pool {
    /// Starts `threads` threads; 0 counts as 1.
    ///
    /// # Errors
    ///
    /// The system gave no more threads.
    pub fn new(threads: usize) -> Result<Self, Error> {
        let threads = rayon::ThreadPoolBuilder::new()
            .num_threads(threads.max(1))
            .thread_name(|index| format!("boost-{index}"))
            .build()
            .map_err(|error| Error::Data(format!("failed to start threads: {error}")))?;
        Ok(Self {
            threads: Arc::new(threads),
        })
    }

    /// How many threads.
    #[must_use]
    pub fn threads(&self) -> usize {
        self.threads.current_num_threads()
    }

    /// Runs `work` with its parallel parts on these threads.
    pub(crate) fn install<R: Send>(&self, work: impl FnOnce() -> R + Send) -> R {
        self.threads.install(work)
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool")
            .field("threads", &self.threads())
            .finish()
    }
}
