//! Time, for records about a run. Nothing here may reach an output.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The time now as the kernel stamps files: no file written before is stamped later, and none from now on earlier. No
/// clock that can be read promises both. The fine one runs some milliseconds ahead of most stamps; the coarse one lags
/// behind others, because since Linux 6.13 a file that is changed after somebody has looked at it gets a fine stamp
/// (multigrain timestamps). So a file is made, in memory, and its stamp is read.
pub(crate) fn file_now() -> SystemTime {
    #[cfg(target_os = "linux")]
    {
        stamp_now().unwrap_or_else(|_| coarse_now())
    }
    #[cfg(not(target_os = "linux"))]
    {
        SystemTime::now()
    }
}

#[cfg(target_os = "linux")]
fn stamp_now() -> std::io::Result<SystemTime> {
    use rustix::fs::{MemfdFlags, memfd_create};
    let file = std::fs::File::from(memfd_create("now", MemfdFlags::CLOEXEC)?);
    file.metadata()?.modified()
}

/// Where files in memory are forbidden: better too early than too late, which would hide a change.
#[cfg(target_os = "linux")]
fn coarse_now() -> SystemTime {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::RealtimeCoarse);
    let seconds = Duration::from_secs(u64::try_from(time.tv_sec).unwrap_or(0));
    UNIX_EPOCH + seconds + Duration::from_nanos(u64::try_from(time.tv_nsec).unwrap_or(0))
}

/// Nanoseconds since 1970.
pub(crate) fn nanos(time: SystemTime) -> i64 {
    match time.duration_since(UNIX_EPOCH) {
        Ok(after) => i64::try_from(after.as_nanos()).unwrap_or(i64::MAX),
        Err(before) => i64::try_from(before.duration().as_nanos()).map_or(i64::MIN, |nanos| -nanos),
    }
}

/// `2026-01-31T12:00:00Z`.
pub(crate) fn rfc3339(time: SystemTime) -> String {
    if time < UNIX_EPOCH {
        return "1970-01-01T00:00:00Z".to_owned();
    }
    humantime::format_rfc3339_millis(time).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_from_before_is_not_later_and_one_from_now_on_not_earlier() {
        let folder = tempfile::tempdir().unwrap();
        let changed = |number: u32| {
            // Who looks at a file that changes right after makes the kernel take a finer clock.
            folder.path().metadata().unwrap();
            fs_err::write(folder.path().join(number.to_string()), "").unwrap();
            folder.path().metadata().unwrap().modified().unwrap()
        };
        for number in 0..200 {
            let before = changed(2 * number);
            let now = file_now();
            let after = changed(2 * number + 1);
            assert!(
                before <= now && now <= after,
                "{before:?} {now:?} {after:?}"
            );
        }
    }
}
