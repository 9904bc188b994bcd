//! What the cells of one column say, as a state that merges.

use std::collections::BTreeSet;

use table::raw::Cell;

use super::candidates::{self, Candidate, Left};
use crate::schema::{Field, Type};

/// Texts that mean that a value is missing, wherever data comes from.
pub(super) const TOKENS: [&str; 13] = [
    "", "NA", "N/A", "n/a", "#N/A", "?", "-", "null", "NULL", "NaN", "nan", "\\N", "#NULL!",
];

/// So many different texts of a column are remembered, to see whether a header is one of them.
const TEXTS: usize = 64;

/// What is known of a column.
#[derive(Clone, Debug)]
pub(super) struct Column {
    /// Values that are there.
    values: u64,
    left: Left,
    /// Spellings of yes and no.
    spellings: u8,
    /// Cells by the token for a missing value that they are.
    missing: [u64; TOKENS.len()],
    /// All cells with text, and those with blanks around it.
    cells: u64,
    blank: u64,
    /// Different texts, while they are few.
    texts: Option<BTreeSet<String>>,
}

impl Default for Column {
    fn default() -> Self {
        Self {
            values: 0,
            left: candidates::all(),
            spellings: 0,
            missing: [0; TOKENS.len()],
            cells: 0,
            blank: 0,
            texts: Some(BTreeSet::new()),
        }
    }
}

impl Column {
    /// Adds a cell.
    pub(super) fn add(&mut self, cell: Cell<'_>, is_json: bool) {
        match cell {
            Cell::Absent | Cell::Null => {}
            // JSON has `null`: `NA` is a value there, but the empty text is missing unless the schema says otherwise.
            Cell::Text(text) if is_json && !text.is_empty() => {
                self.add_value(text, candidates::of_json(false))
            }
            Cell::Text(text) => self.add_text(text, candidates::all()),
            Cell::Number(text) => self.add_value(text, candidates::of_json(true)),
            Cell::Bool(value) => {
                let text = if value { "true" } else { "false" };
                self.add_value(text, candidates::of_json_booleans());
            }
            Cell::Json(text) => self.add_value(text, 0),
        }
    }

    fn add_text(&mut self, text: &str, may_be: Left) {
        let trimmed = text.trim_matches([' ', '\t']);
        self.cells += 1;
        self.blank += u64::from(trimmed.len() < text.len());
        let token = TOKENS.iter().position(|token| *token == trimmed);
        if let Some(token) = token {
            self.missing[token] += 1;
            return;
        }
        self.add_value(trimmed, may_be);
    }

    fn add_value(&mut self, trimmed: &str, may_be: Left) {
        self.values += 1;
        self.left = candidates::strike(self.left & may_be, trimmed);
        self.spellings |= candidates::spelling(trimmed);
        if let Some(texts) = &mut self.texts {
            if !texts.contains(trimmed) {
                texts.insert(trimmed.to_owned());
            }
            if texts.len() > TEXTS {
                self.texts = None;
            }
        }
    }

    /// Adds what other cells say.
    pub(super) fn merge(&mut self, other: &Self) {
        self.values += other.values;
        self.left &= other.left;
        self.spellings |= other.spellings;
        for (mine, theirs) in self.missing.iter_mut().zip(other.missing) {
            *mine += theirs;
        }
        self.cells += other.cells;
        self.blank += other.blank;
        self.texts = match (self.texts.take(), &other.texts) {
            (Some(mut texts), Some(more)) => {
                texts.extend(more.iter().cloned());
                (texts.len() <= TEXTS).then_some(texts)
            }
            _ => None,
        };
    }

    fn best(&self) -> Option<&'static Candidate> {
        candidates::best(self.left).filter(|_| self.values > 0)
    }

    /// The field: what the column is, to the best of what is known.
    pub(super) fn field(&self, name: &str) -> Field {
        let kind = if self.values == 0 {
            Type::Any
        } else {
            Type::String
        };
        let field = match self.best() {
            Some(candidate) => candidate.describe(self.spellings),
            None => Field {
                kind,
                ..Field::default()
            },
        };
        Field {
            name: name.to_owned(),
            ..field
        }
    }

    /// Which tokens for a missing value occur.
    pub(super) fn tokens(&self) -> impl Iterator<Item = usize> + '_ {
        (0..TOKENS.len()).filter(|token| self.missing[*token] > 0)
    }

    /// Whether blanks around its cells are no part of them: when a type other than string would not bear them, and when
    /// most cells have them.
    pub(super) fn wants_trim(&self) -> bool {
        self.blank > 0 && (self.best().is_some() || self.blank * 2 > self.cells)
    }

    /// Whether a first cell names the column rather than being one of its values; `None` when it cannot be told.
    pub(super) fn is_named_by(&self, first: &str) -> Option<bool> {
        let first = first.trim_matches([' ', '\t']);
        if self.values == 0 || TOKENS.contains(&first) {
            return None;
        }
        if let Some(candidate) = self.best() {
            return Some(!candidate.fits(first));
        }
        // A column of texts: a value that occurs again is no name; one that does not tells nothing.
        let texts = self.texts.as_ref()?;
        texts.contains(first).then_some(false)
    }
}
