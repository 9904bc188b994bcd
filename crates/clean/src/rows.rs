//! A batch of rows on its way through the rules: the columns, where each row came from, and what became of those
//! that left.

use arrow_array::{Array, ArrayRef, BooleanArray, RecordBatch, RecordBatchOptions, UInt32Array};
use arrow_buffer::BooleanBuffer;
use arrow_schema::SchemaRef;
use arrow_select::filter::FilterBuilder;
use stage::{Blame, Fault, OrBlame};

/// A row that a rule could not read.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Rejected {
    /// The row's number within the item, from 1.
    pub(crate) row: u64,
    /// The rule's place in the settings.
    pub(crate) rule: String,
    /// The column.
    pub(crate) column: String,
    /// What the rule expected there.
    pub(crate) expected: String,
    /// What it found.
    pub(crate) value: String,
}

/// A batch of rows.
#[derive(Debug)]
pub(crate) struct Rows {
    columns: Vec<ArrayRef>,
    len: usize,
    read: usize,
    first: u64,
    /// For each row its index within the batch that was read; none while no row has left.
    origin: Option<UInt32Array>,
    /// The rows set aside so far.
    pub(crate) rejected: Vec<Rejected>,
    /// The rows dropped so far, by the reason.
    pub(crate) dropped: Vec<(String, u64)>,
    /// The digests that tell repeated rows, one per row that was read, 0 for those that had left by then; empty
    /// where none are asked for.
    pub(crate) digests: Vec<u128>,
}

impl Rows {
    /// The rows of a batch whose first row has this number within its item, from 1.
    pub(crate) fn new(batch: &RecordBatch, first: u64) -> Self {
        Self {
            columns: batch.columns().to_vec(),
            len: batch.num_rows(),
            read: batch.num_rows(),
            first,
            origin: None,
            rejected: Vec::new(),
            dropped: Vec::new(),
            digests: Vec::new(),
        }
    }

    /// How many rows were read.
    pub(crate) fn read(&self) -> usize {
        self.read
    }

    /// How many rows are left.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// A column.
    pub(crate) fn column(&self, index: usize) -> &ArrayRef {
        &self.columns[index]
    }

    /// Puts another column in a column's place.
    pub(crate) fn set(&mut self, index: usize, column: ArrayRef) {
        debug_assert_eq!(column.len(), self.len);
        self.columns[index] = column;
    }

    /// Adds a column at the end.
    pub(crate) fn push(&mut self, column: ArrayRef) {
        debug_assert_eq!(column.len(), self.len);
        self.columns.push(column);
    }

    /// Keeps these columns only, in this order.
    pub(crate) fn keep_columns(&mut self, indices: &[usize]) {
        self.columns = indices
            .iter()
            .map(|index| self.columns[*index].clone())
            .collect();
    }

    /// The index of a row within the batch that was read.
    pub(crate) fn origin(&self, row: usize) -> usize {
        self.origin
            .as_ref()
            .map_or(row, |origin| origin.value(row) as usize)
    }

    /// The number of a row within its item, from 1.
    pub(crate) fn number(&self, row: usize) -> u64 {
        self.first + self.origin(row) as u64
    }

    /// Drops the rows that are set in the mask and counts them under the reason.
    pub(crate) fn drop_rows(&mut self, gone: &BooleanBuffer, reason: &str) -> Result<(), Fault> {
        let count = gone.count_set_bits();
        if count > 0 {
            self.dropped.push((reason.to_owned(), count as u64));
            self.keep_rows(!gone)?;
        }
        Ok(())
    }

    /// Keeps the rows that are set in the mask.
    pub(crate) fn keep_rows(&mut self, kept: BooleanBuffer) -> Result<(), Fault> {
        let mask = BooleanArray::new(kept, None);
        let filter = FilterBuilder::new(&mask).optimize().build();
        let origin = match self.origin.take() {
            Some(origin) => origin,
            None => UInt32Array::from_iter_values(0..self.len as u32),
        };
        let origin = filter.filter(&origin).or_blame(Blame::Program)?;
        self.origin = Some(UInt32Array::from(origin.to_data()));
        for column in &mut self.columns {
            *column = filter.filter(column).or_blame(Blame::Program)?;
        }
        self.len = filter.count();
        Ok(())
    }

    /// Keeps the digests of the rows that are here.
    pub(crate) fn set_digests(&mut self, digests: &[u128]) {
        let mut all = vec![0; self.read];
        for (row, digest) in digests.iter().enumerate() {
            all[self.origin(row)] = (*digest).max(1);
        }
        self.digests = all;
    }

    /// The rows as a batch with these columns.
    pub(crate) fn batch(&self, schema: &SchemaRef) -> Result<RecordBatch, Fault> {
        self.make_batch(self.columns.clone(), schema)
    }

    /// Some columns of the rows.
    pub(crate) fn project(
        &self,
        columns: &[usize],
        schema: &SchemaRef,
    ) -> Result<RecordBatch, Fault> {
        let columns = columns.iter().map(|index| self.columns[*index].clone());
        self.make_batch(columns.collect(), schema)
    }

    fn make_batch(&self, columns: Vec<ArrayRef>, schema: &SchemaRef) -> Result<RecordBatch, Fault> {
        let options = RecordBatchOptions::new().with_row_count(Some(self.len));
        RecordBatch::try_new_with_options(schema.clone(), columns, &options)
            .or_blame(Blame::Program)
    }
}
