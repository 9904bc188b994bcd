//! What can be wrong with what this crate is given.

use std::fmt;

/// Why a call was refused. Nothing here is ever the machine's fault: the same call fails again.
#[derive(Clone, Debug, PartialEq)]
pub enum Error {
    /// A parameter is out of its range, or does not go with another.
    Parameter {
        /// The parameter, by its LightGBM name.
        name: &'static str,
        /// What it may be.
        expected: String,
        /// What it is.
        found: String,
    },
    /// The data cannot be trained on: a column too short, a label that is no class, no row.
    Data(String),
    /// A text is not a model this crate can read.
    Model {
        /// The line of the text, from 1.
        line: usize,
        /// What is wrong with it.
        message: String,
    },
    /// Bytes are not a state of this training: torn, or of other data or parameters.
    State(String),
}

impl Error {
    pub(crate) fn parameter(
        name: &'static str,
        expected: impl Into<String>,
        found: impl fmt::Display,
    ) -> Self {
        Self::Parameter {
            name,
            expected: expected.into(),
            found: found.to_string(),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Parameter {
                name,
                expected,
                found,
            } => write!(f, "`{name}`: expected {expected}, found `{found}`"),
            Self::Data(message) | Self::State(message) => f.write_str(message),
            Self::Model { line, message } => write!(f, "line {line}: {message}"),
        }
    }
}

impl std::error::Error for Error {}
