//! How fast texts become numbers: `cargo bench --package validate`.

use std::fmt::Write;

use divan::counter::BytesCount;
use divan::{Bencher, black_box};

// The stage is a program, not a library: its parser is built into the benchmark.
#[path = "../src/parse/numbers.rs"]
#[expect(dead_code, reason = "numbers written otherwise are not measured")]
mod numbers;

const CELLS: usize = 100_000;

fn main() {
    divan::main();
}

#[divan::bench]
fn integers(bencher: Bencher) {
    let text = |row: usize| (row * 7919 % 1_000_003).to_string();
    bench(bencher, text, numbers::integer);
}

#[divan::bench(args = [2, 6, 12, 17])]
fn floats_with_decimals(bencher: Bencher, decimals: usize) {
    let text = |row: usize| format!("{:.decimals$}", (row as f64 * 0.618_033_988_749).sin());
    bench(bencher, text, numbers::number);
}

#[divan::bench]
fn floats_with_exponent(bencher: Bencher) {
    let text = |row: usize| format!("{:e}", (row as f64 * 0.618_033_988_749).exp());
    bench(bencher, text, numbers::number);
}

/// Cells that lie behind each other, as in a file.
fn bench<T>(bencher: Bencher, text: impl Fn(usize) -> String, parse: impl Fn(&[u8]) -> Option<T>) {
    let mut texts = String::new();
    let mut ends = Vec::with_capacity(CELLS);
    for row in 0..CELLS {
        // Writing into a string cannot fail.
        let _ = write!(texts, "{}", text(row));
        ends.push(texts.len());
    }
    let texts = texts.as_bytes();
    bencher
        .counter(BytesCount::new(texts.len()))
        .bench_local(|| {
            let mut start = 0;
            for end in &ends {
                black_box(parse(black_box(&texts[start..*end])));
                start = *end;
            }
        });
}
