//! The rules: each is checked without data, bound to the columns it names, and applied to batches.

mod cast;
mod clip;
mod date;
mod drop;
mod make_date;
mod missing;
mod names;
mod notation;
mod number;
mod replace;
mod text;
mod time_format;

use stage::Fault;

use crate::columns::Columns;
use crate::place::Place;
use crate::rows::Rows;
use crate::settings::Rule;

#[cfg(test)]
pub(crate) use cast::cast;
pub(crate) use drop::Repeats;

/// A rule whose settings make sense, for any data.
pub(crate) trait Checked: Send + Sync {
    /// Finds the rule's columns and changes them as the rule will.
    fn bind(&self, columns: &mut Columns) -> Result<Box<dyn Step>, Fault>;
}

/// A rule on the columns of an item.
pub(crate) trait Step: Send + Sync {
    /// Changes a batch of rows.
    fn apply(&self, rows: &mut Rows) -> Result<(), Fault>;
}

/// Checks what can be checked without data.
pub(crate) fn check(rule: &Rule, place: Place) -> Result<Box<dyn Checked>, Fault> {
    Ok(match rule {
        Rule::Trim(given) => Box::new(text::Trim::new(given, place)),
        Rule::Case(given) => Box::new(text::Case::new(given, place)),
        Rule::Replace(given) => Box::new(replace::Values::check(given, place)?),
        Rule::ReplacePattern(given) => Box::new(replace::Pattern::check(given, place)?),
        Rule::Missing(given) => Box::new(missing::Missing::check(given, place)?),
        Rule::Number(given) => Box::new(number::Number::check(given, place)?),
        Rule::Date(given) => Box::new(date::Date::check(given, place)?),
        Rule::MakeDate(given) => Box::new(make_date::MakeDate::check(given, place)?),
        Rule::Cast(given) => Box::new(cast::Cast::new(given, place)),
        Rule::Clip(given) => Box::new(clip::Clip::check(given, place)?),
        Rule::Rename(names) => Box::new(names::Rename::new(names, place)),
        Rule::DropColumns(names) => Box::new(names::DropColumns::new(names, place)),
        Rule::KeepColumns(names) => Box::new(names::KeepColumns::new(names, place)),
        Rule::DropRows(given) => Box::new(drop::DropRows::check(given, place)?),
        Rule::DropDuplicates(given) => Box::new(drop::DropDuplicates::check(given, place)?),
    })
}

/// The name of a rule in the settings.
pub(crate) fn name(rule: &Rule) -> &'static str {
    match rule {
        Rule::Trim(_) => "trim",
        Rule::Case(_) => "case",
        Rule::Replace(_) => "replace",
        Rule::ReplacePattern(_) => "replace_pattern",
        Rule::Missing(_) => "missing",
        Rule::Number(_) => "number",
        Rule::Date(_) => "date",
        Rule::MakeDate(_) => "make_date",
        Rule::Cast(_) => "cast",
        Rule::Clip(_) => "clip",
        Rule::Rename(_) => "rename",
        Rule::DropColumns(_) => "drop_columns",
        Rule::KeepColumns(_) => "keep_columns",
        Rule::DropRows(_) => "drop_rows",
        Rule::DropDuplicates(_) => "drop_duplicates",
    }
}
