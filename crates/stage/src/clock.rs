//! Time, for records about a run. Nothing here may reach an output.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The time now as the kernel stamps files. A file written from now on is never stamped earlier, which the finer
/// clock of `SystemTime::now` does not promise: it runs some milliseconds ahead of file stamps.
pub(crate) fn file_now() -> SystemTime {
    #[cfg(target_os = "linux")]
    let clock = rustix::time::ClockId::RealtimeCoarse;
    #[cfg(not(target_os = "linux"))]
    let clock = rustix::time::ClockId::Realtime;
    let time = rustix::time::clock_gettime(clock);
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
