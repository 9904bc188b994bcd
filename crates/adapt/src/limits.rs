//! How much memory and disk a program may take.

use std::cell::Cell;
use std::path::Path;
use std::time::{Duration, Instant};

use stage::{Blame, Fault};

use crate::bytes::Bytes;
use crate::outputs::bytes_below;

/// How often a running program's output is measured.
const MEASURE_EVERY: Duration = Duration::from_millis(500);

/// How much a program may take.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Limits {
    pub(crate) memory: Option<Bytes>,
    pub(crate) output: Option<Bytes>,
}

impl Limits {
    /// Refuses limits that this system cannot set.
    pub(crate) fn check(self) -> Result<Self, Fault> {
        if self.memory.is_some() && !cfg!(target_os = "linux") {
            let message = "`--memory-limit` needs Linux";
            return Err(Fault::message(Blame::Usage, message));
        }
        Ok(self)
    }

    /// What is to be said of an output that is too large.
    pub(crate) fn too_much(self, program: &str) -> Option<Fault> {
        let limit = self.output?;
        let message = format!("`{program}` wrote more than the {limit} of `--output-limit`");
        Some(Fault::message(Blame::Limit, message))
    }
}

/// Measures the output of a running program now and then.
#[derive(Debug)]
pub(crate) struct Meter<'a> {
    limits: Limits,
    output: &'a Path,
    due: Cell<Instant>,
}

impl<'a> Meter<'a> {
    pub(crate) fn new(limits: Limits, output: &'a Path) -> Self {
        Self {
            limits,
            output,
            due: Cell::new(Instant::now() + MEASURE_EVERY),
        }
    }

    /// Fails when the output is too large, if it is time to look.
    pub(crate) fn check(&self, program: &str) -> Result<(), Fault> {
        if self.limits.output.is_none() || Instant::now() < self.due.get() {
            return Ok(());
        }
        self.due.set(Instant::now() + MEASURE_EVERY);
        self.check_now(program)
    }

    /// Fails when the output is too large.
    pub(crate) fn check_now(&self, program: &str) -> Result<(), Fault> {
        let Some(Bytes(limit)) = self.limits.output else {
            return Ok(());
        };
        match self.limits.too_much(program) {
            Some(fault) if bytes_below(self.output) > limit => Err(fault),
            _ => Ok(()),
        }
    }
}

/// How many processes the kernel has killed for want of memory: in our own control group, where it tells, else on the
/// machine.
pub(crate) fn killed_for_memory() -> u64 {
    let group = std::fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    let group = group
        .lines()
        .find_map(|line| line.strip_prefix("0::"))
        .unwrap_or("/");
    let events = format!(
        "/sys/fs/cgroup{}/memory.events",
        group.trim_end_matches('/')
    );
    [events.as_str(), "/proc/vmstat"]
        .iter()
        .find_map(|file| count(&std::fs::read_to_string(file).ok()?))
        .unwrap_or(0)
}

fn count(text: &str) -> Option<u64> {
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix("oom_kill "))?;
    line.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_count_is_read() {
        assert_eq!(count("low 0\noom 3\noom_kill 2\n"), Some(2));
        assert_eq!(count("nr_free_pages 17\n"), None);
        assert_eq!(killed_for_memory(), killed_for_memory());
    }
}
