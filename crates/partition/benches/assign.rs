//! How fast rows are sent to partitions: `cargo bench --package partition`.
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot run may panic")]

use std::sync::Arc;

use arrow_array::{ArrayRef, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray};
use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use partition::Rule;

const ROWS: usize = 65_536;

fn main() {
    divan::main();
}

#[divan::bench]
fn hash_of_an_integer(bencher: Bencher) {
    let keys = Int64Array::from_iter_values(0..ROWS as i64);
    bench(bencher, HASH, Arc::new(keys));
}

#[divan::bench]
fn hash_of_a_string(bencher: Bencher) {
    let keys = (0..ROWS).map(|row| format!("customer-{:06}", row * 7919 % 1_000_000));
    bench(bencher, HASH, Arc::new(StringArray::from_iter_values(keys)));
}

#[divan::bench]
fn cuts_in_time(bencher: Bencher) {
    let second = |row: usize| (1_400_000_000 + row as i64 * 60) * 1_000_000;
    let moments = TimestampMicrosecondArray::from_iter_values((0..ROWS).map(second));
    bench(bencher, TIME, Arc::new(moments));
}

const HASH: &str = r#"{"rule": "hash", "columns": ["key"], "shares": {"train": 0.8, "validation": 0.1, "test": 0.1}}"#;
const TIME: &str = r#"{"rule": "time", "column": "key", "validation_from": "2014-05-20", "test_from": "2014-06-01"}"#;

fn bench(bencher: Bencher, rule: &str, keys: ArrayRef) {
    let rule: Rule = stage::settings::parse(rule.as_bytes(), "split.json").unwrap();
    let batch = RecordBatch::try_from_iter([("key", keys)]).unwrap();
    let bound = rule.check().unwrap().bind(&batch.schema()).unwrap();
    bencher
        .counter(ItemsCount::new(ROWS))
        .bench_local(|| bound.assign(black_box(&batch)).unwrap());
}
