//! Row counts that a program reports: a line of JSON for each item.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use serde::Deserialize;
use stage::{Counts, Fault};

/// A line of the file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    #[serde(default)]
    item: Option<String>,
    read: u64,
    written: u64,
    #[serde(default)]
    rejected: u64,
    #[serde(default)]
    dropped: BTreeMap<String, u64>,
}

/// What a program reported: by item, and where it named none.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Reported {
    by_item: BTreeMap<String, Counts>,
    of_all: Option<Counts>,
}

impl Reported {
    /// Reads the file; none is no report.
    pub(crate) fn read(path: &Path) -> Result<Self, Fault> {
        match fs_err::read_to_string(path) {
            Ok(text) => Self::parse(&text),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(error.into()),
        }
    }

    fn parse(text: &str) -> Result<Self, Fault> {
        let mut reported = Self::default();
        for (number, line) in text.lines().enumerate() {
            if line.trim().is_empty() {
                continue;
            }
            let wrong = |what: String| {
                let hint = r#"append lines such as {"item": "a.csv", "read": 3, "written": 3}"#;
                Fault::item(format!("`WAYSTATION_COUNTS`:{}: {what}", number + 1)).hint(hint)
            };
            let line: Line = serde_json::from_str(line).map_err(|error| {
                let message = error.to_string();
                let end = message.rfind(" at line ").unwrap_or(message.len());
                wrong(message[..end].to_owned())
            })?;
            let counts = Counts {
                read: line.read,
                written: line.written,
                rejected: line.rejected,
                dropped: line.dropped,
            };
            if !counts.reconcile() {
                let dropped: u64 = counts.dropped.values().sum();
                return Err(wrong(format!(
                    "the counts do not reconcile: {} read, but {} written, {} rejected and {dropped} dropped",
                    counts.read, counts.written, counts.rejected
                )));
            }
            match line.item {
                Some(item) => reported.by_item.entry(item).or_default().add(&counts),
                None => reported.of_all.get_or_insert_default().add(&counts),
            }
        }
        Ok(reported)
    }

    /// The counts of all lines together.
    pub(crate) fn total(&self) -> Option<Counts> {
        let mut total: Option<Counts> = None;
        for counts in self.by_item.values().chain(&self.of_all) {
            total.get_or_insert_default().add(counts);
        }
        total
    }

    /// The counts of one item of several.
    pub(crate) fn of(&self, item: &str) -> Option<&Counts> {
        self.by_item.get(item)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_an_item_are_added() {
        let text = r#"{"item": "a", "read": 3, "written": 2, "dropped": {"late": 1}}

            {"item": "a", "read": 1, "written": 1}
            {"read": 5, "written": 4, "rejected": 1}"#;
        let reported = Reported::parse(text).unwrap();
        let a = reported.of("a").unwrap();
        assert_eq!((a.read, a.written, a.dropped["late"]), (4, 3, 1));
        assert_eq!(reported.of("b"), None);
        let total = reported.total().unwrap();
        assert_eq!((total.read, total.written, total.rejected), (9, 7, 1));
        assert_eq!(Reported::parse("").unwrap().total(), None);
    }

    #[test]
    fn what_does_not_reconcile_is_refused_with_its_line() {
        let check = |line: &str, expected: &str| {
            let fault = Reported::parse(&format!("\n{line}")).unwrap_err();
            assert_eq!(fault.to_string(), expected);
        };
        check(
            r#"{"read": 3, "written": 2}"#,
            "`WAYSTATION_COUNTS`:2: the counts do not reconcile: 3 read, but 2 written, 0 rejected and 0 dropped",
        );
        check("{}", "`WAYSTATION_COUNTS`:2: missing field `read`");
    }
}
