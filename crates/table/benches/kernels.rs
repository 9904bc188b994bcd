//! How fast delimited text becomes fields, and record batches become Parquet: `cargo bench --package table`.
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot run may panic")]

use std::fmt::Write as _;
use std::io::Write as _;
use std::sync::Arc;

use arrow_array::{ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray};
use divan::counter::{BytesCount, ItemsCount};
use divan::{Bencher, black_box};
use table::raw::{self, Options, RawBatch};
use table::{BATCH_ROWS, Writer, digest_rows};

fn main() {
    divan::main();
}

/// A generator of numbers that need to be unlike, not random.
fn numbers() -> impl Iterator<Item = f64> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    std::iter::repeat_with(move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) as f64 / (1_u64 << 53) as f64
    })
}

mod csv {
    use super::*;

    #[divan::bench]
    fn fields_of_numbers(bencher: Bencher) {
        let mut text = String::from("a,b,c,d,e,f,g,h\n");
        let mut numbers = numbers();
        for _ in 0..50_000 {
            let row: Vec<String> = (&mut numbers).take(8).map(|x| format!("{x:.6}")).collect();
            writeln!(text, "{}", row.join(",")).unwrap();
        }
        fields(bencher, &text);
    }

    #[divan::bench]
    fn fields_of_words_in_quotes(bencher: Bencher) {
        let mut text = String::from("a,b,c,d\n");
        for row in 0..100_000 {
            writeln!(
                text,
                "\"word {row}\",\"one, two\",\"a \"\"quote\"\"\",plain"
            )
            .unwrap();
        }
        fields(bencher, &text);
    }

    /// All of a file, split into its fields, and each looked at.
    fn fields(bencher: Bencher, text: &str) {
        let mut file = tempfile::Builder::new().suffix(".csv").tempfile().unwrap();
        file.write_all(text.as_bytes()).unwrap();
        let options = Options::default();
        bencher.counter(BytesCount::of_str(text)).bench_local(|| {
            for chunk in raw::open(file.path(), &options).unwrap() {
                let RawBatch::Text(batch) = chunk.unwrap().parse().unwrap() else {
                    continue;
                };
                for column in 0..batch.columns().len() {
                    for cell in batch.column(column).iter() {
                        black_box(cell);
                    }
                }
            }
        });
    }
}

mod parquet {
    use super::*;

    #[divan::bench]
    fn write_numbers(bencher: Bencher) {
        let column = || Float64Array::from_iter_values(numbers().take(BATCH_ROWS));
        write(bencher, (0..8).map(|_| Arc::new(column()) as ArrayRef));
    }

    #[divan::bench]
    fn write_words_that_repeat(bencher: Bencher) {
        let words = (0..BATCH_ROWS).map(|row| format!("word {}", row * 31 % 50));
        let words: ArrayRef = Arc::new(StringArray::from_iter_values(words));
        write(bencher, (0..8).map(|_| Arc::clone(&words)));
    }

    #[divan::bench]
    fn write_integers(bencher: Bencher) {
        let integers = (0..BATCH_ROWS as i64).map(|row| row * 7919 % 1_000_003);
        let integers: ArrayRef = Arc::new(Int64Array::from_iter_values(integers));
        write(bencher, (0..8).map(|_| Arc::clone(&integers)));
    }

    fn write(bencher: Bencher, columns: impl Iterator<Item = ArrayRef>) {
        let batch = batch(columns);
        bencher
            .counter(BytesCount::new(batch.get_array_memory_size()))
            .bench_local(|| {
                let mut writer = Writer::new(Vec::new(), &batch.schema());
                writer.write(black_box(&batch)).unwrap();
                writer.finish().unwrap()
            });
    }
}

#[divan::bench]
fn digest_of_rows(bencher: Bencher) {
    let column = || Float64Array::from_iter_values(numbers().take(BATCH_ROWS));
    let batch = batch((0..8).map(|_| Arc::new(column()) as ArrayRef));
    bencher
        .counter(ItemsCount::new(BATCH_ROWS))
        .bench_local(|| digest_rows(black_box(&batch)).unwrap());
}

fn batch(columns: impl Iterator<Item = ArrayRef>) -> RecordBatch {
    let named = columns.enumerate();
    let named = named.map(|(number, column)| (format!("column {number}"), column));
    RecordBatch::try_from_iter(named).unwrap()
}
