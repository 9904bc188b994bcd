//! ISO 8601, by hand: most dates and times are written so.

/// Microseconds of a day.
pub(super) const MICROS_PER_DAY: i64 = 86_400_000_000;
/// Microseconds of a second.
pub(super) const MICROS_PER_SECOND: i64 = 1_000_000;

fn digits<const N: usize>(text: &[u8]) -> Option<(i64, &[u8])> {
    let (digits, rest) = text.split_first_chunk::<N>()?;
    let mut value = 0;
    for digit in digits {
        let digit = digit.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        value = value * 10 + i64::from(digit);
    }
    Some((value, rest))
}

fn skip(text: &[u8], byte: u8) -> Option<&[u8]> {
    let (first, rest) = text.split_first()?;
    (*first == byte).then_some(rest)
}

/// Days since 1970-01-01 in the Gregorian calendar (H. Hinnant, "chrono-compatible low-level date algorithms").
fn days_from_civil(year: i64, month: i64, day: i64) -> Option<i64> {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let last = match month {
        4 | 6 | 9 | 11 => 30,
        2 => 28 + i64::from(leap),
        _ => 31,
    };
    if !(1..=12).contains(&month) || !(1..=last).contains(&day) {
        return None;
    }
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year - era * 400;
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    Some(era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468)
}

fn iso_date(text: &[u8]) -> Option<(i64, &[u8])> {
    let (year, text) = digits::<4>(text)?;
    let (month, text) = digits::<2>(skip(text, b'-')?)?;
    let (day, text) = digits::<2>(skip(text, b'-')?)?;
    Some((days_from_civil(year, month, day)?, text))
}

/// A date alone.
pub(super) fn iso_date_only(text: &[u8]) -> Option<i64> {
    match iso_date(text)? {
        (days, []) => Some(days),
        _ => None,
    }
}

/// `13:45`, `13:45:00`, `13:45:00.123456`: microseconds and the rest.
pub(super) fn iso_time(text: &[u8]) -> Option<(i64, &[u8])> {
    let (hour, text) = digits::<2>(text)?;
    let (minute, text) = digits::<2>(skip(text, b':')?)?;
    let (second, text) = match text {
        [b':', seconds @ ..] => digits::<2>(seconds)?,
        _ => (0, text),
    };
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let (fraction, text) = match text {
        [b'.' | b',', decimals @ ..] => fraction(decimals)?,
        _ => (0, text),
    };
    let seconds = (hour * 60 + minute) * 60 + second;
    Some((seconds * MICROS_PER_SECOND + fraction, text))
}

/// Decimals of a second as microseconds; further decimals are cut off.
fn fraction(text: &[u8]) -> Option<(i64, &[u8])> {
    let length = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if length == 0 || length > 18 {
        return None;
    }
    let (decimals, rest) = text.split_at(length);
    let micros = (0..6).fold(0, |value, place| {
        let digit = decimals.get(place).map_or(0, |digit| digit - b'0');
        value * 10 + i64::from(digit)
    });
    Some((micros, rest))
}

/// `Z`, `+02:00`, `+0200`, `+02`: seconds.
fn iso_offset(text: &[u8]) -> Option<i64> {
    let (sign, text) = match text {
        [b'Z' | b'z'] => return Some(0),
        [b'+', rest @ ..] => (1, rest),
        [b'-', rest @ ..] => (-1, rest),
        _ => return None,
    };
    let (hours, text) = digits::<2>(text)?;
    let minutes = match text {
        [] => 0,
        [b':', minutes @ ..] | minutes => match digits::<2>(minutes)? {
            (minutes, []) => minutes,
            _ => return None,
        },
    };
    (hours < 24 && minutes < 60).then_some(sign * (hours * 60 + minutes) * 60)
}

/// A datetime and whether it carried an offset.
pub(crate) fn iso_datetime(text: &[u8]) -> Option<(i64, bool)> {
    let (days, text) = iso_date(text)?;
    let [b'T' | b't' | b' ', text @ ..] = text else {
        return None;
    };
    let (time, text) = iso_time(text)?;
    let micros = days * MICROS_PER_DAY + time;
    if text.is_empty() {
        return Some((micros, false));
    }
    let offset = iso_offset(text)?;
    Some((micros - offset * MICROS_PER_SECOND, true))
}
