//! What is known of a text file once it is open: all that a chunk needs to be parsed by itself.

use std::collections::HashMap;
use std::sync::Arc;

use stage::Fault;

use super::dialect::Dialect;
use super::feed::{Feed, Place};
use super::limits::{Limits, exceeded};

/// Most characters of a row that a message keeps.
const TEXT_CHARACTERS_MAX: usize = 1000;

/// All that is needed to parse a chunk.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) place: Place,
    pub(crate) columns: Arc<Vec<String>>,
    /// The position of each column (JSON only).
    pub(crate) positions: HashMap<String, u32>,
    pub(crate) limits: Limits,
    pub(crate) encoding: &'static str,
    pub(crate) syntax: Syntax,
}

/// How the rows are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Syntax {
    Delimited(Dialect),
    JsonLines,
    /// JSON values, as the elements of an array or one after the other.
    JsonValues {
        array: bool,
    },
}

/// Reads on because no row is whole yet, up to the limit.
pub(crate) fn grow(feed: &mut Feed, limits: &Limits) -> Result<(), Fault> {
    let length = feed.pending.len();
    check_length(feed, length, limits, None)?;
    feed.fill((2 * length).max(1 << 16))
}

/// The item's fault that a row is longer than the limit, where it is not whole after so many bytes.
pub(crate) fn check_length(
    feed: &Feed,
    length: usize,
    limits: &Limits,
    open_quote: Option<usize>,
) -> Result<(), Fault> {
    if length <= limits.row_bytes {
        return Ok(());
    }
    if let Some(quote) = open_quote {
        return Err(unclosed(feed, quote));
    }
    let message = format!("a row of more than {} bytes", limits.row_bytes);
    Err(feed
        .place()
        .fault_at(feed.line, exceeded(message, "row_bytes")))
}

/// The item's fault that a quote is never closed.
pub(crate) fn unclosed(feed: &Feed, quote: usize) -> Fault {
    let before = &feed.pending[..quote];
    let line = feed.line + super::feed::count(feed.newline, before);
    let fault = Fault::item("a quote that opens a cell is never closed");
    let fault = fault.hint("close it, or set `quote` to `null` if quotes are plain text");
    feed.place().fault_at(line, fault)
}

/// A row's text for a message: not too long.
pub(crate) fn shorten(mut text: String) -> String {
    if let Some((end, _)) = text.char_indices().nth(TEXT_CHARACTERS_MAX) {
        text.truncate(end);
        text.push('…');
    }
    text
}
