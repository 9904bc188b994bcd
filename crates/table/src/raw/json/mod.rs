//! JSON: lines, arrays and values one after the other.

mod columns;
mod object;
mod scan;
mod string;

use std::collections::HashMap;
use std::sync::Arc;

use stage::Fault;

use super::batch::{Entry, Layout, RowFault, Rule, TextBatch};
use super::limits::exceeded;
use super::plan::{Plan, Syntax, shorten};
use super::utf8::{Checked, check};
pub(crate) use columns::{columns, positions};
use object::{Parser, Wrong};
pub(crate) use scan::{Cut, End, Values, is_blank, value_end};

/// Splits a chunk of whole records.
pub(crate) fn parse(bytes: Vec<u8>, first_line: u64, plan: &Plan) -> Result<TextBatch, Fault> {
    let checked = check(bytes);
    let mut records = Records {
        plan,
        checked: &checked,
        parser: Parser::new(&checked.text, &plan.limits),
        keys: Keys::new(plan),
        entries: Vec::new(),
        starts: vec![0],
        lines: Vec::new(),
        faults: Vec::new(),
        first_line,
        line: 0,
        counted: 0,
    };
    match plan.syntax {
        Syntax::JsonLines => records.lines()?,
        _ => records.values()?,
    }
    let (entries, starts, lines) = (records.entries, records.starts, records.lines);
    let (faults, columns) = (records.faults, records.keys.columns());
    let rewritten = records.parser.rewritten;
    let mut text = checked.text;
    text.push_str(&rewritten);
    Ok(TextBatch {
        text,
        columns,
        layout: Layout::Sparse { entries, starts },
        lines,
        first_line,
        faults,
    })
}

struct Records<'a> {
    plan: &'a Plan,
    checked: &'a Checked,
    parser: Parser<'a>,
    keys: Keys<'a>,
    entries: Vec<Entry>,
    starts: Vec<u32>,
    lines: Vec<u32>,
    faults: Vec<RowFault>,
    first_line: u64,
    /// How many lines begin before `counted`.
    line: u32,
    counted: usize,
}

impl Records<'_> {
    fn lines(&mut self) -> Result<(), Fault> {
        let bytes = self.checked.text.as_bytes();
        let mut start = 0;
        while start < bytes.len() {
            let end =
                memchr::memchr(b'\n', &bytes[start..]).map_or(bytes.len(), |found| start + found);
            let blank = bytes[start..end].iter().all(|byte| is_blank(*byte));
            if !blank {
                self.record(start, end)?;
            }
            start = end + 1;
        }
        Ok(())
    }

    fn values(&mut self) -> Result<(), Fault> {
        let bytes = self.checked.text.as_bytes();
        let mut at = 0;
        loop {
            while bytes
                .get(at)
                .is_some_and(|byte| is_blank(*byte) || *byte == b',')
            {
                at += 1;
            }
            if at == bytes.len() {
                return Ok(());
            }
            let end = match value_end(bytes, at, usize::MAX) {
                End::At(end) if end > at => end,
                _ => bytes.len(),
            };
            self.record(at, end)?;
            at = end;
        }
    }

    fn record(&mut self, start: usize, end: usize) -> Result<(), Fault> {
        let bytes = self.checked.text.as_bytes();
        self.line += super::feed::count(b'\n', &bytes[self.counted..start]) as u32;
        self.counted = start;
        let base = self.entries.len();
        let result = if end - start > self.plan.limits.row_bytes {
            let message = format!("a row of {} bytes", end - start);
            Err(Wrong::Limit("row_bytes", message))
        } else if let Some(at) = self.bad_byte(start, end) {
            let (message, hint) = self.checked.explain(at, self.plan.encoding);
            self.reject(start, end, Rule::Encoding, message, hint);
            return Ok(());
        } else {
            self.parser
                .record(start, end, &mut self.keys, &mut self.entries)
        };
        match result {
            Ok(()) => {
                sort(&mut self.entries, base);
                self.lines.push(self.line);
                self.starts.push(self.entries.len() as u32);
            }
            Err(Wrong::Row { at, message }) => {
                self.entries.truncate(base);
                let message = format!("{message} at byte {}", at - start + 1);
                self.reject(start, end, Rule::Json, message, None);
            }
            Err(Wrong::Limit(name, message)) => {
                let line = self.first_line + u64::from(self.line);
                return Err(self.plan.place.fault_at(line, exceeded(message, name)));
            }
        }
        Ok(())
    }

    fn bad_byte(&self, start: usize, end: usize) -> Option<usize> {
        let bad = &self.checked.bad_bytes;
        let first = bad.partition_point(|at| (*at as usize) < start);
        bad.get(first).map(|at| *at as usize).filter(|at| *at < end)
    }

    fn reject(
        &mut self,
        start: usize,
        end: usize,
        rule: Rule,
        message: String,
        hint: Option<String>,
    ) {
        self.faults.push(RowFault {
            line: self.first_line + u64::from(self.line),
            column: None,
            rule,
            message,
            hint,
            text: shorten(self.checked.original(start, end).trim_end().to_owned()),
        });
    }
}

/// Brings the entries of a record into the order of the columns; of a key that occurs twice the last one counts, as
/// in most parsers.
fn sort(entries: &mut Vec<Entry>, base: usize) {
    let record = &mut entries[base..];
    if record.is_sorted_by(|a, b| a.column < b.column) {
        return;
    }
    record.sort_by_key(|entry| entry.column);
    let mut kept = base;
    for position in base..entries.len() {
        let next = entries.get(position + 1).map(|entry| entry.column);
        if next != Some(entries[position].column) {
            entries[kept] = entries[position];
            kept += 1;
        }
    }
    entries.truncate(kept);
}

/// The positions of keys: those of the plan, then those met in this chunk.
pub(crate) struct Keys<'a> {
    known: &'a Arc<Vec<String>>,
    positions: &'a HashMap<String, u32>,
    more: Vec<String>,
    more_positions: HashMap<String, u32>,
    most: usize,
}

impl<'a> Keys<'a> {
    fn new(plan: &'a Plan) -> Self {
        Self {
            known: &plan.columns,
            positions: &plan.positions,
            more: Vec::new(),
            more_positions: HashMap::new(),
            most: plan.limits.columns,
        }
    }

    /// The position of a key; `guess` is where it is if records are alike.
    fn position(&mut self, key: &str, guess: usize) -> Result<u32, Wrong> {
        if self.known.get(guess).is_some_and(|name| name == key) {
            return Ok(guess as u32);
        }
        let known = self.positions.get(key).or(self.more_positions.get(key));
        if let Some(position) = known {
            return Ok(*position);
        }
        let position = self.known.len() + self.more.len();
        if position >= self.most {
            let message = format!("more than {} columns", self.most);
            return Err(Wrong::Limit("columns", message));
        }
        self.more.push(key.to_owned());
        self.more_positions.insert(key.to_owned(), position as u32);
        Ok(position as u32)
    }

    fn columns(&self) -> Arc<Vec<String>> {
        if self.more.is_empty() {
            return Arc::clone(self.known);
        }
        Arc::new(self.known.iter().chain(&self.more).cloned().collect())
    }
}
