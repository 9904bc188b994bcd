//! One file, read to find out what is in it.

use std::path::Path;

use stage::Fault;
use table::raw::{Cell, Options, RawBatch, Rule};

use super::column::Column;
use crate::schema::{Field, Type, Zone};

/// What one file says.
#[derive(Debug)]
pub(super) struct Found {
    /// Names as a header, the keys or the file's own schema gives them.
    pub(super) names: Vec<String>,
    pub(super) columns: Vec<Column>,
    /// Of a delimited file, the first row.
    pub(super) first: Option<First>,
    /// Of a file with types of its own, the fields.
    pub(super) typed: Option<Vec<Field>>,
    /// How it must be read.
    pub(super) read: Options,
}

/// The first row of a delimited file, that may be a header.
#[derive(Debug)]
pub(super) struct First {
    pub(super) cells: Vec<String>,
    pub(super) columns: Vec<Column>,
}

impl Found {
    /// Whether the first row is a header; `None` when it cannot be told.
    pub(super) fn has_header(&self) -> Option<bool> {
        let first = self.first.as_ref()?;
        let votes = self.columns.iter().zip(&first.cells);
        let votes = votes.filter_map(|(column, cell)| column.is_named_by(cell));
        let (names, values): (Vec<bool>, Vec<bool>) = votes.partition(|is_name| *is_name);
        match (names.len(), values.len()) {
            (0, 0) => None,
            (names, values) => Some(names >= values),
        }
    }
}

/// Reads a file.
pub(super) fn read(path: &Path, threads: usize) -> Result<Found, Fault> {
    let mut options = Options {
        header: false,
        ..Options::default()
    };
    let mut head = Head::read(path, &options)?;
    if head.is_wrongly_encoded {
        options.encoding = Some("windows-1252".to_owned());
        head = Head::read(path, &options)?;
    }
    if head.is_delimited {
        options.skip_lines = lines_to_skip(path, &options, &head)?;
    }
    let found = scan(path, &options, threads)?;
    if let Some(found) = found {
        return Ok(found);
    }
    // Text that is no UTF-8 may come late.
    options.encoding = Some("windows-1252".to_owned());
    scan(path, &options, threads)?.ok_or_else(|| {
        Fault::item(format!(
            "{}: expected text, found binary data",
            path.display()
        ))
    })
}

/// The first rows of a file.
struct Head {
    is_delimited: bool,
    is_wrongly_encoded: bool,
    /// Cells of rows that have the width of the first, with their lines.
    rows: Vec<(u64, Vec<String>)>,
    good: usize,
    faults: usize,
}

impl Head {
    const ROWS: usize = 20;

    fn read(path: &Path, options: &Options) -> Result<Self, Fault> {
        let mut reader = table::raw::open(path, options)?;
        let is_delimited = is_delimited(&reader);
        let mut head = Self {
            is_delimited,
            is_wrongly_encoded: false,
            rows: Vec::new(),
            good: 0,
            faults: 0,
        };
        let Some(chunk) = reader.next() else {
            return Ok(head);
        };
        let batch = chunk?.parse()?;
        head.good = batch.num_rows();
        head.faults = batch.faults().len();
        head.is_wrongly_encoded = is_wrongly_encoded(&batch);
        for row in 0..batch.num_rows().min(Self::ROWS) {
            head.rows.push((batch.line(row), row_of(&batch, row)));
        }
        Ok(head)
    }

    /// A narrow row before wide ones decided the width.
    fn is_misled(&self) -> bool {
        self.faults > self.good
    }
}

/// How many lines stand above the table: titles and notes.
fn lines_to_skip(path: &Path, options: &Options, head: &Head) -> Result<u64, Fault> {
    const MOST: u64 = 10;
    if !head.is_misled() {
        return Ok(title_lines(head));
    }
    for skip_lines in 1..=MOST {
        let options = Options {
            skip_lines,
            ..options.clone()
        };
        let head = Head::read(path, &options)?;
        if head.good > 0 && !head.is_misled() {
            return Ok(skip_lines + title_lines(&head));
        }
    }
    Ok(0)
}

/// Rows with one cell filled before a row with most of them filled.
fn title_lines(head: &Head) -> u64 {
    let filled = |row: &[String]| row.iter().filter(|cell| !cell.trim().is_empty()).count();
    let mut rows = head.rows.iter();
    let mut titles = 0;
    let first_line = head.rows.first().map_or(1, |(line, _)| *line);
    for (line, row) in &mut rows {
        if row.len() < 3 {
            return 0;
        }
        if filled(row) * 2 > row.len() {
            titles = line - first_line;
            break;
        }
        if filled(row) > 1 {
            return 0;
        }
    }
    titles
}

fn is_delimited(reader: &table::raw::RawReader) -> bool {
    reader.source().format() == table::raw::Format::Delimited
}

fn is_wrongly_encoded(batch: &RawBatch) -> bool {
    batch
        .faults()
        .iter()
        .any(|fault| fault.rule == Rule::Encoding)
}

fn row_of(batch: &RawBatch, row: usize) -> Vec<String> {
    let RawBatch::Text(batch) = batch else {
        return Vec::new();
    };
    let text = |column| match batch.cell(row, column) {
        Cell::Text(text) | Cell::Number(text) | Cell::Json(text) => text.to_owned(),
        _ => String::new(),
    };
    (0..batch.columns().len()).map(text).collect()
}

/// What one chunk says: its first row apart, as it may be a header.
struct Part {
    names: Vec<String>,
    first: Vec<String>,
    first_columns: Vec<Column>,
    columns: Vec<Column>,
    wrongly_encoded: bool,
}

/// Reads a whole file; `None` when it is not in the encoding supposed.
fn scan(path: &Path, options: &Options, threads: usize) -> Result<Option<Found>, Fault> {
    let reader = table::raw::open(path, options)?;
    let delimited = is_delimited(&reader);
    if let Some(schema) = reader.schema() {
        let typed: Vec<Field> = schema.fields().iter().map(|field| typed(field)).collect();
        return Ok(Some(Found {
            names: typed.iter().map(|field| field.name.clone()).collect(),
            columns: vec![Column::default(); typed.len()],
            first: None,
            typed: Some(typed),
            read: Options::default(),
        }));
    }
    let mut names = reader.columns().to_vec();
    let mut columns = vec![Column::default(); names.len()];
    let mut first = None;
    let mut wrongly_encoded = false;
    table::ordered_map(
        reader,
        threads,
        |chunk| Ok(part(&chunk.parse()?, delimited)),
        |part: Part| {
            wrongly_encoded |= part.wrongly_encoded;
            let is_first = delimited && first.is_none() && !part.first.is_empty();
            for (place, name) in part.names.iter().enumerate() {
                let at = place_of(&mut names, name, place);
                columns.resize_with(names.len(), Column::default);
                let column = &mut columns[at];
                column.merge(&part.columns[place]);
                if !is_first {
                    column.merge(&part.first_columns[place]);
                }
            }
            if is_first {
                first = Some(First {
                    cells: part.first,
                    columns: part.first_columns,
                });
            }
            Ok(())
        },
    )?;
    if wrongly_encoded && options.encoding.is_none() {
        return Ok(None);
    }
    let read = Options {
        header: true,
        ..options.clone()
    };
    if delimited {
        names = table::raw::open(path, &read)?.columns().to_vec();
    }
    Ok(Some(Found {
        names,
        columns,
        first,
        typed: None,
        read,
    }))
}

/// Where a name stands; one that only some records have is added.
fn place_of(names: &mut Vec<String>, name: &str, likely: usize) -> usize {
    if names.get(likely).is_some_and(|other| other == name) {
        return likely;
    }
    names
        .iter()
        .position(|other| other == name)
        .unwrap_or_else(|| {
            names.push(name.to_owned());
            names.len() - 1
        })
}

fn part(batch: &RawBatch, delimited: bool) -> Part {
    let wrongly_encoded = is_wrongly_encoded(batch);
    let RawBatch::Text(batch) = batch else {
        return Part {
            names: Vec::new(),
            first: Vec::new(),
            first_columns: Vec::new(),
            columns: Vec::new(),
            wrongly_encoded,
        };
    };
    let width = batch.columns().len();
    let mut first_columns = vec![Column::default(); width];
    let mut columns = vec![Column::default(); width];
    let mut first = Vec::new();
    for place in 0..width {
        for (row, cell) in batch.column(place).iter().enumerate() {
            let column = if row == 0 {
                &mut first_columns[place]
            } else {
                &mut columns[place]
            };
            column.add(cell, !delimited);
            if row == 0 {
                first.push(if let Cell::Text(text) = cell {
                    text.to_owned()
                } else {
                    String::new()
                });
            }
        }
    }
    Part {
        names: batch.columns().to_vec(),
        first,
        first_columns,
        columns,
        wrongly_encoded,
    }
}

/// The field of a column that has a type of its own.
fn typed(field: &arrow_schema::Field) -> Field {
    use arrow_schema::DataType;
    let kind = match field.data_type() {
        DataType::Boolean => Type::Boolean,
        DataType::Int64 | DataType::Int32 => Type::Integer,
        DataType::Float64 | DataType::Float32 => Type::Number,
        DataType::Date32 => Type::Date,
        DataType::Time64(_) => Type::Time,
        DataType::Timestamp(..) => Type::Datetime,
        _ => Type::String,
    };
    let zone = match field.data_type() {
        DataType::Timestamp(_, Some(_)) => Zone::Utc,
        _ => Zone::None,
    };
    Field {
        name: field.name().clone(),
        kind,
        waystation: crate::schema::OurField { zone },
        ..Field::default()
    }
}
