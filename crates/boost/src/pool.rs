//! The threads that work together on one training.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::error::Error;

/// A number of threads. What they compute never depends on how many they are.
#[derive(Clone)]
pub struct Pool {
    shared: Arc<Shared>,
}

struct Shared {
    threads: rayon::ThreadPool,
    /// Held by who keeps all threads awake: two might each wait for a thread that is kept by the other.
    awake: Mutex<()>,
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
        let awake = Mutex::new(());
        Ok(Self {
            shared: Arc::new(Shared { threads, awake }),
        })
    }

    /// How many threads.
    #[must_use]
    pub fn threads(&self) -> usize {
        self.shared.threads.current_num_threads()
    }

    /// Runs `work` with its parallel parts on these threads.
    pub(crate) fn install<R: Send>(&self, work: impl FnOnce() -> R + Send) -> R {
        self.shared.threads.install(work)
    }

    /// The same for work in many short parts: all threads stay awake for their share of them, as to be woken takes long.
    pub(crate) fn install_awake<R: Send>(&self, work: impl FnOnce() -> R + Send) -> R {
        let awake = self.shared.awake.lock();
        let _alone = awake.unwrap_or_else(PoisonError::into_inner);
        self.install(|| {
            let ended = AtomicBool::new(false);
            let own = rayon::current_thread_index();
            rayon::in_place_scope(|scope| {
                let _ended = Ended(&ended);
                scope.spawn_broadcast(|_, _| {
                    while rayon::current_thread_index() != own && !ended.load(Ordering::Acquire) {
                        help_once();
                    }
                });
                work()
            })
        })
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool")
            .field("threads", &self.threads())
            .finish()
    }
}

/// Does two pieces of work, the second on another thread if one has nothing to do; `second` is told whether it is on another.
/// Unlike [`rayon::join`] it never goes to sleep: who did for so short a time would be woken too late.
pub(crate) fn join(first: impl FnOnce(), second: impl FnOnce(bool) + Send) {
    let ended = AtomicBool::new(false);
    let own = rayon::current_thread_index();
    rayon::in_place_scope(|scope| {
        scope.spawn(|_| {
            let _ended = Ended(&ended);
            second(rayon::current_thread_index() != own);
        });
        first();
        while !ended.load(Ordering::Acquire) {
            help_once();
        }
    });
}

/// Dropped, also by a panic: says that the work is at its end.
struct Ended<'a>(&'a AtomicBool);

impl Drop for Ended<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}

/// Does a piece of another thread's work, if there is any.
pub(crate) fn help() -> bool {
    rayon::yield_now() == Some(rayon::Yield::Executed)
}

/// The same; if there is none, gives the processor to another program.
pub(crate) fn help_once() {
    if !help() {
        std::thread::yield_now();
    }
}
