//! Which format some text is in, and which delimiter it has.

use super::dialect::Dialect;
use super::json::{End, is_blank, value_end};
use super::limits::Limits;
use super::options::Format;
use super::split::split;

/// Delimiters looked for where none is told, the likelier first.
const DELIMITERS: [u8; 4] = [b',', b'\t', b';', b'|'];

/// How many rows are looked at.
const ROWS_MAX: usize = 100;

/// The format of a text that begins with `sample`, in a file with this extension (without compression suffix).
pub(crate) fn text_format(sample: &[u8], extension: &str) -> Format {
    let first = sample.iter().find(|byte| !is_blank(**byte));
    match (first, extension) {
        (_, "csv" | "tsv" | "tab" | "psv" | "txt" | "dat" | "data") => Format::Delimited,
        (Some(b'['), _) => Format::JsonArray,
        (_, "jsonl" | "ndjson") => Format::JsonLines,
        (Some(b'{'), _) => json_format(sample),
        (_, "json") => Format::Json,
        _ => Format::Delimited,
    }
}

/// A record on its first line means that every line has its own.
fn json_format(sample: &[u8]) -> Format {
    let start = sample.iter().position(|byte| !is_blank(*byte)).unwrap_or(0);
    let line = memchr::memchr(b'\n', &sample[start..]).map(|end| start + end);
    match (value_end(sample, start, usize::MAX), line) {
        (End::At(end), Some(line)) if end > line => Format::Json,
        (End::At(end), line) => {
            let rest = &sample[end..line.unwrap_or(sample.len())];
            let alone = rest.iter().all(|byte| is_blank(*byte));
            if alone {
                Format::JsonLines
            } else {
                Format::Json
            }
        }
        (_, Some(_)) => Format::Json,
        (_, None) => Format::JsonLines,
    }
}

/// The delimiter that gives the most rows the same number of cells, more than one. `sample` begins with a row;
/// `whole` says whether it is all of the file.
pub(crate) fn delimiter(sample: &[u8], whole: bool, dialect: Dialect, extension: &str) -> u8 {
    let by_name = match extension {
        "tsv" | "tab" => Some(b'\t'),
        "psv" => Some(b'|'),
        _ => None,
    };
    let taken = [dialect.quote, dialect.comment];
    let candidates = DELIMITERS
        .into_iter()
        .filter(|delimiter| !taken.contains(&Some(*delimiter)));
    let mut best = (
        b',',
        Fit {
            same: 0,
            rows: 1,
            cells: 1,
        },
    );
    for delimiter in candidates {
        let fit = fit(
            sample,
            whole,
            Dialect {
                delimiter,
                ..dialect
            },
        );
        if fit.cells > 1 && by_name == Some(delimiter) {
            return delimiter;
        }
        if fit.cells > 1 && fit.better(best.1) {
            best = (delimiter, fit);
        }
    }
    best.0
}

/// How many of so many rows have the same number of cells.
#[derive(Clone, Copy)]
struct Fit {
    same: usize,
    rows: usize,
    cells: usize,
}

impl Fit {
    fn better(self, other: Self) -> bool {
        let shares = (self.same * other.rows).cmp(&(other.same * self.rows));
        shares.then(self.cells.cmp(&other.cells)).is_gt()
    }
}

fn fit(sample: &[u8], whole: bool, dialect: Dialect) -> Fit {
    let limits = Limits::default();
    let mut counts: Vec<usize> = Vec::new();
    let mut row = 0;
    while counts.len() < ROWS_MAX && row < sample.len() {
        let end = match dialect.row_end(sample, row) {
            Some(newline) => newline + 1,
            None if whole || counts.is_empty() => sample.len(),
            None => break,
        };
        // A row of its own gives no width to keep to, so its cells are counted, not judged.
        let cells = split(&sample[row..end], &dialect, None, &limits, &[]);
        counts.push(cells.map_or(1, |rows| rows.spans.len()));
        row = end;
    }
    counts.retain(|cells| *cells > 0);
    counts.sort_unstable();
    let mut fit = Fit {
        same: 0,
        rows: counts.len().max(1),
        cells: 1,
    };
    for same in counts.chunk_by(|a, b| a == b) {
        if same.len() >= fit.same {
            (fit.same, fit.cells) = (same.len(), same[0]);
        }
    }
    fit
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::raw::options::Options;

    #[track_caller]
    fn check_delimiter(text: &str, expected: u8) {
        let dialect = Dialect::new(&Options::default()).unwrap();
        assert_eq!(
            char::from(delimiter(text.as_bytes(), true, dialect, "csv")),
            char::from(expected)
        );
    }

    #[test]
    fn the_delimiter_is_the_one_that_fits_most_rows() {
        check_delimiter("a,b\n1,2\n", b',');
        check_delimiter("a;b\n1,5;2,5\n3,5;4,5\n", b';');
        check_delimiter("a\tb\n1,5\t2\n", b'\t');
        check_delimiter("a|b|c\n1|2|3\n", b'|');
        check_delimiter("a\n1\n", b',');
        check_delimiter("a,b\n\"x;y;z\",\"p;q;r\"\n", b',');
        check_delimiter("A title\na;b\n1;2\n3;4\n", b';');
        check_delimiter("", b',');
    }

    #[track_caller]
    fn check_format(text: &str, extension: &str, expected: Format) {
        assert_eq!(text_format(text.as_bytes(), extension), expected);
    }

    #[test]
    fn the_format_is_seen_from_content_and_name() {
        check_format("{\"a\":1}\n{\"a\":2}\n", "", Format::JsonLines);
        check_format("{\"a\":1}", "json", Format::JsonLines);
        check_format("{\n \"a\":1}", "json", Format::Json);
        check_format("{\"a\":1} {\"a\":2}\n", "json", Format::Json);
        check_format("{\"a\":[1,\n2]}\n", "json", Format::Json);
        check_format(" [{\"a\":1}]", "json", Format::JsonArray);
        check_format("[a],[b]\n1,2\n", "csv", Format::Delimited);
        check_format("a,b\n", "", Format::Delimited);
        check_format("", "jsonl", Format::JsonLines);
        check_format("a,b", "json", Format::Json);
    }
}
