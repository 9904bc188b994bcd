//! Another clock for a watched process: stopped, or wrong by some time. The kernel's own, which stamps files, goes on,
//! as a file server's does.

use std::collections::HashMap;

use nix::libc::{self, user_regs_struct};
use nix::sys::ptrace;
use nix::unistd::Pid;

use super::memory;

/// The clock a process sees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Clock {
    /// As it is.
    Right,
    /// The time of day is wrong by so many seconds.
    Wrong(i64, Pending),
    /// It stands still: each look gives the same time of day.
    Stopped(Pending),
}

/// Where threads want the time written that they have asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pending(HashMap<i32, u64>);

/// When the clock stopped.
const STOPPED_AT: i64 = 1_800_000_000;

impl Clock {
    /// A clock that is ahead by so many seconds, or behind.
    pub fn wrong(seconds: i64) -> Self {
        Self::Wrong(seconds, Pending::default())
    }

    /// A clock that stands still.
    pub fn stopped() -> Self {
        Self::Stopped(Pending::default())
    }

    /// Called when the program has been loaded: hides the kernel's code that gives the time without a system call.
    pub(super) fn take_over(&self, pid: Pid) {
        const IGNORE: u64 = 1;
        if *self == Self::Right {
            return;
        }
        let Ok(registers) = ptrace::getregs(pid) else {
            return;
        };
        // On the stack: the number of arguments, the arguments, zero, the environment, zero, pairs of key and value.
        let mut address = registers.rsp + 8;
        for _ in 0..2 {
            while memory::read_number(pid, address).is_some_and(|pointer| pointer != 0) {
                address += 8;
            }
            address += 8;
        }
        while let Some(key) = memory::read_number(pid, address).filter(|key| *key != 0) {
            if key == libc::AT_SYSINFO_EHDR {
                memory::write(pid, address, &IGNORE.to_ne_bytes());
            }
            address += 16;
        }
    }

    /// Before any call that changes nothing.
    pub(super) fn enter(&mut self, pid: Pid, registers: &user_regs_struct) {
        let (Self::Wrong(_, pending) | Self::Stopped(pending)) = self else {
            return;
        };
        let of_day = [libc::CLOCK_REALTIME, libc::CLOCK_REALTIME_COARSE];
        let asked = registers.orig_rax.cast_signed() == libc::SYS_clock_gettime
            && of_day
                .iter()
                .any(|clock| registers.rdi == u64::from(clock.cast_unsigned()));
        if asked {
            pending.0.insert(pid.as_raw(), registers.rsi);
        }
    }

    /// After it.
    pub(super) fn leave(&mut self, pid: Pid) {
        let (Self::Wrong(_, pending) | Self::Stopped(pending)) = self else {
            return;
        };
        let Some(address) = pending.0.remove(&pid.as_raw()) else {
            return;
        };
        match self {
            Self::Wrong(by, _) => {
                let seconds = memory::read_number(pid, address).unwrap_or(0);
                let wrong = seconds.cast_signed().saturating_add(*by);
                memory::write(pid, address, &wrong.to_ne_bytes());
            }
            _ => {
                memory::write(pid, address, &STOPPED_AT.to_ne_bytes());
                memory::write(pid, address + 8, &0i64.to_ne_bytes());
            }
        }
    }
}
