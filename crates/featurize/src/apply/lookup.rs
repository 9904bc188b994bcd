//! From a category to its code.

use arrow_array::{Array, Int32Array};
use arrow_buffer::NullBuffer;

use crate::fit::categories::{Categories, Levels, Map};

/// Codes by category.
#[derive(Clone, Debug)]
pub(crate) enum Lookup {
    Integers(Map<i64, i32>),
    Strings(Map<Box<str>, i32>),
}

/// The code of a row whose category is missing, until it is decided what becomes of it.
const MISSING: i32 = -1;
/// The code of a row whose category is unknown, until it is decided what becomes of it.
const UNKNOWN: i32 = -2;

/// The codes of a column.
#[derive(Debug)]
pub(crate) struct Codes {
    codes: Vec<i32>,
    missing: bool,
    /// The first category without a code.
    pub(crate) unknown: Option<String>,
}

impl Lookup {
    /// Each category's code is its place.
    pub(crate) fn new(levels: &Levels) -> Self {
        let mut lookup = Self::empty(levels);
        lookup.insert(levels, |place| place as i32);
        lookup
    }

    fn empty(levels: &Levels) -> Self {
        match levels {
            Levels::Integers(_) => Self::Integers(Map::default()),
            Levels::Strings(_) => Self::Strings(Map::default()),
        }
    }

    /// Gives further categories a code.
    pub(crate) fn insert(&mut self, levels: &Levels, code: impl Fn(usize) -> i32) {
        match (self, levels) {
            (Self::Integers(map), Levels::Integers(values)) => {
                let pairs = values.iter().enumerate();
                map.extend(pairs.map(|(place, value)| (*value, code(place))));
            }
            (Self::Strings(map), Levels::Strings(values)) => {
                let pairs = values.iter().enumerate();
                map.extend(pairs.map(|(place, value)| (value.as_str().into(), code(place))));
            }
            _ => {}
        }
    }

    /// The codes of a column.
    pub(crate) fn codes(&self, categories: &Categories) -> Codes {
        let mut codes = Codes {
            codes: Vec::with_capacity(categories.len()),
            missing: false,
            unknown: None,
        };
        let unknown = match (self, categories) {
            (Self::Integers(map), Categories::Integers(column)) => codes
                .fill(column, |row| map.get(&column.value(row)).copied())
                .map(|row| column.value(row).to_string()),
            (Self::Strings(map), Categories::Strings(column)) => codes
                .fill(column, |row| map.get(column.value(row)).copied())
                .map(|row| column.value(row).to_owned()),
            // Categories read from disk may have lost their type where there is none of them.
            (_, Categories::Integers(column)) => codes
                .fill(column, |_| None)
                .map(|row| column.value(row).to_string()),
            (_, Categories::Strings(column)) => codes
                .fill(column, |_| None)
                .map(|row| column.value(row).to_owned()),
        };
        codes.unknown = unknown;
        codes
    }
}

impl Codes {
    /// Looks up each row; the first row whose category is unknown, if there is one.
    fn fill(&mut self, column: &impl Array, code: impl Fn(usize) -> Option<i32>) -> Option<usize> {
        let mut first_unknown = None;
        for row in 0..column.len() {
            if column.is_null(row) {
                self.missing = true;
                self.codes.push(MISSING);
            } else if let Some(code) = code(row) {
                self.codes.push(code);
            } else {
                first_unknown.get_or_insert(row);
                self.codes.push(UNKNOWN);
            }
        }
        first_unknown
    }

    /// The code of each row, with one for missing and one for unknown categories.
    pub(crate) fn resolve(mut self, missing: i32, unknown: i32) -> Vec<i32> {
        if self.missing || self.unknown.is_some() {
            for code in &mut self.codes {
                match *code {
                    MISSING => *code = missing,
                    UNKNOWN => *code = unknown,
                    _ => {}
                }
            }
        }
        self.codes
    }

    /// The codes as a column; where no code is given for them, missing and unknown categories are missing.
    pub(crate) fn into_array(self, missing: Option<i32>, unknown: Option<i32>) -> Int32Array {
        if !self.missing && self.unknown.is_none() {
            return Int32Array::from(self.codes);
        }
        let absent = |code: i32| {
            (code == MISSING && missing.is_none()) || (code == UNKNOWN && unknown.is_none())
        };
        let valid: NullBuffer = self.codes.iter().map(|code| !absent(*code)).collect();
        let codes = self.resolve(missing.unwrap_or(0), unknown.unwrap_or(0));
        Int32Array::new(codes.into(), Some(valid))
    }
}
