use super::*;

#[test]
fn a_plain_file_comes_with_its_lines() {
    check(
        "a.csv",
        "a,b\n1,x\n2,y\n",
        "CSV, comma, header: a b
        2 |1|x
        3 |2|y",
    );
}

#[test]
fn the_last_newline_may_be_missing() {
    check("a.csv", "a,b\n1,x", "CSV, comma, header: a b\n2 |1|x");
    check("a.csv", "a,b\n1,", "CSV, comma, header: a b\n2 |1|");
    check("a.csv", "a,b", "CSV, comma, header: a b");
}

#[test]
fn lines_end_with_lf_crlf_or_cr() {
    let expected = "CSV, comma, header: a b
        2 |1|x
        3 |2|";
    check("a.csv", "a,b\r\n1,x\r\n2,\r\n", expected);
    check("a.csv", "a,b\r\n1,x\n2,", expected);
    let expected = expected.replace("header", "header, CR");
    check("a.csv", "a,b\r1,x\r2,\r", &expected);
}

#[test]
fn other_delimiters_are_found() {
    check(
        "a.csv",
        "a;b\n1,5;x\n",
        "CSV, semicolon, header: a b\n2 |1,5|x",
    );
    check("a.tsv", "a\tb\n1\t\n", "TSV, header: a b\n2 |1|");
    check("a.txt", "a|b\n1|x\n", "CSV, bar, header: a b\n2 |1|x");
    let caret = Options {
        delimiter: Some('^'),
        ..Options::default()
    };
    check_with(
        "a.csv",
        b"a^b\n1^x\n",
        &caret,
        "CSV, `^`, header: a b\n2 |1|x",
    );
}

#[test]
fn quoted_cells_hold_delimiters_newlines_and_quotes() {
    check(
        "a.csv",
        "a,b\n\"1,2\",\"x\ny\"\n\"\"\"q\"\"\",\"\"\n\"a\r\n\"\"b\"\"\",c\r\n7,8\n",
        "CSV, comma, header: a b
        2 |1,2|x\\ny
        4 |\\\"q\\\"|
        5 |a\\r\\n\\\"b\\\"|c
        7 |7|8",
    );
}

#[test]
fn a_quote_within_a_cell_is_plain_text() {
    check(
        "a.csv",
        "a,b\n5\" pipe,6\"\nx\"y\",\"z\"\n",
        "CSV, comma, header: a b
        2 |5\\\" pipe|6\\\"
        3 |x\\\"y\\\"|z",
    );
}

#[test]
fn quotes_are_plain_text_when_told() {
    let options = Options {
        quote: None,
        ..Options::default()
    };
    check_with(
        "a.csv",
        b"a,b\n\"1,2\"\n",
        &options,
        "CSV, comma, header: a b\n2 |\\\"1|2\\\"",
    );
}

#[test]
fn text_after_a_closing_quote_is_a_row_fault() {
    check(
        "a.csv",
        "a,b\n1,\"x\"y\n2,\"z\" \n3,\"w\"\n",
        "CSV, comma, header: a b
        2 b quotes: expected a delimiter after the closing quote, found more text: \"1,\\\"x\\\"y\"
        3 b quotes: expected a delimiter after the closing quote, found more text: \"2,\\\"z\\\" \"
        4 |3|w",
    );
}

#[test]
fn a_row_of_another_width_is_a_row_fault() {
    check(
        "a.csv",
        "a,b\n1\n1,2\n1,2,3\n",
        "CSV, comma, header: a b
        2 - cells: expected 2 cells, found 1: \"1\"
        3 |1|2
        4 - cells: expected 2 cells, found 3: \"1,2,3\"",
    );
}

#[test]
fn a_quote_that_is_never_closed_is_the_items_fault() {
    let raw = Raw::new("a.csv", b"a,b\n1,2\n3,\"x\n4,5\n");
    for chunk_bytes in CHUNKS {
        let told = raw.told(&Options::default(), chunk_bytes, 2);
        let last: Vec<&str> = told.lines().rev().take(2).collect();
        assert_eq!(
            last,
            [
                "hint: close it, or set `quote` to `null` if quotes are plain text",
                "Item: a.csv:3: a quote that opens a cell is never closed",
            ]
        );
    }
}

#[test]
fn empty_lines_are_skipped_and_counted() {
    check(
        "a.csv",
        "\n\na,b\n\n1,x\n\r\n\n2,y\n\n",
        "CSV, comma, header: a b
        5 |1|x
        8 |2|y",
    );
}

#[test]
fn comments_are_skipped_when_told() {
    let options = Options {
        comment: Some('#'),
        ..Options::default()
    };
    check_with(
        "a.csv",
        b"# it's \"so,\"\na,b\n#1,2,\"3\n\"4\n#\",#5\n#",
        &options,
        "CSV, comma, header: a b\n4 |4\\n#|#5",
    );
}

#[test]
fn lines_before_the_header_are_skipped_when_told() {
    let options = Options {
        skip_lines: 2,
        ..Options::default()
    };
    check_with(
        "a.csv",
        b"Title; \"2011\n\na,b\n1,x\n",
        &options,
        "CSV, comma, header: a b\n4 |1|x",
    );
    check_with(
        "a.csv",
        b"only\none",
        &options,
        "Item: a.csv: expected a header, found no row",
    );
}

#[test]
fn blanks_around_cells_are_dropped_when_told() {
    let text = b"a, b\n 1 , \"x \" \n2,y\n";
    let trim = Options {
        trim: true,
        ..Options::default()
    };
    check_with(
        "a.csv",
        text,
        &trim,
        "CSV, comma, header: a b\n2 |1|x \n3 |2|y",
    );
    check(
        "a.csv",
        text,
        "CSV, comma, header: a b\n2 | 1 | \\\"x \\\" \n3 |2|y",
    );
}

#[test]
fn without_a_header_columns_are_numbered_or_named() {
    let mut options = Options {
        header: false,
        ..Options::default()
    };
    check_with(
        "a.csv",
        b"1,x\n2,y\n",
        &options,
        "CSV, comma, no header: column_1 column_2\n1 |1|x\n2 |2|y",
    );
    options.names = Some(vec!["n".to_owned(), "s".to_owned()]);
    check_with(
        "a.csv",
        b"1,x\n",
        &options,
        "CSV, comma, no header: n s\n1 |1|x",
    );
    check_with("a.csv", b"", &options, "CSV, comma, no header: n s");
    check_with(
        "a.csv",
        b"1\n",
        &options,
        "Item: a.csv:1: expected 2 columns (`names`), found 1",
    );
}

#[test]
fn names_replace_a_header() {
    let options = Options {
        names: Some(vec!["n".to_owned(), "s".to_owned()]),
        ..Options::default()
    };
    check_with(
        "a.csv",
        b"caf\xe9,\n1,x\n",
        &options,
        "CSV, comma, header: n s\n2 |1|x",
    );
}

#[test]
fn names_are_made_usable() {
    check(
        "a.csv",
        " a ,\"b\"\"c\",,a\n1,2,3,4\n",
        "CSV, comma, header: a b\"c column_3 a_2\n2 |1|2|3|4",
    );
}

#[test]
fn a_file_without_rows_has_no_header() {
    check("a.csv", "", "Item: a.csv: expected a header, found no row");
    check(
        "a.csv",
        "\n\n",
        "Item: a.csv: expected a header, found no row",
    );
}

#[test]
fn a_byte_that_is_no_text_is_a_row_fault() {
    check(
        "a.csv",
        b"a,b\n1,\xa3\xe9\n\"\"\"\",\"\xa3\"\n3,\xc3\xa9\n".as_slice(),
        "CSV, comma, header: a b
        2 b encoding: expected UTF-8 text, found byte 0xA3: \"1,\u{fffd}\u{fffd}\"
        3 b encoding: expected UTF-8 text, found byte 0xA3: \"\\\"\\\"\\\"\\\",\\\"\u{fffd}\\\"\"
        4 |3|é",
    );
    check(
        "a.csv",
        b"a,caf\xe9\n1,2\n".as_slice(),
        "Item: a.csv:1: header: expected UTF-8 text, found byte 0xE9
        hint: set `encoding` to the file's own, often `windows-1252`",
    );
}

#[test]
fn other_encodings_are_read_when_told() {
    let told = |encoding: &str| Options {
        encoding: Some(encoding.to_owned()),
        ..Options::default()
    };
    check_with(
        "a.csv",
        b"a,b\n1,\xa323\n",
        &told("latin1"),
        "CSV, comma, header, windows-1252: a b\n2 |1|£23",
    );
    let utf16: Vec<u8> = "a,b\n1,é\n"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    check_with(
        "a.csv",
        &utf16,
        &told("utf-16le"),
        "CSV, comma, header, UTF-16LE: a b\n2 |1|é",
    );
    check_with(
        "a.csv",
        b"a,b\n\x81\x40,\x81\n",
        &told("shift_jis"),
        "CSV, comma, header, Shift_JIS: a b\n2 b encoding: expected Shift_JIS text, found bytes that are none: \"\\u{3000},\u{fffd}\"",
    );
    check_with(
        "a.csv",
        b"a,b\n",
        &told("latin9000"),
        "Settings: `encoding`: expected a label of the Encoding Standard, found `latin9000`
        hint: for example `utf-8`, `windows-1252`, `latin1`, `utf-16le`, `shift_jis`",
    );
}

#[test]
fn a_byte_order_mark_tells_the_encoding() {
    check(
        "a.csv",
        "\u{feff}a,b\n1,x\n",
        "CSV, comma, header: a b\n2 |1|x",
    );
    let text = "\u{feff}a,b\n1,€\n\u{feff}2,y\n";
    let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let rows = "2 |1|€\n3 |\\u{feff}2|y";
    check(
        "a.csv",
        little,
        &format!("CSV, comma, header, UTF-16LE: a b\n{rows}"),
    );
    let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
    check(
        "a.csv",
        big,
        &format!("CSV, comma, header, UTF-16BE: a b\n{rows}"),
    );
}

#[test]
fn half_a_surrogate_pair_is_a_row_fault() {
    let mut bytes: Vec<u8> = "\u{feff}a,b\n1,x\n"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    bytes.extend([0x00, 0xd8, b'\n', 0]);
    check(
        "a.csv",
        bytes,
        "CSV, comma, header, UTF-16LE: a b
        2 |1|x
        3 a encoding: expected UTF-16LE text, found bytes that are none: \"\u{fffd}\"",
    );
}

#[test]
fn compression_is_seen_from_the_first_bytes() {
    let text = b"a,b\n1,x\n2,y\n";
    let rows = "a b\n2 |1|x\n3 |2|y";
    let gzipped = gzip(text);
    check(
        "a.csv",
        &gzipped,
        &format!("CSV, comma, header, gzip: {rows}"),
    );
    check(
        "a.csv.gz",
        &gzipped,
        &format!("CSV, comma, header, gzip: {rows}"),
    );
    check(
        "a.csv.zst",
        zstd(text),
        &format!("CSV, comma, header, zstd: {rows}"),
    );
    let members = [gzip(&text[..5]), gzip(&text[5..])].concat();
    check(
        "a.csv.gz",
        members,
        &format!("CSV, comma, header, gzip: {rows}"),
    );
}

#[test]
fn a_torn_compressed_file_is_the_items_fault() {
    let gzipped = gzip("a,b\n1,x\n".repeat(1000).as_bytes());
    let raw = Raw::new("a.csv.gz", &gzipped[..gzipped.len() - 9]);
    let told = raw.told(&Options::default(), 64, 1);
    assert!(told.contains("Item: a.csv.gz: "), "{told}");
    let mut flipped = gzipped.clone();
    flipped[20] ^= 0xff;
    let raw = Raw::new("a.csv.gz", &flipped);
    let told = raw.told(&Options::default(), 64, 1);
    assert!(told.contains("Item: a.csv.gz: "), "{told}");
}

#[test]
fn what_is_no_table_is_named() {
    check(
        "a.xlsx",
        "PK\x03\x04....",
        "Item: a.xlsx: a ZIP archive or an Excel workbook, which is not read
        hint: unpack it, or export the sheet as CSV",
    );
    check(
        "a.csv",
        "a\0,\0b\0\n\0",
        "Item: a.csv: expected UTF-8 text, found binary data
        hint: if this is UTF-16 without a byte order mark, set `encoding` to `utf-16le`",
    );
}

#[test]
fn a_missing_file_is_not_the_items_fault() {
    let fault = open(Path::new("nowhere/a.csv"), &Options::default()).unwrap_err();
    assert_eq!(fault.blame, stage::Blame::Machine);
    assert_eq!(
        fault.to_string(),
        "failed to open file `nowhere/a.csv`: No such file or directory (os error 2)"
    );
}
