//! What a run shows.

/// What a run shows.
#[derive(Debug, Default)]
pub(crate) struct Progress {}

impl Progress {
    pub(crate) fn step(&self, _done: u64, _total: u64, _message: &str) {}
}
