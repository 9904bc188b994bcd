//! A section of LightGBM's text format: lines `name=value`.

use std::collections::BTreeMap;
use std::str::FromStr;

use crate::error::Error;

/// What is wrong with a line.
pub(crate) fn wrong(line: usize, message: impl Into<String>) -> Error {
    Error::Model {
        line,
        message: message.into(),
    }
}

/// Lines `name=value` up to an empty line.
pub(crate) struct Section<'a> {
    /// The line of the file before the section, from 1.
    line: usize,
    values: BTreeMap<&'a str, (usize, &'a str)>,
}

impl<'a> Section<'a> {
    pub(crate) fn read(lines: &mut impl Iterator<Item = (usize, &'a str)>, line: usize) -> Self {
        let values = lines
            .take_while(|(_, text)| !text.is_empty())
            .map(|(number, text)| {
                let (name, value) = text.split_once('=').unwrap_or((text, ""));
                (name, (number + 1, value))
            })
            .collect();
        Self { line, values }
    }

    /// Whether there is a line of that name.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.values.contains_key(name)
    }

    /// The text after a name, and its line.
    pub(crate) fn text(&self, name: &str) -> Result<(usize, &'a str), Error> {
        self.values
            .get(name)
            .copied()
            .ok_or_else(|| wrong(self.line, format!("expected `{name}` below this line")))
    }

    /// One value.
    pub(crate) fn one<T: FromStr>(&self, name: &str) -> Result<T, Error> {
        let (line, value) = self.text(name)?;
        parse(line, name, value)
    }

    /// Exactly `count` values, parted by blanks.
    pub(crate) fn many<T: FromStr>(&self, name: &str, count: usize) -> Result<Vec<T>, Error> {
        let (line, _) = self.text(name)?;
        let values = self.list(name)?;
        if values.len() == count {
            Ok(values)
        } else {
            let found = values.len();
            Err(wrong(
                line,
                format!("`{name}`: expected {count} values, found {found}"),
            ))
        }
    }

    /// Values, parted by blanks.
    pub(crate) fn list<T: FromStr>(&self, name: &str) -> Result<Vec<T>, Error> {
        let (line, values) = self.text(name)?;
        let values = values.split_ascii_whitespace();
        values.map(|value| parse(line, name, value)).collect()
    }
}

fn parse<T: FromStr>(line: usize, name: &str, value: &str) -> Result<T, Error> {
    value.parse().map_err(|_| {
        wrong(
            line,
            format!("`{name}`: expected a number, found `{value}`"),
        )
    })
}
