//! What a file was taken for.

use std::fmt;

use super::content::Compression;
use super::options::Format;

/// What a file was taken for, for the log: `CSV, comma, header, gzip`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    pub(crate) format: Format,
    pub(crate) delimiter: Option<u8>,
    pub(crate) header: bool,
    /// Whether lines end with `\r` alone.
    pub(crate) old_newlines: bool,
    pub(crate) encoding: &'static str,
    pub(crate) compression: Compression,
}

impl Source {
    /// The format.
    pub fn format(&self) -> Format {
        self.format
    }

    /// The delimiter of a delimited file.
    pub fn delimiter(&self) -> Option<char> {
        self.delimiter.map(char::from)
    }
}

impl fmt::Display for Source {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let format = match self.format {
            Format::Delimited if self.delimiter == Some(b'\t') => "TSV",
            Format::Delimited => "CSV",
            Format::JsonLines => "JSON Lines",
            Format::JsonArray => "JSON array",
            Format::Json => "JSON",
            Format::Parquet => "Parquet",
            Format::Arrow => "Arrow",
        };
        formatter.write_str(format)?;
        match self.delimiter {
            None | Some(b'\t') => {}
            Some(b',') => formatter.write_str(", comma")?,
            Some(b';') => formatter.write_str(", semicolon")?,
            Some(b'|') => formatter.write_str(", bar")?,
            Some(other) => write!(formatter, ", `{}`", char::from(other).escape_debug())?,
        }
        if self.format == Format::Delimited {
            formatter.write_str(if self.header {
                ", header"
            } else {
                ", no header"
            })?;
        }
        if self.old_newlines {
            formatter.write_str(", CR")?;
        }
        if self.encoding != "UTF-8" {
            write!(formatter, ", {}", self.encoding)?;
        }
        match self.compression {
            Compression::None => Ok(()),
            Compression::Gzip => formatter.write_str(", gzip"),
            Compression::Zstd => formatter.write_str(", zstd"),
        }
    }
}
