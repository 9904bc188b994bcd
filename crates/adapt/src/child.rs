//! A child process in a process group of its own: watched, and ended with all it has started.

use std::io::Read;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};
use stage::{Blame, Fault, status};

use crate::tail::{Tail, pass_on};

/// The time a program has after SIGTERM before it is killed.
const GRACE: Duration = Duration::from_secs(5);
/// The longest time between two looks at a running program.
const LOOK: Duration = Duration::from_millis(50);
/// The time in which its last words must come in once it has ended.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// How a program ended, and the end of its stderr.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) status: ExitStatus,
    pub(crate) tail: String,
}

/// How the program's stdout and stderr go into our log.
#[derive(Clone, Debug)]
pub(crate) struct Log {
    /// Put before each line.
    pub(crate) prefix: String,
    /// Whether lines are not shown.
    pub(crate) quiet: bool,
}

/// Runs a program until it ends, or until `check` fails: then it is ended and that fault returned.
pub(crate) fn run(
    mut command: Command,
    log: &Log,
    check: impl Fn() -> Result<(), Fault>,
) -> Result<Ended, Fault> {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0);
    let name = command.get_program().to_string_lossy().into_owned();
    let mut child = command
        .spawn()
        .map_err(|error| Fault::from(error).context(format!("failed to start `{name}`")))?;
    let tail = Tail::default();
    // What it says on stdout is talk as well: the result of a stage is its files.
    let readers = [
        child
            .stdout
            .take()
            .map(|stream| read(stream, Tail::default(), log)),
        child
            .stderr
            .take()
            .map(|stream| read(stream, tail.clone(), log)),
    ];
    let stopped = watch(&child, check);
    // The leader is not reaped yet, so the number of its group cannot belong to anybody else. What it left
    // running would write into a directory that is being taken over.
    let _ = kill_process_group(Pid::from_child(&child), Signal::KILL);
    let status = child.wait()?;
    stopped?;
    let patience = Instant::now() + LAST_WORDS;
    for reader in readers.iter().flatten() {
        while !reader.is_finished() && Instant::now() < patience {
            thread::sleep(Duration::from_millis(1));
        }
    }
    Ok(Ended {
        status,
        tail: tail.text(),
    })
}

fn read(stream: impl Read + Send + 'static, tail: Tail, log: &Log) -> JoinHandle<()> {
    let log = log.clone();
    thread::spawn(move || {
        let show = |line: &str| {
            if !log.quiet {
                pass_on(&log.prefix, line);
            }
        };
        // A broken pipe ends the talk, not the work.
        let _ = tail.follow(stream, show);
    })
}

/// Waits until the group's leader has ended, without reaping it. When `check` fails, asks the group to end first.
fn watch(child: &Child, check: impl Fn() -> Result<(), Fault>) -> Result<(), Fault> {
    let mut wait = Duration::from_millis(1);
    while !has_ended(child)? {
        if let Err(fault) = check() {
            let _ = kill_process_group(Pid::from_child(child), Signal::TERM);
            let deadline = Instant::now() + GRACE;
            while !has_ended(child)? && Instant::now() < deadline {
                thread::sleep(Duration::from_millis(5));
            }
            return Err(fault);
        }
        thread::sleep(wait);
        wait = (wait * 2).min(LOOK);
    }
    Ok(())
}

fn has_ended(child: &Child) -> Result<bool, Fault> {
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT | WaitIdOptions::NOHANG;
    match waitid(WaitId::Pid(Pid::from_child(child)), options) {
        Ok(ended) => Ok(ended.is_some()),
        Err(rustix::io::Errno::INTR) => Ok(false),
        Err(error) => Err(std::io::Error::from(error).into()),
    }
}

/// Whose fault an end is: nobody's, the machine's (75, or killed) or the item's.
pub(crate) fn verdict(program: &str, ended: &Ended) -> Result<(), Fault> {
    let (blame, how) = match (ended.status.code(), ended.status.signal()) {
        (Some(0), _) => return Ok(()),
        (Some(code), _) if code == i32::from(status::TEMPORARY) => {
            (Blame::Machine, format!("ended with status {code}"))
        }
        (Some(code), _) => (Blame::Item, format!("ended with status {code}")),
        (None, signal) => (
            Blame::Machine,
            format!("was killed by signal {}", signal.unwrap_or_default()),
        ),
    };
    let last_words = if ended.tail.is_empty() {
        String::new()
    } else {
        format!(":\n{}", ended.tail)
    };
    Err(Fault::message(
        blame,
        format!("`{program}` {how}{last_words}"),
    ))
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    fn quiet() -> Log {
        Log {
            prefix: String::new(),
            quiet: true,
        }
    }

    #[track_caller]
    fn check(script: &str, blame: Option<Blame>, expected: &str) {
        let ended = run(shell(script), &quiet(), || Ok(())).unwrap();
        let verdict = verdict("sh", &ended);
        assert_eq!(verdict.as_ref().err().map(|fault| fault.blame), blame);
        let text = verdict.err().map(|fault| fault.to_string());
        assert_eq!(text.unwrap_or_default(), expected);
    }

    #[test]
    fn the_status_says_whose_fault_it_is() {
        check("echo talk; exit 0", None, "");
        check(
            "echo busy >&2; exit 75",
            Some(Blame::Machine),
            "`sh` ended with status 75:\nbusy",
        );
        check(
            "echo one >&2; echo two >&2; exit 3",
            Some(Blame::Item),
            "`sh` ended with status 3:\none\ntwo",
        );
        check(
            "kill -9 $$",
            Some(Blame::Machine),
            "`sh` was killed by signal 9",
        );
    }

    #[test]
    fn a_program_that_is_not_there_is_named() {
        let fault = run(Command::new("/no/such"), &quiet(), || Ok(())).unwrap_err();
        assert!(fault.to_string().starts_with("failed to start `/no/such`"));
    }

    #[test]
    fn what_a_program_leaves_running_is_ended_with_it() {
        let directory = tempfile::tempdir().unwrap();
        let pid = directory.path().join("pid");
        let script = format!("sleep 60 & echo $! > {}", pid.display());
        run(shell(&script), &quiet(), || Ok(())).unwrap();
        assert_gone(&fs_err::read_to_string(pid).unwrap());
    }

    #[test]
    fn a_program_is_ended_with_its_children_when_the_check_fails() {
        let directory = tempfile::tempdir().unwrap();
        let pid = directory.path().join("pid");
        let script = format!("sleep 60 & echo $! > {}; wait", pid.display());
        let looks = Cell::new(0);
        let check = || {
            looks.set(looks.get() + 1);
            let written = fs_err::read_to_string(&pid).unwrap_or_default();
            if written.ends_with('\n') {
                return Err(Fault::message(Blame::Signal(15), "stopped"));
            }
            Ok(())
        };
        let fault = run(shell(&script), &quiet(), check).unwrap_err();
        assert_eq!(fault.blame, Blame::Signal(15));
        assert!(looks.get() > 0);
        assert_gone(&fs_err::read_to_string(pid).unwrap());
    }

    /// A killed process may stay for a moment until it is reaped.
    #[track_caller]
    fn assert_gone(pid: &str) {
        let pid = Pid::from_raw(pid.trim().parse().unwrap()).unwrap();
        let stat = format!("/proc/{}/stat", pid.as_raw_nonzero());
        let patience = Instant::now() + Duration::from_secs(5);
        while Instant::now() < patience {
            let gone = rustix::process::test_kill_process(pid).is_err();
            let zombie = std::fs::read_to_string(&stat).is_ok_and(|stat| stat.contains(") Z"));
            if gone || zombie {
                return;
            }
            thread::sleep(Duration::from_millis(10));
        }
        panic!("process {} still runs", pid.as_raw_nonzero());
    }
}
