//! The columns of a file against those of the schema, and rows as they stood in the file.

use arrow_array::Array;
use stage::Fault;
use stage::settings::nearest_name;
use table::Texts;
use table::raw::{Cell, Format, RawBatch, RawReader};

use crate::reject::{RowText, cut};
use crate::schema::{Checked, FieldsMatch};

/// Where a file has the schema's columns.
#[derive(Debug)]
pub(crate) struct Mapping {
    /// By column of the schema: its position in the file, if the file names it up front.
    positions: Vec<Option<usize>>,
    /// How many columns the file names up front.
    known: usize,
    /// Whether records may have keys of their own.
    keyed: bool,
}

impl Mapping {
    /// Compares the columns of a file with those of the schema. What does not match is the item's fault.
    pub(crate) fn new(checked: &Checked, reader: &RawReader, path: &str) -> Result<Self, Fault> {
        let found = reader.columns();
        // Records of JSON have the keys that they have: one that none of the first has may still come.
        let keyed = matches!(
            reader.source().format(),
            Format::JsonLines | Format::JsonArray | Format::Json
        );
        let names: Vec<&str> = checked
            .columns
            .iter()
            .map(|column| column.name.as_str())
            .collect();
        let positions: Vec<_> = names
            .iter()
            .map(|name| found.iter().position(|other| other == name))
            .collect();
        let told = |fault: Fault| fault.context(path.to_owned());
        if !keyed && !checked.fields_match.allows_missing() {
            check_missing(&names, found).map_err(told)?;
        }
        if !checked.fields_match.allows_extra() {
            check_extra(&names, found).map_err(told)?;
        }
        if checked.fields_match == FieldsMatch::Exact && !keyed {
            check_order(&names, found).map_err(told)?;
        }
        if positions.iter().all(Option::is_none) && !keyed {
            let message = format!(
                "none of the columns of the schema is there, found {}",
                list(found)
            );
            return Err(told(Fault::item(message)));
        }
        Ok(Self {
            positions,
            known: found.len(),
            keyed,
        })
    }

    /// Where a batch has a column of the schema.
    pub(crate) fn position(
        &self,
        checked: &Checked,
        column: usize,
        batch: &RawBatch,
    ) -> Option<usize> {
        self.positions[column].or_else(|| {
            let RawBatch::Text(batch) = batch else {
                return None;
            };
            let own = batch.columns().get(self.known..)?;
            let name = &checked.columns[column].name;
            own.iter()
                .position(|other| other == name)
                .map(|place| self.known + place)
        })
    }

    /// Refuses keys that only some records have and the schema does not.
    pub(crate) fn check_batch(
        &self,
        checked: &Checked,
        batch: &RawBatch,
        path: &str,
    ) -> Result<(), Fault> {
        let RawBatch::Text(batch) = batch else {
            return Ok(());
        };
        if !self.keyed || checked.fields_match.allows_extra() {
            return Ok(());
        }
        let own = batch.columns().get(self.known..).unwrap_or_default();
        let names: Vec<&str> = checked
            .columns
            .iter()
            .map(|column| column.name.as_str())
            .collect();
        check_extra(&names, own).map_err(|fault| fault.context(path.to_owned()))
    }
}

fn check_missing(names: &[&str], found: &[String]) -> Result<(), Fault> {
    let missing: Vec<&str> = names
        .iter()
        .copied()
        .filter(|name| !found.iter().any(|other| other == name))
        .collect();
    let Some(first) = missing.first() else {
        return Ok(());
    };
    let message = if missing.len() == 1 {
        format!("column `{first}` is missing, found {}", list(found))
    } else {
        format!(
            "columns {} are missing, found {}",
            list(&missing),
            list(found)
        )
    };
    let fault = Fault::item(message);
    let new = found
        .iter()
        .map(String::as_str)
        .filter(|name| !names.contains(name));
    Err(match nearest_name(first, new) {
        Some(nearest) => fault.hint(format!("is `{first}` called `{nearest}` in this file?")),
        None if missing.len() == names.len() => fault.hint(
            "if the file has no header, say so with `\"waystation\": {\"read\": {\"header\": false}}`",
        ),
        None => fault.hint("with `\"fieldsMatch\": \"superset\"` files may lack columns"),
    })
}

fn check_extra(names: &[&str], found: &[String]) -> Result<(), Fault> {
    let extra: Vec<&str> = found
        .iter()
        .map(String::as_str)
        .filter(|name| !names.contains(name))
        .collect();
    if extra.is_empty() {
        return Ok(());
    }
    let message = if extra.len() == 1 {
        format!("column {} is not in the schema", list(&extra))
    } else {
        format!("columns {} are not in the schema", list(&extra))
    };
    Err(Fault::item(message).hint("with `\"fieldsMatch\": \"subset\"` other columns are left out"))
}

fn check_order(names: &[&str], found: &[String]) -> Result<(), Fault> {
    let wrong = names
        .iter()
        .zip(found)
        .position(|(name, other)| name != other);
    match wrong {
        None => Ok(()),
        Some(place) => Err(Fault::item(format!(
            "column {}: expected `{}`, found `{}`",
            place + 1,
            names[place],
            found[place]
        ))
        .hint("with `\"fieldsMatch\": \"equal\"` columns may come in any order")),
    }
}

/// Names for a message, the first few of many.
fn list(names: &[impl AsRef<str>]) -> String {
    const SHOWN: usize = 8;
    let shown: Vec<String> = names
        .iter()
        .take(SHOWN)
        .map(|name| format!("`{}`", cut(name.as_ref())))
        .collect();
    let mut text = shown.join(", ");
    if names.len() > SHOWN {
        text.push_str(&format!(" and {} more", names.len() - SHOWN));
    }
    if text.is_empty() {
        text.push_str("none");
    }
    text
}

/// One cell as text, for a message.
pub(crate) fn cell_text(batch: &RawBatch, row: usize, column: Option<usize>) -> String {
    let Some(column) = column else {
        return String::new();
    };
    match batch {
        RawBatch::Text(batch) => match batch.cell(row, column) {
            Cell::Absent => String::new(),
            Cell::Null => "null".to_owned(),
            Cell::Bool(value) => value.to_string(),
            Cell::Text(text) | Cell::Number(text) | Cell::Json(text) => cut(text),
        },
        RawBatch::Typed(batch) => array_text(batch.batch.column(column), row),
    }
}

/// One value of an array as text, for a message.
pub(crate) fn array_text(array: &dyn Array, row: usize) -> String {
    Texts::new(array).map_or_else(|_| String::new(), |cells| cut(&cells.text(row)))
}

/// A whole row as it stood in the file.
pub(crate) fn row_text(batch: &RawBatch, row: usize) -> RowText {
    let columns = match batch {
        RawBatch::Text(batch) => batch.columns().len(),
        RawBatch::Typed(batch) => batch.batch.num_columns(),
    };
    RowText::Cells(
        (0..columns)
            .map(|column| cell_text(batch, row, Some(column)))
            .collect(),
    )
}
