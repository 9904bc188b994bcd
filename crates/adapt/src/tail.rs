//! A program's stderr: passed on as it comes, its end kept.

use std::collections::VecDeque;
use std::io::{self, Read};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Lines kept.
const LINES_MAX: usize = 20;
/// Bytes after which a line is cut, so that a program without line ends costs no memory.
const LINE_BYTES_MAX: usize = 4096;

/// The last lines of a stream.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tail(Arc<Mutex<VecDeque<String>>>);

impl Tail {
    /// Reads to the end; every line goes through `log`, and what that makes of the last ones is kept.
    pub(crate) fn follow(
        &self,
        mut source: impl Read,
        log: impl Fn(&str) -> String,
    ) -> io::Result<()> {
        let mut buffer = [0; LINE_BYTES_MAX];
        let mut line = Vec::new();
        // A carriage return alone is how a bar is drawn over: only what it shows last is a line.
        let mut returned = false;
        loop {
            let read = match source.read(&mut buffer) {
                Ok(0) => break,
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            for byte in &buffer[..read] {
                if std::mem::replace(&mut returned, *byte == b'\r') && *byte != b'\n' {
                    line.clear();
                }
                if !matches!(byte, b'\n' | b'\r') {
                    line.push(*byte);
                }
                if *byte == b'\n' || line.len() == LINE_BYTES_MAX {
                    self.keep(&line, &log);
                    line.clear();
                }
            }
        }
        if !line.is_empty() {
            self.keep(&line, &log);
        }
        Ok(())
    }

    fn keep(&self, line: &[u8], log: &impl Fn(&str) -> String) {
        let line = String::from_utf8_lossy(line);
        let line = log(&line);
        let mut lines = self.lock();
        if lines.len() == LINES_MAX {
            lines.pop_front();
        }
        lines.push_back(line);
    }

    /// What was kept, without blank lines at either end.
    pub(crate) fn lines(&self) -> Vec<String> {
        let lines = self.lock();
        let is_blank = |line: &&String| line.trim().is_empty();
        let first = lines.iter().take_while(is_blank).count();
        let last = lines.iter().rev().take_while(is_blank).count();
        let count = lines.len().saturating_sub(first + last);
        lines.iter().skip(first).take(count).cloned().collect()
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(stream: &[u8], expected: &str) {
        let tail = Tail::default();
        tail.follow(stream, str::to_owned).unwrap();
        assert_eq!(tail.lines().join("\n"), expected);
    }

    #[test]
    fn the_last_lines_are_kept() {
        check(b"", "");
        check(b"one\r\ntwo", "one\ntwo");
        check(b"\n\xff\n\n", "\u{fffd}");
        check(b"\n\n", "");
        let many: String = (0..100).map(|line| format!("{line}\n")).collect();
        let last: Vec<String> = (80..100).map(|line| line.to_string()).collect();
        check(many.as_bytes(), &last.join("\n"));
    }

    #[test]
    fn a_bar_is_what_it_shows_last() {
        check(b"start\r\n 10%\r 50%\r100%\nend", "start\n100%\nend");
        check(b" 10%\r 50%\r", " 50%");
    }

    #[test]
    fn a_line_without_end_is_cut() {
        let seen = Mutex::new(Vec::new());
        let endless = vec![b'x'; 3 * LINE_BYTES_MAX + 1];
        let tail = Tail::default();
        tail.follow(endless.as_slice(), |line| {
            seen.lock().unwrap().push(line.len());
            line.to_owned()
        })
        .unwrap();
        assert_eq!(
            *seen.lock().unwrap(),
            [LINE_BYTES_MAX, LINE_BYTES_MAX, LINE_BYTES_MAX, 1]
        );
    }
}
