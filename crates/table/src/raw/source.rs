//! What a file was taken for.

use std::fmt;

/// What a file was taken for, for the log: `CSV, comma, header, gzip`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Source {
    words: Vec<String>,
}

impl fmt::Display for Source {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.words.join(", "))
    }
}
