//! A schema that makes sense: names are unique, formats and constraints fit their types, keys exist.

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow_schema::{Schema, SchemaRef};
use stage::Fault;
use stage::settings::nearest_name;

use super::column::{Column, column};
use super::descriptor::TableSchema;
use super::forms::FieldsMatch;

/// A checked schema.
#[derive(Debug)]
pub(crate) struct Checked {
    /// The columns, in the order in which they are written.
    pub(crate) columns: Vec<Column>,
    /// The same for Arrow.
    pub(crate) arrow: SchemaRef,
    /// How the columns of a file must match.
    pub(crate) fields_match: FieldsMatch,
    /// How files are read.
    pub(crate) read: table::raw::Options,
    /// How many rows may be rejected.
    pub(crate) allowed: table::MaxRejected,
    /// What must be different in every row of an item.
    pub(crate) keys: Vec<Key>,
}

/// Columns that together are different in every row.
#[derive(Debug)]
pub(crate) struct Key {
    /// The rule's name in the schema.
    pub(crate) rule: &'static str,
    /// Positions of the columns.
    pub(crate) columns: Vec<usize>,
}

impl TableSchema {
    /// Checks the schema; `place` names the file it comes from.
    pub(crate) fn check(&self, place: &str) -> Result<Checked, Fault> {
        if self.fields.is_empty() {
            return Err(
                Fault::settings(format!("{place}: the schema has no `fields`"))
                    .hint("write one from the data: `validate --infer raw > config/validate.json`"),
            );
        }
        self.check_names(place)?;
        let empty = [String::new()];
        let missing = self.missing_values.as_deref().unwrap_or(&empty);
        let mut columns = Vec::with_capacity(self.fields.len());
        for (position, field) in self.fields.iter().enumerate() {
            let wrong = |message| {
                Fault::settings(format!(
                    "{place}: `fields[{position}]`: column `{}`: {message}",
                    field.name
                ))
            };
            columns.push(column(field, missing).map_err(wrong)?);
        }
        let keys = self.keys(place)?;
        for key in keys.iter().filter(|key| key.rule == "primaryKey") {
            key.columns
                .iter()
                .for_each(|column| columns[*column].required = true);
        }
        let arrow = columns
            .iter()
            .map(|column| arrow_schema::Field::new(&column.name, column.kind.data_type(), true));
        Ok(Checked {
            arrow: Arc::new(Schema::new(arrow.collect::<Vec<_>>())),
            columns,
            fields_match: self.fields_match.unwrap_or_default(),
            read: self.read_options(),
            allowed: self.waystation.max_rejected.unwrap_or_default(),
            keys,
        })
    }

    fn check_names(&self, place: &str) -> Result<(), Fault> {
        let mut seen = BTreeSet::new();
        for (position, field) in self.fields.iter().enumerate() {
            if field.name.is_empty() {
                return Err(Fault::settings(format!(
                    "{place}: `fields[{position}]` has no `name`"
                )));
            }
            if !seen.insert(&field.name) {
                let message = format!(
                    "{place}: `fields[{position}]`: column `{}` is there twice",
                    field.name
                );
                return Err(Fault::settings(message));
            }
        }
        Ok(())
    }

    /// Without a header, the fields name the columns.
    fn read_options(&self) -> table::raw::Options {
        let mut read = self.waystation.read.clone();
        if !read.header && read.names.is_none() {
            read.names = Some(self.fields.iter().map(|field| field.name.clone()).collect());
        }
        read
    }

    fn keys(&self, place: &str) -> Result<Vec<Key>, Fault> {
        let mut keys = Vec::new();
        let primary = self.primary_key.iter().map(|names| ("primaryKey", names));
        let others = self
            .unique_keys
            .iter()
            .flatten()
            .map(|names| ("uniqueKeys", names));
        for (rule, names) in primary.chain(others) {
            let columns: Result<_, _> = names
                .0
                .iter()
                .map(|name| self.position(place, rule, name))
                .collect();
            keys.push(Key {
                rule,
                columns: columns?,
            });
        }
        for (position, field) in self.fields.iter().enumerate() {
            if field.constraints.unique {
                keys.push(Key {
                    rule: "unique",
                    columns: vec![position],
                });
            }
        }
        keys.retain(|key| !key.columns.is_empty());
        Ok(keys)
    }

    fn position(&self, place: &str, rule: &str, name: &str) -> Result<usize, Fault> {
        let names = || self.fields.iter().map(|field| field.name.as_str());
        names().position(|other| other == name).ok_or_else(|| {
            let fault = Fault::settings(format!("{place}: `{rule}`: there is no field `{name}`"));
            match nearest_name(name, names()) {
                Some(nearest) => fault.hint(format!("did you mean `{nearest}`?")),
                None => fault,
            }
        })
    }
}
