//! How numbers are written: marks, groups, signs and units.

use stage::Fault;

use super::cast::whole;
use crate::place::Place;
use crate::settings;

/// The longest number that is read, in bytes without separators.
const DIGITS_MAX: usize = 64;

/// How numbers are written.
pub(super) struct Notation {
    decimal: char,
    thousands: Option<char>,
    /// Units, the longest first, so that `kg` is not taken for `g`.
    units: Vec<(String, Factor)>,
}

/// What a unit stands for. A division by 100 gives 0.57 for 57 %, a multiplication by 0.01 does not.
#[derive(Clone, Copy)]
enum Factor {
    Times(f64),
    Over(f64),
}

impl Factor {
    fn new(factor: f64) -> Self {
        let over = 1.0 / factor;
        if factor.abs() < 1.0 && over.fract() == 0.0 {
            Self::Over(over)
        } else {
            Self::Times(factor)
        }
    }

    fn apply(self, value: f64) -> f64 {
        match self {
            Self::Times(factor) => value * factor,
            Self::Over(divisor) => value / divisor,
        }
    }
}

impl Notation {
    pub(super) fn check(given: &settings::Number, place: &Place) -> Result<Self, Fault> {
        check_mark(given.decimal, &place.inner("decimal"))?;
        if let Some(thousands) = given.thousands {
            check_mark(thousands, &place.inner("thousands"))?;
            if thousands == given.decimal {
                let message = format!("`{thousands}` is the decimal mark too");
                return Err(place.inner("thousands").fault(message));
            }
        }
        let mut units = Vec::with_capacity(given.units.len());
        for (unit, factor) in &given.units {
            let place = place.inner("units");
            if !is_unit(unit) {
                let message = format!("`{unit}` cannot be told from a number");
                return Err(place
                    .fault(message)
                    .hint("leave out digits, signs and spaces"));
            }
            if !factor.is_finite() || *factor == 0.0 {
                return Err(place.fault(format!("`{unit}`: expected a factor, found `{factor}`")));
            }
            units.push((unit.clone(), Factor::new(*factor)));
        }
        units.sort_by_key(|(unit, _)| std::cmp::Reverse(unit.len()));
        Ok(Self {
            decimal: given.decimal,
            thousands: given.thousands,
            units,
        })
    }

    /// The number a text stands for.
    pub(super) fn number(&self, text: &str) -> Option<f64> {
        let mut buffer = Buffer::default();
        let factor = self.normalise(text, &mut buffer)?;
        let value: f64 = buffer.text()?.parse().ok()?;
        let value = factor.map_or(value, |factor| factor.apply(value));
        value.is_finite().then_some(value)
    }

    /// The integer a text stands for: exact also where a double is not.
    pub(super) fn integer(&self, text: &str) -> Option<i64> {
        let mut buffer = Buffer::default();
        match self.normalise(text, &mut buffer)? {
            None => {
                let text = buffer.text()?;
                text.parse().ok().or_else(|| whole(text.parse().ok()?))
            }
            Some(factor) => whole(factor.apply(buffer.text()?.parse().ok()?)),
        }
    }

    /// Writes the number as `-1234.5e6` and gives its unit's factor.
    fn normalise(&self, text: &str, buffer: &mut Buffer) -> Option<Option<Factor>> {
        let mut rest = text.trim();
        // Bookkeepers write losses in brackets.
        let mut negative = false;
        if let Some(inner) = rest.strip_prefix('(') {
            rest = inner.strip_suffix(')')?.trim();
            negative = true;
        }
        let mut sign = take_sign(&mut rest);
        let factor = self.take_unit(&mut rest);
        if sign.is_none() {
            sign = take_sign(&mut rest);
        }
        if negative && sign.is_some() {
            return None;
        }
        if negative || sign == Some(true) {
            buffer.push(b'-');
        }
        self.digits(rest, buffer)?;
        Some(factor)
    }

    /// Takes a unit off the front or the back.
    fn take_unit(&self, rest: &mut &str) -> Option<Factor> {
        let bytes = rest.as_bytes();
        let bare = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_digit);
        if bare(bytes.first()) && bare(bytes.last()) {
            return None;
        }
        for (unit, factor) in &self.units {
            if let Some(after) = rest.strip_prefix(unit.as_str()) {
                *rest = after.trim_start();
                return Some(*factor);
            }
            if let Some(before) = rest.strip_suffix(unit.as_str()) {
                *rest = before.trim_end();
                return Some(*factor);
            }
        }
        None
    }

    /// Copies `1,234.5e6` without its separators. Groups are checked, lest `1,5` be taken for 15: after the first
    /// they have three digits, or two as in India's `12,34,567`, the last always three.
    fn digits(&self, text: &str, buffer: &mut Buffer) -> Option<()> {
        let mut letters = text.chars().peekable();
        let (mut digits, mut group, mut groups) = (0_usize, 0_usize, 0_usize);
        while let Some(letter) = letters.peek().copied() {
            if letter.is_ascii_digit() {
                buffer.push(letter as u8);
                digits += 1;
                group += 1;
            } else if self.is_thousands(letter) {
                let whole = if groups == 0 { 1..=3 } else { 2..=3 };
                if !whole.contains(&group) {
                    return None;
                }
                groups += 1;
                group = 0;
            } else {
                break;
            }
            letters.next();
        }
        if groups > 0 && group != 3 {
            return None;
        }
        if letters.next_if_eq(&self.decimal).is_some() {
            buffer.push(b'.');
            while let Some(digit) = letters.next_if(char::is_ascii_digit) {
                buffer.push(digit as u8);
                digits += 1;
            }
        }
        if letters
            .next_if(|letter| matches!(letter, 'e' | 'E'))
            .is_some()
        {
            buffer.push(b'e');
            if let Some(sign) = letters.next_if(|letter| matches!(letter, '+' | '-')) {
                buffer.push(sign as u8);
            }
            letters.peek()?;
            while let Some(digit) = letters.next_if(char::is_ascii_digit) {
                buffer.push(digit as u8);
            }
        }
        (digits > 0 && letters.next().is_none()).then_some(())
    }

    /// A space stands for the spaces that typography puts between groups, too.
    fn is_thousands(&self, letter: char) -> bool {
        match self.thousands {
            Some(' ') => matches!(letter, ' ' | '\u{a0}' | '\u{202f}' | '\u{2009}'),
            Some('\'') => matches!(letter, '\'' | '’'),
            other => other == Some(letter),
        }
    }
}

/// Takes a sign off the front: true for minus.
fn take_sign(rest: &mut &str) -> Option<bool> {
    let minus = match rest.chars().next()? {
        '-' | '\u{2212}' => true,
        '+' => false,
        _ => return None,
    };
    let mut letters = rest.chars();
    letters.next();
    *rest = letters.as_str().trim_start();
    Some(minus)
}

fn check_mark(mark: char, place: &Place) -> Result<(), Fault> {
    if mark.is_alphanumeric() || matches!(mark, '+' | '-' | '(' | ')') {
        return Err(place.fault(format!(
            "expected a mark such as `.` or `,`, found `{mark}`"
        )));
    }
    Ok(())
}

fn is_unit(unit: &str) -> bool {
    let edges = [unit.chars().next(), unit.chars().next_back()];
    let free = |edge: Option<char>| {
        edge.is_some_and(|letter| {
            !letter.is_ascii_digit() && !letter.is_whitespace() && !matches!(letter, '+' | '-')
        })
    };
    edges.into_iter().all(free)
}

/// A number without its separators. Longer than any number is, it holds none.
struct Buffer {
    bytes: [u8; DIGITS_MAX],
    len: usize,
}

impl Default for Buffer {
    fn default() -> Self {
        Self {
            bytes: [0; DIGITS_MAX],
            len: 0,
        }
    }
}

impl Buffer {
    fn push(&mut self, byte: u8) {
        if let Some(place) = self.bytes.get_mut(self.len) {
            *place = byte;
        }
        self.len += 1;
    }

    fn text(&self) -> Option<&str> {
        std::str::from_utf8(self.bytes.get(..self.len)?).ok()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn notation(given: serde_json::Value) -> Result<Notation, Fault> {
        let mut given = given;
        given["columns"] = json!(["amount"]);
        let given: settings::Number = serde_json::from_value(given).unwrap();
        Notation::check(&given, &Place::new("clean.json", 0, "number"))
    }

    fn pounds() -> Notation {
        notation(json!({"thousands": ",", "units": {"£": 1, "%": 0.01, "kg": 1, "g": 0.001}}))
            .unwrap()
    }

    #[track_caller]
    fn check(notation: &Notation, text: &str, expected: Option<f64>) {
        assert_eq!(notation.number(text), expected, "{text}");
    }

    #[test]
    fn separators_signs_and_units_are_read() {
        let pounds = pounds();
        check(&pounds, "£23,705", Some(23705.0));
        check(&pounds, " - £ 1,234,567.89 ", Some(-1_234_567.89));
        check(&pounds, "£-5", Some(-5.0));
        check(&pounds, "(£5.50)", Some(-5.5));
        check(&pounds, "\u{2212}5", Some(-5.0));
        check(&pounds, "12 kg", Some(12.0));
        check(&pounds, "12g", Some(0.012));
        check(&pounds, "57%", Some(0.57));
        check(&pounds, "1e3", Some(1000.0));
        check(&pounds, ".5", Some(0.5));
        check(&pounds, "5.", Some(5.0));
    }

    #[test]
    fn marks_are_those_of_the_settings() {
        let comma = notation(json!({"decimal": ",", "thousands": "."})).unwrap();
        check(&comma, "1.234,56", Some(1234.56));
        check(&comma, "1,5", Some(1.5));
        check(&comma, "1.5", None);
        let space = notation(json!({"thousands": " "})).unwrap();
        check(&space, "1\u{202f}234 567", Some(1_234_567.0));
        let plain = notation(json!({})).unwrap();
        check(&plain, "1,234", None);
    }

    #[test]
    fn what_is_no_number_is_refused() {
        let pounds = pounds();
        for text in [
            "", "-", "£", "n/a", "1,5", "1,2345", "1234,567", ",123", "1.2.3", "1e", "1e9999",
            "nan", "inf", "(5", "(-5)", "£5%", "5 5", "--5", "12 lb", "٣",
        ] {
            check(&pounds, text, None);
        }
        check(&pounds, &"1".repeat(65), None);
        check(&pounds, "12,34,567", Some(1_234_567.0));
    }

    #[test]
    fn integers_are_exact() {
        let pounds = pounds();
        let check = |text: &str, expected| assert_eq!(pounds.integer(text), expected, "{text}");
        check("9,007,199,254,740,993", Some(9_007_199_254_740_993));
        check("5.0", Some(5));
        check("5.5", None);
        check("300%", Some(3));
        check("1e30", None);
    }

    #[test]
    fn marks_and_units_that_cannot_be_told_apart_are_refused() {
        let check = |given, expected: &str| {
            let fault = notation(given).err().unwrap();
            assert_eq!(fault.to_string(), expected);
        };
        check(
            json!({"thousands": "."}),
            "clean.json: `rules[0].number.thousands`: `.` is the decimal mark too",
        );
        check(
            json!({"decimal": "0"}),
            "clean.json: `rules[0].number.decimal`: expected a mark such as `.` or `,`, found `0`",
        );
        check(
            json!({"units": {"m2": 1}}),
            "clean.json: `rules[0].number.units`: `m2` cannot be told from a number",
        );
        check(
            json!({"units": {"kg": 0}}),
            "clean.json: `rules[0].number.units`: `kg`: expected a factor, found `0`",
        );
    }
}
