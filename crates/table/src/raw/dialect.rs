//! How the rows of a delimited file are written: its separators, checked, as single bytes.

use memchr::{memchr, memchr2, memrchr};
use stage::Fault;

use super::options::Options;

/// The separators of a delimited file. All are ASCII, so that they are never part of another character.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Dialect {
    pub(crate) delimiter: u8,
    pub(crate) quote: Option<u8>,
    /// What ends a line: `\n`, a `\r` before it dropped; `\r` alone in files that have no `\n`.
    pub(crate) newline: u8,
    pub(crate) comment: Option<u8>,
    pub(crate) trim: bool,
}

/// Where the last whole row of some bytes ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Boundary {
    /// The end of the last whole row, its newline included; 0 when there is none.
    pub(crate) end: usize,
    /// The quote that is open at the end of the bytes.
    pub(crate) open_quote: Option<usize>,
}

impl Dialect {
    /// The separators that the options name, the delimiter still a comma where they name none.
    pub(crate) fn new(options: &Options) -> Result<Self, Fault> {
        let dialect = Self {
            delimiter: ascii("delimiter", options.delimiter.unwrap_or(','))?,
            quote: options.quote.map(|c| ascii("quote", c)).transpose()?,
            newline: b'\n',
            comment: options.comment.map(|c| ascii("comment", c)).transpose()?,
            trim: options.trim,
        };
        let special = [Some(dialect.delimiter), dialect.quote, dialect.comment];
        for (position, one) in special.iter().enumerate() {
            if one.is_some() && special[..position].contains(one) {
                let one = char::from(one.unwrap_or_default());
                return Err(Fault::settings(format!(
                    "`{one}` cannot be two of delimiter, quote and comment at once"
                )));
            }
        }
        Ok(dialect)
    }

    /// Whether a byte is a blank that `trim` drops.
    pub(crate) fn is_blank(&self, byte: u8) -> bool {
        (byte == b' ' || byte == b'\t') && byte != self.delimiter
    }

    /// Whether the quote at `at` opens a quoted cell, that is, stands at the beginning of a cell (after blanks, when
    /// they are dropped). Any other quote is plain text. `row` is where the row begins.
    pub(crate) fn opens(&self, bytes: &[u8], row: usize, at: usize) -> bool {
        let mut before = at;
        while self.trim && before > row && self.is_blank(bytes[before - 1]) {
            before -= 1;
        }
        before == row || bytes[before - 1] == self.delimiter
    }

    /// The quote that closes the one at `open`; doubled quotes do not.
    fn close(quote: u8, bytes: &[u8], open: usize) -> Option<usize> {
        let mut at = open + 1;
        loop {
            let found = at + memchr(quote, bytes.get(at..)?)?;
            if bytes.get(found + 1) != Some(&quote) {
                return Some(found);
            }
            at = found + 2;
        }
    }

    /// Whether the row that begins here is a comment.
    pub(crate) fn is_comment(&self, bytes: &[u8], row: usize) -> bool {
        self.comment.is_some() && bytes.get(row).copied() == self.comment
    }

    /// The newline that ends the row beginning at `row`; `None` when the row is not whole.
    pub(crate) fn row_end(&self, bytes: &[u8], row: usize) -> Option<usize> {
        let rest = |at: usize| bytes.get(at..).unwrap_or_default();
        let Some(quote) = self.quote.filter(|_| !self.is_comment(bytes, row)) else {
            return memchr(self.newline, rest(row)).map(|found| row + found);
        };
        let mut at = row;
        loop {
            let found = at + memchr2(quote, self.newline, rest(at))?;
            if bytes[found] == self.newline {
                return Some(found);
            }
            at = found + 1;
            if self.opens(bytes, row, found) {
                at = Self::close(quote, bytes, found)? + 1;
            }
        }
    }

    /// Where the last whole row ends. `bytes` begin with a row. Cheap: only quotes are looked at.
    pub(crate) fn boundary(&self, bytes: &[u8]) -> Boundary {
        let mut end = 0;
        let mut at = 0;
        let Some(quote) = self.quote else {
            return Boundary {
                end: memrchr(self.newline, bytes).map_or(0, |found| found + 1),
                open_quote: None,
            };
        };
        while let Some(found) = memchr(quote, &bytes[at..]) {
            let found = at + found;
            if let Some(newline) = memrchr(self.newline, &bytes[at..found]) {
                end = at + newline + 1;
            }
            at = found + 1;
            if self.is_comment(bytes, end) {
                match memchr(self.newline, &bytes[at..]) {
                    Some(newline) => at += newline,
                    None => at = bytes.len(),
                }
            } else if self.opens(bytes, end, found) {
                let Some(close) = Self::close(quote, bytes, found) else {
                    let open_quote = Some(found);
                    return Boundary { end, open_quote };
                };
                at = close + 1;
            }
        }
        if let Some(newline) = memrchr(self.newline, &bytes[at..]) {
            end = at + newline + 1;
        }
        Boundary {
            end,
            open_quote: None,
        }
    }
}

fn ascii(name: &str, character: char) -> Result<u8, Fault> {
    match u8::try_from(character) {
        Ok(byte) if byte.is_ascii() && !matches!(byte, b'\n' | b'\r') => Ok(byte),
        _ => {
            let found = character.escape_debug();
            let message = format!("`{name}`: expected one ASCII character, found `{found}`");
            Err(Fault::settings(message))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dialect() -> Dialect {
        let options = Options {
            comment: Some('#'),
            ..Options::default()
        };
        Dialect::new(&options).unwrap()
    }

    /// The bytes up to the last boundary, and whether a quote is open after it.
    #[track_caller]
    fn check(dialect: Dialect, text: &str, whole: &str, open: bool) {
        let boundary = dialect.boundary(text.as_bytes());
        assert_eq!(&text[..boundary.end], whole);
        assert_eq!(boundary.open_quote.is_some(), open);
        let mut end = 0;
        while let Some(newline) = dialect.row_end(text.as_bytes(), end) {
            end = newline + 1;
        }
        assert_eq!(&text[..end], whole, "row by row");
    }

    #[test]
    fn a_boundary_is_after_the_last_newline_outside_quotes() {
        check(dialect(), "a,b\nc,d", "a,b\n", false);
        check(dialect(), "a,\"b\nc\",d\ne", "a,\"b\nc\",d\n", false);
        check(dialect(), "a\n\"b\nc", "a\n", true);
        check(
            dialect(),
            "a,\"b\"\"\n\"\"\"\n\"",
            "a,\"b\"\"\n\"\"\"\n",
            true,
        );
        check(dialect(), "", "", false);
    }

    #[test]
    fn a_quote_within_a_cell_is_plain_text() {
        check(dialect(), "5\" pipe\nb\n\"c\nd", "5\" pipe\nb\n", true);
        check(dialect(), "a \"b\nc\n", "a \"b\nc\n", false);
        check(dialect(), "\"a\" \"b\nc\n", "\"a\" \"b\nc\n", false);
    }

    #[test]
    fn a_quote_in_a_comment_opens_nothing() {
        check(dialect(), "# it's,\"so\nb\n", "# it's,\"so\nb\n", false);
        check(dialect(), "a\n# ,\"\n\"b\n", "a\n# ,\"\n", true);
        check(
            dialect(),
            "\"a\n# b\",\"c\nd\"\n",
            "\"a\n# b\",\"c\nd\"\n",
            false,
        );
    }

    #[test]
    fn blanks_before_a_quote_are_dropped_when_told() {
        let trim = Dialect {
            trim: true,
            ..dialect()
        };
        check(trim, "a, \"b\nc\" ,d\ne", "a, \"b\nc\" ,d\n", false);
        check(dialect(), "a, \"b\nc\" ,d\ne", "a, \"b\nc\" ,d\n", false);
        check(dialect(), "a, \"b\nc", "a, \"b\n", false);
        check(trim, "a, \"b\nc", "", true);
    }

    #[test]
    fn separators_must_differ_and_be_ascii() {
        let told = |options: Options| Dialect::new(&options).unwrap_err().to_string();
        assert_eq!(
            told(Options {
                delimiter: Some('"'),
                ..Options::default()
            }),
            "`\"` cannot be two of delimiter, quote and comment at once"
        );
        assert_eq!(
            told(Options {
                delimiter: Some('¦'),
                ..Options::default()
            }),
            "`delimiter`: expected one ASCII character, found `¦`"
        );
    }
}
