//! Row digests.

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Date32Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
    Time64MicrosecondType, TimestampMicrosecondType, UInt8Type, UInt16Type, UInt32Type,
};
use arrow_array::{Array, ArrowPrimitiveType, PrimitiveArray, RecordBatch};
use arrow_schema::{DataType, TimeUnit};
use stage::{Blame, Fault};
use xxhash_rust::xxh3::xxh3_128;

/// What stands before each cell, so that no two cells of different types are the same bytes.
mod tag {
    pub(super) const NULL: u8 = 0;
    pub(super) const BOOLEAN: u8 = 1;
    pub(super) const INTEGER: u8 = 2;
    pub(super) const NUMBER: u8 = 3;
    pub(super) const STRING: u8 = 4;
    pub(super) const DATE: u8 = 5;
    pub(super) const TIME: u8 = 6;
    pub(super) const DATETIME: u8 = 7;
    pub(super) const INSTANT: u8 = 8;
}

/// How many rows are laid out at once: few enough that they stay in a core's cache.
const BLOCK_ROWS: usize = 1024;

/// The digest of each row over all columns of a batch; to leave columns out, project the batch first.
///
/// It is the XXH3 of 128 bits over the row's cells, one after the other: a byte for the type, then the value in
/// little-endian order (integers of any width as 64 bits, numbers as doubles with one zero and one NaN, strings with
/// their length in 32 bits before them). A null is its type byte alone, so it differs from an empty string. The same
/// row has the same digest in every run, batch and file, whatever the columns' names.
///
/// A column of a type not used between stages is the program's fault.
pub fn digest_rows(batch: &RecordBatch) -> Result<Vec<u128>, Fault> {
    let mut digests = Vec::with_capacity(batch.num_rows());
    let mut block = Block::default();
    for start in (0..batch.num_rows()).step_by(BLOCK_ROWS) {
        let rows = BLOCK_ROWS.min(batch.num_rows() - start);
        block.digest(&batch.slice(start, rows), &mut digests)?;
    }
    Ok(digests)
}

/// The cells of some rows, laid out row by row.
#[derive(Default)]
struct Block {
    bytes: Vec<u8>,
    /// Where the next cell of each row goes.
    ends: Vec<usize>,
}

impl Block {
    fn digest(&mut self, batch: &RecordBatch, digests: &mut Vec<u128>) -> Result<(), Fault> {
        self.ends.clear();
        self.ends.resize(batch.num_rows(), 0);
        for column in batch.columns() {
            self.measure(column.as_ref())?;
        }
        let mut total = 0;
        for end in &mut self.ends {
            total += std::mem::replace(end, total);
        }
        self.bytes.clear();
        self.bytes.resize(total, 0);
        for column in batch.columns() {
            self.lay_out(column.as_ref())?;
        }
        let mut start = 0;
        for end in &self.ends {
            digests.push(xxh3_128(&self.bytes[start..*end]));
            start = *end;
        }
        Ok(())
    }

    /// Adds the length of each cell to its row's.
    fn measure(&mut self, column: &dyn Array) -> Result<(), Fault> {
        let length = match column.data_type() {
            DataType::Utf8 => {
                for (end, cell) in self.ends.iter_mut().zip(column.as_string::<i32>()) {
                    *end += cell.map_or(1, |cell| 5 + cell.len());
                }
                return Ok(());
            }
            DataType::Null => 1,
            DataType::Boolean => 2,
            DataType::Date32 => 5,
            _ => 9,
        };
        match column.nulls() {
            None => self.ends.iter_mut().for_each(|end| *end += length),
            Some(nulls) => {
                for (end, valid) in self.ends.iter_mut().zip(nulls) {
                    *end += if valid { length } else { 1 };
                }
            }
        }
        Ok(())
    }

    fn lay_out(&mut self, column: &dyn Array) -> Result<(), Fault> {
        match column.data_type() {
            DataType::Boolean => self.cells(column.as_boolean().iter(), |cell| {
                [tag::BOOLEAN, u8::from(cell)]
            }),
            DataType::Utf8 => self.strings(column.as_string::<i32>().iter()),
            DataType::Int8 => self.integers::<Int8Type>(column.as_primitive()),
            DataType::Int16 => self.integers::<Int16Type>(column.as_primitive()),
            DataType::Int32 => self.integers::<Int32Type>(column.as_primitive()),
            DataType::Int64 => self.integers::<Int64Type>(column.as_primitive()),
            DataType::UInt8 => self.integers::<UInt8Type>(column.as_primitive()),
            DataType::UInt16 => self.integers::<UInt16Type>(column.as_primitive()),
            DataType::UInt32 => self.integers::<UInt32Type>(column.as_primitive()),
            DataType::Float32 => {
                let cells = column.as_primitive::<Float32Type>().iter();
                self.cells(cells, |cell| number(f64::from(cell)));
            }
            DataType::Float64 => {
                self.cells(column.as_primitive::<Float64Type>().iter(), number);
            }
            DataType::Date32 => {
                let cells = column.as_primitive::<Date32Type>().iter();
                self.cells(cells, |cell| tagged::<5>(tag::DATE, &cell.to_le_bytes()));
            }
            DataType::Time64(TimeUnit::Microsecond) => {
                let cells = column.as_primitive::<Time64MicrosecondType>().iter();
                self.cells(cells, |cell| tagged::<9>(tag::TIME, &cell.to_le_bytes()));
            }
            DataType::Timestamp(TimeUnit::Microsecond, zone) => {
                let tag = if zone.is_some() {
                    tag::INSTANT
                } else {
                    tag::DATETIME
                };
                let cells = column.as_primitive::<TimestampMicrosecondType>().iter();
                self.cells(cells, |cell| tagged::<9>(tag, &cell.to_le_bytes()));
            }
            DataType::Null => self.cells((0..column.len()).map(|_| None), |()| [tag::NULL]),
            other => {
                let message = format!("rows with a column of type {other} have no digest");
                return Err(Fault::message(Blame::Program, message));
            }
        }
        Ok(())
    }

    fn integers<T>(&mut self, column: &PrimitiveArray<T>)
    where
        T: ArrowPrimitiveType<Native: Into<i64>>,
    {
        self.cells(column.iter(), |cell| {
            let cell: i64 = cell.into();
            tagged::<9>(tag::INTEGER, &cell.to_le_bytes())
        });
    }

    fn cells<T, const N: usize>(
        &mut self,
        cells: impl Iterator<Item = Option<T>>,
        encode: impl Fn(T) -> [u8; N],
    ) {
        for (end, cell) in self.ends.iter_mut().zip(cells) {
            match cell {
                Some(cell) => {
                    self.bytes[*end..*end + N].copy_from_slice(&encode(cell));
                    *end += N;
                }
                None => {
                    self.bytes[*end] = tag::NULL;
                    *end += 1;
                }
            }
        }
    }

    fn strings<'a>(&mut self, cells: impl Iterator<Item = Option<&'a str>>) {
        for (end, cell) in self.ends.iter_mut().zip(cells) {
            let Some(cell) = cell else {
                self.bytes[*end] = tag::NULL;
                *end += 1;
                continue;
            };
            let length = tagged::<5>(tag::STRING, &(cell.len() as u32).to_le_bytes());
            let place = &mut self.bytes[*end..*end + 5 + cell.len()];
            place[..5].copy_from_slice(&length);
            place[5..].copy_from_slice(cell.as_bytes());
            *end += 5 + cell.len();
        }
    }
}

fn tagged<const N: usize>(tag: u8, value: &[u8]) -> [u8; N] {
    let mut bytes = [tag; N];
    bytes[1..].copy_from_slice(value);
    bytes
}

/// Equal numbers have equal bytes: one zero, one NaN.
fn number(value: f64) -> [u8; 9] {
    let value = if value == 0.0 {
        0.0
    } else if value.is_nan() {
        f64::NAN
    } else {
        value
    };
    tagged(tag::NUMBER, &value.to_bits().to_le_bytes())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::{
        ArrayRef, BooleanArray, Float64Array, Int32Array, Int64Array, NullArray, StringArray,
    };

    use super::*;

    fn digests(columns: Vec<ArrayRef>) -> Vec<u128> {
        let columns = columns.into_iter().map(|column| ("c", column, true));
        digest_rows(&RecordBatch::try_from_iter_with_nullable(columns).unwrap()).unwrap()
    }

    fn strings(cells: &[Option<&str>]) -> ArrayRef {
        Arc::new(StringArray::from(cells.to_vec()))
    }

    fn integers(cells: &[Option<i64>]) -> ArrayRef {
        Arc::new(Int64Array::from(cells.to_vec()))
    }

    #[track_caller]
    fn check_differ(columns: Vec<ArrayRef>) {
        let mut digests = digests(columns);
        let rows = digests.len();
        digests.sort_unstable();
        digests.dedup();
        assert_eq!(digests.len(), rows);
    }

    #[test]
    fn rows_that_differ_have_digests_that_differ() {
        check_differ(vec![
            strings(&[Some("ab"), Some("a"), Some(""), None, Some("ab")]),
            strings(&[Some("c"), Some("bc"), None, Some(""), None]),
        ]);
        check_differ(vec![integers(&[
            Some(0),
            Some(1),
            Some(256),
            Some(-1),
            None,
        ])]);
    }

    #[test]
    fn types_differ_even_where_bytes_are_the_same() {
        let cells: Vec<ArrayRef> = vec![
            integers(&[Some(0)]),
            Arc::new(Float64Array::from(vec![0.0])),
            Arc::new(BooleanArray::from(vec![false])),
            strings(&[Some("\0\0\0\0\0\0\0\0")]),
            strings(&[None]),
        ];
        let mut all: Vec<u128> = cells
            .into_iter()
            .flat_map(|cell| digests(vec![cell]))
            .collect();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), 5);
    }

    #[test]
    fn equal_values_have_equal_digests() {
        let zeros: ArrayRef = Arc::new(Float64Array::from(vec![0.0, -0.0]));
        let zeros = digests(vec![zeros]);
        assert_eq!(zeros[0], zeros[1]);
        let nan = f64::from_bits(f64::NAN.to_bits() | 1);
        let nans = digests(vec![Arc::new(Float64Array::from(vec![f64::NAN, nan]))]);
        assert_eq!(nans[0], nans[1]);
        let narrow: ArrayRef = Arc::new(Int32Array::from(vec![-7]));
        assert_eq!(digests(vec![narrow]), digests(vec![integers(&[Some(-7)])]));
        let null: ArrayRef = Arc::new(NullArray::new(1));
        assert_eq!(digests(vec![null]), digests(vec![strings(&[None])]));
    }

    #[test]
    fn a_digest_does_not_depend_on_its_batch() {
        let numbers: Vec<Option<i64>> = (0..3000).map(|n| (n % 7 > 0).then_some(n)).collect();
        let texts: Vec<String> = (0..3000).map(|n| "x".repeat(n % 13)).collect();
        let batch = RecordBatch::try_from_iter_with_nullable([
            ("n", integers(&numbers), true),
            ("s", Arc::new(StringArray::from(texts)) as ArrayRef, true),
        ])
        .unwrap();
        let whole = digest_rows(&batch).unwrap();
        let part = digest_rows(&batch.slice(1500, 100)).unwrap();
        assert_eq!(whole[1500..1600], part);
    }

    #[test]
    fn digests_are_pinned_for_ever() {
        let row = digests(vec![integers(&[Some(42)]), strings(&[Some("waystation")])]);
        let mut bytes = vec![2, 42, 0, 0, 0, 0, 0, 0, 0, 4, 10, 0, 0, 0];
        bytes.extend(b"waystation");
        assert_eq!(row, [xxh3_128(&bytes)]);
        assert_eq!(
            format!("{:032x}", row[0]),
            "3b1b0ae3a17b7074572e1b576002f263"
        );
    }

    #[test]
    fn a_type_without_digest_is_the_programs_fault() {
        let column: ArrayRef = Arc::new(arrow_array::BinaryArray::from(vec![b"x".as_slice()]));
        let batch = RecordBatch::try_from_iter([("b", column)]).unwrap();
        assert_eq!(digest_rows(&batch).unwrap_err().blame, Blame::Program);
    }
}
