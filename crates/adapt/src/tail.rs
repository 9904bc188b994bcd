//! A program's stderr: passed on as it comes, its end kept.

use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Lines kept.
const LINES_MAX: usize = 20;
/// Bytes after which a line is cut, so that a program without line ends costs no memory.
const LINE_BYTES_MAX: usize = 4096;

/// The last lines of a stream.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tail(Arc<Mutex<VecDeque<String>>>);

impl Tail {
    /// Reads to the end; every line goes to `log` and the last ones are kept.
    pub(crate) fn follow(&self, mut source: impl Read, log: impl Fn(&str)) -> io::Result<()> {
        let mut buffer = [0; LINE_BYTES_MAX];
        let mut line = Vec::new();
        loop {
            let read = match source.read(&mut buffer) {
                Ok(0) => break,
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            for byte in &buffer[..read] {
                if *byte != b'\n' {
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

    fn keep(&self, line: &[u8], log: &impl Fn(&str)) {
        let line = String::from_utf8_lossy(line);
        let line = line.trim_end_matches('\r');
        log(line);
        let mut lines = self.lock();
        if lines.len() == LINES_MAX {
            lines.pop_front();
        }
        lines.push_back(line.to_owned());
    }

    /// What was kept, without blank lines at either end.
    pub(crate) fn text(&self) -> String {
        let lines: Vec<String> = self.lock().iter().cloned().collect();
        lines.join("\n").trim().to_owned()
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Writes a line to our stderr in one piece, so that lines of programs running side by side do not mix.
pub(crate) fn pass_on(prefix: &str, line: &str) {
    let text = if prefix.is_empty() {
        format!("{line}\n")
    } else {
        format!("{prefix}: {line}\n")
    };
    // A log that cannot be written is no reason to stop the work.
    let _ = io::stderr().lock().write_all(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(stream: &[u8], expected: &str) {
        let tail = Tail::default();
        tail.follow(stream, |_| ()).unwrap();
        assert_eq!(tail.text(), expected);
    }

    #[test]
    fn the_last_lines_are_kept() {
        check(b"", "");
        check(b"one\r\ntwo", "one\ntwo");
        check(b"\n\xff\n\n", "\u{fffd}");
        let many: String = (0..100).map(|line| format!("{line}\n")).collect();
        let last: Vec<String> = (80..100).map(|line| line.to_string()).collect();
        check(many.as_bytes(), &last.join("\n"));
    }

    #[test]
    fn a_line_without_end_is_cut() {
        let seen = Mutex::new(Vec::new());
        let endless = vec![b'x'; 3 * LINE_BYTES_MAX + 1];
        let tail = Tail::default();
        tail.follow(endless.as_slice(), |line| {
            seen.lock().unwrap().push(line.len())
        })
        .unwrap();
        assert_eq!(
            *seen.lock().unwrap(),
            [LINE_BYTES_MAX, LINE_BYTES_MAX, LINE_BYTES_MAX, 1]
        );
    }
}
