//! What is done to a run: nothing, or something at the nth call.

use waystation_tests::trace::{Call, Error, Verdict, Watcher};

use crate::scene::Play;

/// What happens at the nth call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The process is killed.
    Kill,
    /// The call fails, this once.
    Once(Error),
    /// The call fails, and every one like it after.
    FromThenOn(Error),
}

/// What is tried at every point.
pub(crate) const FAULTS: [Fault; 6] = [
    Fault::Kill,
    Fault::Once(Error::EIO),
    Fault::Once(Error::ENOSPC),
    Fault::Once(Error::EDQUOT),
    Fault::Once(Error::EINTR),
    Fault::FromThenOn(Error::ENOSPC),
];

impl Fault {
    /// Whether a call can come to this.
    fn can_hit(self, call: &Call) -> bool {
        // Calls that a signal may interrupt; a lock that is not waited for, a rename and the like cannot be.
        const INTERRUPTED: [&str; 8] = [
            "open",
            "openat",
            "write",
            "pwrite64",
            "writev",
            "fsync",
            "fdatasync",
            "ftruncate",
        ];
        // Calls that need no room.
        const FREE: [&str; 7] = [
            "flock",
            "unlink",
            "unlinkat",
            "rmdir",
            "utimensat",
            "chmod",
            "fchmod",
        ];
        match self {
            Self::Once(Error::EINTR) => INTERRUPTED.contains(&call.name),
            Self::Once(Error::ENOSPC | Error::EDQUOT) | Self::FromThenOn(Error::ENOSPC) => {
                !FREE.contains(&call.name)
            }
            _ => true,
        }
    }
}

/// Does it, and looks at the output as a reader would before each call.
#[derive(Debug)]
pub(crate) struct Injector<'a> {
    play: &'a Play<'a>,
    fault: Option<Fault>,
    nth: u32,
    /// How many calls it could have hit so far.
    pub(crate) seen: u32,
    /// The call it hit.
    pub(crate) hit: Option<String>,
}

impl<'a> Injector<'a> {
    /// Does it at the nth call.
    pub(crate) fn new(play: &'a Play<'a>, fault: Option<Fault>, nth: u32) -> Self {
        Self {
            play,
            fault,
            nth,
            seen: 0,
            hit: None,
        }
    }
}

impl Watcher for Injector<'_> {
    fn before(&mut self, call: &Call) -> Verdict {
        let shown = || call.show(self.play.directory());
        self.play
            .look(&format!("before call {} (`{}`)", self.seen + 1, shown()));
        let Some(fault) = self.fault.filter(|fault| fault.can_hit(call)) else {
            return Verdict::Go;
        };
        self.seen += 1;
        let hits = match fault {
            Fault::FromThenOn(_) => self.seen >= self.nth,
            _ => self.seen == self.nth,
        };
        if !hits {
            return Verdict::Go;
        }
        self.hit.get_or_insert_with(shown);
        match fault {
            Fault::Kill => Verdict::Kill,
            Fault::Once(error) | Fault::FromThenOn(error) => Verdict::Fail(error),
        }
    }
}
