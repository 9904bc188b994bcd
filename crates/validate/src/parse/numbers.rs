//! Integers and numbers.

/// How a column writes its numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NumberText {
    /// What stands before the decimals.
    pub(crate) decimal: char,
    /// What groups digits.
    pub(crate) group: Option<char>,
    /// Whether nothing else precedes or follows the number.
    pub(crate) bare: bool,
}

impl Default for NumberText {
    fn default() -> Self {
        Self {
            decimal: '.',
            group: None,
            bare: true,
        }
    }
}

impl NumberText {
    /// Whether numbers are written as they are in programs.
    pub(crate) fn is_plain(&self) -> bool {
        *self == Self::default()
    }

    /// Writes the number into `plain` as it is written in programs. Returns false when groups stand where none can be.
    pub(crate) fn plain(&self, text: &str, plain: &mut String) -> bool {
        plain.clear();
        let text = if self.bare {
            text
        } else {
            self.strip(text, plain)
        };
        let mut since_group = None;
        for (place, character) in text.char_indices() {
            if Some(character) == self.group {
                // `1,2,3` is a list and `,5` a slip: a group ends a digit and has at least two more behind it (India groups by two).
                if place == 0 || since_group.is_some_and(|digits| digits < 2) {
                    return false;
                }
                since_group = Some(0);
                continue;
            }
            if character == self.decimal {
                if since_group.is_some_and(|digits| digits < 2) {
                    return false;
                }
                since_group = None;
                plain.push('.');
                continue;
            }
            // Where another character stands for the point, a point is no number.
            plain.push(if character == '.' { '?' } else { character });
            since_group = since_group.map(|digits| digits + 1);
        }
        since_group.is_none_or(|digits| digits >= 2)
    }

    /// Drops what precedes and follows the number; its sign may precede a currency.
    fn strip<'a>(&self, text: &'a str, plain: &mut String) -> &'a str {
        let text = text.trim_end_matches(|c: char| !c.is_ascii_digit());
        let sign = text.trim_start().starts_with('-');
        let start = text
            .find(|c: char| c.is_ascii_digit())
            .map_or(text.len(), |digit| {
                let before = text[..digit].chars().next_back();
                let pointed = before.filter(|c| *c == self.decimal);
                digit - pointed.map_or(0, char::len_utf8)
            });
        if sign || text[..start].ends_with('-') {
            plain.push('-');
        }
        &text[start..]
    }
}

/// A whole number of 64 bits: a sign and digits, nothing else.
#[inline]
pub(crate) fn integer(text: &[u8]) -> Option<i64> {
    let (negative, digits) = match text {
        [b'-', digits @ ..] => (true, digits),
        [b'+', digits @ ..] => (false, digits),
        digits => (false, digits),
    };
    if digits.is_empty() {
        return None;
    }
    if digits.len() > 18 {
        return long_integer(negative, digits);
    }
    let mut value = 0_i64;
    for digit in digits {
        let digit = digit.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        value = value * 10 + i64::from(digit);
    }
    Some(if negative { -value } else { value })
}

#[cold]
fn long_integer(negative: bool, digits: &[u8]) -> Option<i64> {
    digits.iter().try_fold(0_i64, |value, digit| {
        let digit = digit.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        let digit = i64::from(digit);
        let step = if negative { -digit } else { digit };
        value.checked_mul(10)?.checked_add(step)
    })
}

/// Powers of ten that a double holds exactly.
const POWERS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
    1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
];

/// The double nearest to a decimal number; also `NaN`, `INF`, `-INF` and their like in any case.
///
/// Up to 15 digits and 22 decimals, number and power of ten are exact doubles and one division rounds once
/// (Clinger, "How to read floating point numbers accurately", 1990).
#[inline]
pub(crate) fn number(text: &[u8]) -> Option<f64> {
    // Without a branch: signs of real data follow no pattern.
    let negative = text.first() == Some(&b'-');
    let digits = &text[usize::from(negative)..];
    if digits.len() > 16 {
        return long_number(text);
    }
    match figures(digits) {
        Some((value, decimals)) if value < 1 << 53 => {
            let value = value as f64 / POWERS[decimals];
            Some(f64::from_bits(value.to_bits() | u64::from(negative) << 63))
        }
        _ => long_number(text),
    }
}

/// The number that up to 16 figures make, and how many of them stand behind a point. `None` if anything else is there, or no
/// figure.
#[inline]
fn figures(text: &[u8]) -> Option<(u64, usize)> {
    if (4..=8).contains(&text.len()) {
        return figures_at_once(text);
    }
    let mut value = 0_u64;
    let mut point = None;
    for (place, figure) in text.iter().enumerate() {
        match figure {
            b'0'..=b'9' => value = value * 10 + u64::from(figure - b'0'),
            b'.' if point.is_none() => point = Some(place),
            _ => return None,
        }
    }
    let decimals = point.map_or(0, |point| text.len() - point - 1);
    let figures = text.len() - usize::from(point.is_some());
    (figures > 0).then_some((value, decimals))
}

/// The same of four to eight characters, as the bytes of one word: a loop would guess its end wrong. (On figures as bytes:
/// D. Lemire, "Quickly parsing eight digits", 2018.)
#[inline]
fn figures_at_once(text: &[u8]) -> Option<(u64, usize)> {
    const ONES: u64 = u64::from_le_bytes([1; 8]);
    const ZEROS: u64 = ONES * b'0' as u64;
    // Two looks, at the beginning and at the end: what both see is the same. The last character is the highest byte.
    let (first, last) = (text.first_chunk()?, text.last_chunk()?);
    let (first, last) = (u32::from_le_bytes(*first), u32::from_le_bytes(*last));
    let before = 8 * (8 - text.len());
    let zeros = ZEROS & !(u64::MAX << before);
    let mut word = u64::from(first) << before | u64::from(last) << 32 | zeros;
    let other = word ^ (ONES * u64::from(b'.'));
    // The high bit of each byte that is zero; of the lowest such byte surely.
    let points = other.wrapping_sub(ONES) & !other & (ONES << 7);
    let mut decimals = 0;
    if points != 0 {
        let place = points.trailing_zeros() / 8;
        decimals = 7 - place as usize;
        let before = (1 << (8 * place)) - 1;
        let behind = !(before << 8 | 0xff);
        word = word & behind | (word & before) << 8 | u64::from(b'0');
    }
    // Figures are 0x30 to 0x39: six more carry into the high half of a greater byte.
    let high = ONES * 0xf0;
    if word & high != ZEROS || word.wrapping_add(ONES * 6) & high != ZEROS {
        return None;
    }
    let ones = word & (ONES * 0x0f);
    let pairs = (ones.wrapping_mul(10) + (ones >> 8)) & 0x00ff_00ff_00ff_00ff;
    let fours = (pairs.wrapping_mul(100) + (pairs >> 16)) & 0x0000_ffff_0000_ffff;
    let value = (fours.wrapping_mul(10_000) + (fours >> 32)) & 0xffff_ffff;
    Some((value, decimals))
}

fn long_number(text: &[u8]) -> Option<f64> {
    fast_float2::parse(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn check_number(text: &str, expected: Option<f64>) {
        let found = number(text.as_bytes());
        assert_eq!(
            found.map(f64::to_bits),
            expected.map(f64::to_bits),
            "{text}: {found:?}"
        );
    }

    #[track_caller]
    fn check_integer(text: &str, expected: Option<i64>) {
        assert_eq!(integer(text.as_bytes()), expected, "{text}");
    }

    #[test]
    fn numbers_are_those_of_the_standard_library() {
        let texts = [
            "0",
            "-0",
            "1",
            "0.1",
            "-0.30000000000000004",
            "123456789012345",
            "1234567890123456",
            "9007199254740993",
            ".5",
            "5.",
            "1e5",
            "1E-7",
            "-1.5e300",
            "0.869293138384819031",
            "+3.5",
            "1e400",
            "00012.50",
            "99999999999999.99",
        ];
        for text in texts {
            check_number(text, text.parse().ok());
        }
    }

    proptest! {
        /// Whatever the length, and wherever the point stands.
        #[test]
        fn short_numbers_are_those_of_the_standard_library(text in "-?[0-9]{0,9}[.]?[0-9]{0,9}") {
            let expected = text.parse().ok();
            let found = number(text.as_bytes());
            prop_assert_eq!(found.map(f64::to_bits), expected.map(f64::to_bits), "{}", text);
        }

        /// Characters beside the figures in the table of characters, signs and second points.
        #[test]
        fn what_is_no_figure_is_seen(text in "-?[0-9./:,*é\u{0}+-]{1,16}") {
            let plain = text.strip_prefix('-').unwrap_or(&text);
            let is_number = plain.matches('.').count() < 2
                && plain.bytes().all(|byte| byte == b'.' || byte.is_ascii_digit())
                && plain.bytes().any(|byte| byte.is_ascii_digit());
            prop_assert_eq!(figures(plain.as_bytes()).is_some(), is_number && plain.len() <= 16, "{}", text);
        }
    }

    #[test]
    fn other_text_is_no_number() {
        for text in [
            "", "-", ".", "1.2.3", "12a", " 1", "1,5", "0x10", "--1", "1e", "1_000",
        ] {
            check_number(text, None);
        }
        check_number("INF", Some(f64::INFINITY));
        check_number("-inf", Some(f64::NEG_INFINITY));
        assert!(number(b"NaN").is_some_and(f64::is_nan));
    }

    #[test]
    fn integers_fill_64_bits_and_no_more() {
        check_integer("0", Some(0));
        check_integer("-17", Some(-17));
        check_integer("+17", Some(17));
        check_integer("007", Some(7));
        check_integer("9223372036854775807", Some(i64::MAX));
        check_integer("-9223372036854775808", Some(i64::MIN));
        for text in ["", "-", "9223372036854775808", "1.0", "1e3", "1 ", "١"] {
            check_integer(text, None);
        }
    }

    #[track_caller]
    fn check_plain(number: &NumberText, text: &str, expected: Option<&str>) {
        let mut plain = String::new();
        let fit = number.plain(text, &mut plain);
        assert_eq!(fit.then_some(plain.as_str()), expected, "{text}");
    }

    #[test]
    fn groups_decimals_and_units_are_read_when_the_schema_says_so() {
        let group = NumberText {
            group: Some(','),
            ..NumberText::default()
        };
        check_plain(&group, "1,234,567.5", Some("1234567.5"));
        check_plain(&group, "12,34,567", Some("1234567"));
        check_plain(&group, "1,2", None);
        check_plain(&group, ",12", None);
        let german = NumberText {
            decimal: ',',
            group: Some('.'),
            bare: true,
        };
        check_plain(&german, "1.234,5", Some("1234.5"));
        let point = NumberText {
            decimal: ',',
            ..NumberText::default()
        };
        check_plain(&point, "1.5", Some("1?5"));
        let unit = NumberText {
            group: Some(','),
            bare: false,
            ..NumberText::default()
        };
        check_plain(&unit, "£23,705", Some("23705"));
        check_plain(&unit, "-£512.50", Some("-512.50"));
        check_plain(&unit, "$-3", Some("-3"));
        check_plain(&unit, "95 %", Some("95"));
        check_plain(&unit, "$.50", Some(".50"));
        check_plain(&unit, "none", Some(""));
    }
}
