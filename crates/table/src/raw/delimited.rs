//! Delimited files: the header, and chunks of rows.

use std::sync::Arc;

use stage::Fault;

use super::batch::{Layout, RowFault, Rule, TextBatch};
use super::dialect::Dialect;
use super::feed::Feed;
use super::limits::{Limits, exceeded};
use super::names::unique;
use super::options::Options;
use super::plan::{Plan, grow, shorten};
use super::split::{WrongRow, split};
use super::utf8::{Checked, check};

/// Skips what comes before the header; then the feed begins with the first row that is neither blank nor a comment.
/// `false` when there is none.
pub(crate) fn skip_to_rows(
    feed: &mut Feed,
    dialect: &Dialect,
    limits: &Limits,
) -> Result<bool, Fault> {
    loop {
        let end = first_row(feed, dialect, limits)?;
        let row = &feed.pending[..end];
        if end == 0 {
            return Ok(false);
        }
        let blank = row.iter().all(|byte| matches!(byte, b'\r' | b'\n'));
        if !blank && !dialect.is_comment(row, 0) {
            return Ok(true);
        }
        feed.skip(end);
    }
}

/// Skips so many lines, whatever they hold.
pub(crate) fn skip_lines(feed: &mut Feed, lines: u64, limits: &Limits) -> Result<(), Fault> {
    for _ in 0..lines {
        loop {
            if let Some(end) = memchr::memchr(feed.newline, &feed.pending) {
                feed.skip(end + 1);
                break;
            }
            if feed.ended {
                feed.skip(feed.pending.len());
                return Ok(());
            }
            grow(feed, limits)?;
        }
    }
    Ok(())
}

/// How many bytes the first row has, its newline included.
fn first_row(feed: &mut Feed, dialect: &Dialect, limits: &Limits) -> Result<usize, Fault> {
    loop {
        if let Some(end) = dialect.row_end(&feed.pending, 0) {
            return Ok(end + 1);
        }
        if feed.ended {
            return Ok(feed.pending.len());
        }
        grow(feed, limits)?;
    }
}

/// The names of the columns. Takes the header from the feed, if there is one.
pub(crate) fn columns(
    feed: &mut Feed,
    dialect: &Dialect,
    options: &Options,
) -> Result<Vec<String>, Fault> {
    if !skip_to_rows(feed, dialect, &options.limits)? {
        let names = options.names.clone().filter(|_| !options.header);
        return names.ok_or_else(|| {
            feed.place()
                .fault(Fault::item("expected a header, found no row"))
        });
    }
    let line = feed.line;
    let end = first_row(feed, dialect, &options.limits)?;
    let cells = header_cells(&feed.pending[..end], dialect, options)
        .map_err(|fault| feed.place().fault_at(line, fault))?;
    let found = cells.len();
    if found > options.limits.columns {
        let message = format!("{found} columns, more than {}", options.limits.columns);
        return Err(feed.place().fault_at(line, exceeded(message, "columns")));
    }
    if options.header {
        feed.skip(end);
    }
    match &options.names {
        Some(names) if names.len() == found => Ok(names.clone()),
        Some(names) => {
            let message = format!("expected {} columns (`names`), found {found}", names.len());
            Err(feed.place().fault_at(line, Fault::item(message)))
        }
        None if options.header => Ok(unique(cells)),
        None => Ok(unique(cells.into_iter().map(|_| String::new()))),
    }
}

fn header_cells(row: &[u8], dialect: &Dialect, options: &Options) -> Result<Vec<String>, Fault> {
    let mut checked = check(row.to_vec());
    if options.names.is_some() || !options.header {
        // Nobody asks what these cells say, only how many there are.
        checked.bad_bytes.clear();
    }
    let rows = split(
        checked.text.as_bytes(),
        dialect,
        None,
        &options.limits,
        &checked.bad_bytes,
    )
    .map_err(|(_, fault)| fault)?;
    if let Some(wrong) = rows.wrong.first() {
        let (message, hint) = explain(wrong, &checked, 0, "UTF-8");
        let fault = Fault::item(format!("header: {message}"));
        return Err(match hint {
            Some(hint) => fault.hint(hint),
            None => fault,
        });
    }
    let mut text = checked.text.into_bytes();
    text.extend_from_slice(&rows.rewritten);
    let cell = |start: u32, end: u32| {
        String::from_utf8_lossy(&text[start as usize..end as usize]).into_owned()
    };
    Ok(rows
        .spans
        .iter()
        .map(|span| cell(span.start, span.end))
        .collect())
}

/// Splits a chunk of whole rows.
pub(crate) fn parse(
    bytes: Vec<u8>,
    first_line: u64,
    plan: &Plan,
    dialect: &Dialect,
) -> Result<TextBatch, Fault> {
    let mut checked = check(bytes);
    let rows = split(
        checked.text.as_bytes(),
        dialect,
        Some(plan.columns.len()),
        &plan.limits,
        &checked.bad_bytes,
    )
    .map_err(|(line, fault)| plan.place.fault_at(first_line + u64::from(line), fault))?;
    let faults = rows.wrong.iter();
    let faults = faults
        .map(|wrong| row_fault(wrong, &checked, first_line, plan))
        .collect();
    // What was rewritten is whole cells of valid text.
    checked
        .text
        .push_str(&String::from_utf8_lossy(&rows.rewritten));
    Ok(TextBatch {
        text: checked.text,
        columns: Arc::clone(&plan.columns),
        layout: Layout::Full(rows.spans),
        lines: rows.lines,
        first_line,
        faults,
    })
}

fn row_fault(wrong: &WrongRow, checked: &Checked, first_line: u64, plan: &Plan) -> RowFault {
    let (message, hint) = explain(wrong, checked, plan.columns.len(), plan.encoding);
    let column = match wrong.rule {
        Rule::Cells => None,
        _ => plan.columns.get(wrong.cell).cloned(),
    };
    RowFault {
        line: first_line + u64::from(wrong.line),
        column,
        rule: wrong.rule,
        message,
        hint,
        text: shorten(checked.original(wrong.start, wrong.end)),
    }
}

/// What is wrong with a row, and the cure.
fn explain(
    wrong: &WrongRow,
    checked: &Checked,
    width: usize,
    encoding: &str,
) -> (String, Option<String>) {
    match wrong.rule {
        Rule::Cells => {
            let cells = |count| if count == 1 { "cell" } else { "cells" };
            let (found, noun) = (wrong.cell, cells(width));
            (format!("expected {width} {noun}, found {found}"), None)
        }
        Rule::Quotes => (
            "expected a delimiter after the closing quote, found more text".to_owned(),
            Some(
                "set `trim` if blanks stand around quoted cells, or `quote` to `null` if quotes are plain text"
                    .to_owned(),
            ),
        ),
        Rule::Encoding | Rule::Json => checked.explain(wrong.at, encoding),
    }
}
