//! Kernel locks on the directories themselves: they die with their owner, and leave no file behind.
//!
//! A lock lies on the directory's inode, which the exchange moves from `features.partial` to `features`. So a run
//! locks the last good output first, where there is one, and its partial then; after the exchange it holds both
//! still, under changed names. Whoever gets a lock looks once more whether the name still leads to what it locked.

use std::io;
use std::path::Path;
use std::time::Duration;

use rustix::fs::{FlockOperation, flock};

use crate::fault::{Blame, Fault};
use crate::layout;
use crate::record::RunRecord;

/// How often a lock that is held is tried again, and how soon.
const LOOKS_MAX: u32 = 5;
const LOOK: Duration = Duration::from_millis(5);

/// A locked directory.
#[derive(Debug)]
pub(crate) struct Lock {
    directory: fs_err::File,
}

impl Lock {
    /// Locks a directory; `None` where there is none. Refuses at once when another run holds it.
    pub(crate) fn of(path: &Path, output: &Path) -> Result<Option<Self>, Fault> {
        let mut looks = 0;
        loop {
            let directory = match fs_err::File::open(path) {
                Ok(directory) => directory,
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
                Err(error) => return Err(Fault::new(Blame::Output, error)),
            };
            match flock(&directory, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => {}
                // Somebody who only looks whether it is held ([`is_held`]) lets go in a moment.
                Err(rustix::io::Errno::WOULDBLOCK) if looks < LOOKS_MAX => {
                    looks += 1;
                    std::thread::sleep(LOOK);
                    continue;
                }
                Err(rustix::io::Errno::WOULDBLOCK) => return Err(busy(output)),
                Err(error) => {
                    let error = anyhow::Error::from(io::Error::from(error));
                    return Err(Fault::new(
                        Blame::Output,
                        error.context(format!("cannot lock `{}`", path.display())),
                    ));
                }
            }
            let lock = Self { directory };
            if lock.is_at(path)? {
                return Ok(Some(lock));
            }
        }
    }

    /// Whether the name leads to the locked directory.
    pub(crate) fn is_at(&self, path: &Path) -> Result<bool, Fault> {
        use std::os::unix::fs::MetadataExt;
        let held = self.directory.metadata()?;
        match fs_err::metadata(path) {
            Ok(now) => Ok((held.dev(), held.ino()) == (now.dev(), now.ino())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error.into()),
        }
    }
}

/// Whether a run holds this directory. Where none does, a look is a shared lock for a moment, which others who look
/// do not notice and a run outwaits.
pub(crate) fn is_held(path: &Path) -> Result<bool, Fault> {
    let directory = match fs_err::File::open(path) {
        Ok(directory) => directory,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error.into()),
    };
    match flock(&directory, FlockOperation::NonBlockingLockShared) {
        Ok(()) => Ok(false),
        Err(rustix::io::Errno::WOULDBLOCK) => Ok(true),
        Err(error) => {
            let error = anyhow::Error::from(io::Error::from(error));
            let context = format!("cannot tell whether `{}` is locked", path.display());
            Err(Fault::new(Blame::Machine, error.context(context)))
        }
    }
}

fn busy(output: &Path) -> Fault {
    let record = RunRecord::read(&layout::partial(output));
    let owner = record.map_or_else(String::new, |record| {
        format!(
            " (process {} on {}, since {})",
            record.pid, record.host, record.started
        )
    });
    let message = format!("another run is writing `{}`{owner}", output.display());
    Fault::message(Blame::Busy, message).hint("wait for it, or stop it")
}
