//! Rows that repeat a key within their item.

use std::collections::HashSet;

use arrow_array::RecordBatch;
use stage::Fault;

use crate::reject::CellFault;
use crate::schema::{Checked, Key};
use crate::source::array_text;

/// The keys of an item's rows so far: 16 bytes each, as digests of 128 bits.
#[derive(Debug)]
pub(crate) struct Seen(Vec<HashSet<u128>>);

/// The digests of a batch's keys, by key and row; `None` where a value is missing.
pub(crate) type Digests = Vec<Vec<Option<u128>>>;

/// Digests all keys of a batch.
pub(crate) fn digests(checked: &Checked, batch: &RecordBatch) -> Result<Digests, Fault> {
    checked.keys.iter().map(|key| of_key(key, batch)).collect()
}

fn of_key(key: &Key, batch: &RecordBatch) -> Result<Vec<Option<u128>>, Fault> {
    let columns = batch.project(&key.columns).map_err(anyhow::Error::from)?;
    let digests = table::digest_rows(&columns)?.into_iter().enumerate();
    let is_whole = |row: usize| columns.columns().iter().all(|column| column.is_valid(row));
    Ok(digests
        .map(|(row, digest)| is_whole(row).then_some(digest))
        .collect())
}

impl Seen {
    /// Nothing yet.
    pub(crate) fn new(checked: &Checked) -> Self {
        Self(checked.keys.iter().map(|_| HashSet::new()).collect())
    }

    /// The keys that a row repeats, as faults. A row that repeats none is remembered.
    pub(crate) fn check(
        &mut self,
        checked: &Checked,
        batch: &RecordBatch,
        digests: &Digests,
        row: usize,
    ) -> Vec<CellFault> {
        let of_row = || {
            digests
                .iter()
                .map(|digests| digests.get(row).copied().flatten())
        };
        let mut faults = Vec::new();
        for ((key, digest), seen) in checked.keys.iter().zip(of_row()).zip(&self.0) {
            if digest.is_some_and(|digest| seen.contains(&digest)) {
                faults.push(repeated(checked, key, batch, row));
            }
        }
        if faults.is_empty() {
            for (digest, seen) in of_row().zip(&mut self.0) {
                seen.extend(digest);
            }
        }
        faults
    }
}

fn repeated(checked: &Checked, key: &Key, batch: &RecordBatch, row: usize) -> CellFault {
    let values = key
        .columns
        .iter()
        .map(|column| array_text(batch.column(*column), row));
    let names: Vec<&str> = key
        .columns
        .iter()
        .map(|column| checked.columns[*column].name.as_str())
        .collect();
    CellFault {
        column: Some(names.join(", ")),
        rule: key.rule,
        expected: "a value that no row before has".to_owned(),
        value: values.collect::<Vec<_>>().join(", "),
    }
}
