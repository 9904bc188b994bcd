//! When to stop: a signal, or the end of the time an item may take.

use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};
use std::time::{Duration, Instant};

use crate::fault::{Blame, Fault};

/// The signal that asked the run to stop, or zero.
#[derive(Clone, Debug, Default)]
pub(crate) struct Stop(Arc<AtomicI32>);

impl Stop {
    /// Remembers the first signal.
    pub(crate) fn ask(&self, signal: i32) {
        let _ = self
            .0
            .compare_exchange(0, signal, Ordering::SeqCst, Ordering::SeqCst);
    }

    /// The signal, if there was one.
    pub(crate) fn signal(&self) -> Option<i32> {
        Some(self.0.load(Ordering::SeqCst)).filter(|signal| *signal != 0)
    }

    pub(crate) fn check(&self) -> Result<(), Fault> {
        self.signal().map_or(Ok(()), |signal| {
            Err(Fault::message(
                Blame::Signal(signal),
                format!("stopped by {}", signal_name(signal)),
            ))
        })
    }
}

/// `SIGINT` rather than 2.
pub(crate) fn signal_name(signal: i32) -> String {
    signal_hook::low_level::signal_name(signal)
        .map_or_else(|| format!("signal {signal}"), str::to_owned)
}

/// What one piece of work looks at between its steps.
#[derive(Clone, Debug, Default)]
pub(crate) struct Watch {
    pub(crate) stop: Stop,
    pub(crate) deadline: Option<(Instant, Duration)>,
}

impl Watch {
    pub(crate) fn new(stop: &Stop, timeout: Option<Duration>) -> Self {
        let deadline = timeout.map(|timeout| (Instant::now() + timeout, timeout));
        Self {
            stop: stop.clone(),
            deadline,
        }
    }

    pub(crate) fn check(&self) -> Result<(), Fault> {
        self.stop.check()?;
        match self.deadline {
            Some((deadline, timeout)) if Instant::now() >= deadline => Err(timed_out(timeout)),
            _ => Ok(()),
        }
    }
}

pub(crate) fn timed_out(timeout: Duration) -> Fault {
    let timeout = humantime::format_duration(timeout);
    Fault::message(
        Blame::Machine,
        format!("took longer than the {timeout} of `--timeout`"),
    )
}
