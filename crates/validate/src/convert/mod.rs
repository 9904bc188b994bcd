//! Batches of raw rows as typed batches: good rows in, bad rows aside.

mod cells;
mod typed;

use std::sync::Arc;

use arrow_array::{ArrayRef, BooleanArray, RecordBatch, new_null_array};
use arrow_select::filter::filter_record_batch;
use stage::Fault;
use table::raw::{Cell, RawBatch};

use crate::reject::{CellFault, Reject};
use crate::schema::Checked;
use crate::source::{Mapping, cell_text, row_text};
use cells::{Broke, Converted};

/// A batch after all rules that can be checked row by row.
#[derive(Debug)]
pub(crate) struct Sifted {
    /// The good rows.
    pub(crate) batch: RecordBatch,
    /// Which rows of the raw batch they were; `None` when all were good.
    rows: Option<Vec<usize>>,
    /// The bad rows, in the order of their lines.
    pub(crate) rejects: Vec<Reject>,
}

impl Sifted {
    /// The row of the raw batch that a good row was.
    pub(crate) fn raw_row(&self, row: usize) -> usize {
        match &self.rows {
            Some(rows) => rows.get(row).copied().unwrap_or_default(),
            None => row,
        }
    }

    /// Keeps only the rows that are marked.
    pub(crate) fn keep(&mut self, good: &[bool]) -> Result<(), Fault> {
        let kept = (0..good.len()).filter(|row| good[*row]);
        self.rows = Some(kept.map(|row| self.raw_row(row)).collect());
        self.batch = keep(&self.batch, good)?;
        Ok(())
    }
}

/// Converts a batch column by column.
pub(crate) fn sift(checked: &Checked, mapping: &Mapping, raw: &RawBatch) -> Result<Sifted, Fault> {
    let mut arrays = Vec::with_capacity(checked.columns.len());
    let mut faults: Vec<(usize, usize, Broke)> = Vec::new();
    for position in 0..checked.columns.len() {
        let converted = column(checked, mapping, raw, position)?;
        arrays.push(converted.array);
        faults.extend(
            converted
                .faults
                .into_iter()
                .map(|broke| (broke.row, position, broke)),
        );
    }
    faults.sort_by_key(|(row, position, _)| (*row, *position));
    let batch = record_batch(checked, arrays, raw.num_rows())?;
    let mut sifted = Sifted {
        batch,
        rows: None,
        rejects: raw.faults().iter().map(Reject::unsplit).collect(),
    };
    if faults.is_empty() {
        return Ok(sifted);
    }
    let mut good = vec![true; raw.num_rows()];
    for of_row in faults.chunk_by(|a, b| a.0 == b.0) {
        good[of_row[0].0] = false;
        sifted.rejects.push(reject(checked, mapping, raw, of_row));
    }
    sifted.rejects.sort_by_key(|reject| reject.line);
    sifted.keep(&good)?;
    Ok(sifted)
}

/// A row with the rules that it broke.
fn reject(
    checked: &Checked,
    mapping: &Mapping,
    raw: &RawBatch,
    faults: &[(usize, usize, Broke)],
) -> Reject {
    let row = faults[0].0;
    let cell_fault = |(_, position, broke): &(usize, usize, Broke)| CellFault {
        column: Some(checked.columns[*position].name.clone()),
        rule: broke.rule,
        expected: broke.expected.clone(),
        value: cell_text(raw, row, mapping.position(checked, *position, raw)),
    };
    Reject {
        line: raw.line(row),
        faults: faults.iter().map(cell_fault).collect(),
        row: row_text(raw, row),
        hint: None,
    }
}

fn keep(batch: &RecordBatch, good: &[bool]) -> Result<RecordBatch, Fault> {
    let kept = filter_record_batch(batch, &BooleanArray::from(good.to_vec()));
    Ok(kept.map_err(anyhow::Error::from)?)
}

fn record_batch(
    checked: &Checked,
    arrays: Vec<ArrayRef>,
    rows: usize,
) -> Result<RecordBatch, Fault> {
    let options = arrow_array::RecordBatchOptions::new().with_row_count(Some(rows));
    let batch = RecordBatch::try_new_with_options(Arc::clone(&checked.arrow), arrays, &options);
    Ok(batch.map_err(anyhow::Error::from)?)
}

fn column(
    checked: &Checked,
    mapping: &Mapping,
    raw: &RawBatch,
    position: usize,
) -> Result<Converted, Fault> {
    let column = &checked.columns[position];
    let rows = raw.num_rows();
    match (raw, mapping.position(checked, position, raw)) {
        (_, None) if !column.required => Ok(Converted {
            array: new_null_array(&column.kind.data_type(), rows),
            faults: Vec::new(),
        }),
        (_, None) => Ok(cells::convert_any(column, rows, &|_| Cell::Absent)),
        (RawBatch::Text(batch), Some(place)) => {
            let cells = batch.column(place);
            Ok(cells::convert(column, rows, |row| cells.get(row)))
        }
        (RawBatch::Typed(batch), Some(place)) => typed::convert(column, batch.batch.column(place)),
    }
}
