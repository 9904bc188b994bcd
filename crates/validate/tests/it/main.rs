//! `validate` from the outside: raw files in, queues of Parquet out.
#![cfg(test)]

mod infer;
mod support;

use support::Project;

/// One column of a type that is given as JSON, and what its cells become.
#[track_caller]
fn check_column(field: &str, cells: &str, expected: &str) {
    let text = format!(
        "n,x\n{}",
        cells
            .lines()
            .zip(1..)
            .map(|(cell, n)| format!("{n},{cell}\n"))
            .collect::<String>()
    );
    let project = Project::with("a.csv", text);
    let schema = format!(
        r#"{{"fields": [{{"name": "n", "type": "integer"}}, {{"name": "x", {field}}}], "waystation": {{"max_rejected": 100}}}}"#
    );
    project.validate(&schema).check(0);
    let rows = project.rows("a.parquet");
    let values: Vec<&str> = rows
        .lines()
        .map(|line| line.split(" | ").nth(1).unwrap())
        .collect();
    assert_eq!(values.join("\n"), expected);
}

#[test]
fn every_type_is_written_with_its_own_arrow_type() {
    check_column(r#""type": "integer""#, "1\n-5\n", "x: integer\n1\n-5");
    check_column(
        r#""type": "number""#,
        "1.5\n\n1e3\nNaN\n",
        "x: number\n1.5\n∅\n1000.0\n∅",
    );
    check_column(r#""type": "string""#, "ä b\n007\n", "x: string\nä b\n007");
    check_column(
        r#""type": "boolean""#,
        "true\nFALSE\n1\n",
        "x: boolean\ntrue\nfalse\ntrue",
    );
    check_column(r#""type": "date""#, "2014-01-31\n", "x: date\n2014-01-31");
    check_column(r#""type": "time""#, "13:45:00\n", "x: time\n13:45:00");
    check_column(
        r#""type": "datetime""#,
        "2014-01-31 13:45:00\n",
        "x: datetime\n2014-01-31T13:45:00",
    );
    check_column(
        r#""type": "datetime", "waystation": {"zone": "utc"}"#,
        "2014-01-31T13:45:00+02:00\n",
        "x: datetime in UTC\n2014-01-31T11:45:00Z",
    );
    check_column(r#""type": "year""#, "2014\n", "x: integer\n2014");
    check_column(r#""type": "any""#, "x\n", "x: string\nx");
}

#[test]
fn formats_are_read_as_the_schema_says() {
    check_column(
        r#""type": "date", "format": "%d.%m.%Y""#,
        "31.1.2014\n",
        "x: date\n2014-01-31",
    );
    check_column(
        r#""type": "number", "groupChar": "'", "decimalChar": ";", "bareNumber": false"#,
        "£1'234;5\n",
        "x: number\n1234.5",
    );
    check_column(
        r#""type": "boolean", "trueValues": ["ja"], "falseValues": ["nein"]"#,
        "ja\nnein\ntrue\n",
        "x: boolean\ntrue\nfalse",
    );
    check_column(
        r#""type": "string", "missingValues": ["-"]"#,
        "-\nNA\n",
        "x: string\n∅\nNA",
    );
}

#[test]
fn constraints_reject_rows_and_keep_the_others() {
    check_column(
        r#""type": "integer", "constraints": {"minimum": 1, "maximum": 2}"#,
        "0\n1\n2\n3\n",
        "x: integer\n1\n2",
    );
    check_column(
        r#""type": "number", "constraints": {"exclusiveMinimum": 0}"#,
        "0\n0.5\n",
        "x: number\n0.5",
    );
    check_column(
        r#""type": "string", "constraints": {"enum": ["a", "b"]}"#,
        "a\nc\n",
        "x: string\na",
    );
    check_column(
        r#""type": "string", "constraints": {"pattern": "a|bc"}"#,
        "a\nbc\nabc\nac\n",
        "x: string\na\nbc",
    );
    check_column(
        r#""type": "string", "constraints": {"minLength": 2, "maxLength": 2}"#,
        "ä\nää\naaa\n",
        "x: string\nää",
    );
    check_column(
        r#""type": "string", "constraints": {"required": true}"#,
        "a\n\n",
        "x: string\na",
    );
    check_column(
        r#""type": "date", "constraints": {"minimum": "2014-01-01"}"#,
        "2013-12-31\n2014-01-01\n",
        "x: date\n2014-01-01",
    );
    check_column(
        r#""type": "string", "constraints": {"unique": true}"#,
        "a\nb\na\n\n\n",
        "x: string\na\nb\n∅\n∅",
    );
    check_column(
        r#""type": "string", "format": "email""#,
        "a@b.c\na\n",
        "x: string\na@b.c",
    );
}

const IDS: &str = r#"{"fields": [{"name": "id", "type": "integer"}, {"name": "x", "type": "number"}], "primaryKey": "id", "waystation": {"max_rejected": "60%"}}"#;

#[test]
fn rejected_rows_are_kept_with_place_rule_and_value() {
    let project = Project::with("a.csv", "id,x\n1,2.5\n2,n/a\n\n1,3\n,4\nz,z\n5\n");
    project.validate(&IDS.replace("60%", "90%")).check(0);
    insta::assert_snapshot!(project.output("_rejected/a.jsonl"), @r#"
    {"file":"a.csv","line":3,"column":"x","rule":"type","expected":"number","value":"n/a","row":["2","n/a"]}
    {"file":"a.csv","line":5,"column":"id","rule":"primaryKey","expected":"a value that no row before has","value":"1","row":["1","3"]}
    {"file":"a.csv","line":6,"column":"id","rule":"required","expected":"a value","value":"","row":["","4"]}
    {"file":"a.csv","line":7,"column":"id","rule":"type","expected":"integer","value":"z","also":[{"column":"x","rule":"type","expected":"number","value":"z"}],"row":["z","z"]}
    {"file":"a.csv","line":8,"rule":"cells","expected":"2 cells","value":"1","row":"5"}
    "#);
    assert_eq!(
        project.rows("a.parquet"),
        "id: integer | x: number\n1 | 2.5"
    );
}

#[test]
fn an_item_with_too_many_rejected_rows_fails_and_says_where_and_why() {
    let project =
        Project::with("a.csv", "id,x\n1,2.5\n2,n/a\n3,?\n4,1\nx,1\n").file("b.csv", "id,x\n1,1\n");
    let run = project.validate(&IDS.replace("60%", "20%")).check(1);
    insta::assert_snapshot!(run.told("raw/a.csv"), @r#"
    validate: failed: raw/a.csv:3: column `x`: expected number, found `n/a`; 3 of 5 rows are rejected (`x` type: 2, `id` type: 1), more than the allowed 20%
    hint: correct the file or the schema, or allow more with `"waystation": {"max_rejected": …}`
    "#);
    assert!(project.path("validated.partial").exists());
}

#[test]
fn a_file_in_another_encoding_is_told_how_to_be_read() {
    let project = Project::with("a.csv", b"id,x\n1,\xa35\n");
    insta::assert_snapshot!(project.validate(IDS).check(1).told("raw/a.csv"), @r"
    validate: failed: raw/a.csv:2: column `x`: expected UTF-8 text, found byte 0xA3; its only row is rejected (`x` encoding: 1), more than the allowed 60%
    hint: set `encoding` to the file's own, often `windows-1252`
    ");
}

#[test]
fn counts_reconcile_in_the_manifest() {
    let project = Project::with("a.csv", "id,x\n1,2.5\n2,n/a\n3,1\n");
    project.validate(IDS).check(0);
    let manifest: serde_json::Value =
        serde_json::from_str(&project.output("_manifest.json")).unwrap();
    let counts = manifest.to_string();
    assert!(
        counts.contains(r#""read":3,"rejected":1,"written":2"#),
        "{counts}"
    );
}

#[test]
fn columns_are_matched_by_name() {
    let project = Project::with("a.csv", "x,id\n2.5,1\n");
    project.validate(IDS).check(0);
    assert_eq!(
        project.rows("a.parquet"),
        "id: integer | x: number\n1 | 2.5"
    );
}

#[track_caller]
fn check_columns(header: &str, fields_match: &str) -> String {
    let project = Project::with("a.csv", format!("{header}\n"));
    let schema = IDS.replacen('{', &format!(r#"{{"fieldsMatch": "{fields_match}", "#), 1);
    project.validate(&schema).check(1).told("raw/a.csv")
}

#[test]
fn columns_that_do_not_match_are_named_with_the_cure() {
    insta::assert_snapshot!(check_columns("id,X value", "equal"), @r#"
    validate: failed: raw/a.csv: column `x` is missing, found `id`, `X value`
    hint: with `"fieldsMatch": "superset"` files may lack columns
    "#);
    insta::assert_snapshot!(check_columns("id,x_", "equal"), @r"
    validate: failed: raw/a.csv: column `x` is missing, found `id`, `x_`
    hint: is `x` called `x_` in this file?
    ");
    insta::assert_snapshot!(check_columns("id,x,y", "equal"), @r#"
    validate: failed: raw/a.csv: column `y` is not in the schema
    hint: with `"fieldsMatch": "subset"` other columns are left out
    "#);
    insta::assert_snapshot!(check_columns("x,id", "exact"), @r#"
    validate: failed: raw/a.csv: column 1: expected `id`, found `x`
    hint: with `"fieldsMatch": "equal"` columns may come in any order
    "#);
    insta::assert_snapshot!(check_columns("1,2", "equal"), @r#"
    validate: failed: raw/a.csv: columns `id`, `x` are missing, found `1`, `2`
    hint: if the file has no header, say so with `"waystation": {"read": {"header": false}}`
    "#);
    insta::assert_snapshot!(check_columns("a,b", "partial"), @"validate: failed: raw/a.csv: none of the columns of the schema is there, found `a`, `b`");
}

#[test]
fn files_may_lack_or_add_columns_when_the_schema_allows_it() {
    let project = Project::with("a.csv", "id,y\n1,2\n");
    let schema = IDS.replacen('{', r#"{"fieldsMatch": ["partial"], "#, 1);
    project.validate(&schema).check(0);
    assert_eq!(project.rows("a.parquet"), "id: integer | x: number\n1 | ∅");
}

#[test]
fn without_a_header_the_fields_name_the_columns_by_position() {
    let project = Project::with("a.csv", "1, 2.5\n2, 3\n");
    let read = r#"{"waystation": {"read": {"header": false, "trim": true}}, "#;
    let schema = IDS
        .replace(r#", "waystation": {"max_rejected": "60%"}"#, "")
        .replacen('{', read, 1);
    project.validate(&schema).check(0);
    assert_eq!(
        project.rows("a.parquet"),
        "id: integer | x: number\n1 | 2.5\n2 | 3.0"
    );
}

#[test]
fn json_records_may_lack_keys_and_have_their_own_types() {
    let lines = "{\"id\": 1, \"x\": 2.5}\n{\"id\": 2}\n{\"x\": null, \"id\": \"3\"}\n{\"id\": true, \"x\": 1}\n[4]\n";
    let project = Project::with("a.jsonl", lines);
    project.validate(IDS).check(0);
    assert_eq!(
        project.rows("a.parquet"),
        "id: integer | x: number\n1 | 2.5\n2 | ∅\n3 | ∅"
    );
    let run = Project::with("a.jsonl", "{\"id\": 1}\n{\"id\": 2, \"y\": 3}\n")
        .validate(IDS)
        .check(1);
    insta::assert_snapshot!(run.told("raw/a.jsonl"), @r#"
    validate: failed: raw/a.jsonl: column `y` is not in the schema
    hint: with `"fieldsMatch": "subset"` other columns are left out
    "#);
}

#[test]
fn parquet_is_held_to_the_same_rules() {
    let project = Project::with("a.csv", "id,x\n1,2.5\n2,-1\n");
    project.validate(IDS).check(0);
    let bytes = fs_err::read(project.path("validated/a.parquet")).unwrap();
    let again = Project::with("b.csv", "id,x\n7,1\n").file("a.parquet", bytes);
    let schema = r#"{"fields": [{"name": "id", "type": "number"}, {"name": "x", "type": "number", "constraints": {"minimum": 0}}], "waystation": {"max_rejected": 1}}"#;
    again.validate(schema).check(0);
    assert_eq!(again.rows("a.parquet"), "id: number | x: number\n1.0 | 2.5");
    insta::assert_snapshot!(again.output("_rejected/a.jsonl"), @r#"{"file":"a.parquet","line":2,"column":"x","rule":"minimum","expected":"at least `0`","value":"-1.0","row":["2","-1.0"]}"#);
}

#[test]
fn one_file_can_become_several_items() {
    let rows: String = (0..10).map(|n| format!("{n},{n}\n")).collect();
    let project = Project::with("a.csv", format!("id,x\n{rows}"));
    project
        .validate_with(IDS, &["--rows-per-item", "4"])
        .check(0);
    let rows = |name| project.rows(name).lines().count() - 1;
    assert_eq!(
        ["a-00000.parquet", "a-00001.parquet", "a-00002.parquet"].map(rows),
        [4, 4, 2]
    );
    assert!(!project.path("validated/a-00003.parquet").exists());
}

#[test]
fn a_file_without_rows_is_an_item_without_rows() {
    let project = Project::with("a.csv", "id,x\n");
    project.validate(IDS).check(0);
    assert_eq!(project.rows("a.parquet"), "id: integer | x: number");
}

#[test]
fn the_profile_tells_what_the_columns_hold() {
    let rows: String = (1..=100)
        .map(|n| {
            format!(
                "{n},{}\n",
                if n % 4 == 0 {
                    String::new()
                } else {
                    n.to_string()
                }
            )
        })
        .collect();
    let project = Project::with("a.csv", format!("id,x\n{rows}")).file("b.csv", "id,x\n200,5\n");
    project.validate(IDS).check(0);
    let profile: serde_json::Value =
        serde_json::from_str(&project.output("_profile.json")).unwrap();
    assert_eq!(profile["rows"], 101);
    let id = &profile["columns"][0];
    assert_eq!(
        (&id["min"], &id["max"], &id["missing"]),
        (&1.into(), &200.into(), &0.into())
    );
    assert_eq!(id["quantiles"]["0.5"], 51.0);
    assert_eq!(profile["columns"][1]["missing"], 25);
    assert_eq!(
        profile["columns"][1]["frequent"][0],
        serde_json::json!({"value": 5.0, "count": 2})
    );
}

#[test]
fn the_bytes_do_not_depend_on_the_jobs() {
    let rows: String = (0..60_000_u64)
        .map(|n| format!("{n},{}\n", n * 7919 % 1000))
        .collect();
    let tree = |jobs: &str| {
        let project = Project::with("a.csv", format!("id,x\n{rows}"));
        project.validate_with(IDS, &["--jobs", jobs]).check(0);
        ["a.parquet", "_profile.json"]
            .map(|name| fs_err::read(project.path("validated").join(name)).unwrap())
    };
    assert!(tree("1") == tree("4"));
}

#[test]
fn the_log_says_what_a_file_was_taken_for() {
    let run = Project::with("a.csv", "id;x\n1;2\n").validate(IDS).check(0);
    insta::assert_snapshot!(run.told("read as"), @"validate: a.csv: read as CSV, semicolon, header");
}

#[track_caller]
fn check_schema(schema: &str) -> String {
    let run = Project::with("a.csv", "id\n1\n").validate(schema).check(78);
    run.told("validate: ")
}

#[test]
fn a_schema_that_makes_no_sense_is_refused_before_any_data_is_read() {
    insta::assert_snapshot!(check_schema("{}"), @r"
    validate: validate.json: the schema has no `fields`
    hint: write one from the data: `validate --infer raw > config/validate.json`
    ");
    insta::assert_snapshot!(check_schema(r#"{"fields": [{"name": "a", "typ": "integer"}]}"#), @r"
    validate: validate.json:1: `fields[0].typ`: unknown field `typ`, expected one of `name`, `type`, `format`, `title`, `description`, `example`, `examples`, `rdfType`, `categories`, `categoriesOrdered`, `missingValues`, `decimalChar`, `groupChar`, `bareNumber`, `trueValues`, `falseValues`, `constraints`, `waystation`
    hint: did you mean `type`?
    ");
    insta::assert_snapshot!(check_schema(r#"{"fields": [{"name": "a", "type": "intger"}]}"#), @r"
    validate: validate.json:1: `fields[0].type`: unknown variant `intger`, expected one of `integer`, `number`, `string`, `boolean`, `date`, `time`, `datetime`, `year`, `any`
    hint: did you mean `integer`?
    ");
    insta::assert_snapshot!(check_schema(r#"{"fields": [{"type": "integer"}]}"#), @"validate: validate.json: `fields[0]` has no `name`");
    insta::assert_snapshot!(check_schema(r#"{"fields": [{"name": "a"}, {"name": "a"}]}"#), @"validate: validate.json: `fields[1]`: column `a` is there twice");
    insta::assert_snapshot!(check_schema(r#"{"fields": [{"name": "a", "type": "date", "format": "dd/mm"}]}"#), @"validate: validate.json: `fields[0]`: column `a`: `format`: `dd/mm` is no pattern like `%d/%m/%Y`");
    insta::assert_snapshot!(check_schema(r#"{"fields": [{"name": "a", "type": "string", "format": "mail"}]}"#), @"validate: validate.json: `fields[0]`: column `a`: `format`: unknown format `mail`; did you mean `email`?");
    insta::assert_snapshot!(check_schema(r#"{"fields": [{"name": "a", "type": "integer", "constraints": {"pattern": "a"}}]}"#), @"validate: validate.json: `fields[0]`: column `a`: constraint `pattern` does not apply to type `integer`, only to string, any");
    insta::assert_snapshot!(check_schema(r#"{"fields": [{"name": "a", "type": "string", "constraints": {"pattern": "("}}]}"#), @"validate: validate.json: `fields[0]`: column `a`: `pattern`: unclosed group");
    insta::assert_snapshot!(check_schema(r#"{"fields": [{"name": "a", "type": "integer", "constraints": {"minimum": "x"}}]}"#), @"validate: validate.json: `fields[0]`: column `a`: `minimum`: `x` is no value of the column's type");
    insta::assert_snapshot!(check_schema(r#"{"fields": [{"name": "id"}], "primaryKey": "ids"}"#), @r"
    validate: validate.json: `primaryKey`: there is no field `ids`
    hint: did you mean `id`?
    ");
    insta::assert_snapshot!(check_schema(r#"{"fields": [{"name": "a"}], "waystation": {"max_rejected": "half"}}"#), @r#"validate: validate.json:1: `waystation.max_rejected`: invalid value: string "half", expected a count (`3`) or a share (`"1%"`)"#);
    insta::assert_snapshot!(check_schema(r#"{"fields": [{"name": "a"}], "waystation": {"read": {"encoding": "latin-9000"}}}"#), @r"
    validate: validate.json: `encoding`: expected a label of the Encoding Standard, found `latin-9000`
    hint: for example `utf-8`, `windows-1252`, `latin1`, `utf-16le`, `shift_jis`
    ");
}

#[test]
fn without_a_schema_the_way_to_one_is_told() {
    let run = Project::with("a.csv", "id\n1\n")
        .run(&["raw", "validated"])
        .check(78);
    insta::assert_snapshot!(run.told("validate: "), @r"
    validate: settings: the schema has no `fields`
    hint: write one from the data: `validate --infer raw > config/validate.json`
    ");
}

#[test]
fn a_better_description_redoes_nothing() {
    let project = Project::with("a.csv", "id,x\n1,2\n");
    project.validate(IDS).check(0);
    let described = IDS.replacen('{', r#"{"title": "Ids", "#, 1);
    let run = project.validate(&described).check(0);
    assert!(run.stderr().contains("nothing to do"), "{}", run.stderr());
}

#[test]
fn the_help_tells_the_options() {
    let run = Project::with("a.csv", "").run(&["--help"]).check(0);
    let help = run.stdout();
    let own: Vec<&str> = help
        .lines()
        .filter(|line| line.contains("--infer") || line.contains("--rows-per-item"))
        .collect();
    insta::assert_snapshot!(own.join("\n"), @r"
    --infer <INPUT>
    --rows-per-item <N>
    ");
}
