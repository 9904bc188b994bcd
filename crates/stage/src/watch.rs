//! When to stop: a signal, or the end of the time an item may take.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::flag::{register, register_conditional_shutdown, register_usize};

use crate::fault::{Blame, Fault};

/// The signals that ask a run to stop.
pub const STOP_SIGNALS: [i32; 3] = [SIGINT, SIGTERM, SIGHUP];

/// The signal that asked the run to stop, or zero.
#[derive(Clone, Debug, Default)]
pub(crate) struct Stop(Arc<AtomicUsize>);

impl Stop {
    /// Listens to the signals that ask a run to stop. The first is remembered; a second ends the process at once,
    /// which leaves a partial that the next run resumes.
    pub(crate) fn on_signals(&self) -> io::Result<()> {
        for signal in STOP_SIGNALS {
            let twice = Arc::new(AtomicBool::new(false));
            register_conditional_shutdown(signal, 128 + signal, Arc::clone(&twice))?;
            register(signal, twice)?;
            register_usize(
                signal,
                Arc::clone(&self.0),
                usize::try_from(signal).unwrap_or(0),
            )?;
        }
        Ok(())
    }

    /// The signal, if there was one.
    pub(crate) fn signal(&self) -> Option<i32> {
        i32::try_from(self.0.load(Ordering::SeqCst))
            .ok()
            .filter(|signal| *signal != 0)
    }

    /// Waits, but no longer than until a signal comes.
    pub(crate) fn wait(&self, time: Duration) -> Result<(), Fault> {
        const SLICE: Duration = Duration::from_millis(50);
        let end = Instant::now() + time;
        loop {
            self.check()?;
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(());
            }
            std::thread::sleep(left.min(SLICE));
        }
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
pub fn signal_name(signal: i32) -> String {
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
