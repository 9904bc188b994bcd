//! What is being worked on, so that what hangs is noticed.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use crate::receipt::Phase;
use crate::workers::lock;

/// What is being worked on, and until when it may take.
#[derive(Debug, Default)]
pub(crate) struct Running(Mutex<BTreeMap<String, (Phase, Option<Instant>)>>);

impl Running {
    /// Enters a piece of work until the guard is dropped. Work that looks at its watch ends by itself; the time
    /// here is longer, for work that does not.
    pub(crate) fn enter(
        &self,
        phase: Phase,
        item: &str,
        timeout: Option<Duration>,
    ) -> RunningGuard<'_> {
        let grace = |timeout: Duration| (timeout / 4).max(Duration::from_secs(2));
        let until = timeout.map(|timeout| Instant::now() + timeout + grace(timeout));
        lock(&self.0).insert(item.to_owned(), (phase, until));
        RunningGuard {
            running: self,
            item: item.to_owned(),
        }
    }

    /// A piece of work whose time is long over.
    pub(crate) fn overdue(&self) -> Option<(Phase, String)> {
        let now = Instant::now();
        let running = lock(&self.0);
        let (item, (phase, _)) = running
            .iter()
            .find(|(_, (_, until))| until.is_some_and(|until| now > until))?;
        Some((*phase, item.clone()))
    }
}

/// Takes a piece of work off the list.
#[derive(Debug)]
pub(crate) struct RunningGuard<'a> {
    running: &'a Running,
    item: String,
}

impl Drop for RunningGuard<'_> {
    fn drop(&mut self) {
        lock(&self.running.0).remove(&self.item);
    }
}
