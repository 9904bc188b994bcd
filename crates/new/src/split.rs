//! Which rows to hold back, guessed from the profile.

use serde::Serialize;
use serde_json::{Value, json};

use crate::profile::{Column, Profile};

/// Where validation and test begin: a quantile of the times, as the profile names it.
const CUTS: [(&str, f64); 2] = [("0.75", 0.75), ("0.9", 0.9)];
/// How far from these shares the cut between two years may lie.
const YEAR_TOLERANCE: f64 = 0.25;
/// A time has at least so many different values to be cut.
const MOMENTS_MIN: u64 = 10;
/// Years, at least and at most.
const YEARS: std::ops::RangeInclusive<u64> = 3..=300;
/// The most columns of a key.
const KEY_COLUMNS: usize = 6;

/// `config/split.json`.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "rule", rename_all = "snake_case")]
pub(crate) enum Rule {
    /// Cuts in time.
    Time {
        /// The column.
        column: String,
        /// The first moment of validation.
        validation_from: Value,
        /// The first moment of test.
        test_from: Value,
    },
    /// Shares, by the hash of columns.
    Hash {
        /// The columns.
        columns: Vec<String>,
        /// The share of each partition.
        shares: Value,
    },
}

/// A rule, and why.
pub(crate) fn guess(profile: &Profile, label: &str) -> (Rule, String) {
    let others = || profile.columns.iter().filter(|column| column.name != label);
    let whole = |column: &&Column| column.missing == 0;
    let moments = others()
        .filter(whole)
        .filter(|column| column.is(&["date", "datetime"]) && column.distinct() >= MOMENTS_MIN);
    let years = others().filter(whole).filter(|column| is_year(column));
    for column in moments.chain(years) {
        if let Some((validation_from, test_from)) = cuts(column) {
            let rule = Rule::Time {
                column: column.name.clone(),
                validation_from,
                test_from,
            };
            let why = format!(
                "`{}` tells when a row was: a model is judged on what came after what it learnt from",
                column.name
            );
            return (rule, why);
        }
    }
    let (columns, why) = key(profile.rows, others().collect());
    let shares = json!({"train": 0.7, "validation": 0.15, "test": 0.15});
    (Rule::Hash { columns, shares }, why)
}

fn is_year(column: &Column) -> bool {
    let named = column.is(&["year"]) || column.name.eq_ignore_ascii_case("year");
    let from = column.min.as_i64().unwrap_or_default();
    named && column.is(&["integer", "year"]) && YEARS.contains(&column.distinct()) && from > 1000
}

/// The moments before which lie about 75 % and 90 % of the rows, where each partition gets some.
fn cuts(column: &Column) -> Option<(Value, Value)> {
    if column.is(&["date", "datetime"]) {
        let [validation, test] = CUTS.map(|(share, _)| column.quantiles.get(share));
        let (validation, test) = (to_the_second(validation?), to_the_second(test?));
        let apart = |before: &Value, after: &Value| before.as_str() < after.as_str();
        let some = apart(&column.min, &validation) && apart(&validation, &test);
        return some.then_some((validation, test));
    }
    let [validation, test] = CUTS.map(|(_, share)| share);
    let test = year(column, test, i64::MAX)?;
    Some((year(column, validation, test)?.into(), test.into()))
}

/// The year, earlier than `end`, before which lie about so many rows.
fn year(column: &Column, share: f64, end: i64) -> Option<i64> {
    let counts = column.frequent.iter();
    let counts = counts.map(|frequent| Some((frequent.value.as_i64()?, frequent.count)));
    let mut years: Vec<(i64, u64)> = counts.collect::<Option<_>>()?;
    years.sort_unstable();
    let rows: u64 = years.iter().map(|(_, count)| count).sum();
    let mut before = 0;
    let mut best = None;
    for (year, count) in years {
        let distance = (before as f64 / rows as f64 - share).abs();
        if before > 0 && year < end && best.is_none_or(|(least, _)| distance < least) {
            best = Some((distance, year));
        }
        before += count;
    }
    best.filter(|(distance, _)| *distance < YEAR_TOLERANCE)
        .map(|(_, year)| year)
}

/// A moment without the fraction of its second.
fn to_the_second(moment: &Value) -> Value {
    let Some(text) = moment.as_str() else {
        return moment.clone();
    };
    match text.split_once('.') {
        Some((second, rest)) => {
            let zone = rest.trim_start_matches(|letter: char| letter.is_ascii_digit());
            Value::String(format!("{second}{zone}"))
        }
        None => moment.clone(),
    }
}

/// Columns that tell rows apart, and why they.
fn key(rows: u64, columns: Vec<&Column>) -> (Vec<String>, String) {
    let unique = columns.iter().find(|column| {
        let alone = column.missing == 0 && column.distinct() as f64 >= 0.99 * rows as f64;
        alone && column.is(&["integer", "string"])
    });
    if let Some(column) = unique {
        let why = format!("`{}` names each row", column.name);
        return (vec![column.name.clone()], why);
    }
    let mut columns: Vec<&Column> = columns;
    // A stable sort: among equals the first in the file.
    columns.sort_by_key(|column| std::cmp::Reverse(column.distinct()));
    let mut combinations = 1.0;
    let mut key = Vec::new();
    for column in columns.into_iter().take(KEY_COLUMNS) {
        key.push(column.name.clone());
        combinations *= column.distinct().max(1) as f64;
        // Enough that few rows share a key by chance.
        if combinations > 1000.0 * rows as f64 {
            break;
        }
    }
    let why = "no column names a row or tells its time; rows that are alike in these columns stay together, so that \
               no duplicate of a train row is in test";
    (key, why.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(rows: u64, columns: &str, expected: Value) {
        let profile = format!(r#"{{"rows": {rows}, "columns": [{columns}]}}"#);
        let profile: Profile = serde_json::from_str(&profile).unwrap();
        let rule = serde_json::to_value(guess(&profile, "y").0).unwrap();
        assert_eq!(rule, expected);
    }

    const SHARES: [f64; 3] = [0.7, 0.15, 0.15];

    fn hash(columns: &[&str]) -> Value {
        let [train, validation, test] = SHARES;
        let shares = json!({"train": train, "validation": validation, "test": test});
        json!({"rule": "hash", "columns": columns, "shares": shares})
    }

    #[test]
    fn a_time_is_cut_at_quantiles() {
        let column = r#"{"name": "at", "type": "datetime", "missing": 0, "distinct": 90, "min": "2024-01-01T00:00:00Z",
            "quantiles": {"0.75": "2024-01-02T00:00:00.25Z", "0.9": "2024-01-03T00:00:00.5Z"}}"#;
        let cuts = json!({"rule": "time", "column": "at", "validation_from": "2024-01-02T00:00:00Z", "test_from": "2024-01-03T00:00:00Z"});
        check(100, column, cuts);
    }

    #[test]
    fn years_are_cut_whole() {
        let frequent = r#"[{"value": 2012, "count": 40}, {"value": 2010, "count": 50}, {"value": 2011, "count": 45}, {"value": 2013, "count": 20}]"#;
        let column = format!(
            r#"{{"name": "Year", "type": "integer", "missing": 0, "distinct": 4, "min": 2010, "frequent": {frequent}}}"#
        );
        let cuts =
            json!({"rule": "time", "column": "Year", "validation_from": 2012, "test_from": 2013});
        check(155, &column, cuts);
    }

    #[test]
    fn a_column_that_names_each_row_is_the_key() {
        let columns = r#"{"name": "x", "type": "number", "missing": 0, "distinct": 100}, {"name": "id", "type": "string", "missing": 0, "distinct": 100}"#;
        check(100, columns, hash(&["id"]));
    }

    #[test]
    fn else_columns_that_tell_rows_apart_together_are() {
        let columns = r#"{"name": "a", "type": "number", "missing": 0, "distinct": 30},
            {"name": "y", "type": "integer", "missing": 0, "distinct": 100},
            {"name": "b", "type": "string", "missing": 3, "distinct": 90},
            {"name": "c", "type": "string", "missing": 3, "distinct": 60},
            {"name": "d", "type": "string", "missing": 3, "distinct": 2}"#;
        check(100, columns, hash(&["b", "c", "a"]));
    }

    #[test]
    fn a_time_whose_quantiles_are_one_is_not_cut() {
        let columns = r#"{"name": "at", "type": "date", "missing": 0, "distinct": 12, "min": "2024-01-01",
            "quantiles": {"0.75": "2024-01-02", "0.9": "2024-01-02"}}"#;
        check(9, columns, hash(&["at"]));
    }
}
