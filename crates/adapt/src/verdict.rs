//! How a program ended, and whose fault that is.

use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;

use rustix::process::Signal;
use stage::{Blame, Fault, signal_name};

use crate::limits::Limits;

/// How a program ended.
#[derive(Clone, Debug)]
pub(crate) struct Ended {
    pub(crate) status: ExitStatus,
    /// The last lines of its stderr.
    pub(crate) last_words: Vec<String>,
    /// Whether the kernel killed processes for want of memory meanwhile.
    pub(crate) out_of_memory: bool,
}

/// By what an end is judged.
#[derive(Clone, Debug)]
pub(crate) struct Judge {
    /// The program's name, for messages.
    pub(crate) program: String,
    /// Exit statuses that ask for another try.
    pub(crate) retry_on: Vec<u8>,
    pub(crate) limits: Limits,
}

/// What programs say when they get no more memory: Python, C++, Java and many shells, C, Rust, Go.
const NO_MEMORY: [&str; 7] = [
    "memoryerror",
    "bad_alloc",
    "out of memory",
    "outofmemory",
    "cannot allocate memory",
    "memory allocation of",
    "memory exhausted",
];

/// What they say when a file grows too large.
const TOO_LARGE: [&str; 2] = ["file too large", "file size limit exceeded"];

/// Signals by which a program dies of itself.
const CRASHES: [Signal; 7] = [
    Signal::SEGV,
    Signal::ABORT,
    Signal::BUS,
    Signal::ILL,
    Signal::FPE,
    Signal::SYS,
    Signal::TRAP,
];

impl Judge {
    /// Whose fault an end is: nobody's, the item's, the machine's, or a limit's.
    pub(crate) fn judge(&self, ended: &Ended) -> Result<(), Fault> {
        if ended.status.success() {
            return Ok(());
        }
        let program = &self.program;
        if let Some(fault) = self.beyond_limits(ended) {
            return Err(with_last_words(fault, &ended.last_words));
        }
        let retry = |code| u8::try_from(code).is_ok_and(|code| self.retry_on.contains(&code));
        let fault = match (ended.status.code(), signal_of(ended.status)) {
            (Some(code), _) if retry(code) => {
                let message = format!("`{program}` ended with status {code}");
                Fault::message(Blame::Machine, message)
            }
            (_, Some(signal)) if signal == Signal::KILL.as_raw() && ended.out_of_memory => {
                let message =
                    format!("`{program}` was killed by the kernel, which had no memory left");
                Fault::message(Blame::Machine, message).hint(
                    "fewer `--jobs` need less; `--memory-limit` stops a program before all suffer",
                )
            }
            (code, Some(signal)) => {
                let crashed = CRASHES.iter().any(|crash| crash.as_raw() == signal);
                let blame = if crashed {
                    Blame::Crash
                } else {
                    Blame::Machine
                };
                let name = signal_name(signal);
                let how = match code {
                    Some(code) => format!("ended with status {code}, a shell's word for {name}"),
                    None if crashed => format!("crashed with {name}"),
                    None => format!("was killed by {name}"),
                };
                Fault::message(blame, format!("`{program}` {how}"))
            }
            (code, None) => {
                let code = code.unwrap_or_default();
                Fault::message(Blame::Item, format!("`{program}` ended with status {code}"))
            }
        };
        Err(with_last_words(fault, &ended.last_words))
    }

    /// An end that a limit has brought about.
    fn beyond_limits(&self, ended: &Ended) -> Option<Fault> {
        let said = ended.last_words.join("\n").to_lowercase();
        if let Some(limit) = self.limits.memory
            && NO_MEMORY.iter().any(|words| said.contains(words))
        {
            let message = format!(
                "`{}` needs more memory than the {limit} of `--memory-limit`",
                self.program
            );
            return Some(Fault::message(Blame::Limit, message));
        }
        let stopped = signal_of(ended.status) == Some(Signal::XFSZ.as_raw());
        if stopped || TOO_LARGE.iter().any(|words| said.contains(words)) {
            return self.limits.too_much(&self.program);
        }
        None
    }
}

/// The signal that ended a program, or one that it has started: a shell tells that as a status above 128.
fn signal_of(status: ExitStatus) -> Option<i32> {
    let told = status.code().map(|code| code - 128).filter(|signal| {
        let killed = [Signal::KILL, Signal::TERM, Signal::XFSZ];
        let mut known = CRASHES.iter().chain(&killed);
        known.any(|known| known.as_raw() == *signal)
    });
    status.signal().or(told)
}

/// Adds what the program said last: the last line to the reason, all of them below it.
pub(crate) fn with_last_words(fault: Fault, last_words: &[String]) -> Fault {
    let message = match last_words {
        [] => return fault,
        [only] => format!("{fault}: {only}"),
        [.., last] => format!("{fault}: {}\n{}", last.trim(), last_words.join("\n")),
    };
    Fault {
        error: Fault::message(fault.blame, message).error,
        ..fault
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge() -> Judge {
        let limits = Limits {
            memory: "1G".parse().ok(),
            output: "2M".parse().ok(),
        };
        Judge {
            program: "sh".to_owned(),
            retry_on: vec![75, 111],
            limits,
        }
    }

    /// As the kernel tells it: the status times 256, or the signal.
    fn ended(wait: i32, said: &str) -> Ended {
        Ended {
            status: ExitStatus::from_raw(wait),
            last_words: said.lines().map(str::to_owned).collect(),
            out_of_memory: false,
        }
    }

    #[track_caller]
    fn check(wait: i32, said: &str, blame: Blame, expected: &str) {
        let fault = judge().judge(&ended(wait, said)).unwrap_err();
        assert_eq!((fault.blame, fault.to_string().as_str()), (blame, expected));
    }

    #[test]
    fn a_status_is_the_items_fault_unless_it_asks_for_another_try() {
        assert!(judge().judge(&ended(0, "talk")).is_ok());
        check(3 << 8, "", Blame::Item, "`sh` ended with status 3");
        check(
            111 << 8,
            "busy",
            Blame::Machine,
            "`sh` ended with status 111: busy",
        );
    }

    #[test]
    fn the_last_line_is_told_first() {
        check(
            1 << 8,
            "Traceback\n  line 3\nValueError: bad",
            Blame::Item,
            "`sh` ended with status 1: ValueError: bad\nTraceback\n  line 3\nValueError: bad",
        );
    }

    #[test]
    fn a_crash_is_told_from_a_kill() {
        check(11, "", Blame::Crash, "`sh` crashed with SIGSEGV");
        check(15, "", Blame::Machine, "`sh` was killed by SIGTERM");
        check(9, "", Blame::Machine, "`sh` was killed by SIGKILL");
        check(
            139 << 8,
            "",
            Blame::Crash,
            "`sh` ended with status 139, a shell's word for SIGSEGV",
        );
        check(255 << 8, "", Blame::Item, "`sh` ended with status 255");
        let starved = Ended {
            out_of_memory: true,
            ..ended(9, "")
        };
        assert_eq!(
            judge().judge(&starved).unwrap_err().to_string(),
            "`sh` was killed by the kernel, which had no memory left"
        );
    }

    #[test]
    fn what_a_limit_has_brought_about_is_the_limits_fault() {
        let memory = "`sh` needs more memory than the 1 GiB of `--memory-limit`: MemoryError";
        check(1 << 8, "MemoryError", Blame::Limit, memory);
        let output = "`sh` wrote more than the 2 MiB of `--output-limit`";
        check(25, "", Blame::Limit, output);
        let said = "cat: write error: File too large";
        check(1 << 8, said, Blame::Limit, &format!("{output}: {said}"));
    }
}
