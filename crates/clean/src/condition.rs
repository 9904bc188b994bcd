//! Conditions on rows: from settings over checked patterns to masks.
//!
//! There is no third truth value: a comparison with a missing value is false, its `not` is true.

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, Scalar};
use arrow_buffer::{BooleanBuffer, BooleanBufferBuilder};
use arrow_schema::DataType;
use regex::Regex;
use serde_json::Value;
use stage::Fault;
use table::columns::type_name;

use crate::columns::Columns;
use crate::compare::compare;
use crate::literal::{check_scalar, literal};
use crate::place::Place;
use crate::rows::Rows;
use crate::settings::{self, Comparison};

/// A condition whose patterns and values make sense, for any data.
#[derive(Debug)]
pub(crate) enum Checked {
    Missing(String),
    In(String, Vec<Value>),
    Compare(String, Comparison, Right),
    Matches(String, Regex),
    All(Vec<Checked>),
    Any(Vec<Checked>),
    Not(Box<Checked>),
}

/// What a column is compared with.
#[derive(Debug)]
pub(crate) enum Right {
    Value(Value),
    Column(String),
}

/// A condition on the columns at one point of the rules.
#[derive(Debug)]
pub(crate) enum Condition {
    Missing(usize),
    In(usize, Vec<Scalar<ArrayRef>>),
    CompareValue(usize, Comparison, Scalar<ArrayRef>),
    CompareColumn(usize, Comparison, usize),
    Matches(usize, Regex),
    All(Vec<Condition>),
    Any(Vec<Condition>),
    Not(Box<Condition>),
}

/// Compiles a pattern.
pub(crate) fn pattern(text: &str, place: &Place) -> Result<Regex, Fault> {
    Regex::new(text).map_err(|error| {
        // The crate draws the pattern with a mark below over several lines; the last line says what is wrong.
        let text_of_error = error.to_string();
        let what = text_of_error.lines().last().unwrap_or_default();
        let what = what.strip_prefix("error: ").unwrap_or(what);
        place.fault(format!("pattern `{text}`: {what}"))
    })
}

/// Checks what can be checked without data.
pub(crate) fn check(condition: &settings::Condition, place: &Place) -> Result<Checked, Fault> {
    use settings::Condition as Given;
    let all = |list: &[Given], name: &str| {
        let inner = |index| place.inner(&format!("{name}[{index}]"));
        if list.is_empty() {
            return Err(place.inner(name).fault("expected at least one condition"));
        }
        let checked = list.iter().enumerate();
        checked
            .map(|(index, each)| check(each, &inner(index)))
            .collect()
    };
    Ok(match condition {
        Given::Missing(column) => Checked::Missing(column.clone()),
        Given::Equals(equals) => {
            check_scalar(&equals.value, &place.inner("equals"))?;
            Checked::In(equals.column.clone(), vec![equals.value.clone()])
        }
        Given::In(within) => {
            let place = place.inner("in");
            for value in &within.values {
                check_scalar(value, &place)?;
            }
            Checked::In(within.column.clone(), within.values.clone())
        }
        Given::Compare(compare) => check_compare(compare, &place.inner("compare"))?,
        Given::Matches(matches) => {
            let regex = pattern(&matches.pattern, &place.inner("matches"))?;
            Checked::Matches(matches.column.clone(), regex)
        }
        Given::All(list) => Checked::All(all(list, "all")?),
        Given::Any(list) => Checked::Any(all(list, "any")?),
        Given::Not(inner) => Checked::Not(Box::new(check(inner, &place.inner("not"))?)),
    })
}

fn check_compare(compare: &settings::Compare, place: &Place) -> Result<Checked, Fault> {
    let right = match (&compare.value, &compare.other) {
        (Some(value), None) => {
            check_scalar(value, place)?;
            Right::Value(value.clone())
        }
        (None, Some(column)) => Right::Column(column.clone()),
        _ => return Err(place.fault("expected either `value` or `other`")),
    };
    Ok(Checked::Compare(compare.column.clone(), compare.is, right))
}

impl Checked {
    /// Finds the columns.
    pub(crate) fn bind(&self, columns: &Columns, place: &Place) -> Result<Condition, Fault> {
        let all = |list: &[Self]| -> Result<Vec<_>, Fault> {
            list.iter().map(|each| each.bind(columns, place)).collect()
        };
        Ok(match self {
            Self::Missing(column) => Condition::Missing(columns.find(column, place)?),
            Self::In(column, values) => {
                let index = columns.find(column, place)?;
                let values = values
                    .iter()
                    .map(|each| scalar(each, index, columns, place));
                Condition::In(index, values.collect::<Result<_, _>>()?)
            }
            Self::Compare(column, is, Right::Value(value)) => {
                let index = columns.find(column, place)?;
                Condition::CompareValue(index, *is, scalar(value, index, columns, place)?)
            }
            Self::Compare(column, is, Right::Column(other)) => {
                let (left, right) = (columns.find(column, place)?, columns.find(other, place)?);
                same_type(left, right, columns, place)?;
                Condition::CompareColumn(left, *is, right)
            }
            Self::Matches(column, regex) => {
                let index = columns.find(column, place)?;
                columns.expect_text(index, place)?;
                Condition::Matches(index, regex.clone())
            }
            Self::All(list) => Condition::All(all(list)?),
            Self::Any(list) => Condition::Any(all(list)?),
            Self::Not(inner) => Condition::Not(Box::new(inner.bind(columns, place)?)),
        })
    }
}

/// The value as a scalar of the column's type.
fn scalar(
    value: &Value,
    index: usize,
    columns: &Columns,
    place: &Place,
) -> Result<Scalar<ArrayRef>, Fault> {
    let (name, data_type) = (columns.name(index), columns.data_type(index));
    Ok(Scalar::new(literal(value, data_type, name, place)?))
}

fn same_type(left: usize, right: usize, columns: &Columns, place: &Place) -> Result<(), Fault> {
    let types = [columns.data_type(left), columns.data_type(right)];
    let nested = types.iter().any(|each| each.is_nested());
    if types[0] == types[1] && !nested {
        return Ok(());
    }
    Err(place.fault(format!(
        "cannot compare column `{}` ({}) with `{}` ({})",
        columns.name(left),
        type_name(types[0]),
        columns.name(right),
        type_name(types[1])
    )))
}

impl Condition {
    /// The rows that meet the condition.
    pub(crate) fn mask(&self, rows: &Rows) -> Result<BooleanBuffer, Fault> {
        Ok(match self {
            Self::Missing(column) => missing(rows.column(*column)),
            Self::In(column, values) => {
                let column = rows.column(*column);
                let mut mask = BooleanBuffer::new_unset(rows.len());
                for value in values {
                    mask = &mask | &compare(column, Comparison::Equal, value)?;
                }
                mask
            }
            Self::CompareValue(column, is, value) => compare(rows.column(*column), *is, value)?,
            Self::CompareColumn(left, is, right) => {
                compare(rows.column(*left), *is, rows.column(*right))?
            }
            Self::Matches(column, regex) => matches(rows.column(*column), regex),
            Self::All(list) => {
                let mut mask = BooleanBuffer::new_set(rows.len());
                for each in list {
                    mask = &mask & &each.mask(rows)?;
                }
                mask
            }
            Self::Any(list) => {
                let mut mask = BooleanBuffer::new_unset(rows.len());
                for each in list {
                    mask = &mask | &each.mask(rows)?;
                }
                mask
            }
            Self::Not(inner) => !&inner.mask(rows)?,
        })
    }
}

fn missing(column: &ArrayRef) -> BooleanBuffer {
    match column.logical_nulls() {
        Some(nulls) => !nulls.inner(),
        None => BooleanBuffer::new_unset(column.len()),
    }
}

fn matches(column: &ArrayRef, regex: &Regex) -> BooleanBuffer {
    if *column.data_type() != DataType::Utf8 {
        return BooleanBuffer::new_unset(column.len());
    }
    let mut mask = BooleanBufferBuilder::new(column.len());
    for text in column.as_string::<i32>() {
        mask.append(text.is_some_and(|text| regex.is_match(text)));
    }
    mask.finish()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::{Float64Array, Int64Array, RecordBatch, StringArray};
    use serde_json::json;

    use super::*;
    use crate::rules::Repeats;

    fn batch() -> RecordBatch {
        let delays = Int64Array::from(vec![Some(5), None, Some(20), Some(-3)]);
        let other = Int64Array::from(vec![Some(5), Some(0), Some(30), Some(-5)]);
        let fares = Float64Array::from(vec![Some(1.5), Some(0.0), None, Some(f64::NAN)]);
        let tails = StringArray::from(vec![Some("N1"), Some(""), None, Some("XN")]);
        RecordBatch::try_from_iter([
            ("delay", Arc::new(delays) as ArrayRef),
            ("other", Arc::new(other)),
            ("fare", Arc::new(fares)),
            ("tail", Arc::new(tails)),
        ])
        .unwrap()
    }

    fn evaluate(condition: Value) -> Result<String, Fault> {
        let place = Place::new("clean.json", 3, "drop_rows").inner("when");
        let given: settings::Condition = serde_json::from_value(condition).unwrap();
        let columns = Columns::new(&batch().schema(), Repeats::Unknown);
        let bound = check(&given, &place)?.bind(&columns, &place)?;
        let mask = bound.mask(&Rows::new(&batch(), 1))?;
        Ok(mask.iter().map(|set| if set { 'x' } else { '.' }).collect())
    }

    #[track_caller]
    fn check_mask(condition: Value, expected: &str) {
        let text = condition.to_string();
        assert_eq!(evaluate(condition).unwrap(), expected, "{text}");
    }

    #[track_caller]
    fn check_fault(condition: Value, expected: &str) {
        assert_eq!(evaluate(condition).unwrap_err().to_string(), expected);
    }

    #[test]
    fn a_comparison_with_a_missing_value_is_false() {
        check_mask(json!({"missing": "delay"}), ".x..");
        check_mask(json!({"not": {"missing": "tail"}}), "xx.x");
        check_mask(
            json!({"compare": {"column": "delay", "is": "<", "value": 10}}),
            "x..x",
        );
        check_mask(
            json!({"not": {"compare": {"column": "delay", "is": "<", "value": 10}}}),
            ".xx.",
        );
        check_mask(
            json!({"compare": {"column": "delay", "is": "!=", "value": 5}}),
            "..xx",
        );
        check_mask(
            json!({"compare": {"column": "fare", "is": ">=", "value": 0}}),
            "xx.x",
        );
    }

    #[test]
    fn values_sets_patterns_and_columns_are_compared() {
        check_mask(json!({"equals": {"column": "tail", "value": ""}}), ".x..");
        check_mask(
            json!({"in": {"column": "delay", "values": [5, 20]}}),
            "x.x.",
        );
        check_mask(json!({"in": {"column": "delay", "values": []}}), "....");
        check_mask(
            json!({"matches": {"column": "tail", "pattern": "^N"}}),
            "x...",
        );
        check_mask(
            json!({"compare": {"column": "delay", "is": "<", "other": "other"}}),
            "..x.",
        );
    }

    #[test]
    fn conditions_combine() {
        let small = json!({"compare": {"column": "delay", "is": "<", "value": 10}});
        let named = json!({"matches": {"column": "tail", "pattern": "N"}});
        let none = json!({"missing": "fare"});
        check_mask(json!({"all": [small, named]}), "x..x");
        check_mask(json!({"any": [none, {"all": [small, named]}]}), "x.xx");
    }

    #[test]
    fn what_makes_no_sense_is_a_fault_of_the_settings() {
        check_fault(
            json!({"matches": {"column": "tail", "pattern": "(N"}}),
            "clean.json: `rules[3].drop_rows.when.matches`: pattern `(N`: unclosed group",
        );
        check_fault(
            json!({"all": []}),
            "clean.json: `rules[3].drop_rows.when.all`: expected at least one condition",
        );
        check_fault(
            json!({"equals": {"column": "delay", "value": "5"}}),
            "clean.json: `rules[3].drop_rows.when`: column `delay`: expected integer, found `\"5\"`",
        );
        check_fault(
            json!({"equals": {"column": "delay", "value": null}}),
            "clean.json: `rules[3].drop_rows.when.equals`: expected a string, a number or a boolean, found `null`",
        );
        check_fault(
            json!({"compare": {"column": "delay", "is": "<", "other": "fare"}}),
            "clean.json: `rules[3].drop_rows.when`: cannot compare column `delay` (integer) with `fare` (number)",
        );
        check_fault(
            json!({"compare": {"column": "delay", "is": "<"}}),
            "clean.json: `rules[3].drop_rows.when.compare`: expected either `value` or `other`",
        );
        check_fault(
            json!({"matches": {"column": "delay", "pattern": "1"}}),
            "clean.json: `rules[3].drop_rows.when`: column `delay`: expected string, found integer",
        );
    }
}
