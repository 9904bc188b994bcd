//! Batches of rows as columns of numbers.

use arrow_array::{Array, Float64Array, RecordBatch};
use stage::{Fault, Item, Queue};
use table::columns::find;
use table::values;

use crate::columns::Columns;

/// The batches of an item with the named columns, of so many rows, and the number of rows before each; the item's columns are
/// checked against `columns`.
pub(crate) fn batches<'a>(
    queue: &'a Queue,
    item: &'a Item,
    columns: &Columns,
    names: &[&str],
    batch_rows: usize,
) -> Result<impl Iterator<Item = Result<Batch, Fault>> + use<'a>, Fault> {
    let place = move |fault: Fault| fault.context(item.path().display().to_string());
    let reader = table::Reader::open(item.path())?.batch_rows(batch_rows);
    columns.check(reader.schema()).map_err(place)?;
    let mut first = 0;
    let batches = reader.project(names)?.map(move |rows| {
        queue.check()?;
        let batch = Batch {
            rows: rows?,
            first,
            before: first,
        };
        first += batch.rows.num_rows();
        Ok(batch)
    });
    Ok(batches)
}

/// The batches of all items of a partition, in order, each with its item.
pub(crate) fn stream<'a>(
    queue: &'a Queue,
    columns: &'a Columns,
    partition: &'a str,
    names: &'a [&'a str],
    batch_rows: usize,
) -> impl Iterator<Item = Result<(&'a Item, Batch), Fault>> + Send + 'a {
    let batches = queue.in_folder(partition).flat_map(
        move |item| -> Box<dyn Iterator<Item = _> + Send + 'a> {
            match batches(queue, item, columns, names, batch_rows) {
                Ok(batches) => Box::new(batches.map(move |batch| Ok((item, batch?)))),
                Err(fault) => Box::new(std::iter::once(Err(fault))),
            }
        },
    );
    let mut before = 0;
    batches.map(move |drawn: Result<(&Item, Batch), Fault>| {
        let (item, mut batch) = drawn?;
        batch.before = before;
        before += batch.rows.num_rows();
        Ok((item, batch))
    })
}

/// Some rows of an item.
#[derive(Clone, Debug)]
pub(crate) struct Batch {
    pub(crate) rows: RecordBatch,
    /// The number of rows of the item before these.
    pub(crate) first: usize,
    /// The number of rows of all items before these.
    pub(crate) before: usize,
}

impl Batch {
    /// A column of numbers; what is missing is NaN. Without a copy where the column is one of doubles already.
    pub(crate) fn numbers(&self, name: &str) -> Result<Float64Array, Fault> {
        let position = find(&self.rows.schema(), name)?;
        let array = values::numbers(self.rows.column(position))?;
        let Some(nulls) = array.nulls().filter(|nulls| nulls.null_count() > 0) else {
            return Ok(array);
        };
        let mut numbers = array.values().to_vec();
        for row in (!nulls.inner()).set_indices() {
            numbers[row] = f64::NAN;
        }
        Ok(numbers.into())
    }

    /// The columns of all features.
    pub(crate) fn features(&self, columns: &Columns) -> Result<Vec<Float64Array>, Fault> {
        columns
            .feature_names()
            .map(|name| self.numbers(name))
            .collect()
    }

    /// The column of weights, if there is one.
    pub(crate) fn weights(&self, columns: &Columns) -> Result<Option<Float64Array>, Fault> {
        columns
            .weight
            .as_deref()
            .map(|name| self.numbers(name))
            .transpose()
    }
}

/// Columns as the slices that they are.
pub(crate) fn slices(columns: &[Float64Array]) -> Vec<&[f64]> {
    columns
        .iter()
        .map(|column| column.values().as_ref())
        .collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::{ArrayRef, BooleanArray, Int32Array};

    use super::*;

    #[track_caller]
    fn check(array: ArrayRef, expected: &str) {
        let rows = RecordBatch::try_from_iter([("x", array)]).unwrap();
        let (first, before) = (0, 0);
        let batch = Batch {
            rows,
            first,
            before,
        };
        let numbers = batch.numbers("x").unwrap();
        assert_eq!(format!("{:?}", numbers.values().to_vec()), expected);
    }

    #[test]
    fn all_kinds_of_numbers_are_doubles_and_what_is_missing_is_nan() {
        check(
            Arc::new(Float64Array::from(vec![Some(1.5), None])),
            "[1.5, NaN]",
        );
        check(
            Arc::new(Int32Array::from(vec![Some(3), None])),
            "[3.0, NaN]",
        );
        check(
            Arc::new(BooleanArray::from(vec![true, false])),
            "[1.0, 0.0]",
        );
    }
}
