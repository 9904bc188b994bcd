use super::*;

#[test]
fn lines_are_records_and_keys_are_columns() {
    check(
        "a.jsonl",
        "{\"a\": 1, \"b\": \"x\"}\n\n{\"b\": null, \"a\": true}\r\n{\"a\": [1, {\"b\": 2}], \"c\": -1.5e3}",
        "JSON Lines: a b c
        1 |a=1|b=\"x\"
        3 |a=true|b=null
        4 |a=[1, {\"b\": 2}]|c=-1.5e3",
    );
}

#[test]
fn escapes_are_resolved() {
    check(
        "a.json",
        r#"{"a\t": "\"\\\/\b\f\r\t\u00e9\ud83d\ude00", "b": "é", "c": {"x": "\u00e9"}}"#,
        "JSON Lines: a\t b c
        1 |a\t=\"\\\"\\\\/\\u{8}\\u{c}\\r\\té😀\"|b=\"é\"|c={\"x\": \"\\u00e9\"}",
    );
}

#[test]
fn a_line_that_is_no_record_is_a_row_fault() {
    let cases = [
        ("{\"a\" 1}", "expected `:`, found `1` at byte 6"),
        ("{\"a\": 1,}", "expected a key, found `}` at byte 9"),
        (
            "{\"a\": 01}",
            "expected no digit after a leading zero, found `1` at byte 8",
        ),
        ("{\"a\": 1.}", "expected a digit, found `}` at byte 9"),
        ("{\"a\": 1", "expected `,` or `}`, found its end at byte 8"),
        ("{\"a\": tru}", "expected a value, found `t` at byte 7"),
        ("{\"a\": \"x}", "expected `\"`, found its end at byte 10"),
        (
            "{\"a\": \"\\x\"}",
            "expected an escape, found `x` at byte 9",
        ),
        (
            "{\"a\": \"\\u12\"}",
            "expected four hexadecimal digits, found `1` at byte 10",
        ),
        (
            "{\"a\": \"\\ud800\"}",
            "expected a character, found half of a surrogate pair at byte 10",
        ),
        ("{\"a\": [1}", "expected `,` or `]`, found `}` at byte 9"),
        ("{\"a\": {\"b\" 1}}", "expected `:`, found `1` at byte 12"),
        ("{\"a\": {1: 1}}", "expected a key, found `1` at byte 8"),
        (
            "{\"a\": 1} 2",
            "expected the end of the record, found `2` at byte 10",
        ),
        ("[1]", "expected a JSON object, found `[` at byte 1"),
        ("3", "expected a JSON object, found `3` at byte 1"),
    ];
    for (line, message) in cases {
        let text = format!("{{\"a\": 0}}\n{line}\n{{\"a\": 2}}\n");
        let expected = format!("JSON Lines: a\n1 |a=0\n2 - json: {message}: {line:?}\n3 |a=2");
        check("a.jsonl", text, &expected);
    }
}

#[test]
fn records_and_faults_may_share_a_line() {
    check(
        "a.json",
        "{\"a\": 1}{]:\"",
        r#"JSON: a
        1 - json: expected a key, found `]` at byte 2: "{]"
        1 - json: expected a JSON object, found `:` at byte 1: ":\""
        1 |a=1"#,
    );
}

#[test]
fn a_carriage_return_alone_ends_no_line() {
    check(
        "a.json",
        "{\"a\": 1}\r{\"a\": 2}\r3",
        "JSON: a
        1 - json: expected a JSON object, found `3` at byte 1: \"3\"
        1 |a=1
        1 |a=2",
    );
}

#[test]
fn the_last_of_equal_keys_counts() {
    check(
        "a.jsonl",
        "{\"b\": 0, \"a\": 1, \"b\": 2, \"a\": 3}\n",
        "JSON Lines: b a\n1 |b=2|a=3",
    );
}

#[test]
fn what_python_writes_for_no_number_passes() {
    check(
        "a.jsonl",
        "{\"a\": NaN, \"b\": [Infinity, -Infinity]}\n",
        "JSON Lines: a b\n1 |a=NaN|b=[Infinity, -Infinity]",
    );
}

#[test]
fn an_array_is_read_element_by_element() {
    check(
        "a.json",
        " [\n {\"a\": 1},\n {\"a\": \"x,]\",\n  \"b\": [[]]}\n, 7, {\"a\" 1}\n]\n",
        "JSON array: a b
        2 |a=1
        3 |a=\"x,]\"|b=[[]]
        5 - json: expected a JSON object, found `7` at byte 1: \"7\"
        5 - json: expected `:`, found `1` at byte 6: \"{\\\"a\\\" 1}\"",
    );
    check("a.json", "[]", "JSON array: ");
    check("a.json", "[{}]", "JSON array: \n1 ");
}

#[test]
fn an_array_that_does_not_close_is_the_items_fault() {
    let cases = [
        (
            "[{\"a\": 1}",
            "1: expected `,` or `]`, found the end of the file",
        ),
        (
            "[{\"a\": 1},",
            "1: expected a value, found the end of the file",
        ),
        ("[{\"a\": 1},\n]", "2: expected a value, found `]`"),
        (
            "[{\"a\": 1}\n{\"a\": 2}]",
            "2: expected `,` or `]`, found `{`",
        ),
        (
            "[{\"a\": 1}] x",
            "1: expected the end of the file, found `x`",
        ),
        ("[{\"a\": 1}, {\"a\": 2", "1: a value is never closed"),
    ];
    for (text, message) in cases {
        check("a.json", text, &format!("Item: a.json:{message}"));
    }
}

#[test]
fn one_object_may_take_a_whole_file() {
    check(
        "a.json",
        "{\n  \"a\": 1,\n  \"b\": {\n    \"c\": []\n  }\n}\n",
        "JSON: a b\n1 |a=1|b={\\n    \"c\": []\\n  }",
    );
    check(
        "a.json",
        "{\n\"a\": 1}\n\n{\"a\":\n 2}",
        "JSON: a\n1 |a=1\n4 |a=2",
    );
    check(
        "a.json",
        "{\n\"a\": 1",
        "Item: a.json:1: a value is never closed",
    );
}

#[test]
fn keys_met_late_are_further_columns() {
    let mut text = "{\"a\": 1}\n".repeat(8000);
    text += "{\"z\": 2, \"a\": 3}\n";
    let raw = Raw::new("a.jsonl", text.as_bytes());
    let told = raw.told(&Options::default(), 1000, 2);
    assert!(told.starts_with("JSON Lines: a\n"));
    assert!(told.ends_with("8000 |a=1\n8001 |a=3|z=2\n"));
}

#[test]
fn names_are_columns_even_where_no_record_has_them() {
    let options = Options {
        names: Some(vec!["b".to_owned(), "x".to_owned()]),
        ..Options::default()
    };
    check_with(
        "a.jsonl",
        b"{\"a\": 1, \"b\": 2}\n",
        &options,
        "JSON Lines: b x a\n1 |b=2|a=1",
    );
    check_with("a.jsonl", b"", &options, "JSON Lines: b x");
}

#[test]
fn json_may_be_compressed_and_in_other_encodings() {
    check(
        "a.json.gz",
        gzip(b"{\"a\": 1}\n{\"a\": 2}\n"),
        "JSON Lines, gzip: a\n1 |a=1\n2 |a=2",
    );
    check(
        "a.jsonl",
        b"{\"a\": \"\xe9\"}\n{\"a\": 2}\n".as_slice(),
        "JSON Lines: a
        1 - encoding: expected UTF-8 text, found byte 0xE9: \"{\\\"a\\\": \\\"\u{fffd}\\\"}\"
        2 |a=2",
    );
}
