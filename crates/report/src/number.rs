//! Numbers as people read them. Independent of any locale.

/// A count with thin spaces between thousands: `1 234 567`.
pub fn count(value: u64) -> String {
    group(&value.to_string())
}

/// A number with so many significant digits, at most so many decimals, and thin spaces between thousands: `0.927`, `5 124`, `3.2e-7`.
/// What is not a number is a dash.
pub fn significant(value: f64, digits: u32) -> String {
    if !value.is_finite() {
        return "–".to_owned();
    }
    if value == 0.0 {
        return "0".to_owned();
    }
    let magnitude = value.abs().log10().floor();
    if !(-4.0..15.0).contains(&magnitude) {
        let precision = digits.saturating_sub(1) as usize;
        return minus(&format!("{value:.precision$e}"));
    }
    let decimals = (f64::from(digits) - 1.0 - magnitude).max(0.0) as usize;
    fixed(value, decimals)
}

/// A number with exactly so many decimals and thin spaces between thousands.
pub fn fixed(value: f64, decimals: usize) -> String {
    if !value.is_finite() {
        return "–".to_owned();
    }
    let text = format!("{:.decimals$}", value.abs());
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let mut out = String::new();
    if value < 0.0 && text.bytes().any(|byte| (b'1'..=b'9').contains(&byte)) {
        out.push('−');
    }
    out.push_str(&group(whole));
    if !fraction.is_empty() {
        out.push('.');
        out.push_str(fraction);
    }
    out
}

/// A share as percent with one decimal: `12.5 %`.
pub fn percent(share: f64) -> String {
    if share.is_finite() {
        format!("{} %", fixed(share * 100.0, 1))
    } else {
        "–".to_owned()
    }
}

/// The label of an axis mark whose neighbours are `step` away, on an axis whose largest mark is `largest`.
pub(crate) fn mark(value: f64, step: f64, largest: f64) -> String {
    if value == 0.0 && largest >= 1e7 {
        return "0".to_owned();
    }
    if largest >= 1e7 || (largest > 0.0 && largest < 1e-4) {
        return minus(&format!("{value:.1e}"));
    }
    let decimals = (-(step.max(1e-12).log10() + 1e-9).floor()).max(0.0) as usize;
    fixed(value, decimals)
}

fn minus(text: &str) -> String {
    text.replace('-', "−")
}

fn group(digits: &str) -> String {
    let mut out = String::with_capacity(digits.len() + digits.len() / 3 * 3);
    for (index, digit) in digits.chars().enumerate() {
        let left = digits.len() - index;
        // Four digits are read at a glance; from five on, groups help.
        if index > 0 && left.is_multiple_of(3) && digits.len() > 4 {
            out.push('\u{202f}');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(found: String, expected: &str) {
        assert_eq!(found.replace('\u{202f}', "_"), expected);
    }

    #[test]
    fn counts_have_thousands() {
        check(count(0), "0");
        check(count(1234), "1234");
        check(count(1_234_567), "1_234_567");
    }

    #[test]
    fn digits_that_matter_are_kept() {
        check(significant(0.927_412, 4), "0.9274");
        check(significant(1.0, 4), "1.000");
        check(significant(-123_456.7, 4), "−123_457");
        check(significant(0.000_000_321, 2), "3.2e−7");
        check(significant(f64::NAN, 4), "–");
        check(significant(0.0, 4), "0");
    }

    #[test]
    fn nothing_is_minus_zero() {
        check(fixed(-0.000_1, 2), "0.00");
        check(fixed(-0.01, 2), "−0.01");
    }

    #[test]
    fn a_share_is_percent() {
        check(percent(0.125), "12.5 %");
        check(percent(f64::NAN), "–");
    }

    #[test]
    fn marks_show_as_many_decimals_as_their_step_needs() {
        check(mark(0.2, 0.2, 1.0), "0.2");
        check(mark(0.25, 0.05, 0.5), "0.25");
        check(mark(1000.0, 500.0, 2000.0), "1000");
        check(mark(5e6, 5e6, 1e7), "5.0e6");
        check(mark(0.0, 5e6, 1e7), "0");
        check(mark(0.0, 0.1, 1.0), "0.0");
    }
}
