//! `trim` and `case`: texts rewritten one by one.

use std::sync::Arc;

use arrow_array::builder::StringBuilder;
use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef};
use stage::Fault;

use super::{Checked, Step};
use crate::columns::Columns;
use crate::place::Place;
use crate::rows::Rows;
use crate::settings::{self, Letters};

/// `trim`
pub(super) struct Trim {
    columns: Option<Vec<String>>,
    rewrite: fn(&str, &mut String),
    place: Place,
}

impl Trim {
    pub(super) fn new(given: &settings::Trim, place: Place) -> Self {
        Self {
            columns: given.columns.clone(),
            rewrite: if given.collapse { collapse } else { trim },
            place,
        }
    }
}

impl Checked for Trim {
    fn bind(&self, columns: &mut Columns) -> Result<Box<dyn Step>, Fault> {
        let columns = match &self.columns {
            Some(names) => columns.find_texts(names, &self.place)?,
            None => columns.texts(),
        };
        let rewrite = self.rewrite;
        Ok(Box::new(Rewrite { columns, rewrite }))
    }
}

/// `case`
pub(super) struct Case {
    columns: Vec<String>,
    rewrite: fn(&str, &mut String),
    place: Place,
}

impl Case {
    pub(super) fn new(given: &settings::Case, place: Place) -> Self {
        let rewrite = match given.to {
            Letters::Lower => lower,
            Letters::Upper => upper,
            Letters::Title => title,
        };
        Self {
            columns: given.columns.clone(),
            rewrite,
            place,
        }
    }
}

impl Checked for Case {
    fn bind(&self, columns: &mut Columns) -> Result<Box<dyn Step>, Fault> {
        let columns = columns.find_texts(&self.columns, &self.place)?;
        let rewrite = self.rewrite;
        Ok(Box::new(Rewrite { columns, rewrite }))
    }
}

struct Rewrite {
    columns: Vec<usize>,
    rewrite: fn(&str, &mut String),
}

impl Step for Rewrite {
    fn apply(&self, rows: &mut Rows) -> Result<(), Fault> {
        for column in &self.columns {
            let rewritten = rewrite(rows.column(*column), self.rewrite);
            rows.set(*column, rewritten);
        }
        Ok(())
    }
}

/// A text column with every text rewritten; `rewrite` appends the new text to an empty buffer.
pub(super) fn rewrite(column: &ArrayRef, rewrite: impl Fn(&str, &mut String)) -> ArrayRef {
    let texts = column.as_string::<i32>();
    let mut builder = StringBuilder::with_capacity(texts.len(), texts.values().len());
    let mut buffer = String::new();
    for text in texts {
        match text {
            Some(text) => {
                buffer.clear();
                rewrite(text, &mut buffer);
                builder.append_value(&buffer);
            }
            None => builder.append_null(),
        }
    }
    Arc::new(builder.finish())
}

fn trim(text: &str, out: &mut String) {
    out.push_str(text.trim());
}

fn collapse(text: &str, out: &mut String) {
    for word in text.split_whitespace() {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(word);
    }
}

fn lower(text: &str, out: &mut String) {
    if text.is_ascii() {
        out.push_str(text);
        out.make_ascii_lowercase();
    } else {
        // Not letter by letter: the last sigma of a Greek word has a form of its own.
        out.push_str(&text.to_lowercase());
    }
}

fn upper(text: &str, out: &mut String) {
    if text.is_ascii() {
        out.push_str(text);
        out.make_ascii_uppercase();
    } else {
        out.extend(text.chars().flat_map(char::to_uppercase));
    }
}

/// The first letter of every word in upper case, the others in lower case. An apostrophe is within a word.
fn title(text: &str, out: &mut String) {
    let mut within = false;
    for letter in text.chars() {
        if within {
            out.extend(letter.to_lowercase());
        } else {
            out.extend(letter.to_uppercase());
        }
        within = letter.is_alphanumeric() || (within && matches!(letter, '\'' | '’'));
    }
}

#[cfg(test)]
mod tests {
    use arrow_array::StringArray;

    use super::*;

    #[track_caller]
    fn check(rule: fn(&str, &mut String), text: &str, expected: &str) {
        let column: ArrayRef = Arc::new(StringArray::from(vec![None, Some(text)]));
        let found = rewrite(&column, rule);
        assert!(found.is_null(0));
        assert_eq!(found.as_string::<i32>().value(1), expected);
    }

    #[test]
    fn white_space_goes_from_both_ends() {
        check(trim, " \u{a0}a  b\t", "a  b");
        check(trim, "   ", "");
        check(collapse, " \u{a0}a \t b\n", "a b");
    }

    #[test]
    fn case_knows_other_alphabets() {
        check(lower, "New YORK", "new york");
        check(lower, "ΟΔΟΣ ÅÉ", "οδος åé");
        check(upper, "straße", "STRASSE");
        check(title, "o'NEIL's new-york éCOLE", "O'neil's New-York École");
    }
}
