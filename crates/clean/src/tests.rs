//! Rules as a user meets them: settings and rows in, rows and reasons out.

use std::sync::Arc;

use arrow_array::{Array, ArrayRef, RecordBatch, StringArray};
use arrow_schema::{DataType, TimeUnit};
use insta::assert_snapshot;
use stage::Fault;
use table::Texts;

use crate::plan::Rules;
use crate::rules::{Repeats, cast};

/// A column's texts, cast to its type: `column("fare: number", ["1.5", "-"])`; `-` is a missing value.
fn column(head: &str, values: &[&str]) -> (String, ArrayRef) {
    let (name, kind) = head.split_once(": ").unwrap_or((head, "string"));
    let texts = values.iter().map(|value| (*value != "-").then_some(*value));
    let texts: ArrayRef = Arc::new(StringArray::from_iter(texts));
    let data_type = match kind {
        "integer" => DataType::Int64,
        "number" => DataType::Float64,
        "boolean" => DataType::Boolean,
        "date" => DataType::Date32,
        "datetime" => DataType::Timestamp(TimeUnit::Microsecond, None),
        _ => DataType::Utf8,
    };
    (name.to_owned(), cast(&texts, &data_type).unwrap())
}

fn show(array: &ArrayRef, row: usize) -> String {
    match array.is_null(row) {
        true => "-".to_owned(),
        false => Texts::new(array).unwrap().text(row),
    }
}

fn run(rules: &str, columns: &[(&str, &[&str])], repeats: Repeats) -> Result<String, Fault> {
    let settings = stage::settings::parse(rules.as_bytes(), "clean.json")?;
    let columns = columns.iter().map(|(head, values)| column(head, values));
    let batch =
        RecordBatch::try_from_iter_with_nullable(columns.map(|(n, a)| (n, a, true))).unwrap();
    let plan = Rules::check(&settings, "clean.json")?.bind(&batch.schema(), repeats)?;
    let rows = plan.apply(&batch, 1)?;
    let clean = rows.batch(plan.schema())?;
    let mut lines = Vec::new();
    for (field, array) in clean.schema().fields().iter().zip(clean.columns()) {
        let values: Vec<_> = (0..array.len()).map(|row| show(array, row)).collect();
        let kind = table::columns::type_name(field.data_type());
        lines.push(format!("{}: {kind} = {}", field.name(), values.join(" | ")));
    }
    lines.extend(
        rows.rejected
            .iter()
            .map(|each| format!("{}: {each}", each.rule)),
    );
    lines.extend(
        rows.dropped
            .iter()
            .map(|(why, count)| format!("dropped {count}: {why}")),
    );
    Ok(lines.join("\n"))
}

#[track_caller]
fn clean(rules: &str, columns: &[(&str, &[&str])]) -> String {
    run(
        &format!("{{\"rules\": [{rules}]}}"),
        columns,
        Repeats::Unknown,
    )
    .unwrap()
}

fn fault(rules: &str, columns: &[(&str, &[&str])]) -> String {
    let rules = format!("{{\"rules\": [{rules}]}}");
    let fault = run(&rules, columns, Repeats::Unknown).unwrap_err();
    match &fault.hint {
        Some(hint) => format!("{:?}: {fault}\nhint: {hint}", fault.blame),
        None => format!("{:?}: {fault}", fault.blame),
    }
}

#[test]
fn without_rules_every_row_passes_unchanged() {
    let given: &[(&str, &[&str])] = &[("a: integer", &["1", "-"]), ("b", &[" x", "-"])];
    assert_snapshot!(clean("", given), @r#"
    a: integer = 1 | -
    b: string =  x | -
    "#);
}

#[test]
fn rules_are_applied_in_their_order() {
    let rules = r#"{"trim": {}}, {"case": {"columns": ["city"], "to": "title"}},
        {"replace": {"columns": ["city"], "values": {"Nyc": "New York", "?": null}}},
        {"missing": {"columns": ["tail"], "values": [""]}}"#;
    let given: &[(&str, &[&str])] = &[
        ("city", &[" NYC ", "?", "san  jose", "-"]),
        ("tail", &["  ", "N1", "-", ""]),
    ];
    assert_snapshot!(clean(rules, given), @r#"
    city: string = New York | - | San  Jose | -
    tail: string = - | N1 | - | -
    "#);
}

#[test]
fn a_value_that_cannot_be_read_sets_its_row_aside() {
    let rules = r#"{"number": {"columns": ["a", "b"], "thousands": ","}}"#;
    let given: &[(&str, &[&str])] = &[
        ("a", &["1,000", "x", "3", "y"]),
        ("b", &["1", "y", "z", "-"]),
    ];
    assert_snapshot!(clean(rules, given), @r#"
    a: number = 1000.0
    b: number = 1.0
    rules[0].number: row 2: column `a`: expected number, found `x`
    rules[0].number: row 3: column `b`: expected number, found `z`
    rules[0].number: row 4: column `a`: expected number, found `y`
    "#);
}

#[test]
fn or_becomes_missing_or_fails_the_item() {
    let given: &[(&str, &[&str])] = &[("a", &["1", "x", "-"])];
    let missing = r#"{"number": {"columns": ["a"], "to": "integer", "on_error": "missing"}}"#;
    assert_snapshot!(clean(missing, given), @"a: integer = 1 | - | -");
    let fail = r#"{"number": {"columns": ["a"], "to": "integer", "on_error": "fail"}}"#;
    assert_snapshot!(fault(fail, given), @"Item: row 2: column `a`: expected integer, found `x`");
}

#[test]
fn rows_are_told_by_their_number_in_the_item_after_others_have_left() {
    let rules = r#"{"drop_rows": {"when": {"missing": "a"}, "reason": "no a"}},
        {"cast": {"columns": ["b"], "to": "integer"}}"#;
    let given: &[(&str, &[&str])] = &[("a", &["-", "1", "2", "3"]), ("b", &["x", "1", "y", "2"])];
    assert_snapshot!(clean(rules, given), @r#"
    a: string = 1 | 3
    b: integer = 1 | 2
    rules[1].cast: row 3: column `b`: expected integer, found `y`
    dropped 1: no a
    "#);
}

#[test]
fn mixed_dates_are_read_in_the_order_of_their_formats() {
    let rules = r#"{"date": {"columns": ["a"], "formats": ["%Y-%m-%d", "%d/%m/%Y", "%m/%d/%Y"]}},
        {"date": {"columns": ["b"], "formats": ["%m%d%Y"]}},
        {"date": {"columns": ["c"], "formats": ["epoch_seconds", "epoch_millis"], "to": "datetime"}}"#;
    let given: &[(&str, &[&str])] = &[
        ("a", &["2014-01-31", "3/2/2014", "3/14/2014", "soon"]),
        ("b: integer", &["10142018", "1312014", "-", "1012014"]),
        ("c: integer", &["1410000000", "1410000000000", "-", "0"]),
    ];
    assert_snapshot!(clean(rules, given), @r#"
    a: date = 2014-01-31 | 2014-02-03 | 2014-03-14
    b: date = 2018-10-14 | 2014-01-31 | -
    c: datetime in UTC = 2014-09-06T10:40:00Z | 2014-09-06T10:40:00Z | -
    rules[0].date: row 4: column `a`: expected date as `%Y-%m-%d` or `%d/%m/%Y` or `%m/%d/%Y`, found `soon`
    "#);
}

#[test]
fn parts_make_dates() {
    let rules = r#"{"make_date": {"column": "date", "year": "y", "month": "m", "day": "d"}},
        {"make_date": {"column": "time", "year": "y", "month": "m", "day": "d", "hour": "h"}},
        {"drop_columns": ["y", "m", "d", "h"]}"#;
    let given: &[(&str, &[&str])] = &[
        ("y: integer", &["2014", "2014", "-"]),
        ("m: integer", &["1", "2", "1"]),
        ("d: integer", &["31", "30", "1"]),
        ("h: integer", &["23", "0", "0"]),
    ];
    assert_snapshot!(clean(rules, given), @r#"
    date: date = 2014-01-31 | -
    time: datetime = 2014-01-31T23:00:00 | -
    rules[0].make_date: row 2: column `y-m-d`: expected the parts of a date, found `2014-2-30`
    "#);
}

#[test]
fn values_beyond_a_bound_move_to_it() {
    let rules = r#"{"clip": {"columns": ["a", "b"], "min": 0, "max": 10}},
        {"clip": {"columns": ["c"], "min": "2014-01-01"}}"#;
    let given: &[(&str, &[&str])] = &[
        ("a: integer", &["-5", "5", "-", "15"]),
        ("b: number", &["-0.5", "10.5", "-", "10"]),
        ("c: date", &["2013-12-31", "2014-01-01", "-", "2014-01-02"]),
    ];
    assert_snapshot!(clean(rules, given), @r#"
    a: integer = 0 | 5 | - | 10
    b: number = 0.0 | 10.0 | - | 10.0
    c: date = 2014-01-01 | 2014-01-01 | - | 2014-01-02
    "#);
}

#[test]
fn columns_are_renamed_kept_and_dropped() {
    let rules = r#"{"rename": {"a": "b", "b": "a"}}, {"drop_columns": ["c"]}, {"keep_columns": ["a", "b"]}"#;
    let given: &[(&str, &[&str])] = &[("a", &["A"]), ("b", &["B"]), ("c", &["C"])];
    assert_snapshot!(clean(rules, given), @r#"
    a: string = B
    b: string = A
    "#);
}

#[test]
fn numbers_and_patterns_are_replaced_too() {
    let rules = r#"{"replace": {"columns": ["a"], "values": {"1": 2, "2": 1, "-9": null}}},
        {"replace": {"columns": ["b"], "values": {"true": false}}},
        {"replace_pattern": {"columns": ["c"], "pattern": "(\\d+)\\s*km$", "with": "${1}000 m"}},
        {"missing": {"columns": ["c"], "when": {"equals": {"column": "a", "value": 2}}}}"#;
    let given: &[(&str, &[&str])] = &[
        ("a: integer", &["1", "2", "-9", "3"]),
        ("b: boolean", &["true", "false", "-", "true"]),
        ("c", &["5 km", "5 km", "7km", "km"]),
    ];
    assert_snapshot!(clean(rules, given), @r#"
    a: integer = 2 | 1 | - | 3
    b: boolean = false | false | - | false
    c: string = - | 5000 m | 7000 m | km
    "#);
}

#[test]
fn repeated_rows_are_dropped_once_known() {
    let rules = r#"{"rules": [{"drop_rows": {"when": {"missing": "a"}, "reason": "no a"}},
        {"drop_duplicates": {"by": ["a"]}}]}"#;
    let given: &[(&str, &[&str])] = &[("a", &["x", "-", "x", "y"])];
    let repeats = Repeats::Known(Arc::from([3]));
    assert_snapshot!(run(rules, given, repeats).unwrap(), @r#"
    a: string = x | y
    dropped 1: no a
    dropped 1: duplicate
    "#);
}

#[test]
fn settings_that_make_no_sense_are_refused_with_the_cure() {
    let given: &[(&str, &[&str])] = &[("tailnum", &["N1"]), ("fare: number", &["1"])];
    let cases = [
        r#"{"trimm": {}}"#,
        r#"{"trim": {"column": ["tailnum"]}}"#,
        r#"{"trim": {"columns": ["tailnumm"]}}"#,
        r#"{"trim": {"columns": ["fare"]}}"#,
        r#"{"case": {"columns": ["tailnum"], "to": "uper"}}"#,
        r#"{"clip": {"columns": ["fare"], "min": 5, "max": 1}}"#,
        r#"{"clip": {"columns": ["fare"]}}"#,
        r#"{"clip": {"columns": ["tailnum"], "min": 0}}"#,
        r#"{"replace_pattern": {"columns": ["tailnum"], "pattern": "(a)", "with": "$1b"}}"#,
        r#"{"replace_pattern": {"columns": ["tailnum"], "pattern": "[a", "with": ""}}"#,
        r#"{"replace": {"columns": ["fare"], "values": {"x": 1}}}"#,
        r#"{"missing": {"columns": ["fare"]}}"#,
        r#"{"date": {"columns": ["tailnum"], "formats": ["%d/%m"]}}"#,
        r#"{"date": {"columns": ["tailnum"], "formats": ["%FT%T%z", "%F"], "to": "datetime"}}"#,
        r#"{"cast": {"columns": ["fare"], "to": "date"}}"#,
        r#"{"rename": {"fare": "tailnum"}}"#,
        r#"{"drop_columns": ["tailnum", "fare"]}"#,
        r#"{"drop_rows": {"when": {"missing": "fare"}, "reason": " "}}"#,
        r#"{"drop_rows": {"when": {"mising": "fare"}, "reason": "x"}}"#,
        r#"{"drop_duplicates": {}}, {"drop_duplicates": {}}"#,
    ];
    let faults: Vec<_> = cases.iter().map(|rules| fault(rules, given)).collect();
    assert_snapshot!(faults.join("\n"), @r#"
    Settings: clean.json:1: `rules[0]`: unknown variant `trimm`, expected one of `trim`, `case`, `replace`, `replace_pattern`, `missing`, `number`, `date`, `make_date`, `cast`, `clip`, `rename`, `drop_columns`, `keep_columns`, `drop_rows`, `drop_duplicates`
    hint: did you mean `trim`?
    Settings: clean.json:1: `rules[0].trim.column`: unknown field `column`, expected `columns` or `collapse`
    hint: did you mean `columns`?
    Settings: clean.json: `rules[0].trim`: there is no column `tailnumm` here
    hint: did you mean `tailnum`?
    Settings: clean.json: `rules[0].trim`: column `fare`: expected string, found number
    Settings: clean.json:1: `rules[0].case.to`: unknown variant `uper`, expected one of `lower`, `upper`, `title`
    hint: did you mean `upper`?
    Settings: clean.json: `rules[0].clip`: `min` 5 is greater than `max` 1
    Settings: clean.json: `rules[0].clip`: expected `min`, `max` or both
    Settings: clean.json: `rules[0].clip`: column `tailnum`: expected integer, number, date or datetime, found string
    Settings: clean.json: `rules[0].replace_pattern`: `$1b`: the pattern has no group `1b`
    hint: write `${1}` before a letter, a digit or `_`, and `$$` for a dollar
    Settings: clean.json: `rules[0].replace_pattern`: pattern `[a`: unclosed character class
    Settings: clean.json: `rules[0].replace.values`: column `fare`: expected number, found `"x"`
    Settings: clean.json: `rules[0].missing`: expected either `values` or `when`
    Settings: clean.json: `rules[0].date.formats`: format `%d/%m` gives no day of a year
    Settings: clean.json: `rules[0].date.formats`: some formats give a time in UTC, some a local time
    hint: use two rules, on two columns
    Settings: clean.json: `rules[0].cast`: column `fare`: cannot cast number to date
    Settings: clean.json: `rules[0].rename`: two columns would be named `tailnum`
    Settings: clean.json: `rules[0].drop_columns`: no column would be left
    Settings: clean.json: `rules[0].drop_rows.reason`: expected a few words, found none
    Settings: clean.json:1: `rules[0].drop_rows.when`: unknown variant `mising`, expected one of `missing`, `equals`, `in`, `compare`, `matches`, `all`, `any`, `not`
    hint: did you mean `missing`?
    Settings: clean.json: `rules[1].drop_duplicates`: duplicates can be dropped once only
    "#);
}

#[test]
fn the_allowed_rejects_are_a_count_or_a_share() {
    let fault = run(r#"{"max_rejected": 0.01}"#, &[("a", &[])], Repeats::Unknown).unwrap_err();
    assert_snapshot!(fault, @r#"clean.json:1: `max_rejected`: invalid type: floating point `0.01`, expected a count (`3`) or a share (`"1%"`)"#);
}
