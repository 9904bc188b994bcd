use super::*;

fn limited(change: impl Fn(&mut Limits)) -> Options {
    let mut options = Options::default();
    change(&mut options.limits);
    options
}

/// The fault that comes last, in chunks of any size.
#[track_caller]
fn check_fault(name: &str, content: &[u8], options: &Options, expected: &str) {
    let raw = Raw::new(name, content);
    for chunk_bytes in CHUNKS {
        let told = raw.told(options, chunk_bytes, 2);
        let at = told.find("Item: ").unwrap_or_else(|| panic!("{told}"));
        assert!(told[at..].starts_with(expected), "{told}");
    }
}

#[test]
fn a_row_may_not_be_too_long() {
    let options = limited(|limits| limits.row_bytes = 10);
    check_fault(
        "a.csv",
        b"a,b\n1,2\n12345678901,1\n1,2\n",
        &options,
        "Item: a.csv:3: a row of ",
    );
    check_fault(
        "a.jsonl",
        b"{\"a\":1}\n{\"a\":12345}\n",
        &options,
        "Item: a.jsonl:2: a row of ",
    );
    check_fault(
        "a.json",
        b"[{\"a\":1},\n{\"a\":12345}]",
        &options,
        "Item: a.json:2: a row of ",
    );
}

#[test]
fn a_cell_may_not_be_too_long() {
    let options = limited(|limits| limits.cell_bytes = 5);
    check_fault(
        "a.csv",
        b"a,b\n12345,1\n123456,2\n",
        &options,
        "Item: a.csv:3: a cell of 6 bytes, more than 5\nhint: if the file is honestly so large, raise `limits.cell_bytes`",
    );
    check_fault(
        "a.jsonl",
        b"{\"a\":\"123456\"}\n",
        &options,
        "Item: a.jsonl:1: a cell of 8 bytes, more than 5",
    );
}

#[test]
fn columns_may_not_be_too_many() {
    let options = limited(|limits| limits.columns = 2);
    check_fault(
        "a.csv",
        b"a,b,c\n",
        &options,
        "Item: a.csv:1: 3 columns, more than 2",
    );
    check_fault(
        "a.jsonl",
        b"{\"a\":1}\n{\"b\":1,\"c\":1}\n",
        &options,
        "Item: a.jsonl:2: more than 2 columns",
    );
}

#[test]
fn json_may_not_be_nested_too_deeply() {
    let deep = |levels: usize| {
        format!(
            "{{\"a\":{}1{}}}",
            "[".repeat(levels - 1),
            "]".repeat(levels - 1)
        )
    };
    let options = Options::default();
    check(
        "a.jsonl",
        deep(64),
        &format!("JSON Lines: a\n1 |a={}", &deep(64)[5..=131]),
    );
    let expected = "1: more than 64 brackets within brackets";
    check_fault(
        "a.jsonl",
        deep(65).as_bytes(),
        &options,
        &format!("Item: a.jsonl:{expected}"),
    );
    check_fault(
        "a.json",
        format!("[{}]", deep(65)).as_bytes(),
        &options,
        &format!("Item: a.json:{expected}"),
    );
    let endless = "[".repeat(1 << 20);
    check_fault(
        "a.json",
        endless.as_bytes(),
        &options,
        "Item: a.json:1: more than 64",
    );
}

#[test]
fn a_bomb_is_the_items_fault() {
    let line = [b'0'; 1023];
    let mut content = b"a\n".to_vec();
    while content.len() < 70 << 20 {
        content.extend_from_slice(&line);
        content.push(b'\n');
    }
    for (name, bomb) in [("a.csv.gz", gzip(&content)), ("a.csv.zst", zstd(&content))] {
        let raw = Raw::new(name, &bomb);
        let mut options = limited(|limits| limits.expansion = 20);
        let result = read(&raw.path, &options);
        let fault = result.unwrap_err();
        assert_eq!(fault.blame, stage::Blame::Item);
        assert!(
            fault
                .to_string()
                .ends_with("decompresses to more than 20 times its size")
        );
        assert_eq!(
            fault.hint.as_deref(),
            Some("if the file is honestly so large, raise `limits.expansion`")
        );
        options.limits.expansion = u64::MAX;
        assert!(read(&raw.path, &options).is_ok());
    }
}

fn read(path: &Path, options: &Options) -> Result<(), Fault> {
    open(path, options)?.try_for_each(|chunk| chunk.map(drop))
}

#[test]
fn limits_have_a_limit() {
    let options = limited(|limits| limits.row_bytes = usize::MAX);
    check_with(
        "a.csv",
        b"",
        &options,
        "Settings: `limits.row_bytes`: expected at most 536870912, found 18446744073709551615",
    );
}
