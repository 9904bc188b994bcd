//! Values that a rule cannot read, and what becomes of their rows.

use arrow_array::Array;
use arrow_buffer::{BooleanBuffer, BooleanBufferBuilder};
use stage::Fault;
use table::Texts;

use crate::place::Place;
use crate::rows::{Rejected, Rows};
use crate::settings::OnError;

/// How much of a value is shown.
const SHOWN_CHARS: usize = 200;

/// The values that one rule could not read in a batch.
pub(crate) struct Unread<'a> {
    place: &'a Place,
    on_error: OnError,
    found: Vec<Rejected>,
    gone: Option<BooleanBufferBuilder>,
}

impl<'a> Unread<'a> {
    /// None so far.
    pub(crate) fn new(place: &'a Place, on_error: OnError) -> Self {
        Self {
            place,
            on_error,
            found: Vec::new(),
            gone: None,
        }
    }

    /// Takes the values of a column, as it was, that could not be read; their new values are missing.
    /// A row is told once, with the first column at fault.
    pub(crate) fn note(
        &mut self,
        rows: &Rows,
        failed: &[usize],
        column: (&str, &dyn Array),
        expected: &str,
    ) -> Result<(), Fault> {
        if self.on_error == OnError::Missing {
            return Ok(());
        }
        for row in failed {
            let rejected = Rejected {
                row: rows.number(*row),
                rule: self.place.rule().to_owned(),
                column: column.0.to_owned(),
                expected: expected.to_owned(),
                value: shown(column.1, *row)?,
            };
            if self.on_error == OnError::Fail {
                return Err(Fault::item(rejected.to_string()));
            }
            if self.is_new(*row, rows.len()) {
                self.found.push(rejected);
            }
        }
        Ok(())
    }

    /// Sets the rows aside.
    pub(crate) fn settle(self, rows: &mut Rows) -> Result<(), Fault> {
        let Some(mut gone) = self.gone else {
            return Ok(());
        };
        rows.rejected.extend(self.found);
        let gone: BooleanBuffer = gone.finish();
        rows.keep_rows(!&gone)
    }

    fn is_new(&mut self, row: usize, len: usize) -> bool {
        let gone = self.gone.get_or_insert_with(|| {
            let mut gone = BooleanBufferBuilder::new(len);
            gone.append_n(len, false);
            gone
        });
        let new = !gone.get_bit(row);
        gone.set_bit(row, true);
        new
    }
}

impl std::fmt::Display for Rejected {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            row,
            column,
            expected,
            value,
            ..
        } = self;
        write!(
            formatter,
            "row {row}: column `{column}`: expected {expected}, found `{value}`"
        )
    }
}

/// A value as text, cut where it is long.
fn shown(column: &dyn Array, row: usize) -> Result<String, Fault> {
    let mut text = Texts::new(column)?.text(row);
    if let Some((end, _)) = text.char_indices().nth(SHOWN_CHARS) {
        text.truncate(end);
        text.push('…');
    }
    Ok(text)
}
