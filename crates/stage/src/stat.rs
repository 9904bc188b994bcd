//! Which files are surely unchanged: by size, times and inode, with the digest as the truth behind them.

use std::collections::HashMap;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::digest::Digest;

/// What the file system says of a file without reading it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Stat {
    pub(crate) bytes: u64,
    pub(crate) inode: u64,
    /// Nanoseconds since 1970: when the content changed.
    pub(crate) mtime: i64,
    /// Nanoseconds since 1970: when anything about the file changed. Cannot be set back by a user, but a hard link
    /// moves it.
    pub(crate) ctime: i64,
}

impl Stat {
    pub(crate) fn of(metadata: &std::fs::Metadata) -> Self {
        let time =
            |seconds: i64, nanos: i64| seconds.saturating_mul(1_000_000_000).saturating_add(nanos);
        Self {
            bytes: metadata.len(),
            inode: metadata.ino(),
            mtime: time(metadata.mtime(), metadata.mtime_nsec()),
            ctime: time(metadata.ctime(), metadata.ctime_nsec()),
        }
    }

    pub(crate) fn of_path(path: &Path) -> io::Result<Self> {
        fs_err::metadata(path).map(|metadata| Self::of(&metadata))
    }

    /// The same but for the time at which links were made.
    pub(crate) fn same_content(&self, other: &Self) -> bool {
        (self.bytes, self.inode, self.mtime) == (other.bytes, other.inode, other.mtime)
    }

    /// Whether a later change would surely show in these times, had they been taken at `taken`: a file that is
    /// rewritten within one tick of the clock keeps its stamps (git calls this racy). Stamps without a fraction of
    /// a second come from a file system that has none.
    fn settled(&self, taken: i64) -> bool {
        is_before(self.mtime.max(self.ctime), taken)
    }
}

/// Whether a time stamp is so much earlier than another that nothing between the two could have the same.
fn is_before(stamp: i64, later: i64) -> bool {
    // One tick of the slowest kernels, 100 a second.
    const TICK: i64 = 10_000_000;
    const COARSE_TICK: i64 = 2_000_000_000;
    let tick = if stamp % 1_000_000_000 == 0 {
        COARSE_TICK
    } else {
        TICK
    };
    stamp.saturating_add(tick) < later
}

/// The digests of files whose stat was taken at a known time. Not deterministic, and only a short cut: without it
/// everything is read again.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct StatCache {
    /// Nanoseconds since 1970, by the clock that stamps files.
    pub(crate) taken: i64,
    /// Items of the input queue.
    pub(crate) inputs: HashMap<String, (Stat, Digest)>,
    /// Files of the output queue.
    pub(crate) outputs: HashMap<String, (Stat, Digest)>,
    /// Files of the program.
    #[serde(default)]
    pub(crate) programs: HashMap<PathBuf, (Stat, Digest)>,
}

impl StatCache {
    /// Reads the cache; a missing or torn one is an empty one.
    pub(crate) fn read(path: &Path) -> Self {
        fs_err::read(path)
            .ok()
            .and_then(|text| serde_json::from_slice(&text).ok())
            .unwrap_or_default()
    }

    /// The digest of an input, if it surely did not change.
    pub(crate) fn input(&self, name: &str, stat: &Stat) -> Option<Digest> {
        let (known, digest) = self.inputs.get(name)?;
        (known == stat && stat.settled(self.taken)).then_some(*digest)
    }

    /// The digest of an output whose content surely is as it was when these stats were kept, at `kept`: by then its
    /// stamp was of the past.
    pub(crate) fn output(&self, name: &str, stat: &Stat, kept: i64) -> Option<Digest> {
        let (known, digest) = self.outputs.get(name)?;
        (known.same_content(stat) && is_before(stat.mtime, kept)).then_some(*digest)
    }

    /// The stat and digest of a file of the program: read only if it may have changed.
    pub(crate) fn program(&self, path: &Path) -> io::Result<(Stat, Digest)> {
        let stat = Stat::of_path(path)?;
        match self.programs.get(path) {
            Some((known, digest)) if *known == stat && stat.settled(self.taken) => {
                Ok((stat, *digest))
            }
            _ => Ok((stat, Digest::of_file(path)?)),
        }
    }

    /// Whether an output surely still has this digest.
    pub(crate) fn output_is(&self, name: &str, stat: &Stat, digest: Digest) -> bool {
        self.outputs
            .get(name)
            .is_some_and(|(known, recorded)| known.same_content(stat) && *recorded == digest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cache(stat: Stat, taken: i64) -> StatCache {
        let inputs = HashMap::from([("a".to_owned(), (stat, Digest(7)))]);
        StatCache {
            taken,
            inputs,
            ..StatCache::default()
        }
    }

    const STAT: Stat = Stat {
        bytes: 3,
        inode: 5,
        mtime: 1_500_000_001,
        ctime: 1_500_000_001,
    };

    #[test]
    fn an_unchanged_file_is_known() {
        assert_eq!(
            cache(STAT, 1_600_000_000).input("a", &STAT),
            Some(Digest(7))
        );
    }

    #[test]
    fn any_difference_in_any_direction_counts() {
        for changed in [
            Stat { mtime: 1, ..STAT },
            Stat {
                ctime: STAT.ctime + 1,
                ..STAT
            },
            Stat { inode: 6, ..STAT },
            Stat { bytes: 4, ..STAT },
        ] {
            assert_eq!(cache(STAT, 1_600_000_000).input("a", &changed), None);
        }
    }

    #[test]
    fn an_output_is_known_however_often_it_was_linked() {
        let cache = StatCache {
            outputs: HashMap::from([("a".to_owned(), (STAT, Digest(7)))]),
            ..StatCache::default()
        };
        let linked = Stat {
            ctime: i64::MAX,
            ..STAT
        };
        assert_eq!(cache.output("a", &linked, 1_600_000_000), Some(Digest(7)));
        let in_the_tick = STAT.mtime + 1;
        assert_eq!(cache.output("a", &STAT, in_the_tick), None);
        let changed = Stat { mtime: 4, ..STAT };
        assert_eq!(cache.output("a", &changed, 1_600_000_000), None);
    }

    #[test]
    fn a_file_written_in_the_tick_of_the_look_is_not_trusted() {
        assert_eq!(cache(STAT, STAT.ctime + 1_000_000).input("a", &STAT), None);
    }

    #[test]
    fn a_program_that_is_unchanged_is_not_read() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("program");
        fs_err::write(&path, "one").unwrap();
        let stat = Stat::of_path(&path).unwrap();
        let check = |taken, expected| {
            let cache = StatCache {
                taken,
                programs: HashMap::from([(path.clone(), (stat, Digest(7)))]),
                ..StatCache::default()
            };
            assert_eq!(cache.program(&path).unwrap().1, expected);
        };
        check(i64::MAX, Digest(7));
        // Its stamps could have stayed when it was written again.
        check(stat.ctime, Digest::of(b"one"));
        fs_err::write(&path, "other").unwrap();
        check(i64::MAX, Digest::of(b"other"));
    }

    #[test]
    fn whole_second_stamps_are_trusted_only_after_two_seconds() {
        let stat = Stat {
            mtime: 1_000_000_000,
            ctime: 1_000_000_000,
            ..STAT
        };
        assert_eq!(cache(stat, 2_500_000_000).input("a", &stat), None);
        assert_eq!(
            cache(stat, 3_500_000_000).input("a", &stat),
            Some(Digest(7))
        );
    }
}
