use proptest::prelude::*;

use super::*;

/// A simple writer of delimited files, to be read back.
fn write_rows(rows: &[Vec<String>], delimiter: char, newline: &str, quote_all: bool) -> String {
    let cell = |cell: &String| {
        let special = cell.contains([delimiter, '"', '\n', '\r']) || cell.is_empty();
        if quote_all || special {
            format!("\"{}\"", cell.replace('"', "\"\""))
        } else {
            cell.clone()
        }
    };
    let row = |row: &Vec<String>| {
        let cells: Vec<String> = row.iter().map(cell).collect();
        cells.join(&delimiter.to_string()) + newline
    };
    rows.iter().map(row).collect()
}

fn read_rows(
    path: &Path,
    options: &Options,
    chunk_bytes: usize,
    threads: usize,
) -> Vec<Vec<String>> {
    let reader = open_in_chunks(path, options, Some(chunk_bytes)).unwrap();
    let mut rows = Vec::new();
    let parsed = ordered_map(reader, threads, RawChunk::parse, |batch| {
        assert_eq!(batch.faults(), &[]);
        let RawBatch::Text(batch) = batch else {
            panic!("text is expected");
        };
        for row in 0..batch.num_rows() {
            let cells = (0..batch.columns().len()).map(|column| match batch.cell(row, column) {
                Cell::Text(text) => text.to_owned(),
                other => panic!("{other:?}"),
            });
            rows.push(cells.collect());
        }
        Ok(())
    });
    parsed.unwrap();
    rows
}

fn cell() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z0-9.-]{0,9}",
        "[,;\"\n\r a-zé€😀#|]{0,12}",
        Just("\"\"".to_owned()),
        Just("\r\n".to_owned()),
    ]
}

fn rows() -> impl Strategy<Value = Vec<Vec<String>>> {
    (1usize..6).prop_flat_map(|width| {
        let row = proptest::collection::vec(cell(), width);
        proptest::collection::vec(row, 1..40)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn what_was_written_is_read(
        rows in rows(),
        delimiter in prop_oneof![Just(','), Just(';'), Just('\t')],
        newline in prop_oneof![Just("\n"), Just("\r\n")],
        quote_all in any::<bool>(),
        chunk_bytes in prop_oneof![1usize..200, Just(CHUNK_BYTES)],
        threads in 1usize..4,
    ) {
        let raw = Raw::new("a.csv", write_rows(&rows, delimiter, newline, quote_all).as_bytes());
        let options = Options {
            delimiter: Some(delimiter),
            header: false,
            ..Options::default()
        };
        prop_assert_eq!(read_rows(&raw.path, &options, chunk_bytes, threads), rows);
    }

    /// Whatever the bytes: no panic, and always the same for any chunks and threads.
    #[test]
    fn any_bytes_are_read_alike_in_any_chunks(
        text in "[ab,\"\n\r# {}\\[\\]:1é]{0,200}",
        name in prop_oneof![Just("a.csv"), Just("a.json"), Just("a.jsonl"), Just("a")],
        trim in any::<bool>(),
        comment in any::<bool>(),
        chunk_bytes in 1usize..100,
    ) {
        let raw = Raw::new(name, text.as_bytes());
        let options = Options {
            trim,
            comment: comment.then_some('#'),
            ..Options::default()
        };
        let told = raw.told(&options, CHUNK_BYTES, 1);
        let in_chunks = raw.told(&options, chunk_bytes, 2);
        // An item at fault gives nothing, so rows before its fault do not count.
        match told.find("Item: ") {
            Some(fault) => prop_assert!(in_chunks.ends_with(&told[fault..]), "{told}\n{in_chunks}"),
            None => prop_assert_eq!(told, in_chunks),
        }
    }

    /// A JSON value comes back as it was.
    #[test]
    fn json_values_are_read(
        texts in proptest::collection::vec(cell(), 1..30),
        chunk_bytes in 1usize..200,
        array in any::<bool>(),
    ) {
        let records: Vec<String> = texts
            .iter()
            .map(|text| serde_json::json!({"t": text, "n": [{"x": text}], "k": text.len()}).to_string())
            .collect();
        let (name, content) = if array {
            ("a.json", format!("[{}]", records.join(", ")))
        } else {
            ("a.jsonl", records.join("\n"))
        };
        let raw = Raw::new(name, content.as_bytes());
        let reader = open_in_chunks(&raw.path, &Options::default(), Some(chunk_bytes)).unwrap();
        let columns: Vec<String> = reader.columns().to_vec();
        let at = |name: &str| columns.iter().position(|column| column == name).unwrap();
        let mut found = Vec::new();
        let parsed = ordered_map(reader, 2, RawChunk::parse, |batch| {
            assert_eq!(batch.faults(), &[]);
            let RawBatch::Text(batch) = batch else { panic!("text is expected") };
            for row in 0..batch.num_rows() {
                let Cell::Text(text) = batch.cell(row, at("t")) else { panic!("text is expected") };
                let nested = serde_json::json!([{"x": text}]).to_string();
                assert_eq!(batch.cell(row, at("n")), Cell::Json(&nested));
                assert_eq!(batch.cell(row, at("k")), Cell::Number(&text.len().to_string()));
                found.push(text.to_owned());
            }
            Ok(())
        });
        parsed.unwrap();
        prop_assert_eq!(found, texts);
    }
}
