//! How files from outside are to be read, where it cannot be seen from the files.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use stage::Fault;

use super::dialect::Dialect;
use super::limits::Limits;
use super::names::unique;
use super::transcode::encoding;

/// How files from outside are to be read. What is not given is found out from content and name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Options {
    /// The format; found out from content and name when not given.
    pub format: Option<Format>,
    /// What stands between the cells of a row; of comma, tab, semicolon and bar the one that fits when not given.
    pub delimiter: Option<char>,
    /// What quotes a cell (doubled within it); `null` when quotes are plain text.
    pub quote: Option<char>,
    /// Whether the first row of a delimited file names the columns.
    pub header: bool,
    /// The columns' names: instead of the header's, or where there is none. In JSON, the keys that are columns even
    /// if the first records lack them.
    pub names: Option<Vec<String>>,
    /// The encoding of text, by any label of the WHATWG Encoding Standard (`latin1`, `windows-1252`, `utf-16le`).
    /// UTF-8 when not given; UTF-16 is known by its byte order mark.
    pub encoding: Option<String>,
    /// How many lines to skip before the header.
    pub skip_lines: u64,
    /// Lines beginning with this character are skipped.
    pub comment: Option<char>,
    /// Whether blanks around a cell are dropped.
    pub trim: bool,
    /// What is too much.
    pub limits: Limits,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            format: None,
            delimiter: None,
            quote: Some('"'),
            header: true,
            names: None,
            encoding: None,
            skip_lines: 0,
            comment: None,
            trim: false,
            limits: Limits::default(),
        }
    }
}

/// The format of a file, compression aside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// Rows of cells with a delimiter between them: CSV, TSV and the like.
    Delimited,
    /// One JSON object a line.
    JsonLines,
    /// One JSON array of objects.
    JsonArray,
    /// JSON objects one after the other, each over any number of lines; often just one.
    Json,
    /// Parquet.
    Parquet,
    /// Arrow IPC (Feather), file or stream.
    Arrow,
}

impl Options {
    /// Refuses options that cannot be, before any data is read.
    pub fn check(&self) -> Result<(), Fault> {
        self.limits.check()?;
        Dialect::new(self)?;
        if let Some(label) = &self.encoding {
            encoding(label)?;
        }
        let names = self.names.as_deref().unwrap_or_default();
        let unique = unique(names.iter().cloned());
        match names
            .iter()
            .zip(&unique)
            .find(|(name, unique)| name != unique)
        {
            Some((name, _)) => Err(Fault::settings(format!(
                "`names`: expected names, each once, found `{name}` again or with blanks around it"
            ))),
            None => Ok(()),
        }
    }
}
