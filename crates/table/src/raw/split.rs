//! Splitting rows of a delimited file into cells.
//!
//! One pass over the bytes with a mask of separators; cells are places in the bytes, nothing is copied but cells with
//! doubled quotes, which go without them behind the text.

use memchr::memchr;
use stage::Fault;

use super::batch::{Rule, Span};
use super::dialect::Dialect;
use super::feed::count;
use super::limits::{Limits, exceeded};
use super::mask::{Needles, each_match};

/// The cells of some rows.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    /// The places of the cells, row by row, all rows equally wide.
    pub(crate) spans: Vec<Span>,
    /// The line of each row, counted from the first line of the bytes.
    pub(crate) lines: Vec<u32>,
    /// Cells that had to be rewritten; their places begin after the bytes.
    pub(crate) rewritten: Vec<u8>,
    /// Rows that are not as they should be.
    pub(crate) wrong: Vec<WrongRow>,
}

/// A row that could not be split.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct WrongRow {
    pub(crate) line: u32,
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) rule: Rule,
    /// How many cells the row has (`Rule::Cells`), or which cell is wrong.
    pub(crate) cell: usize,
    /// Where the wrong byte is (`Rule::Encoding`).
    pub(crate) at: usize,
}

/// Splits bytes that begin and end with whole rows. `width` is the number of cells each row must have; `None` takes
/// that of the first row. `bad_bytes` are the places, ascending, of bytes that were no text.
///
/// A limit exceeded is a fault with the line, counted from the first line of the bytes.
pub(crate) fn split(
    bytes: &[u8],
    dialect: &Dialect,
    width: Option<usize>,
    limits: &Limits,
    bad_bytes: &[u32],
) -> Result<Rows, (u32, Fault)> {
    let mut splitter = Splitter {
        bytes,
        dialect,
        width,
        limits,
        bad_bytes,
        rows: Rows::default(),
        row: 0,
        cell: 0,
        line: 0,
        inner_lines: 0,
        quoted: Quoted::default(),
        torn: None,
        fault: None,
    };
    if let Some(width) = width {
        let rows = expected_rows(bytes, dialect.newline);
        splitter.rows.spans.reserve(rows * width);
        splitter.rows.lines.reserve(rows);
    }
    match dialect
        .quote
        .filter(|quote| memchr(*quote, bytes).is_some())
    {
        Some(quote) => splitter.with_quotes(quote),
        None => splitter.without_quotes(),
    }
    if splitter.row < bytes.len() {
        splitter.end_row(bytes.len());
    }
    match splitter.fault {
        Some(fault) => Err(fault),
        None => Ok(splitter.rows),
    }
}

/// How many rows there are if all are as long as the first, and a few more: to grow copies what was found so far.
fn expected_rows(bytes: &[u8], newline: u8) -> usize {
    const SAMPLE_BYTES: usize = 8 << 10;
    let sample = &bytes[..bytes.len().min(SAMPLE_BYTES)];
    let rows = count(newline, sample) as usize * bytes.len();
    let rows = rows.div_ceil(sample.len().max(1));
    rows + rows / 16 + 1
}

struct Splitter<'a> {
    bytes: &'a [u8],
    dialect: &'a Dialect,
    width: Option<usize>,
    limits: &'a Limits,
    bad_bytes: &'a [u32],
    rows: Rows,
    /// Where the current row and cell begin.
    row: usize,
    cell: usize,
    /// The line of the current row, and how many more lines it has.
    line: u32,
    inner_lines: u32,
    quoted: Quoted,
    /// The first cell of the current row that has text after its closing quote.
    torn: Option<usize>,
    fault: Option<(u32, Fault)>,
}

/// The quotes of the current cell.
#[derive(Clone, Copy, Default)]
struct Quoted {
    open: Option<usize>,
    close: Option<usize>,
    doubled: bool,
}

impl Splitter<'_> {
    fn without_quotes(&mut self) {
        let (delimiter, newline) = (self.dialect.delimiter, self.dialect.newline);
        let needles = Needles::new(delimiter, newline, newline);
        each_match(self.bytes, needles, |at| {
            if self.bytes[at] == newline {
                self.end_row(at);
            } else {
                self.end_plain_cell(at);
                self.cell = at + 1;
            }
        });
    }

    fn with_quotes(&mut self, quote: u8) {
        let newline = self.dialect.newline;
        let needles = Needles::new(self.dialect.delimiter, newline, quote);
        // Matches before this place are of no account: the second of doubled quotes, and all of a comment.
        let mut skip = self.after_comment();
        each_match(self.bytes, needles, |at| {
            if at < skip {
                return;
            }
            let byte = self.bytes[at];
            if self.quoted.open.is_some() && self.quoted.close.is_none() {
                if byte == newline {
                    self.inner_lines += 1;
                } else if byte == quote && self.bytes.get(at + 1) == Some(&quote) {
                    self.quoted.doubled = true;
                    skip = at + 2;
                } else if byte == quote {
                    self.quoted.close = Some(at);
                }
            } else if byte == newline {
                self.end_row(at);
                skip = self.after_comment();
            } else if byte == quote {
                if self.quoted.open.is_none() && self.dialect.opens(self.bytes, self.row, at) {
                    self.quoted.open = Some(at);
                }
            } else {
                self.end_cell(at);
                self.cell = at + 1;
            }
        });
    }

    /// Where the comment that begins at the current row ends; the row's own beginning when it is none.
    fn after_comment(&self) -> usize {
        if !self.dialect.is_comment(self.bytes, self.row) {
            return self.row;
        }
        let rest = &self.bytes[self.row..];
        self.row + memchr(self.dialect.newline, rest).unwrap_or(rest.len())
    }

    #[inline]
    fn end_plain_cell(&mut self, end: usize) {
        let (start, end) = self.trimmed(self.cell, end);
        self.push(start, end);
    }

    #[inline]
    fn push(&mut self, start: usize, end: usize) {
        // Chunks are far shorter than 4 GiB: `limits::ROW_BYTES_CEILING`.
        self.rows.spans.push(Span {
            start: start as u32,
            end: end as u32,
        });
    }

    #[inline]
    fn trimmed(&self, mut start: usize, mut end: usize) -> (usize, usize) {
        if self.dialect.trim {
            while start < end && self.dialect.is_blank(self.bytes[start]) {
                start += 1;
            }
            while start < end && self.dialect.is_blank(self.bytes[end - 1]) {
                end -= 1;
            }
        }
        (start, end)
    }

    #[inline]
    fn end_cell(&mut self, end: usize) {
        if self.quoted.open.is_some() {
            self.end_quoted_cell(end);
        } else {
            self.end_plain_cell(end);
        }
    }

    fn end_quoted_cell(&mut self, end: usize) {
        let quoted = std::mem::take(&mut self.quoted);
        let (Some(open), Some(close)) = (quoted.open, quoted.close) else {
            return self.end_plain_cell(end);
        };
        let (after, end) = self.trimmed(close + 1, end);
        if after < end && self.torn.is_none() {
            self.torn = Some(self.rows.spans.len() - self.row_base());
        }
        if !quoted.doubled {
            return self.push(open + 1, close);
        }
        let start = self.bytes.len() + self.rows.rewritten.len();
        let mut rest = &self.bytes[open + 1..close];
        while let Some(quote) = memchr(self.bytes[open], rest) {
            self.rows.rewritten.extend_from_slice(&rest[..=quote]);
            rest = rest.get(quote + 2..).unwrap_or_default();
        }
        self.rows.rewritten.extend_from_slice(rest);
        self.push(start, self.bytes.len() + self.rows.rewritten.len());
    }

    /// How many cells the rows before the current one have.
    fn row_base(&self) -> usize {
        self.rows.lines.len() * self.width.unwrap_or(0)
    }

    #[inline]
    fn end_row(&mut self, newline: usize) {
        let mut end = newline;
        if end > self.cell && self.dialect.newline == b'\n' && self.bytes[end - 1] == b'\r' {
            end -= 1;
        }
        let blank = end == self.row;
        let base = self.row_base();
        if !blank {
            self.end_cell(end);
            let cells = self.rows.spans.len() - base;
            let comment = self.dialect.is_comment(self.bytes, self.row);
            let whole = self.width.is_none_or(|width| cells == width)
                && self.torn.is_none()
                && end - self.row <= self.limits.cell_bytes.min(self.limits.row_bytes)
                && self.bad_bytes.is_empty();
            if comment {
                self.rows.spans.truncate(base);
            } else if whole || self.look_closer(end, base, cells) {
                self.width = Some(cells);
                self.rows.lines.push(self.line);
            } else {
                self.rows.spans.truncate(base);
            }
        }
        self.line += 1 + self.inner_lines;
        self.inner_lines = 0;
        self.torn = None;
        self.quoted = Quoted::default();
        self.row = newline + 1;
        self.cell = newline + 1;
    }

    /// For a row that is not plainly whole: whether it is whole after all. Says what is wrong when it is not.
    fn look_closer(&mut self, end: usize, base: usize, cells: usize) -> bool {
        if let Some(fault) = self.beyond_limits(end, base) {
            self.fault.get_or_insert((self.line, fault));
            return false;
        }
        let wrong = WrongRow {
            line: self.line,
            start: self.row,
            end,
            rule: Rule::Cells,
            cell: cells,
            at: 0,
        };
        let first_bad = self
            .bad_bytes
            .partition_point(|at| (*at as usize) < self.row);
        let bad = self.bad_bytes.get(first_bad).map(|at| *at as usize);
        let wrong = if let Some(at) = bad.filter(|at| *at < end) {
            WrongRow {
                rule: Rule::Encoding,
                cell: cell_at(&self.rows.spans[base..], at),
                at,
                ..wrong
            }
        } else if let Some(cell) = self.torn {
            WrongRow {
                rule: Rule::Quotes,
                cell,
                ..wrong
            }
        } else if self.width.is_some_and(|width| width != cells) {
            wrong
        } else {
            return true;
        };
        self.rows.wrong.push(wrong);
        false
    }

    fn beyond_limits(&self, end: usize, base: usize) -> Option<Fault> {
        let (length, most) = (end - self.row, self.limits.row_bytes);
        if length > most {
            let message = format!("a row of {length} bytes, more than {most}");
            return Some(exceeded(message, "row_bytes"));
        }
        let most = self.limits.cell_bytes;
        let cells = self.rows.spans[base..].iter();
        let longest = cells.map(|span| span.end - span.start).max()? as usize;
        (longest > most).then(|| {
            let message = format!("a cell of {longest} bytes, more than {most}");
            exceeded(message, "cell_bytes")
        })
    }
}

/// Which of a row's cells holds a byte. Rewritten cells are not where they were, so what comes after a plain cell is in
/// the next one.
fn cell_at(spans: &[Span], at: usize) -> usize {
    let last = spans.iter().rposition(|span| span.start as usize <= at);
    let Some(cell) = last else { return 0 };
    let within = at < spans[cell].end as usize;
    (cell + usize::from(!within)).min(spans.len() - 1)
}
