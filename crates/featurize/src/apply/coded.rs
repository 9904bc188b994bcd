//! Codes of categories, applied.

use std::sync::Arc;

use arrow_array::{ArrayRef, BooleanArray, Int32Array};
use arrow_buffer::{BooleanBuffer, MutableBuffer, bit_util};
use stage::Fault;

use super::lookup::Lookup;
use crate::fit::categories::Categories;
use crate::transform::Coding;

/// Gives categories their codes.
#[derive(Debug)]
pub(super) struct Coder {
    lookup: Lookup,
    missing: Option<i32>,
    unknown: Option<i32>,
    refuse_unknown: bool,
}

impl Coder {
    pub(super) fn new(coding: &Coding) -> Self {
        let mut lookup = Lookup::new(&coding.categories);
        if let (Some(infrequent), Some(code)) = (&coding.infrequent, coding.infrequent_code) {
            lookup.insert(infrequent, |_| code);
        }
        Self {
            lookup,
            missing: coding.missing_code,
            unknown: coding.unknown_code,
            refuse_unknown: coding.refuse_unknown,
        }
    }

    pub(super) fn codes(&self, categories: &Categories) -> Result<Int32Array, Fault> {
        let codes = self.lookup.codes(categories);
        match &codes.unknown {
            Some(unknown) if self.refuse_unknown => Err(Fault::item(format!(
                "category `{unknown}` does not occur in the train rows"
            ))
            .hint("set `handle_unknown` in the settings of featurize, or drop such rows in clean")),
            _ => Ok(codes.into_array(self.missing, self.unknown)),
        }
    }
}

/// A column for each code: where is it? A row without a code is in none.
pub(super) fn one_column_each(codes: &Int32Array, count: usize) -> Vec<ArrayRef> {
    let rows = codes.len();
    let bytes = bit_util::ceil(rows, 8);
    let mut columns: Vec<MutableBuffer> = (0..count)
        .map(|_| MutableBuffer::from_len_zeroed(bytes))
        .collect();
    for (row, code) in codes.iter().enumerate() {
        if let Some(column) = code.and_then(|code| columns.get_mut(code as usize)) {
            bit_util::set_bit(column.as_slice_mut(), row);
        }
    }
    let column = |bits: MutableBuffer| {
        let bits = BooleanBuffer::new(bits.into(), 0, rows);
        Arc::new(BooleanArray::new(bits, None)) as ArrayRef
    };
    columns.into_iter().map(column).collect()
}
