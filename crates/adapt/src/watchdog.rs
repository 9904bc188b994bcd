//! A process that outlives `adapt` by a moment: when `adapt` is killed, it ends the programs that are left.
//!
//! It is `adapt` itself, started with a pipe as stdin. The end of that pipe is the death of `adapt`, however it came
//! about: nothing else is told to a parent's children on every system.

use std::collections::BTreeSet;
use std::io::{self, BufRead, Write};
use std::process::{Child, ChildStdin, Command, ExitCode, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rustix::process::{Pid, Signal, kill_process_group};
use stage::Fault;

/// The argument that makes an `adapt` a watchdog.
const ARGUMENT: &str = "--watchdog";

/// Whether this process was started as a watchdog.
pub(crate) fn is_asked_for() -> bool {
    std::env::args_os()
        .nth(1)
        .is_some_and(|first| first == ARGUMENT)
}

/// Listens to which process groups are under way, `+17` and `-17`, until the pipe ends; then kills those left.
pub(crate) fn watch() -> ExitCode {
    let mut groups = BTreeSet::new();
    for line in io::stdin().lock().lines().map_while(Result::ok) {
        let (sign, number) = line.split_at_checked(1).unwrap_or_default();
        let group = number.parse().ok().and_then(Pid::from_raw);
        match (sign, group) {
            ("+", Some(group)) => groups.insert(group.as_raw_nonzero()),
            (_, Some(group)) => groups.remove(&group.as_raw_nonzero()),
            _ => continue,
        };
    }
    for group in groups {
        if let Some(group) = Pid::from_raw(group.get()) {
            // It may have ended by itself.
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
    ExitCode::SUCCESS
}

/// The watchdog of this process, started when the first program is.
#[derive(Debug, Default)]
pub(crate) struct Watchdog(Mutex<Option<(Child, ChildStdin)>>);

impl Watchdog {
    /// Starts the watchdog if it is not there yet, so that no program is ever without it.
    pub(crate) fn be_ready(&self) -> Result<(), Fault> {
        let mut started = self.lock();
        if started.is_none() {
            *started = Some(start()?);
        }
        Ok(())
    }

    /// Has a process group watched until the guard is dropped.
    pub(crate) fn guard(&self, group: Pid) -> Result<Guard<'_>, Fault> {
        self.tell('+', group)?;
        Ok(Guard {
            watchdog: self,
            group,
        })
    }

    fn tell(&self, sign: char, group: Pid) -> io::Result<()> {
        let line = format!("{sign}{}\n", group.as_raw_nonzero());
        let mut started = self.lock();
        if let Some((_, pipe)) = started.as_mut()
            && pipe.write_all(line.as_bytes()).is_ok()
        {
            return Ok(());
        }
        // None yet, or somebody has ended it.
        let (_, pipe) = started.insert(start()?);
        pipe.write_all(line.as_bytes())
    }

    fn lock(&self) -> MutexGuard<'_, Option<(Child, ChildStdin)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        if let Some((mut watchdog, pipe)) = self.lock().take() {
            drop(pipe);
            let _ = watchdog.wait();
        }
    }
}

/// Starts the watchdog, in a process group of its own so that what kills ours spares it.
fn start() -> io::Result<(Child, ChildStdin)> {
    use std::os::unix::process::CommandExt;
    let mut watchdog = Command::new(std::env::current_exe()?)
        .arg(ARGUMENT)
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn()?;
    let pipe = watchdog
        .stdin
        .take()
        .ok_or_else(|| io::Error::other("the watchdog has no pipe"))?;
    Ok((watchdog, pipe))
}

/// Has a process group watched.
#[derive(Debug)]
pub(crate) struct Guard<'a> {
    watchdog: &'a Watchdog,
    group: Pid,
}

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        let _ = self.watchdog.tell('-', self.group);
    }
}
