//! Where row groups end, and that it makes no difference who encodes them.

use std::path::Path;

use arrow_array::{Float64Array, RecordBatch, UInt32Array};
use arrow_select::take::take_record_batch;
use bytes::Bytes;
use parquet::file::reader::{FileReader, SerializedFileReader};

use super::*;
use crate::writer::Writer;
use crate::writer::tests::{batch, read, reader};
use crate::{BATCH_ROWS, Reader};

fn write(batches: &[RecordBatch], threads: usize) -> Vec<u8> {
    let mut writer = Writer::new(Vec::new(), batches[0].schema_ref()).threads(threads);
    for batch in batches {
        writer.write(batch).unwrap();
    }
    writer.finish().unwrap()
}

/// The rows of each group.
fn groups(content: Vec<u8>) -> Vec<i64> {
    let file = SerializedFileReader::new(Bytes::from(content)).unwrap();
    let groups = file.metadata().row_groups().iter();
    groups.map(|group| group.num_rows()).collect()
}

/// Numbers that do not repeat, of eight bytes each.
fn numbers(columns: usize, rows: usize) -> RecordBatch {
    let column = |seed: usize| {
        let values = (0..rows).map(|row| ((row * 7919 + seed) as f64).sin());
        Arc::new(Float64Array::from_iter_values(values)) as ArrayRef
    };
    RecordBatch::try_from_iter((0..columns).map(|at| (format!("x{at}"), column(at)))).unwrap()
}

#[test]
fn the_number_of_threads_changes_no_byte() {
    let batches = [
        batch(5_000),
        batch(1),
        batch(0),
        batch(BATCH_ROWS),
        batch(BATCH_ROWS + 9),
    ];
    let content = write(&batches, 1);
    for threads in [2, 3, 64] {
        assert!(write(&batches, threads) == content, "{threads} threads");
        let all = read(reader(content.clone()));
        assert_eq!(read(reader(content.clone()).threads(threads)), all);
        let some = ["string", "code", "integer"];
        let found = reader(content.clone()).project(&some).unwrap();
        let expected = all.project(&[4, 9, 1]).unwrap();
        assert_eq!(read(found.threads(threads)), expected);
    }
}

#[test]
fn chosen_rows_are_written_as_a_batch_of_them_would_be() {
    let batches = [batch(3 * BATCH_ROWS), batch(7), batch(4_000)];
    let rows = |batch: &RecordBatch| {
        let rows = (0..batch.num_rows() as u32).filter(|row| row % 7 > 1);
        UInt32Array::from_iter_values(rows)
    };
    let copied = batches
        .each_ref()
        .map(|batch| take_record_batch(batch, &rows(batch)).unwrap());
    for threads in [1, 2] {
        let mut writer = Writer::new(Vec::new(), batches[0].schema_ref()).threads(threads);
        for batch in &batches {
            writer.write_rows(batch, rows(batch)).unwrap();
        }
        assert!(writer.finish().unwrap() == write(&copied, 1));
    }
}

#[test]
fn a_group_ends_when_it_has_as_many_rows_as_it_takes() {
    let one = |rows| numbers(1, rows);
    assert_eq!(groups(write(&[one(10)], 1)), [10]);
    assert_eq!(groups(write(&[one(ROWS_MAX)], 1)), [ROWS_MAX as i64]);
    let ends = [ROWS_MAX as i64, ROWS_MAX as i64, 5];
    assert_eq!(groups(write(&[one(2 * ROWS_MAX + 5)], 1)), ends);
    let pieces = [one(ROWS_MAX - 1), one(2), one(ROWS_MAX), one(4)];
    assert_eq!(groups(write(&pieces, 1)), ends);
}

#[test]
fn a_group_ends_when_it_has_as_many_bytes_as_it_takes() {
    // 40 columns of eight bytes in groups of 5 MiB. How many rows fit is known when there are some.
    let batches: Vec<RecordBatch> = (0..10).map(|_| numbers(40, 5_000)).collect();
    let full = (BYTES_PER_COLUMN / 8) as i64;
    let found = groups(write(&batches, 1));
    assert_eq!(found, [full, full, full, 50_000 - 3 * full]);
}

#[test]
fn a_wrong_byte_is_the_items_fault_whoever_decodes_it() {
    let content = write(&[batch(5_000)], 1);
    for at in (4..content.len()).step_by(content.len() / 1_000) {
        let mut wrong = content.clone();
        wrong[at] ^= 0x55;
        for threads in [1, 3] {
            let opened = Reader::from_bytes(Bytes::from(wrong.clone()), Path::new("a.parquet"));
            let found = opened.and_then(|reader| reader.threads(threads).collect());
            let found: Result<Vec<RecordBatch>, Fault> = found;
            match found {
                Ok(found) => {
                    let rows: usize = found.iter().map(RecordBatch::num_rows).sum();
                    assert_eq!(rows, 5_000, "byte {at}");
                }
                Err(fault) => assert_eq!(fault.blame, Blame::Item, "byte {at}: {fault}"),
            }
        }
    }
}
