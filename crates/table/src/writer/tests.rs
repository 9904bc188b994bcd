//! A Parquet file written and read back.

use std::path::Path;

use arrow_array::StringArray;
use arrow_array::types::Int32Type;
use arrow_array::{
    ArrayRef, BooleanArray, Date32Array, Decimal128Array, DictionaryArray, Float32Array,
    Float64Array, Int8Array, Int32Array, Int64Array, LargeStringArray, NullArray, StringViewArray,
    Time64MicrosecondArray, TimestampMicrosecondArray, TimestampNanosecondArray, UInt64Array,
};
use arrow_schema::{Field, Schema};
use bytes::Bytes;
use parquet::arrow::ArrowWriter;

use super::*;
use crate::roles::{Role, Task, with_categories, with_roles, with_task};
use crate::{BATCH_ROWS, Reader};

fn strings(rows: usize) -> ArrayRef {
    let cells = (0..rows).map(|row| (row % 5 > 0).then(|| format!("s{}", row % 17)));
    Arc::new(cells.collect::<StringArray>())
}

/// One column of every type used between stages, with every role.
pub(super) fn batch(rows: usize) -> RecordBatch {
    let n = || 0..rows as i64;
    let some = |value: i64| (value % 3 > 0).then_some(value);
    let zoned = TimestampMicrosecondArray::from_iter(n().map(some)).with_timezone("UTC");
    let columns: Vec<(&str, ArrayRef)> = vec![
        (
            "boolean",
            Arc::new(BooleanArray::from_iter(
                n().map(|v| some(v).map(|v| v % 2 == 0)),
            )),
        ),
        ("integer", Arc::new(Int64Array::from_iter(n().map(some)))),
        (
            "number",
            Arc::new(Float64Array::from_iter(
                n().map(|v| some(v).map(|v| v as f64 / 7.0)),
            )),
        ),
        (
            "half",
            Arc::new(Float32Array::from_iter_values(n().map(|v| v as f32))),
        ),
        ("string", strings(rows)),
        (
            "date",
            Arc::new(Date32Array::from_iter(
                n().map(|v| some(v).map(|v| v as i32)),
            )),
        ),
        (
            "time",
            Arc::new(Time64MicrosecondArray::from_iter(n().map(some))),
        ),
        (
            "datetime",
            Arc::new(TimestampMicrosecondArray::from_iter(n().map(some))),
        ),
        ("instant", Arc::new(zoned)),
        (
            "code",
            Arc::new(Int32Array::from_iter_values(n().map(|v| v as i32 % 9))),
        ),
    ];
    let fields = columns.iter().map(|(name, column)| {
        let field = Field::new(*name, column.data_type().clone(), true);
        match *name {
            "code" => with_roles(with_categories(field, 9), &[Role::Feature, Role::Slice]),
            "boolean" => {
                let classes = ["no".to_owned(), "yes".to_owned()];
                with_roles(with_task(field, Task::Binary, &classes), &[Role::Label])
            }
            "string" => with_roles(field, &[Role::Key]),
            _ => field,
        }
    });
    let schema = Schema::new(fields.collect::<Vec<_>>());
    let columns = columns
        .iter()
        .map(|(_, column)| Arc::clone(column))
        .collect();
    RecordBatch::try_new(Arc::new(schema), columns).unwrap()
}

fn write(batches: &[RecordBatch]) -> Vec<u8> {
    let mut writer = Writer::new(Vec::new(), batches[0].schema_ref());
    for batch in batches {
        writer.write(batch).unwrap();
    }
    writer.finish().unwrap()
}

pub(super) fn reader(content: Vec<u8>) -> Reader {
    Reader::from_bytes(Bytes::from(content), Path::new("a.parquet")).unwrap()
}

pub(super) fn read(reader: Reader) -> RecordBatch {
    let schema = reader.schema().clone();
    let batches: Vec<RecordBatch> = reader.map(Result::unwrap).collect();
    arrow_select::concat::concat_batches(&schema, &batches).unwrap()
}

#[test]
fn every_type_and_role_comes_back() {
    let batch = batch(1000);
    let back = read(reader(write(std::slice::from_ref(&batch))));
    assert_eq!(back, batch);
    assert_eq!(back.schema().fields(), batch.schema().fields());
}

#[test]
fn the_same_batches_give_the_same_bytes() {
    let batches = [batch(5000), batch(1), batch(70_000)];
    assert_eq!(write(&batches), write(&batches.clone()));
}

#[test]
fn what_repeats_is_written_small() {
    let size = |values: fn(i64) -> f64| {
        let column: ArrayRef = Arc::new(Float64Array::from_iter_values((0..50_000).map(values)));
        write(&[RecordBatch::try_from_iter([("x", column)]).unwrap()]).len()
    };
    assert!(size(|n| (n * 7919 % 10) as f64) < 50_000);
    assert!(size(|n| n as f64).abs_diff(400_000) < 2_000);
}

#[test]
fn rows_come_in_batches_of_the_agreed_size() {
    let long = batch(BATCH_ROWS + 10);
    let reader = reader(write(&[long.clone(), long.clone(), long]));
    assert_eq!(reader.num_rows(), 3 * (BATCH_ROWS as u64 + 10));
    let rows: Vec<usize> = reader.map(|batch| batch.unwrap().num_rows()).collect();
    assert_eq!(rows, [BATCH_ROWS, BATCH_ROWS, BATCH_ROWS, 30]);
}

#[test]
fn a_file_may_have_no_rows_or_no_columns() {
    let empty = batch(0);
    let back = reader(
        Writer::new(Vec::new(), empty.schema_ref())
            .finish()
            .unwrap(),
    );
    assert_eq!(back.schema().fields(), empty.schema().fields());
    assert_eq!(back.count(), 0);
    let bare = Writer::new(Vec::new(), &Arc::new(Schema::empty()));
    assert_eq!(reader(bare.finish().unwrap()).num_rows(), 0);
}

#[test]
fn columns_are_read_in_the_order_asked_for() {
    let content = write(&[batch(10)]);
    let back = read(
        reader(content.clone())
            .project(&["string", "code", "integer"])
            .unwrap(),
    );
    let expected = batch(10).project(&[4, 9, 1]).unwrap();
    assert_eq!(back, expected);
    let none = reader(content.clone()).project(&[]).unwrap();
    assert_eq!(
        none.map(|batch| batch.unwrap().num_rows()).sum::<usize>(),
        10
    );
    let fault = reader(content).project(&["integers"]).unwrap_err();
    assert_eq!(fault.to_string(), "a.parquet: column `integers` is missing");
    assert_eq!(fault.hint.as_deref(), Some("did you mean `integer`?"));
}

#[test]
fn a_batch_of_other_columns_is_the_programs_fault() {
    let mut writer = Writer::new(Vec::new(), batch(1).schema_ref());
    let fault = writer.write(&batch(1).project(&[0]).unwrap()).unwrap_err();
    assert_eq!(fault.blame, Blame::Program);
    assert_eq!(fault.to_string(), "column `integer` is missing");
}

/// What becomes of a column that another tool wrote.
#[track_caller]
fn check_foreign(column: ArrayRef, expected: ArrayRef) {
    let batch = RecordBatch::try_from_iter_with_nullable([("c", column, true)]).unwrap();
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    let back = read(reader(writer.into_inner().unwrap()));
    assert_eq!(back.column(0), &expected);
}

#[test]
fn types_of_other_tools_become_ours() {
    let texts = || Arc::new(StringArray::from(vec![Some("a"), None]));
    check_foreign(
        Arc::new(LargeStringArray::from(vec![Some("a"), None])),
        texts(),
    );
    check_foreign(
        Arc::new(StringViewArray::from(vec![Some("a"), None])),
        texts(),
    );
    let coded: DictionaryArray<Int32Type> = [Some("a"), None].into_iter().collect();
    check_foreign(Arc::new(coded), texts());
    let integers = || Arc::new(Int64Array::from(vec![Some(5), None]));
    check_foreign(Arc::new(Int8Array::from(vec![Some(5), None])), integers());
    check_foreign(Arc::new(Int32Array::from(vec![Some(5), None])), integers());
    check_foreign(Arc::new(UInt64Array::from(vec![Some(5), None])), integers());
    let decimals = Decimal128Array::from(vec![Some(150), None]);
    check_foreign(
        Arc::new(decimals.with_precision_and_scale(10, 2).unwrap()),
        Arc::new(Float64Array::from(vec![Some(1.5), None])),
    );
    check_foreign(
        Arc::new(
            TimestampNanosecondArray::from(vec![Some(1_500), None]).with_timezone("Europe/Rome"),
        ),
        Arc::new(TimestampMicrosecondArray::from(vec![Some(1), None]).with_timezone("UTC")),
    );
    check_foreign(
        Arc::new(NullArray::new(2)),
        Arc::new(StringArray::new_null(2)),
    );
}

/// The fault of a file of other tools' making.
#[track_caller]
fn check_refused(columns: Vec<(&str, ArrayRef)>, expected: &str) {
    let fields = columns.iter();
    let fields = fields.map(|(name, column)| Field::new(*name, column.data_type().clone(), true));
    let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
    let columns = columns.into_iter().map(|(_, column)| column).collect();
    let batch = RecordBatch::try_new(schema, columns).unwrap();
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    let content = Bytes::from(writer.into_inner().unwrap());
    let fault = Reader::from_bytes(content, Path::new("a.parquet")).unwrap_err();
    assert_eq!(fault.blame, Blame::Item);
    assert_eq!(fault.to_string(), expected);
}

#[test]
fn columns_that_no_stage_can_read_are_the_items_fault() {
    let column = || Arc::new(Int64Array::from(vec![1])) as ArrayRef;
    check_refused(
        vec![("a", column()), ("b", column()), ("a", column())],
        "a.parquet: column `a` occurs twice",
    );
    let list = arrow_array::ListArray::from_iter_primitive::<arrow_array::types::Int64Type, _, _>(
        [Some([Some(1)])],
    );
    check_refused(
        vec![("a", Arc::new(list))],
        "a.parquet: column `a`: type List(Int64) is not read",
    );
}

#[test]
fn a_reader_goes_to_any_thread() {
    fn check<T: Send>(_: &T) {}
    check(&reader(write(&[batch(1)])));
}

#[test]
fn a_number_too_large_for_ours_is_the_items_fault() {
    let column: ArrayRef = Arc::new(UInt64Array::from(vec![u64::MAX]));
    let batch = RecordBatch::try_from_iter([("c", column)]).unwrap();
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    let fault = reader(writer.into_inner().unwrap())
        .next()
        .unwrap()
        .unwrap_err();
    assert_eq!(fault.blame, Blame::Item);
    assert!(
        fault.to_string().starts_with("a.parquet: column `c`: "),
        "{fault}"
    );
}

#[test]
fn a_torn_file_is_the_items_fault_with_its_path() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a.parquet");
    let content = write(&[batch(100)]);
    for end in [0, 3, 8, content.len() / 2, content.len() - 1] {
        fs_err::write(&path, &content[..end]).unwrap();
        let fault = Reader::open(&path).unwrap_err();
        assert_eq!(fault.blame, Blame::Item);
        let place = format!("{}: not a whole Parquet file: ", path.display());
        assert!(fault.to_string().starts_with(&place), "{fault}");
    }
    let missing = Reader::open(&directory.path().join("b.parquet")).unwrap_err();
    assert_eq!(missing.blame, Blame::Machine);
}

#[test]
fn a_full_disk_is_the_machines_fault() {
    struct Full;
    impl Write for Full {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(std::io::Error::from_raw_os_error(28))
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let mut writer = Writer::new(Full, batch(1).schema_ref());
    let written = writer.write(&batch(1));
    let finished = written.and_then(|()| writer.finish().map(drop));
    let fault = finished.unwrap_err();
    assert_eq!(fault.blame, Blame::Machine);
    assert!(
        fault
            .to_string()
            .ends_with("No space left on device (os error 28)")
    );
}
