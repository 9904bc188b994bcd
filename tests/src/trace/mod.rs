//! Runs a command so that a watcher sees each system call that changes the file system before it is made, and may
//! let it go, fail it, or kill the process instead.
//!
//! This is what `strace -e inject=` does, but for one thing: strace counts calls per thread and per name, and a stage
//! works with several threads, so no set of its options reaches every call. Here the calls of all threads are one
//! sequence. Programs that the command starts are not watched; they live on when it is killed, as they would.

mod call;
mod clock;
mod memory;
mod table;

use std::collections::HashMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::ptrace;
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;

use crate::command::{Command, Ended};

pub use call::{Call, Content};
pub use clock::Clock;

/// An error number, as a system call returns it.
pub type Error = Errno;

/// Longer than any run of a small project takes under the eyes of a watcher.
const PATIENCE: Duration = Duration::from_secs(120);

/// What becomes of a system call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is made.
    Go,
    /// It is not made and returns this error.
    Fail(Errno),
    /// It is not made: the process is killed.
    Kill,
}

/// Sees each call that changes the file system.
pub trait Watcher {
    /// Before it is made.
    fn before(&mut self, call: &Call) -> Verdict;

    /// After it was made, with what it returned.
    fn after(&mut self, _call: &Call, _result: i64) {}
}

impl<F: FnMut(&Call) -> Verdict> Watcher for F {
    fn before(&mut self, call: &Call) -> Verdict {
        self(call)
    }
}

impl Command {
    /// Runs it to its end; the watcher sees each call that changes something below a directory.
    #[track_caller]
    pub fn watched(&self, below: &Path, watcher: &mut dyn Watcher) -> Ended {
        self.watched_by_clock(below, Clock::Right, watcher)
    }

    /// The same, with another clock.
    #[track_caller]
    pub fn watched_by_clock(&self, below: &Path, clock: Clock, watcher: &mut dyn Watcher) -> Ended {
        match Tracer::run(self, below, clock, watcher) {
            Ok(ended) => ended,
            Err(error) => panic!("failed to watch {self:?}: {error}"),
        }
    }
}

/// Whether processes may be watched here. Where they may not, says aloud that a suite is skipped; slow suites must run.
pub fn watching_or_skip(suite: &str) -> bool {
    let tried = Tracer::run(
        &Command::new("true"),
        Path::new("/nowhere"),
        Clock::Right,
        &mut |_: &Call| Verdict::Go,
    );
    let Err(error) = tried else { return true };
    let required = std::env::var_os("WAYSTATION_SLOW").is_some_and(|value| value == "1");
    assert!(!required, "processes cannot be watched here: {error}");
    crate::command::say(&format!(
        "skipped: {suite} (processes cannot be watched here: {error})"
    ));
    false
}

/// A process under watch. It must be made and run by one thread, and dies with it.
struct Tracer<'a> {
    leader: Pid,
    below: PathBuf,
    watcher: &'a mut dyn Watcher,
    clock: Clock,
    /// Calls that threads are in, with the error they are to return.
    inside: HashMap<Pid, (Call, Option<Errno>)>,
    armed: bool,
}

impl<'a> Tracer<'a> {
    fn run(
        command: &Command,
        below: &Path,
        clock: Clock,
        watcher: &'a mut dyn Watcher,
    ) -> std::io::Result<Ended> {
        let started = Instant::now();
        let (stdout, stderr) = (
            tempfile::NamedTempFile::new()?,
            tempfile::NamedTempFile::new()?,
        );
        let mut waiting = command.waiting();
        waiting
            .stdin(Stdio::piped())
            .stdout(stdout.reopen()?)
            .stderr(stderr.reopen()?);
        let mut child = waiting.spawn()?;
        let mut tracer = Self {
            leader: pid_of(&child),
            below: fs_err::canonicalize(below).unwrap_or_else(|_| below.to_owned()),
            watcher,
            clock,
            inside: HashMap::new(),
            armed: false,
        };
        if let Err(error) = tracer.attach() {
            // Not even begun: it still waits for its first line.
            let _ = child.kill();
            let _ = child.wait();
            return Err(error.into());
        }
        if let Some(mut stdin) = child.stdin.take() {
            stdin.write_all(b"\n")?;
        }
        let status = tracer.patiently(Self::follow)?;
        Ok(Ended::told(
            command,
            status,
            &fs_err::read(stdout.path())?,
            &fs_err::read(stderr.path())?,
            started.elapsed(),
        ))
    }

    /// Takes hold of the process while it waits.
    fn attach(&self) -> nix::Result<()> {
        let options = ptrace::Options::PTRACE_O_TRACESYSGOOD
            | ptrace::Options::PTRACE_O_TRACECLONE
            | ptrace::Options::PTRACE_O_TRACEEXEC
            | ptrace::Options::PTRACE_O_EXITKILL;
        ptrace::seize(self.leader, options)?;
        ptrace::interrupt(self.leader)
    }

    /// Does something that would wait for ever if the process hung.
    fn patiently<T>(
        &mut self,
        work: impl FnOnce(&mut Self) -> nix::Result<T>,
    ) -> std::io::Result<T> {
        let (done, wait) = channel::<()>();
        let leader = self.leader;
        std::thread::scope(|scope| {
            let dog = scope.spawn(move || {
                let late = wait.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout);
                if late {
                    let _ = kill(leader, Signal::SIGKILL);
                }
                late
            });
            let result = work(self);
            drop(done);
            match (result, dog.join()) {
                (Ok(result), Ok(false)) => Ok(result),
                (Err(error), Ok(false)) => Err(error.into()),
                _ => Err(std::io::Error::other("it hung, and was killed")),
            }
        })
    }

    /// Follows all threads of the process to their end. Gives the exit status.
    fn follow(&mut self) -> nix::Result<i32> {
        let flags = WaitPidFlag::__WALL | WaitPidFlag::__WNOTHREAD;
        loop {
            match waitpid(None, Some(flags))? {
                WaitStatus::Exited(pid, status) if pid == self.leader => return Ok(status),
                WaitStatus::Signaled(pid, signal, _) if pid == self.leader => {
                    return Ok(128 + signal as i32);
                }
                WaitStatus::PtraceSyscall(pid) => {
                    self.stopped_at_call(pid)?;
                    resume(pid, None)?;
                }
                WaitStatus::PtraceEvent(pid, _, event) => {
                    if event == ptrace::Event::PTRACE_EVENT_EXEC as i32 {
                        self.armed = true;
                        self.clock.take_over(pid);
                    }
                    resume(pid, None)?;
                }
                WaitStatus::Stopped(pid, signal) => resume(pid, Some(signal))?,
                _ => {}
            }
        }
    }

    fn stopped_at_call(&mut self, pid: Pid) -> nix::Result<()> {
        const ENTRY: u8 = 1;
        if !self.armed {
            return Ok(());
        }
        let at = match ptrace::syscall_info(pid) {
            Ok(info) => info.op,
            // Killed at this very moment.
            Err(Errno::ESRCH) => return Ok(()),
            Err(error) => return Err(error),
        };
        let registers = match ptrace::getregs(pid) {
            Ok(registers) => registers,
            Err(Errno::ESRCH) => return Ok(()),
            Err(error) => return Err(error),
        };
        if at == ENTRY {
            match Call::changing(pid, &registers, &self.below) {
                Some(call) => self.enter(pid, call, registers)?,
                None => self.clock.enter(pid, &registers),
            }
        } else if let Some((call, error)) = self.inside.remove(&pid) {
            let mut registers = registers;
            if let Some(error) = error {
                registers.rax = (-i64::from(error as i32)).cast_unsigned();
                alive(ptrace::setregs(pid, registers))?;
            }
            self.watcher.after(&call, registers.rax.cast_signed());
        } else {
            self.clock.leave(pid);
        }
        Ok(())
    }

    fn enter(
        &mut self,
        pid: Pid,
        call: Call,
        mut registers: nix::libc::user_regs_struct,
    ) -> nix::Result<()> {
        let error = match self.watcher.before(&call) {
            Verdict::Go => None,
            Verdict::Fail(error) => {
                // No call has this number, so nothing happens.
                registers.orig_rax = u64::MAX;
                alive(ptrace::setregs(pid, registers))?;
                Some(error)
            }
            Verdict::Kill => return alive(kill(self.leader, Signal::SIGKILL)),
        };
        self.inside.insert(pid, (call, error));
        Ok(())
    }
}

fn pid_of(child: &Child) -> Pid {
    Pid::from_raw(i32::try_from(child.id()).unwrap_or(i32::MAX))
}

fn resume(pid: Pid, signal: Option<Signal>) -> nix::Result<()> {
    alive(ptrace::syscall(pid, signal))
}

/// A thread that is dead already needs nothing more.
fn alive(result: nix::Result<()>) -> nix::Result<()> {
    match result {
        Err(Errno::ESRCH) => Ok(()),
        other => other,
    }
}
