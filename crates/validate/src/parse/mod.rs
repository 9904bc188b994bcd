//! Texts as values: fast where a text is written as most are, complete where it is not.

mod iso;
mod numbers;
mod strings;
mod temporal;

pub(crate) use iso::iso_datetime;
pub(crate) use numbers::{NumberText, integer, number};
pub(crate) use strings::StringFormat;
pub(crate) use temporal::{Pattern, TemporalFormat, show_date, show_datetime, show_time};

/// The year of four digits, as the type `year` has it; a sign may stand before it.
pub(crate) fn year(text: &str) -> Option<i64> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    (digits.len() == 4).then(|| integer(text.as_bytes()))?
}
