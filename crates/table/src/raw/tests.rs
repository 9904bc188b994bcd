//! Every format and every quirk, from a file to cells.

mod delimited;
mod json;
mod limits;
mod properties;
mod real;
mod typed;

use std::fmt::Write;
use std::path::{Path, PathBuf};

use super::*;
use crate::ordered_map;

const CHUNK_BYTES: usize = CHUNK_BYTES_MIN;

/// Chunk sizes that cut within cells, within rows, between them and not at all.
const CHUNKS: [usize; 5] = [1, 7, 64, 1000, CHUNK_BYTES];

/// A file in a directory of its own.
struct Raw {
    _directory: tempfile::TempDir,
    path: PathBuf,
}

impl Raw {
    fn new(name: &str, content: &[u8]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join(name);
        fs_err::write(&path, content).unwrap();
        Self {
            _directory: directory,
            path,
        }
    }

    /// What was read, as text, the path replaced by the file's name.
    fn told(&self, options: &Options, chunk_bytes: usize, threads: usize) -> String {
        let name = self.path.file_name().unwrap().to_str().unwrap();
        tell(&self.path, options, chunk_bytes, threads).replace(self.path.to_str().unwrap(), name)
    }
}

fn tell(path: &Path, options: &Options, chunk_bytes: usize, threads: usize) -> String {
    let mut told = String::new();
    let reader = match open_in_chunks(path, options, Some(chunk_bytes)) {
        Ok(reader) => reader,
        Err(fault) => return tell_fault(&fault),
    };
    writeln!(told, "{}: {}", reader.source(), reader.columns().join(" ")).unwrap();
    let mut lines: Vec<(u64, bool, String)> = Vec::new();
    let result = ordered_map(reader, threads, RawChunk::parse, |batch| {
        tell_batch(&batch, &mut lines);
        Ok(())
    });
    lines.sort_by_key(|(line, is_row, _)| (*line, *is_row));
    for (line, _, text) in lines {
        writeln!(told, "{line} {text}").unwrap();
    }
    if let Err(fault) = result {
        told += &tell_fault(&fault);
    }
    told
}

fn tell_fault(fault: &Fault) -> String {
    let hint = fault.hint.iter().map(|hint| format!("\nhint: {hint}"));
    format!("{:?}: {fault}{}\n", fault.blame, hint.collect::<String>())
}

/// Row faults and rows, with their lines: both in their own order, none between the two where they share a line.
fn tell_batch(batch: &RawBatch, lines: &mut Vec<(u64, bool, String)>) {
    for fault in batch.faults() {
        let column = fault.column.as_deref().unwrap_or("-");
        let (rule, message, text) = (fault.rule.name(), &fault.message, &fault.text);
        let text = format!("{column} {rule}: {message}: {text:?}");
        lines.push((fault.line, false, text));
    }
    for row in 0..batch.num_rows() {
        lines.push((batch.line(row), true, tell_row(batch, row)));
    }
}

fn tell_row(batch: &RawBatch, row: usize) -> String {
    let batch = match batch {
        RawBatch::Text(batch) => batch,
        RawBatch::Typed(typed) => {
            let columns = typed.batch.columns().iter();
            let cells = columns.map(|column| {
                let text = crate::Texts::new(column).unwrap().text(row);
                format!("|{text}")
            });
            return cells.collect();
        }
    };
    let mut told = String::new();
    for (position, name) in batch.columns().iter().enumerate() {
        match batch.cell(row, position) {
            Cell::Absent => {}
            Cell::Text(text) if matches!(batch.layout, batch::Layout::Full(_)) => {
                write!(told, "|{}", text.escape_debug()).unwrap();
            }
            Cell::Text(text) => write!(told, "|{name}={text:?}").unwrap(),
            Cell::Null => write!(told, "|{name}=null").unwrap(),
            Cell::Number(text) | Cell::Json(text) => {
                write!(told, "|{name}={}", text.replace('\n', "\\n")).unwrap();
            }
            Cell::Bool(value) => write!(told, "|{name}={value}").unwrap(),
        }
    }
    told
}

/// Reads a file in chunks of many sizes on several threads: always the same, and as expected.
#[track_caller]
fn check_with(name: &str, content: &[u8], options: &Options, expected: &str) {
    let raw = Raw::new(name, content);
    let expected: String = expected
        .lines()
        .map(|line| format!("{}\n", line.trim_start()))
        .collect();
    for chunk_bytes in CHUNKS {
        for threads in [1, 3] {
            let told = raw.told(options, chunk_bytes, threads);
            assert_eq!(told, expected, "chunks of {chunk_bytes}, {threads} threads");
        }
    }
}

#[track_caller]
fn check(name: &str, content: impl AsRef<[u8]>, expected: &str) {
    check_with(name, content.as_ref(), &Options::default(), expected);
}

fn gzip(content: &[u8]) -> Vec<u8> {
    use std::io::Write;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

fn zstd(content: &[u8]) -> Vec<u8> {
    zstd::stream::encode_all(content, 1).unwrap()
}
