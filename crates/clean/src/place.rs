//! Where in the settings a rule stands, for messages.

use std::fmt::Display;

use stage::Fault;

/// A rule's place: ``config/clean.json: `rules[2].clip` ``.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    file: String,
    rule: String,
}

impl Place {
    /// The rule of this index and name in this file.
    pub(crate) fn new(file: &str, index: usize, name: &str) -> Self {
        Self {
            file: file.to_owned(),
            rule: format!("rules[{index}].{name}"),
        }
    }

    /// The rule's name and place within the file: `rules[2].clip`.
    pub(crate) fn rule(&self) -> &str {
        &self.rule
    }

    /// A place further in: `rules[2].drop_rows.when`.
    pub(crate) fn inner(&self, key: &str) -> Self {
        let dot = if key.starts_with('[') { "" } else { "." };
        Self {
            file: self.file.clone(),
            rule: format!("{}{dot}{key}", self.rule),
        }
    }

    /// A fault of the settings at this place.
    pub(crate) fn fault(&self, message: impl Display) -> Fault {
        Fault::settings(format!("{}: `{}`: {message}", self.file, self.rule))
    }
}
