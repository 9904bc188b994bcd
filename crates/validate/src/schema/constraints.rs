//! Constraints, checked: bounds and lists of the column's own type.

use std::fmt::Display;

use regex::Regex;
use serde_json::Value;

use super::descriptor::Constraints;

/// One end of a range.
#[derive(Clone, Debug)]
struct End<T> {
    value: T,
    /// What is expected, for a message.
    expected: String,
}

/// The range a value must lie in.
#[derive(Clone, Debug)]
pub(crate) struct Bounds<T> {
    at_least: Option<End<T>>,
    at_most: Option<End<T>>,
    above: Option<End<T>>,
    below: Option<End<T>>,
}

/// The values that may occur.
#[derive(Clone, Debug)]
pub(crate) struct OneOf<T> {
    values: Vec<T>,
    expected: String,
}

/// What holds of values of a type with an order.
#[derive(Clone, Debug)]
pub(crate) struct Limits<T> {
    bounds: Bounds<T>,
    one_of: Option<OneOf<T>>,
}

/// A rule that a value broke: its name and what was expected.
pub(crate) type Broken<'a> = (&'static str, &'a str);

impl<T: PartialOrd> Limits<T> {
    /// Reads the constraints with the parser of the column; `None` where there is none.
    pub(super) fn new(
        constraints: &Constraints,
        parse: &dyn Fn(&str) -> Option<T>,
    ) -> Result<Option<Self>, String> {
        let end = |name: &str, words: &str, value: &Option<Value>| match value {
            None => Ok(None),
            Some(value) => read(name, value, parse).map(|(value, text)| {
                let expected = format!("{words} {text}");
                Some(End { value, expected })
            }),
        };
        let bounds = Bounds {
            at_least: end("minimum", "at least", &constraints.minimum)?,
            at_most: end("maximum", "at most", &constraints.maximum)?,
            above: end(
                "exclusiveMinimum",
                "more than",
                &constraints.exclusive_minimum,
            )?,
            below: end(
                "exclusiveMaximum",
                "less than",
                &constraints.exclusive_maximum,
            )?,
        };
        let one_of = OneOf::new(constraints, parse)?;
        let none = [
            &bounds.at_least,
            &bounds.at_most,
            &bounds.above,
            &bounds.below,
        ]
        .iter()
        .all(|end| end.is_none());
        Ok((!none || one_of.is_some()).then_some(Self { bounds, one_of }))
    }

    /// The first rule that a value breaks.
    pub(crate) fn broken(&self, value: &T) -> Option<Broken<'_>> {
        let Bounds {
            at_least,
            at_most,
            above,
            below,
        } = &self.bounds;
        if let Some(end) = at_least.as_ref().filter(|end| *value < end.value) {
            return Some(("minimum", &end.expected));
        }
        if let Some(end) = at_most.as_ref().filter(|end| *value > end.value) {
            return Some(("maximum", &end.expected));
        }
        if let Some(end) = above.as_ref().filter(|end| *value <= end.value) {
            return Some(("exclusiveMinimum", &end.expected));
        }
        if let Some(end) = below.as_ref().filter(|end| *value >= end.value) {
            return Some(("exclusiveMaximum", &end.expected));
        }
        self.one_of.as_ref()?.broken(value)
    }
}

impl<T: PartialEq> OneOf<T> {
    pub(super) fn new(
        constraints: &Constraints,
        parse: &dyn Fn(&str) -> Option<T>,
    ) -> Result<Option<Self>, String> {
        let Some(list) = &constraints.one_of else {
            return Ok(None);
        };
        if list.is_empty() {
            return Err("`enum` is empty: no value could be right".to_owned());
        }
        let read: Result<Vec<_>, _> = list
            .iter()
            .map(|value| read("enum", value, parse))
            .collect();
        let (values, texts): (Vec<T>, Vec<String>) = read?.into_iter().unzip();
        let expected = match texts.as_slice() {
            [only] => only.clone(),
            texts if texts.len() <= 10 => format!("one of {}", texts.join(", ")),
            texts => format!(
                "one of {} values like {}",
                texts.len(),
                texts[..3].join(", ")
            ),
        };
        Ok(Some(Self { values, expected }))
    }

    /// The rule that a value breaks when it is none of them.
    pub(crate) fn broken(&self, value: &T) -> Option<Broken<'_>> {
        let found = self.values.contains(value);
        (!found).then_some(("enum", self.expected.as_str()))
    }
}

/// A value of a constraint, and its text for messages.
fn read<T>(
    name: &str,
    value: &Value,
    parse: &dyn Fn(&str) -> Option<T>,
) -> Result<(T, String), String> {
    let text = match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let parsed = parse(&text)
        .ok_or_else(|| format!("`{name}`: `{text}` is no value of the column's type"))?;
    Ok((parsed, format!("`{text}`")))
}

/// What holds of texts.
#[derive(Clone, Debug, Default)]
pub(crate) struct TextRules {
    pattern: Option<(Regex, String)>,
    /// Characters.
    shortest: Option<(u64, String)>,
    longest: Option<(u64, String)>,
    one_of: Option<(std::collections::HashSet<String>, String)>,
}

impl TextRules {
    /// Reads the constraints; `None` where there is none.
    pub(super) fn new(constraints: &Constraints) -> Result<Option<Self>, String> {
        let pattern = constraints.pattern.as_ref().map(|pattern| {
            // A group of its own: `a|b` must match the whole, not begin with one and end with the other.
            let regex = Regex::new(&format!("^(?:{pattern})$"))
                .map_err(|error| format!("`pattern`: {}", last_line(&error)))?;
            Ok::<_, String>((regex, format!("a match of `{pattern}`")))
        });
        let length = |words: &str, length: Option<u64>| {
            length.map(|n| (n, format!("{words} {n} characters")))
        };
        let one_of = OneOf::new(constraints, &|text| Some(text.to_owned()))?;
        let rules = Self {
            pattern: pattern.transpose()?,
            shortest: length("at least", constraints.min_length),
            longest: length("at most", constraints.max_length),
            one_of: one_of.map(|one_of| (one_of.values.into_iter().collect(), one_of.expected)),
        };
        let none = rules.pattern.is_none()
            && rules.shortest.is_none()
            && rules.longest.is_none()
            && rules.one_of.is_none();
        Ok((!none).then_some(rules))
    }

    /// The first rule that a text breaks.
    pub(crate) fn broken(&self, text: &str) -> Option<Broken<'_>> {
        if self.shortest.is_some() || self.longest.is_some() {
            let length = if text.is_ascii() {
                text.len()
            } else {
                text.chars().count()
            } as u64;
            if let Some((_, expected)) = self.shortest.as_ref().filter(|(least, _)| length < *least)
            {
                return Some(("minLength", expected));
            }
            if let Some((_, expected)) = self.longest.as_ref().filter(|(most, _)| length > *most) {
                return Some(("maxLength", expected));
            }
        }
        if let Some((_, expected)) = self
            .pattern
            .as_ref()
            .filter(|(regex, _)| !regex.is_match(text))
        {
            return Some(("pattern", expected));
        }
        if let Some((_, expected)) = self
            .one_of
            .as_ref()
            .filter(|(values, _)| !values.contains(text))
        {
            return Some(("enum", expected));
        }
        None
    }
}

/// The last line of an error of several says what is wrong.
fn last_line(error: &impl Display) -> String {
    let text = error.to_string();
    text.lines()
        .last()
        .unwrap_or_default()
        .trim_start_matches("error: ")
        .to_owned()
}
