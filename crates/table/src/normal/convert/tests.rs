use arrow_array::*;
use arrow_buffer::i256;
use arrow_schema::{Field, Schema};

use super::super::Normal;
use super::*;
use crate::Texts;

/// What a reader makes of a column: its type and its cells, or the fault.
fn told(column: ArrayRef) -> String {
    let schema = Schema::new(vec![Field::new("x", column.data_type().clone(), true)]);
    let batch = RecordBatch::try_new(Arc::new(schema), vec![column]).unwrap();
    let normal = match Normal::new(&batch.schema()) {
        Ok(normal) => normal,
        Err(fault) => return format!("{:#}", fault.error),
    };
    let batch = match normal.batch(batch.num_rows(), batch.columns().to_vec()) {
        Ok(batch) => batch,
        Err(fault) => return format!("{:#}", fault.error),
    };
    let column = batch.column(0);
    let texts = Texts::new(column).unwrap();
    let cell = |row| match column.is_null(row) {
        true => "null".to_owned(),
        false => texts.text(row),
    };
    let cells: Vec<String> = (0..column.len()).map(cell).collect();
    format!("{}: {}", column.data_type(), cells.join(", "))
}

#[track_caller]
fn check(column: impl Array + 'static, expected: &str) {
    // Also where the column is a part of a longer one.
    let rows = column.len();
    let column: ArrayRef = Arc::new(column);
    assert_eq!(told(Arc::clone(&column)), expected);
    let empty = told(column.slice(rows, 0));
    assert!(expected.starts_with(empty.trim_end()) || expected.starts_with("column"));
}

#[test]
fn integers_of_all_widths_become_64_bits_wide() {
    check(Int8Array::from(vec![Some(-1), None]), "Int64: -1, null");
    check(Int16Array::from(vec![-300]), "Int64: -300");
    check(Int32Array::from(vec![-70_000]), "Int64: -70000");
    check(UInt8Array::from(vec![255]), "Int64: 255");
    check(UInt16Array::from(vec![65_535]), "Int64: 65535");
    check(UInt32Array::from(vec![4_294_967_295]), "Int64: 4294967295");
    check(UInt64Array::from(vec![Some(7), None]), "Int64: 7, null");
    check(
        UInt64Array::from(vec![u64::MAX]),
        "column `x`: `18446744073709551615` is too large",
    );
}

#[test]
fn decimals_are_the_nearest_numbers() {
    let decimals = |values: Vec<Option<i128>>, precision, scale| {
        let decimals = Decimal128Array::from(values);
        decimals.with_precision_and_scale(precision, scale).unwrap()
    };
    check(
        decimals(vec![Some(110), Some(-3), None], 10, 2),
        "Float64: 1.1, -0.03, null",
    );
    check(decimals(vec![Some(12)], 9, -2), "Int64: 1200");
    check(decimals(vec![Some(-12)], 18, 0), "Int64: -12");
    // More digits than a double holds: rounded once, as when the text is read.
    check(
        decimals(vec![Some(123_456_789_012_345_678_901_234_567)], 38, 20),
        "Float64: 1234567.8901234567",
    );
    let small = Decimal32Array::from(vec![5]);
    check(
        small.with_precision_and_scale(4, 1).unwrap(),
        "Float64: 0.5",
    );
    let middle = Decimal64Array::from(vec![-5]);
    check(middle.with_precision_and_scale(4, 0).unwrap(), "Int64: -5");
    let large = Decimal256Array::from(vec![i256::from_i128(-25)]);
    check(
        large.with_precision_and_scale(50, 1).unwrap(),
        "Float64: -2.5",
    );
}

#[test]
fn texts_of_all_kinds_are_plain_texts() {
    let cells = || vec![Some("a"), None, Some("")];
    check(LargeStringArray::from(cells()), "Utf8: a, null, ");
    check(StringViewArray::from(cells()), "Utf8: a, null, ");
    check(
        BinaryArray::from(vec![Some("é".as_bytes()), None]),
        "Utf8: é, null",
    );
    check(LargeBinaryArray::from(vec![Some(&b"b"[..])]), "Utf8: b");
    check(BinaryViewArray::from(vec![Some(&b"b"[..])]), "Utf8: b");
    check(NullArray::new(2), "Utf8: null, null");
    check(
        BinaryArray::from(vec![&b"a\xff"[..]]),
        "column `x`: expected text, found invalid utf-8 sequence of 1 bytes from index 1",
    );
}

#[test]
fn dates_and_times_have_one_unit() {
    check(Date64Array::from(vec![86_400_000]), "Date32: 1970-01-02");
    let time = "Time64(µs): 00:00:01, null";
    check(Time32SecondArray::from(vec![Some(1), None]), time);
    check(Time32MillisecondArray::from(vec![Some(1_000), None]), time);
    let nanos = vec![Some(1_000_000_999), None];
    check(Time64NanosecondArray::from(nanos), time);
    let moment = "Timestamp(µs): 1970-01-01T00:00:01, null";
    check(TimestampSecondArray::from(vec![Some(1), None]), moment);
    check(
        TimestampMillisecondArray::from(vec![Some(1_000), None]),
        moment,
    );
    let nanos = vec![Some(1_000_000_999), None];
    check(TimestampNanosecondArray::from(nanos), moment);
    check(
        TimestampSecondArray::from(vec![i64::MAX]),
        "column `x`: `9223372036854775807` is too large",
    );
}

#[test]
fn a_moment_stays_where_its_zone_becomes_utc() {
    check(
        TimestampMicrosecondArray::from(vec![1]).with_timezone("Europe/Berlin"),
        "Timestamp(µs, \"UTC\"): 1970-01-01T00:00:00.000001Z",
    );
    check(
        TimestampSecondArray::from(vec![1]).with_timezone("+02:00"),
        "Timestamp(µs, \"UTC\"): 1970-01-01T00:00:01Z",
    );
}

#[test]
fn dictionaries_and_runs_are_written_out() {
    let keys = Int8Array::from(vec![Some(1), None, Some(0), Some(2)]);
    let values: ArrayRef = Arc::new(StringArray::from(vec![Some("a"), Some("b"), None]));
    check(DictionaryArray::new(keys, values), "Utf8: b, null, a, null");
    let keys = UInt16Array::from(vec![1, 0, 1]);
    let values: ArrayRef = Arc::new(Int16Array::from(vec![5, 6]));
    check(DictionaryArray::new(keys, values), "Int64: 6, 5, 6");
    let keys = Int32Array::from(vec![None, None]);
    let values: ArrayRef = Arc::new(TimestampSecondArray::from(Vec::<i64>::new()));
    check(
        DictionaryArray::new(keys, values),
        "Timestamp(µs): null, null",
    );
    let ends = Int32Array::from(vec![2, 3]);
    let values = BooleanArray::from(vec![Some(true), None]);
    check(
        RunArray::try_new(&ends, &values).unwrap(),
        "Boolean: true, true, null",
    );
}

#[test]
fn a_list_is_no_column() {
    let list = ListArray::from_iter_primitive::<Int64Type, _, _>([Some([Some(1)])]);
    assert!(told(Arc::new(list)).starts_with("column `x`: type List"));
}
