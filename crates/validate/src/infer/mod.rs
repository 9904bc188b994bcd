//! A schema from data: every file read once, what it says of each column merged, and the plainest types that fit.

mod candidates;
mod column;
mod item;

use std::collections::BTreeSet;
use std::io::Write;
use std::path::{Path, PathBuf};

use stage::{Blame, Fault};
use table::raw::Options;

use crate::schema::{Field, FieldsMatch, Ours, TableSchema};
use column::{Column, TOKENS};
use item::Found;

/// Prints a schema for a file, or for the files of a directory.
pub(crate) fn print(input: &Path) -> Result<(), Fault> {
    let schema = infer(input)?;
    let text = serde_json::to_string_pretty(&schema).map_err(anyhow::Error::from)?;
    writeln!(std::io::stdout(), "{text}")?;
    Ok(())
}

fn infer(input: &Path) -> Result<TableSchema, Fault> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let mut found = Vec::new();
    for path in files(input)? {
        found.push(item::read(&path, threads)?);
    }
    Ok(schema(&found))
}

/// The files to read, in the order of their names. Names beginning with `_` or `.` do not count, as everywhere.
fn files(input: &Path) -> Result<Vec<PathBuf>, Fault> {
    if !input.exists() {
        return Err(Fault::message(
            Blame::Input,
            format!("`{}` is not there", input.display()),
        ));
    }
    if !input.is_dir() {
        return Ok(vec![input.to_owned()]);
    }
    let mut files = Vec::new();
    list(input, &mut files)?;
    files.sort();
    if files.is_empty() {
        let fault = Fault::message(Blame::Input, format!("`{}` has no items", input.display()));
        return Err(fault.hint("put files there; names beginning with `_` or `.` do not count"));
    }
    Ok(files)
}

fn list(directory: &Path, files: &mut Vec<PathBuf>) -> Result<(), Fault> {
    for entry in fs_err::read_dir(directory)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(['_', '.']) {
            continue;
        }
        if entry.file_type()?.is_dir() {
            list(&entry.path(), files)?;
        } else {
            files.push(entry.path());
        }
    }
    Ok(())
}

/// Whether the files have headers: as most that tell do; when none does, they have.
fn have_header(found: &[Found]) -> bool {
    let firsts: Vec<_> = found
        .iter()
        .filter_map(|found| found.first.as_ref())
        .collect();
    // Several files that begin with the same row begin with a header.
    let same = firsts.windows(2).all(|pair| pair[0].cells == pair[1].cells);
    if firsts.len() > 1 && same {
        return true;
    }
    let told = || found.iter().filter_map(Found::has_header);
    told().filter(|header| *header).count() >= told().filter(|header| !*header).count()
}

/// A column met in some files.
struct Merged {
    name: String,
    column: Column,
    typed: Option<Field>,
    files: usize,
}

fn schema(found: &[Found]) -> TableSchema {
    let header = have_header(found);
    let mut merged: Vec<Merged> = Vec::new();
    for found in found {
        for place in 0..found.columns.len() {
            add(&mut merged, found, place, header);
        }
    }
    let tokens: BTreeSet<usize> = merged
        .iter()
        .flat_map(|merged| merged.column.tokens())
        .collect();
    let missing_values: Vec<String> = tokens
        .iter()
        .map(|token| TOKENS[*token].to_owned())
        .collect();
    // `[""]` is what holds when nothing is said.
    let said = !missing_values.is_empty() && missing_values != [""];
    let keyed = |found: &Found| found.first.is_none() && found.typed.is_none();
    let some_lack =
        merged.iter().any(|merged| merged.files < found.len()) && !found.iter().all(keyed);
    TableSchema {
        fields: merged.iter().map(Merged::field).collect(),
        fields_match: some_lack.then_some(FieldsMatch::Superset),
        missing_values: said.then_some(missing_values),
        waystation: Ours {
            read: read_options(found, &merged, header),
            max_rejected: None,
        },
        ..TableSchema::default()
    }
}

fn add(merged: &mut Vec<Merged>, found: &Found, place: usize, header: bool) {
    let name = match (&found.first, header) {
        (Some(_), false) => format!("column_{}", place + 1),
        _ => found.names.get(place).cloned().unwrap_or_default(),
    };
    let known = merged.iter().position(|merged| merged.name == name);
    let at = known.unwrap_or_else(|| {
        merged.push(Merged {
            name,
            column: Column::default(),
            typed: None,
            files: 0,
        });
        merged.len() - 1
    });
    let target = &mut merged[at];
    target.files += 1;
    target.column.merge(&found.columns[place]);
    let first = found.first.as_ref().filter(|_| !header);
    if let Some(more) = first.and_then(|first| first.columns.get(place)) {
        target.column.merge(more);
    }
    if let Some(typed) = &found.typed {
        target.typed = target.typed.take().or_else(|| typed.get(place).cloned());
    }
}

impl Merged {
    fn field(&self) -> Field {
        match &self.typed {
            Some(typed) => typed.clone(),
            None => self.column.field(&self.name),
        }
    }
}

fn read_options(found: &[Found], merged: &[Merged], header: bool) -> Options {
    let delimited = found.iter().any(|found| found.first.is_some());
    Options {
        header: header || !delimited,
        encoding: found.iter().find_map(|found| found.read.encoding.clone()),
        skip_lines: found
            .iter()
            .map(|found| found.read.skip_lines)
            .max()
            .unwrap_or_default(),
        trim: delimited && merged.iter().any(|merged| merged.column.wants_trim()),
        ..Options::default()
    }
}
