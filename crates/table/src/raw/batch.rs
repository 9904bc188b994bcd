//! Rows split into cells.

use std::sync::Arc;

use arrow_array::RecordBatch;

/// One cell as it stood in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cell<'a> {
    /// The record has no such key (JSON only).
    Absent,
    /// A JSON `null`.
    Null,
    /// Text, without quotes and escapes. All cells of delimited files are text.
    Text(&'a str),
    /// A JSON number as it was written, or `NaN`, `Infinity`, `-Infinity`.
    Number(&'a str),
    /// A JSON `true` or `false`.
    Bool(bool),
    /// A JSON object or array as it was written.
    Json(&'a str),
}

/// Which rule a row broke before its cells could be looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// As many cells as columns.
    Cells,
    /// Nothing after a closing quote.
    Quotes,
    /// Valid text in the file's encoding.
    Encoding,
    /// A JSON object.
    Json,
}

impl Rule {
    /// The rule's word for `_rejected`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Cells => "cells",
            Self::Quotes => "quotes",
            Self::Encoding => "encoding",
            Self::Json => "json",
        }
    }
}

/// A row that could not be split into cells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowFault {
    /// The line on which the row begins, from 1.
    pub line: u64,
    /// The column, where it is known.
    pub column: Option<String>,
    /// The rule it broke.
    pub rule: Rule,
    /// What was expected and what was found.
    pub message: String,
    /// The cure, where there is one.
    pub hint: Option<String>,
    /// The row as it stood in the file, cut off when long.
    pub text: String,
}

/// Where a cell's text lies in the text of its batch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) start: u32,
    pub(crate) end: u32,
}

/// What a JSON value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Null,
    Text,
    Number,
    True,
    False,
    Json,
}

/// One value of a JSON record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) column: u32,
    pub(crate) kind: Kind,
    pub(crate) span: Span,
}

/// Where the cells are.
#[derive(Debug)]
pub(crate) enum Layout {
    /// Row by row, every row with all columns.
    Full(Vec<Span>),
    /// Row by row, what each record has, by column; `starts` has one more than there are rows. Memory grows with the
    /// text, not with rows times columns.
    Sparse {
        entries: Vec<Entry>,
        starts: Vec<u32>,
    },
}

/// Some rows of a file.
#[derive(Debug)]
pub enum RawBatch {
    /// Rows of a format whose cells are text or JSON values.
    Text(TextBatch),
    /// Rows of a format that has types of its own (Parquet, Arrow).
    Typed(TypedBatch),
}

impl RawBatch {
    /// How many rows were split, those at fault not counted.
    pub fn num_rows(&self) -> usize {
        match self {
            Self::Text(batch) => batch.num_rows(),
            Self::Typed(batch) => batch.batch.num_rows(),
        }
    }

    /// The line on which a row begins, from 1; where a format has no lines, the number of the row, from 1.
    pub fn line(&self, row: usize) -> u64 {
        match self {
            Self::Text(batch) => batch.line(row),
            Self::Typed(batch) => batch.line(row),
        }
    }

    /// The rows that could not be split, in the order of their lines.
    pub fn faults(&self) -> &[RowFault] {
        match self {
            Self::Text(batch) => batch.faults(),
            Self::Typed(_) => &[],
        }
    }
}

/// Rows with types of their own, brought to the types used between stages.
#[derive(Debug)]
pub struct TypedBatch {
    /// The number of the first row within its file, from 0.
    pub first_row: u64,
    /// The rows.
    pub batch: RecordBatch,
}

impl TypedBatch {
    /// The number of a row within its file, from 1.
    pub fn line(&self, row: usize) -> u64 {
        self.first_row + row as u64 + 1
    }
}

/// Rows whose cells are text or JSON values.
#[derive(Debug)]
pub struct TextBatch {
    pub(crate) text: String,
    pub(crate) columns: Arc<Vec<String>>,
    pub(crate) layout: Layout,
    pub(crate) lines: Vec<u32>,
    pub(crate) first_line: u64,
    pub(crate) faults: Vec<RowFault>,
}

impl TextBatch {
    /// The names of the columns: those of the reader, then, in JSON, keys met in this batch only.
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// How many rows were split, those at fault not counted.
    pub fn num_rows(&self) -> usize {
        self.lines.len()
    }

    /// The line on which a row begins, from 1.
    pub fn line(&self, row: usize) -> u64 {
        self.first_line + u64::from(self.lines[row])
    }

    /// The rows that could not be split, in the order of their lines.
    pub fn faults(&self) -> &[RowFault] {
        &self.faults
    }

    /// One cell.
    pub fn cell(&self, row: usize, column: usize) -> Cell<'_> {
        self.column(column).get(row)
    }

    /// The cells of a column, by the position of its name in [`TextBatch::columns`].
    pub fn column(&self, position: usize) -> Column<'_> {
        Column {
            text: &self.text,
            layout: &self.layout,
            width: self.columns.len(),
            rows: self.lines.len(),
            position,
        }
    }
}

/// The cells of one column.
#[derive(Clone, Copy, Debug)]
pub struct Column<'a> {
    text: &'a str,
    layout: &'a Layout,
    width: usize,
    rows: usize,
    position: usize,
}

impl<'a> Column<'a> {
    /// The cell of a row. Inlined always: it is the first step for each cell, in code that is otherwise built for size.
    #[inline(always)]
    pub fn get(&self, row: usize) -> Cell<'a> {
        match self.layout {
            Layout::Full(spans) => Cell::Text(self.slice(spans[row * self.width + self.position])),
            Layout::Sparse { entries, starts } => {
                let record = &entries[starts[row] as usize..starts[row + 1] as usize];
                self.find(record)
                    .map_or(Cell::Absent, |entry| self.value(entry))
            }
        }
    }

    /// All cells, row by row.
    pub fn iter(self) -> impl ExactSizeIterator<Item = Cell<'a>> {
        (0..self.rows).map(move |row| self.get(row))
    }

    #[inline]
    fn slice(&self, span: Span) -> &'a str {
        &self.text[span.start as usize..span.end as usize]
    }

    /// Mostly records have all columns, so that the entry stands at the column's own position.
    fn find(&self, record: &'a [Entry]) -> Option<&'a Entry> {
        let column = self.position as u32;
        match record.get(self.position) {
            Some(entry) if entry.column == column => Some(entry),
            _ => {
                let found = record.binary_search_by_key(&column, |entry| entry.column);
                found.ok().map(|position| &record[position])
            }
        }
    }

    fn value(&self, entry: &Entry) -> Cell<'a> {
        match entry.kind {
            Kind::Null => Cell::Null,
            Kind::Text => Cell::Text(self.slice(entry.span)),
            Kind::Number => Cell::Number(self.slice(entry.span)),
            Kind::True => Cell::Bool(true),
            Kind::False => Cell::Bool(false),
            Kind::Json => Cell::Json(self.slice(entry.span)),
        }
    }
}
