//! Reading a text file: what it is, its columns, and chunks of whole rows.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use memchr::{memchr, memrchr};
use stage::Fault;

use super::batch::TextBatch;
use super::content::Content;
use super::decode::{feed, refuse_binary};
use super::delimited;
use super::dialect::Dialect;
use super::feed::{Feed, Place};
use super::json::{self, Cut, Values};
use super::options::{Format, Options};
use super::plan::{Plan, Syntax, check_length, unclosed};
use super::sniff;
use super::source::Source;

/// How much of a file decides what it is. Fixed, so that the same file is always taken for the same.
const SAMPLE_BYTES: usize = 1 << 16;

/// Cuts a text file into chunks of whole rows.
#[derive(Debug)]
pub(crate) struct TextReader {
    feed: Feed,
    pub(crate) plan: Arc<Plan>,
    values: Values,
    chunk_bytes: usize,
    done: bool,
}

/// Some whole rows of a text file.
#[derive(Debug)]
pub(crate) struct TextChunk {
    bytes: Vec<u8>,
    first_line: u64,
    plan: Arc<Plan>,
}

/// Opens the content of a file as text.
pub(crate) fn open(
    path: &Path,
    place: Place,
    content: Content,
    options: &Options,
) -> Result<(TextReader, Source), Fault> {
    let compression = content.compression;
    let (mut feed, encoding) = feed(content, &place, options)?;
    feed.fill(SAMPLE_BYTES)?;
    refuse_binary(&feed, encoding)?;
    let extension = extension(path);
    let mut source = Source {
        format: Format::Delimited,
        delimiter: None,
        header: false,
        old_newlines: false,
        encoding,
        compression,
    };
    feed.newline = newline(&feed.pending);
    delimited::skip_lines(&mut feed, options.skip_lines, &options.limits)?;
    source.format = options
        .format
        .unwrap_or_else(|| sniff::text_format(&feed.pending, &extension));
    let syntax = match source.format {
        Format::JsonLines => Syntax::JsonLines,
        Format::JsonArray => Syntax::JsonValues { array: true },
        Format::Json => Syntax::JsonValues { array: false },
        Format::Parquet | Format::Arrow => {
            let found = Fault::item(format!("expected {source}, found text"));
            return Err(place.fault(found));
        }
        Format::Delimited => {
            let dialect = dialect(&mut feed, options, &extension)?;
            source.delimiter = Some(dialect.delimiter);
            source.header = options.header;
            source.old_newlines = feed.newline == b'\r';
            Syntax::Delimited(dialect)
        }
    };
    let mut plan = Plan {
        place,
        columns: Arc::default(),
        positions: HashMap::new(),
        limits: options.limits.clone(),
        encoding,
        syntax,
    };
    let array = syntax == Syntax::JsonValues { array: true };
    if !matches!(syntax, Syntax::Delimited(_)) {
        // In JSON a `\r` alone is a blank like any other.
        feed.newline = b'\n';
    }
    plan.columns = Arc::new(match &syntax {
        Syntax::Delimited(dialect) => delimited::columns(&mut feed, dialect, options)?,
        _ => json::columns(&mut feed, &mut plan, options, array)?,
    });
    plan.positions = json::positions(&plan.columns);
    let reader = TextReader {
        feed,
        plan: Arc::new(plan),
        values: Values { array, first: true },
        chunk_bytes: SAMPLE_BYTES,
        done: false,
    };
    Ok((reader, source))
}

/// The file's extension, compression suffix aside, in lower case.
fn extension(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let name = name.to_lowercase();
    let plain = [".gz", ".zst"]
        .iter()
        .find_map(|suffix| name.strip_suffix(suffix))
        .unwrap_or(&name);
    let extension = plain
        .rsplit_once('.')
        .map_or("", |(_, extension)| extension);
    extension.to_owned()
}

/// What ends a line: `\r` only where there is no `\n`.
fn newline(sample: &[u8]) -> u8 {
    if memchr(b'\n', sample).is_none() && memchr(b'\r', sample).is_some() {
        return b'\r';
    }
    b'\n'
}

fn dialect(feed: &mut Feed, options: &Options, extension: &str) -> Result<Dialect, Fault> {
    let mut dialect = Dialect {
        newline: feed.newline,
        ..Dialect::new(options)?
    };
    delimited::skip_to_rows(feed, &dialect, &options.limits)?;
    if options.delimiter.is_none() {
        let sample = &feed.pending[..feed.pending.len().min(SAMPLE_BYTES)];
        let whole = feed.ended && sample.len() == feed.pending.len();
        dialect.delimiter = sniff::delimiter(sample, whole, dialect, extension);
    }
    Ok(dialect)
}

impl TextReader {
    /// Cuts chunks of about this size, in bytes.
    pub(crate) fn in_chunks(self, chunk_bytes: usize) -> Self {
        Self {
            chunk_bytes,
            ..self
        }
    }

    fn cut(&mut self) -> Result<Option<TextChunk>, Fault> {
        let mut window = self.chunk_bytes;
        let end = loop {
            self.feed.fill(window)?;
            let visible = window.min(self.feed.pending.len());
            let (end, open_quote) = self.boundary(visible)?;
            if end > 0 || self.done {
                break end;
            }
            check_length(&self.feed, visible, &self.plan.limits, open_quote)?;
            window *= 2;
        };
        if end == 0 {
            return Ok(None);
        }
        let first_line = self.feed.line;
        Ok(Some(TextChunk {
            bytes: self.feed.take(end),
            first_line,
            plan: Arc::clone(&self.plan),
        }))
    }

    /// Where the last whole row of the first `visible` bytes ends, and the quote that is open there. Sets `done` when
    /// nothing comes after it.
    fn boundary(&mut self, visible: usize) -> Result<(usize, Option<usize>), Fault> {
        let bytes = &self.feed.pending[..visible];
        let ended = self.feed.ended && visible == self.feed.pending.len();
        let (end, open_quote) = match self.plan.syntax {
            Syntax::JsonLines => (memrchr(b'\n', bytes).map_or(0, |at| at + 1), None),
            Syntax::Delimited(dialect) => {
                let boundary = dialect.boundary(bytes);
                (boundary.end, boundary.open_quote)
            }
            Syntax::JsonValues { .. } => {
                let (limits, place) = (&self.plan.limits, &self.plan.place);
                let cut = self
                    .values
                    .cut(bytes, ended, limits, place, self.feed.line)?;
                let (Cut::Whole(end) | Cut::Last(end)) = cut;
                self.values.first &= end == 0;
                // An array's end is the end only if the file ends there, too.
                self.done = ended && matches!(cut, Cut::Last(_));
                return Ok((end, None));
            }
        };
        if !ended {
            return Ok((end, open_quote));
        }
        if let Some(quote) = open_quote {
            return Err(unclosed(&self.feed, quote));
        }
        self.done = true;
        Ok((bytes.len(), None))
    }
}

impl Iterator for TextReader {
    type Item = Result<TextChunk, Fault>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.done {
            return None;
        }
        let chunk = self.cut();
        if !matches!(chunk, Ok(Some(_))) {
            self.done = true;
        }
        chunk.transpose()
    }
}

impl TextChunk {
    pub(crate) fn parse(self) -> Result<TextBatch, Fault> {
        match &self.plan.syntax {
            Syntax::Delimited(dialect) => {
                delimited::parse(self.bytes, self.first_line, &self.plan, dialect)
            }
            _ => json::parse(self.bytes, self.first_line, &self.plan),
        }
    }
}
