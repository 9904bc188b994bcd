use std::collections::BTreeMap;
use std::sync::Arc;

use arrow_array::{
    Date32Array, Float64Array, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray,
};
use insta::assert_snapshot;
use proptest::prelude::*;

use super::*;

fn rule(settings: &str) -> Result<Checked, Fault> {
    let rule: Rule = stage::settings::parse(settings.as_bytes(), "split.json")?;
    rule.check()
}

fn table(columns: &[(&str, ArrayRef)]) -> RecordBatch {
    RecordBatch::try_from_iter(columns.to_vec()).unwrap()
}

fn assign(settings: &str, columns: &[(&str, ArrayRef)]) -> Result<String, Fault> {
    let batch = table(columns);
    let partitions = rule(settings)?.bind(&batch.schema())?.assign(&batch)?;
    let letter = |partition: &Partition| partition.name()[..1].to_owned();
    Ok(partitions
        .iter()
        .map(|partition| match partition {
            Partition::Test => "T".to_owned(),
            other => letter(other),
        })
        .collect())
}

#[track_caller]
fn check(settings: &str, columns: &[(&str, ArrayRef)], expected: &str) {
    assert_eq!(assign(settings, columns).unwrap(), expected);
}

fn refused(settings: &str, columns: &[(&str, ArrayRef)]) -> String {
    let fault = assign(settings, columns).unwrap_err();
    let hint = fault.hint.as_deref().unwrap_or("-");
    format!("{:?}: {fault} | {hint}", fault.blame)
}

fn integers(values: &[Option<i64>]) -> ArrayRef {
    Arc::new(Int64Array::from(values.to_vec()))
}

fn some(values: impl IntoIterator<Item = i64>) -> ArrayRef {
    Arc::new(Int64Array::from_iter_values(values))
}

fn strings(values: &[Option<&str>]) -> ArrayRef {
    Arc::new(StringArray::from(values.to_vec()))
}

const THIRDS: &str = r#"{"rule": "hash", "columns": ["id"], "shares": {"train": 0.4, "validation": 0.3, "test": 0.3}}"#;

/// These never change: they are what keeps a row that was once tested on from ever being trained on.
#[test]
fn golden_hashes_are_pinned_for_ever() {
    let text = strings(&[Some(""), Some("a"), Some("N508AS"), None]);
    let number = integers(&[Some(0), Some(5), Some(-7), None]);
    let float: ArrayRef = Arc::new(Float64Array::from(vec![0.5, -0.0, 1e300, f64::NAN]));
    let date: ArrayRef = Arc::new(Date32Array::from(vec![0, 16_095, -1, 11_016]));
    let time: ArrayRef = Arc::new(TimestampMicrosecondArray::from(vec![
        0,
        1,
        -1,
        1_390_608_000_000_000,
    ]));
    let check = |columns: &[ArrayRef], seed: u64, expected: &[u64]| {
        assert_eq!(hash_rows(columns, seed).unwrap(), expected);
    };
    check(
        std::slice::from_ref(&text),
        0,
        &[
            3_547_760_990_396_968_576,
            2_905_637_939_793_131_809,
            10_509_506_357_539_366_858,
            14_144_645_293_874_801_883,
        ],
    );
    check(
        std::slice::from_ref(&number),
        0,
        &[
            16_042_996_607_527_011_400,
            12_522_245_229_400_458_060,
            10_829_998_262_560_728_521,
            14_144_645_293_874_801_883,
        ],
    );
    check(
        &[float],
        0,
        &[
            12_057_501_196_397_729_250,
            16_042_996_607_527_011_400,
            2_905_946_875_092_779_578,
            15_784_631_559_267_920_591,
        ],
    );
    check(
        &[date],
        0,
        &[
            2_770_930_508_524_540_583,
            9_822_199_016_835_055_708,
            14_023_456_825_670_137_190,
            776_869_352_176_344_067,
        ],
    );
    check(
        &[time],
        0,
        &[
            602_555_398_828_436_272,
            16_524_132_902_746_609_401,
            9_248_333_353_665_712_739,
            3_915_325_753_676_547_686,
        ],
    );
    check(
        &[text, number],
        42,
        &[
            8_767_090_561_418_866_647,
            6_167_574_045_332_659_669,
            11_284_448_498_308_096_850,
            17_856_181_918_238_786_224,
        ],
    );
}

#[test]
fn golden_partitions_are_pinned_for_ever() {
    check(
        THIRDS,
        &[("id", some(0..40))],
        "TvTvtvvttTTTtTtvtttTtvvtvvtttvvttTTtTTvt",
    );
    let text: Vec<String> = (0..40).map(|number| format!("user-{number}")).collect();
    let text: Vec<Option<&str>> = text.iter().map(|text| Some(text.as_str())).collect();
    check(
        THIRDS,
        &[("id", strings(&text))],
        "TttvttvvvvTTvvTtvvttvTtttttvTTvtvttTttTv",
    );
}

#[test]
fn a_key_is_the_same_however_its_column_is_typed() {
    let float: ArrayRef = Arc::new(Float64Array::from_iter_values((0..40).map(f64::from)));
    let text: Vec<String> = (0..40).map(|number| number.to_string()).collect();
    let text: ArrayRef = Arc::new(StringArray::from(text));
    let integer = assign(THIRDS, &[("id", some(0..40))]).unwrap();
    check(THIRDS, &[("id", float)], &integer);
    check(THIRDS, &[("id", text)], &integer);
}

#[test]
fn rows_without_a_key_go_together() {
    let placed = assign(THIRDS, &[("id", integers(&[None; 20]))]).unwrap();
    assert!(placed.chars().all(|letter| placed.starts_with(letter)));
}

#[test]
fn another_seed_is_another_assignment() {
    let seeded = THIRDS.replace(r#""shares""#, r#""seed": 1, "shares""#);
    let columns = [("id", some(0..40))];
    assert_ne!(
        assign(THIRDS, &columns).unwrap(),
        assign(&seeded, &columns).unwrap()
    );
}

#[test]
fn a_cut_in_time_sends_its_own_moment_to_the_later_side() {
    let settings = r#"{"rule": "time", "column": "t", "validation_from": "1970-01-03", "test_from": "1970-01-05"}"#;
    let dates: ArrayRef = Arc::new(Date32Array::from_iter_values(0..6));
    check(settings, &[("t", dates)], "ttvvTT");
    let day = 86_400_000_000_i64;
    let times = TimestampMicrosecondArray::from(vec![2 * day - 1, 2 * day, 4 * day - 1, 4 * day]);
    check(settings, &[("t", Arc::new(times.clone()))], "tvvT");
    check(
        settings,
        &[("t", Arc::new(times.with_timezone("UTC")))],
        "tvvT",
    );
}

#[test]
fn a_time_may_stand_in_several_columns() {
    let columns = [
        ("year", some([2013, 2014, 2014, 2014, 2014, 2015])),
        ("month", some([12, 1, 1, 1, 2, 1])),
        ("day", some([31, 24, 25, 31, 1, 1])),
    ];
    let rule =
        |cuts: &str| format!(r#"{{"rule": "time", "columns": ["year", "month", "day"], {cuts}}}"#);
    let text = rule(r#""validation_from": "2014-01-25", "test_from": "2014-02-01""#);
    check(&text, &columns, "ttvvTT");
    let numbers = rule(r#""validation_from": [2014, 1, 25], "test_from": [2014, 2]"#);
    check(&numbers, &columns, "ttvvTT");
    let year = r#"{"rule": "time", "column": "year", "test_from": 2014}"#;
    check(year, &columns, "tTTTTT");
}

#[test]
fn a_column_may_say_it() {
    let settings = r#"{"rule": "column", "column": "set", "values": {"train": ["a", 1], "validation": [], "test": ["b"]}, "missing": "test"}"#;
    check(
        settings,
        &[("set", strings(&[Some("a"), Some("b"), None, Some("1")]))],
        "tTTt",
    );
    let plain = r#"{"rule": "column", "column": "set"}"#;
    check(
        plain,
        &[(
            "set",
            strings(&[Some("train"), Some("validation"), Some("test")]),
        )],
        "tvT",
    );
}

#[test]
fn a_row_that_cannot_be_placed_fails_its_item() {
    let time = r#"{"rule": "time", "column": "t", "test_from": 3}"#;
    assert_snapshot!(refused(time, &[("t", integers(&[Some(1), None]))]), @r#"Item: column `t`: some of 2 rows have no value, so their partition is unknown | drop such rows in clean, or say where they go with `"missing": "test"` in the split rule"#);
    assert_eq!(
        assign(
            &time.replace("3}", r#"3, "missing": "train"}"#),
            &[("t", integers(&[Some(5), None]))]
        )
        .unwrap(),
        "Tt"
    );
    let column = r#"{"rule": "column", "column": "set"}"#;
    assert_snapshot!(refused(column, &[("set", strings(&[Some("dev")]))]), @"Item: column `set`: expected one of `test`, `train`, `validation`, found `dev` | give `dev` a partition in `values` of the split rule");
}

#[test]
fn settings_that_make_no_sense_are_refused() {
    let columns = [("date", strings(&[Some("2014-01-01")])), ("id", some([1]))];
    let refused = |settings: &str| refused(settings, &columns);
    assert_snapshot!(refused(&THIRDS.replace(r#"["id"]"#, r#"["ids"]"#)), @"Settings: there is no column `ids` | did you mean `id`?");
    assert_snapshot!(refused(&THIRDS.replace(r#"["id"]"#, "[]")), @"Settings: `columns`: expected at least one column, found none | -");
    assert_snapshot!(refused(&THIRDS.replace(r#"["id"]"#, r#"["id", "id"]"#)), @"Settings: `columns`: `id` is named twice | -");
    assert_snapshot!(refused(r#"{"rule": "time", "column": "date", "test_from": "2014-02-01"}"#), @"Settings: column `date`: expected a date, a timestamp or a number, found type Utf8 | declare it as `date` or `datetime` in the settings of validate, or parse it in those of clean");
    assert_snapshot!(refused(r#"{"rule": "time", "column": "id", "test_from": "2014-02-01"}"#), @"Settings: column `id` holds numbers: expected cuts as numbers, found dates | -");
    assert_snapshot!(refused(r#"{"rule": "time", "column": "id", "test_from": "Feb 2014"}"#), @"Settings: `test_from`: expected a date as `2014-01-25` or a time as `2014-01-25T12:00:00`, found `Feb 2014` | -");
    assert_snapshot!(refused(r#"{"rule": "time", "column": "id", "test_from": true}"#), @r#"Settings: split.json: invalid type: boolean `true`, expected a date (`"2014-01-25"`), an integer or a list of integers | -"#);
    assert_snapshot!(refused(r#"{"rule": "time", "test_from": 3}"#), @"Settings: expected `column` or `columns`, found neither | -");
    assert_snapshot!(refused(r#"{"rule": "hsh", "columns": ["id"]}"#), @"Settings: split.json:1: `rule`: unknown variant `hsh`, expected one of `hash`, `group`, `time`, `column` | did you mean `hash`?");
    assert_snapshot!(refused(r#"{"rule": "column", "column": "id", "values": {"train": [1], "test": [1]}}"#), @"Settings: `values.test`: `1` stands in `values.train` already | -");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_row_goes_where_it_goes_whatever_stands_around_it(ids in prop::collection::vec(any::<Option<i64>>(), 1..60), cut in 0_usize..60) {
        let whole = assign(THIRDS, &[("id", integers(&ids))]).unwrap();
        let cut = cut.min(ids.len());
        let first = assign(THIRDS, &[("id", integers(&ids[..cut]))]).unwrap();
        let second = assign(THIRDS, &[("id", integers(&ids[cut..]))]).unwrap();
        prop_assert_eq!(&whole, &(first + &second));
        let reversed: Vec<Option<i64>> = ids.iter().rev().copied().collect();
        let reversed = assign(THIRDS, &[("id", integers(&reversed))]).unwrap();
        prop_assert_eq!(whole, reversed.chars().rev().collect::<String>());
    }

    #[test]
    fn shares_are_kept(seed in any::<u64>(), train in 1_u32..100) {
        let share = f64::from(train) / 100.0;
        let rule = Rule::Hash {
            columns: vec!["id".to_owned()],
            shares: Shares { train: share, validation: 0.0, test: 1.0 - share },
            seed,
        };
        let batch = table(&[("id", some(0..10_000))]);
        let placed = rule.check().unwrap().bind(&batch.schema()).unwrap().assign(&batch).unwrap();
        let mut counts: BTreeMap<Partition, u32> = BTreeMap::new();
        for partition in placed {
            *counts.entry(partition).or_default() += 1;
        }
        // Six standard deviations of a binomial with 10,000 trials, at most.
        let found = f64::from(counts.get(&Partition::Train).copied().unwrap_or(0));
        prop_assert!((found - share * 10_000.0).abs() < 300.0, "{} of {}", found, share);
    }
}
