//! What is to be learnt, guessed from the profile.

use clap::ValueEnum;
use serde::Serialize;
use stage::inspect::thousands;
use stage::{Blame, Fault};

use crate::profile::{Column, Profile};
use crate::split::{self, Rule};

/// So many different whole numbers are taken for classes; more for a value.
const CLASSES_MAX: u64 = 10;
/// A report is sliced by columns with at most so many values, and by so many columns.
const SLICE_VALUES: u64 = 12;
const SLICES: usize = 2;

/// What the label is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "snake_case")]
pub(crate) enum As {
    /// A number to come near to.
    Value,
    /// One of some classes.
    Classes,
}

/// What was guessed, each with the reason.
#[derive(Debug)]
pub(crate) struct Guess {
    pub(crate) label: String,
    pub(crate) label_as: As,
    pub(crate) label_why: String,
    /// Rows without a label, which nothing can be learnt from.
    pub(crate) unlabelled: u64,
    pub(crate) split: Rule,
    pub(crate) split_why: String,
    /// Columns whose values the report compares.
    pub(crate) slice: Vec<String>,
}

impl Guess {
    /// Guesses, or says why no column is the label.
    pub(crate) fn new(profile: &Profile, label: &str, told: Option<As>) -> Result<Self, Fault> {
        let column = find(profile, label)?;
        let (label_as, label_why) = match told {
            Some(told) => (told, "you said so".to_owned()),
            None => label_kind(column),
        };
        if column.distinct() < 2 {
            let message = format!("`{label}`: expected a label with two values or more, found one");
            return Err(Fault::message(Blame::Data, message).hint("name another column"));
        }
        let (split, split_why) = split::guess(profile, label);
        let few = |column: &&Column| {
            let few = (2..=SLICE_VALUES).contains(&column.distinct());
            few && column.is(&["string", "boolean"]) && column.name != label
        };
        let slices = profile.columns.iter().filter(few).take(SLICES);
        Ok(Self {
            label: label.to_owned(),
            label_as,
            label_why,
            unlabelled: column.missing,
            split,
            split_why,
            slice: slices.map(|column| column.name.clone()).collect(),
        })
    }
}

fn find<'a>(profile: &'a Profile, label: &str) -> Result<&'a Column, Fault> {
    let names = || profile.columns.iter().map(|column| column.name.as_str());
    let column = profile.columns.iter().find(|column| column.name == label);
    column.ok_or_else(|| {
        let message = format!("`--label {label}`: the data has no such column");
        let hint = match stage::settings::nearest_name(label, names()) {
            Some(name) => format!("did you mean `{name}`?"),
            None => format!("its columns are {}", names().collect::<Vec<_>>().join(", ")),
        };
        Fault::message(Blame::Usage, message).hint(hint)
    })
}

fn label_kind(label: &Column) -> (As, String) {
    let distinct = label.distinct();
    let kind = match label.r#type.as_str() {
        "integer" | "year" if distinct <= CLASSES_MAX => As::Classes,
        "number" if distinct == 2 => As::Classes,
        "integer" | "year" | "number" => As::Value,
        _ => As::Classes,
    };
    let article = if label.r#type.starts_with(['i', 'o']) {
        "an"
    } else {
        "a"
    };
    let values = if distinct == 2 {
        "two values".to_owned()
    } else {
        format!("about {} different values", thousands(distinct))
    };
    (
        kind,
        format!("it is {article} {} with {values}", label.r#type),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(column: &str, expected: As) {
        let column = format!(r#"{{"name": "y", "missing": 0, {column}}}"#);
        let column: Column = serde_json::from_str(&column).unwrap();
        assert_eq!(label_kind(&column).0, expected, "{column:?}");
    }

    #[test]
    fn text_and_few_whole_numbers_are_classes() {
        check(r#""type": "string", "distinct": 3"#, As::Classes);
        check(r#""type": "integer", "distinct": 2"#, As::Classes);
        check(r#""type": "number", "distinct": 2"#, As::Classes);
        let values = r#""frequent": [{"value": true, "count": 1}, {"value": false, "count": 1}]"#;
        check(&format!(r#""type": "boolean", {values}"#), As::Classes);
    }

    #[test]
    fn many_numbers_are_a_value() {
        check(r#""type": "integer", "distinct": 28"#, As::Value);
        check(r#""type": "number", "distinct": 5"#, As::Value);
    }
}
