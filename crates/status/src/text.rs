//! Numbers, ages and names, as people read them.

use std::time::{Duration, SystemTime};

use stage::inspect::thousands;

/// `7s`, `12m`, `3h`, `8d`: four characters at most for what is not older than years.
pub(crate) fn age(seconds: u64) -> String {
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3600 => format!("{}m", seconds / 60),
        3600..86_400 => format!("{}h", seconds / 3600),
        _ => format!("{}d", seconds / 86_400),
    }
}

/// A count for a column of this width: `12,345`, or `12M` where that is too wide.
pub(crate) fn count(number: u64, width: usize) -> String {
    let whole = thousands(number);
    if whole.len() <= width {
        return whole;
    }
    let units = [
        (1_000_000_000_000, "T"),
        (1_000_000_000, "G"),
        (1_000_000, "M"),
        (1000, "k"),
    ];
    let (unit, letter) = units
        .into_iter()
        .find(|(unit, _)| number >= *unit)
        .unwrap_or((1, ""));
    format!("{}{letter}", number / unit)
}

/// `1 item`, `1,234 items`.
pub(crate) fn plural(number: u64, word: &str) -> String {
    let ending = if number == 1 { "" } else { "s" };
    format!("{} {word}{ending}", thousands(number))
}

/// Whole seconds from a time until now; none from a time that a clock gone wrong put into the future.
pub(crate) fn seconds_since(time: SystemTime, now: SystemTime) -> u64 {
    now.duration_since(time).unwrap_or(Duration::ZERO).as_secs()
}

/// A time as records write it.
pub(crate) fn parse_time(text: &str) -> Option<SystemTime> {
    humantime::parse_rfc3339(text).ok()
}

/// Text from files in a terminal: what would steer the terminal is shown and not sent.
pub(crate) fn plain(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() {
            shown.extend(c.escape_default());
        } else {
            shown.push(c);
        }
    }
    shown
}

/// Text cut to so many characters, its end kept where names differ.
pub(crate) fn cut(text: &str, width: usize) -> String {
    let length = text.chars().count();
    if length <= width {
        return text.to_owned();
    }
    let keep = width.saturating_sub(1);
    let (head, tail) = (keep / 2, keep - keep / 2);
    let start: String = text.chars().take(head).collect();
    let end: String = text.chars().skip(length - tail).collect();
    format!("{start}…{end}")
}

/// Lines of at most so many characters, broken between words; a longer word stands alone.
pub(crate) fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut length = 0;
    for word in text.split(' ') {
        let more = word.chars().count();
        if length > 0 && length + 1 + more > width {
            lines.push(String::new());
            length = 0;
        }
        if let Some(line) = lines.last_mut() {
            if length > 0 {
                line.push(' ');
                length += 1;
            }
            line.push_str(word);
        }
        length += more;
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_take_four_characters() {
        let cases = [
            (0, "0s"),
            (59, "59s"),
            (3599, "59m"),
            (86_399, "23h"),
            (86_400 * 400, "400d"),
        ];
        for (seconds, expected) in cases {
            assert_eq!(age(seconds), expected);
        }
    }

    #[test]
    fn counts_fit_their_column() {
        assert_eq!(count(10_000, 6), "10,000");
        assert_eq!(count(1_234_567, 6), "1M");
        assert_eq!(count(100_000, 6), "100k");
    }

    #[test]
    fn what_would_steer_a_terminal_is_shown() {
        assert_eq!(plain("a\n\u{1b}[2Jb\u{9b}"), "a\\n\\u{1b}[2Jb\\u{9b}");
        assert_eq!(plain("λ.csv"), "λ.csv");
    }

    #[test]
    fn long_names_lose_their_middle() {
        assert_eq!(cut("flights-2014-01-15.csv", 12), "fligh…15.csv");
        assert_eq!(cut("short", 12), "short");
    }

    #[test]
    fn text_is_broken_between_words() {
        assert_eq!(wrap("one two three", 8), ["one two", "three"]);
        assert_eq!(wrap("/a/very/long/path b", 8), ["/a/very/long/path", "b"]);
    }

    #[test]
    fn a_time_in_the_future_is_no_age() {
        let now = SystemTime::UNIX_EPOCH;
        assert_eq!(seconds_since(now + Duration::from_secs(5), now), 0);
    }
}
