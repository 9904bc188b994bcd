use std::sync::Arc;

use arrow_array::{ArrayRef, Float64Array, Int32Array, RecordBatch, StringViewArray};
use arrow_ipc::writer::{FileWriter, StreamWriter};

use super::*;

fn batch() -> RecordBatch {
    let columns: [(&str, ArrayRef); 3] = [
        (
            "n",
            Arc::new(Int32Array::from(vec![Some(1), None, Some(3)])),
        ),
        ("x", Arc::new(Float64Array::from(vec![0.5, 1.5, -2.0]))),
        (
            "s",
            Arc::new(StringViewArray::from(vec![
                "a",
                "",
                "a string that is not short",
            ])),
        ),
    ];
    RecordBatch::try_from_iter(columns).unwrap()
}

const ROWS: &str = "n x s
    1 |1|0.5|a
    2 ||1.5|
    3 |3|-2.0|a string that is not short";

fn parquet() -> Vec<u8> {
    let batch = batch();
    let mut writer =
        parquet::arrow::ArrowWriter::try_new(Vec::new(), batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.into_inner().unwrap()
}

fn arrow_file() -> Vec<u8> {
    let mut writer = FileWriter::try_new(Vec::new(), &batch().schema()).unwrap();
    writer.write(&batch()).unwrap();
    writer.into_inner().unwrap()
}

fn arrow_stream() -> Vec<u8> {
    let mut writer = StreamWriter::try_new(Vec::new(), &batch().schema()).unwrap();
    writer.write(&batch()).unwrap();
    writer.into_inner().unwrap()
}

#[test]
fn parquet_and_arrow_are_known_by_content() {
    check("a.parquet", parquet(), &format!("Parquet: {ROWS}"));
    check("a", parquet(), &format!("Parquet: {ROWS}"));
    check("a.arrow", arrow_file(), &format!("Arrow: {ROWS}"));
    check("a.csv", arrow_stream(), &format!("Arrow: {ROWS}"));
}

#[test]
fn parquet_and_arrow_may_be_compressed() {
    check(
        "a.parquet.gz",
        gzip(&parquet()),
        &format!("Parquet, gzip: {ROWS}"),
    );
    check(
        "a.arrow.zst",
        zstd(&arrow_file()),
        &format!("Arrow, zstd: {ROWS}"),
    );
    check(
        "a.arrow.zst",
        zstd(&arrow_stream()),
        &format!("Arrow, zstd: {ROWS}"),
    );
    let mut options = Options::default();
    options.limits.whole_bytes = 100;
    check_with(
        "a.parquet.gz",
        &gzip(&parquet()),
        &options,
        "Item: a.parquet.gz: more than 100 bytes when decompressed
        hint: decompress the file first, or raise `limits.whole_bytes`",
    );
}

#[test]
fn a_torn_file_is_the_items_fault() {
    for (name, content) in [
        ("a.parquet", parquet()),
        ("a.arrow", arrow_file()),
        ("b.arrow", arrow_stream()),
    ] {
        for end in (9..content.len()).step_by(7) {
            let raw = Raw::new(name, &content[..end]);
            let told = raw.told(&Options::default(), CHUNK_BYTES, 1);
            // A stream may lack its last bytes, which only say that it ends.
            let whole = name == "b.arrow" && told.ends_with("short\n");
            assert!(
                whole || told.contains(&format!("Item: {name}: ")),
                "{end}: {told}"
            );
        }
    }
}

#[test]
fn a_wrong_byte_is_never_a_panic() {
    for content in [parquet(), arrow_file(), arrow_stream()] {
        for at in (8..content.len()).step_by(3) {
            let mut content = content.clone();
            content[at] ^= 0x55;
            let told = Raw::new("a", &content).told(&Options::default(), CHUNK_BYTES, 1);
            assert!(!told.contains("Program: "), "{at}: {told}");
        }
    }
}

#[test]
fn another_format_than_told_is_the_items_fault() {
    let told = |format| Options {
        format: Some(format),
        ..Options::default()
    };
    check_with(
        "a.csv",
        &parquet(),
        &told(Format::JsonLines),
        "Item: a.csv: expected JSON Lines, found Parquet",
    );
    check_with(
        "a.csv",
        b"a,b\n",
        &told(Format::Parquet),
        "Item: a.csv: expected Parquet, found text",
    );
}

#[test]
fn long_batches_come_in_parts() {
    let rows = 2 * crate::BATCH_ROWS + 5;
    let column: ArrayRef = Arc::new(Int32Array::from_iter_values(0..rows as i32));
    let long = RecordBatch::try_from_iter([("n", column)]).unwrap();
    let mut writer = FileWriter::try_new(Vec::new(), &long.schema()).unwrap();
    writer.write(&long).unwrap();
    let raw = Raw::new("a.arrow", &writer.into_inner().unwrap());
    let reader = open(&raw.path, &Options::default()).unwrap();
    let parts: Vec<(usize, u64)> = reader
        .map(|chunk| {
            let batch = chunk.unwrap().parse().unwrap();
            (batch.num_rows(), batch.line(0))
        })
        .collect();
    assert_eq!(parts, [(65536, 1), (65536, 65537), (5, 131_073)]);
}
