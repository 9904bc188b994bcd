//! A child process in a process group of its own: watched, and ended with all it has started.

use std::io::Read;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};
use stage::{Blame, Fault, Log, STOP_SIGNALS};

use crate::limits::killed_for_memory;
use crate::tail::Tail;
use crate::verdict::{Ended, with_last_words};
use crate::view::Words;
use crate::watchdog::Watchdog;

/// The time a program has after SIGTERM before it is killed.
const GRACE: Duration = Duration::from_secs(5);
/// The longest time between two looks at a running program.
const LOOK: Duration = Duration::from_millis(50);
/// The time in which its last words must come in once it has ended.
const LAST_WORDS: Duration = Duration::from_secs(1);
/// The time in which a signal that was sent to a group reaches all its processes.
const SAME_MOMENT: Duration = Duration::from_millis(100);

/// What is given to a program besides its command.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Care<'a> {
    pub(crate) watchdog: &'a Watchdog,
    /// Where its stdout and stderr go.
    pub(crate) log: &'a Log,
    /// What it calls the queues.
    pub(crate) words: &'a Words,
}

/// Runs a program until it ends, or until `check` fails: then it is ended and that fault returned.
pub(crate) fn run(
    mut command: Command,
    care: Care<'_>,
    check: impl Fn() -> Result<(), Fault>,
) -> Result<Ended, Fault> {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0);
    care.watchdog.be_ready()?;
    let killed_before = killed_for_memory();
    let mut child = command
        .spawn()
        .map_err(|error| cannot_start(&command, error))?;
    let tail = Tail::default();
    // What it says on stdout is talk as well: the result of a stage is its files.
    let readers = [
        child
            .stdout
            .take()
            .map(|stream| read(stream, Tail::default(), care)),
        child
            .stderr
            .take()
            .map(|stream| read(stream, tail.clone(), care)),
    ];
    let (status, stopped) = attend(&mut child, care, &check)?;
    let stopped = stopped.and_then(|()| hit_by_a_stop(status, &check));
    // Not for ever: a process that has left the group may hold the stream.
    let patience = Instant::now() + LAST_WORDS;
    for reader in readers.iter().flatten() {
        while !reader.is_finished() && Instant::now() < patience {
            thread::sleep(Duration::from_millis(1));
        }
    }
    let last_words = tail.lines();
    match stopped {
        Err(fault) if matches!(fault.blame, Blame::Signal(_)) => Err(fault),
        Err(fault) => Err(with_last_words(fault, &last_words)),
        Ok(()) => Ok(Ended {
            status,
            last_words,
            out_of_memory: killed_for_memory() > killed_before,
        }),
    }
}

/// Waits for the end of a program and of all it has started. Gives its status, and why it was ended if it was.
fn attend(
    child: &mut Child,
    care: Care<'_>,
    check: impl Fn() -> Result<(), Fault>,
) -> Result<(ExitStatus, Result<(), Fault>), Fault> {
    let group = Pid::from_child(child);
    let guarded = care.watchdog.guard(group);
    let stopped = match &guarded {
        Ok(_) => watch(child, check),
        Err(_) => Ok(()),
    };
    // The leader is not reaped yet, so the number of its group cannot belong to anybody else. What it left
    // running would write into a directory that is being taken over.
    let _ = kill_process_group(group, Signal::KILL);
    guarded.map(drop)?;
    Ok((child.wait()?, stopped))
}

/// Who asks us to stop asks our group, in which a program is until it has one of its own. Then it is not to blame for its
/// end, and what asks us comes in at the same moment.
fn hit_by_a_stop(status: ExitStatus, check: impl Fn() -> Result<(), Fault>) -> Result<(), Fault> {
    if !status
        .signal()
        .is_some_and(|signal| STOP_SIGNALS.contains(&signal))
    {
        return Ok(());
    }
    let patience = Instant::now() + SAME_MOMENT;
    while Instant::now() < patience {
        match check() {
            Err(fault) if matches!(fault.blame, Blame::Signal(_)) => return Err(fault),
            _ => thread::sleep(Duration::from_millis(1)),
        }
    }
    Ok(())
}

/// A program that cannot be started is not worth another try, unless the machine has no room for it.
fn cannot_start(command: &Command, error: std::io::Error) -> Fault {
    let name = command.get_program().to_string_lossy().into_owned();
    let fault = Fault::from(error);
    let busy = fault
        .error
        .downcast_ref::<std::io::Error>()
        .is_some_and(|error| matches!(error.raw_os_error(), Some(11 | 12 | 23 | 24 | 26)));
    let blame = if busy { Blame::Machine } else { Blame::Usage };
    Fault { blame, ..fault }.context(format!("failed to start `{name}`"))
}

fn read(stream: impl Read + Send + 'static, tail: Tail, care: Care<'_>) -> JoinHandle<()> {
    let (log, words) = (care.log.clone(), care.words.clone());
    thread::spawn(move || {
        let pass_on = |line: &str| {
            let line = words.translate(line);
            log.say(&line);
            line
        };
        // A broken pipe ends the talk, not the work.
        let _ = tail.follow(stream, pass_on);
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

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    /// Of a program that ended so, a signal to us coming in after some looks.
    #[track_caller]
    fn check_stop(status: i32, signal_after: u32, expected: bool) {
        let looks = Cell::new(0);
        let check = || {
            looks.set(looks.get() + 1);
            match looks.get() > signal_after {
                true => Err(Fault::message(Blame::Signal(2), "stopped by SIGINT")),
                false => Err(Fault::message(Blame::Machine, "took too long")),
            }
        };
        let stopped = hit_by_a_stop(ExitStatus::from_raw(status), check);
        let by = stopped.err().map(|fault| fault.blame);
        assert_eq!(by, expected.then_some(Blame::Signal(2)));
    }

    #[test]
    fn a_program_that_a_stop_hits_is_not_to_blame() {
        check_stop(2, 0, true);
        check_stop(15, 5, true);
        check_stop(15, u32::MAX, false);
        check_stop(9, 0, false);
        check_stop(1 << 8, 0, false);
        check_stop(0, 0, false);
    }

    #[test]
    fn a_program_that_cannot_be_started_is_the_users_fault() {
        let directory = tempfile::tempdir().unwrap();
        let text = directory.path().join("text");
        fs_err::write(&text, "no program").unwrap();
        let mut permissions = fs_err::metadata(&text).unwrap().permissions();
        std::os::unix::fs::PermissionsExt::set_mode(&mut permissions, 0o755);
        fs_err::set_permissions(&text, permissions).unwrap();
        let mut command = Command::new(&text);
        let error = command.arg0("text").spawn().unwrap_err();
        let fault = cannot_start(&command, error);
        assert_eq!(fault.blame, Blame::Usage);
        let expected = format!(
            "failed to start `{}`: Exec format error (os error 8)",
            text.display()
        );
        assert_eq!(fault.to_string(), expected);
    }
}
