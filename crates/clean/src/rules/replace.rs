//! `replace` and `replace_pattern`: whole values, or matches within texts, by others.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use arrow_array::builder::StringBuilder;
use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, BooleanArray, Scalar, new_null_array};
use arrow_schema::DataType;
use arrow_select::zip::zip;
use regex::Regex;
use serde_json::Value;
use stage::{Blame, Fault, OrBlame};

use super::{Checked, Step};
use crate::columns::Columns;
use crate::compare::compare;
use crate::condition::pattern;
use crate::literal::{check_scalar, literal};
use crate::place::Place;
use crate::rows::Rows;
use crate::settings::{self, Comparison};

/// `replace`
pub(super) struct Values {
    columns: Vec<String>,
    values: Vec<(String, Value)>,
    place: Place,
}

impl Values {
    pub(super) fn check(given: &settings::Replace, place: Place) -> Result<Self, Fault> {
        for value in given.values.values().filter(|value| !value.is_null()) {
            check_scalar(value, &place.inner("values"))?;
        }
        Ok(Self {
            columns: given.columns.clone(),
            values: given.values.clone().into_iter().collect(),
            place,
        })
    }

    fn bind_column(&self, index: usize, columns: &Columns) -> Result<Column, Fault> {
        let (name, data_type) = (columns.name(index), columns.data_type(index));
        let place = self.place.inner("values");
        let values = self.values.iter();
        if *data_type == DataType::Utf8 {
            let text = |value: &Value| match value {
                Value::Null => Ok(None),
                Value::String(text) => Ok(Some(text.clone())),
                other => {
                    Err(place.fault(format!("column `{name}`: expected string, found `{other}`")))
                }
            };
            let values = values.map(|(from, to)| Ok((from.clone(), text(to)?)));
            return Ok(Column::Text(index, values.collect::<Result<_, Fault>>()?));
        }
        let pair = |from: &String, to: &Value| {
            let from = literal(&key(from, data_type), data_type, name, &place)?;
            let to = match to {
                Value::Null => new_null_array(data_type, 1),
                to => literal(to, data_type, name, &place)?,
            };
            Ok((Scalar::new(from), Scalar::new(to)))
        };
        let values = values.map(|(from, to)| pair(from, to));
        Ok(Column::Other(index, values.collect::<Result<_, Fault>>()?))
    }
}

/// A key of the map as a value of the column's type: JSON has only texts for keys.
fn key(text: &str, data_type: &DataType) -> Value {
    let quoted = || Value::String(text.to_owned());
    match data_type {
        DataType::Int64 | DataType::Float64 | DataType::Boolean => {
            serde_json::from_str(text).unwrap_or_else(|_| quoted())
        }
        _ => quoted(),
    }
}

impl Checked for Values {
    fn bind(&self, columns: &mut Columns) -> Result<Box<dyn Step>, Fault> {
        let indices = columns.find_all(&self.columns, &self.place)?;
        let bound = indices
            .iter()
            .map(|index| self.bind_column(*index, columns));
        let bound = bound.collect::<Result<Vec<_>, _>>()?;
        columns.set_nullable(&indices);
        Ok(Box::new(ReplaceValues(bound)))
    }
}

struct ReplaceValues(Vec<Column>);

/// A column with what is replaced in it: by a look-up for texts, by comparisons for all others.
enum Column {
    Text(usize, HashMap<String, Option<String>>),
    Other(usize, Vec<(Scalar<ArrayRef>, Scalar<ArrayRef>)>),
}

impl Step for ReplaceValues {
    fn apply(&self, rows: &mut Rows) -> Result<(), Fault> {
        for column in &self.0 {
            let (index, replaced) = match column {
                Column::Text(index, values) => (*index, texts(rows.column(*index), values)),
                Column::Other(index, values) => (*index, others(rows.column(*index), values)?),
            };
            rows.set(index, replaced);
        }
        Ok(())
    }
}

fn texts(column: &ArrayRef, values: &HashMap<String, Option<String>>) -> ArrayRef {
    let texts = column.as_string::<i32>();
    let mut builder = StringBuilder::with_capacity(texts.len(), texts.values().len());
    for text in texts {
        builder.append_option(text.and_then(|text| match values.get(text) {
            Some(replaced) => replaced.as_deref(),
            None => Some(text),
        }));
    }
    Arc::new(builder.finish())
}

/// All comparisons are with the column as it was, so that two values may change places.
fn others(
    column: &ArrayRef,
    values: &[(Scalar<ArrayRef>, Scalar<ArrayRef>)],
) -> Result<ArrayRef, Fault> {
    let mut replaced = column.clone();
    for (from, to) in values {
        let mask = compare(column, Comparison::Equal, from)?;
        if mask.count_set_bits() > 0 {
            replaced =
                zip(&BooleanArray::new(mask, None), to, &replaced).or_blame(Blame::Program)?;
        }
    }
    Ok(replaced)
}

/// `replace_pattern`
pub(super) struct Pattern {
    columns: Vec<String>,
    regex: Regex,
    with: String,
    place: Place,
}

impl Pattern {
    pub(super) fn check(given: &settings::ReplacePattern, place: Place) -> Result<Self, Fault> {
        let regex = pattern(&given.pattern, &place)?;
        check_groups(&regex, &given.with, &place)?;
        Ok(Self {
            columns: given.columns.clone(),
            regex,
            with: given.with.clone(),
            place,
        })
    }
}

/// Refuses `$1a`, which is the group named `1a`, and any other group that the pattern does not have: the
/// crate would silently put nothing in its place.
fn check_groups(regex: &Regex, with: &str, place: &Place) -> Result<(), Fault> {
    let mut rest = with;
    while let Some(at) = rest.find('$') {
        rest = &rest[at + 1..];
        if let Some(escaped) = rest.strip_prefix('$') {
            rest = escaped;
            continue;
        }
        let name = match rest.strip_prefix('{') {
            Some(braced) => braced.split('}').next().unwrap_or(braced),
            None => {
                let end =
                    rest.find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
                &rest[..end.unwrap_or(rest.len())]
            }
        };
        let known = match name.parse::<usize>() {
            Ok(number) => number < regex.captures_len(),
            Err(_) => name.is_empty() || regex.capture_names().flatten().any(|each| each == name),
        };
        if !known {
            return Err(place
                .fault(format!("`{with}`: the pattern has no group `{name}`"))
                .hint("write `${1}` before a letter, a digit or `_`, and `$$` for a dollar"));
        }
    }
    Ok(())
}

impl Checked for Pattern {
    fn bind(&self, columns: &mut Columns) -> Result<Box<dyn Step>, Fault> {
        Ok(Box::new(ReplacePattern {
            columns: columns.find_texts(&self.columns, &self.place)?,
            regex: self.regex.clone(),
            with: self.with.clone(),
        }))
    }
}

struct ReplacePattern {
    columns: Vec<usize>,
    regex: Regex,
    with: String,
}

impl Step for ReplacePattern {
    fn apply(&self, rows: &mut Rows) -> Result<(), Fault> {
        for column in &self.columns {
            let replaced = super::text::rewrite(rows.column(*column), |text, out| {
                match self.regex.replace_all(text, self.with.as_str()) {
                    Cow::Borrowed(same) => out.push_str(same),
                    Cow::Owned(new) => out.push_str(&new),
                }
            });
            rows.set(*column, replaced);
        }
        Ok(())
    }
}
