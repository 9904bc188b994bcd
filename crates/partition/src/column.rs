//! A column that says it.

use std::collections::BTreeMap;

use arrow_array::{Array, ArrayRef};
use stage::Fault;

use crate::key::Texts;
use crate::{Partition, Values};

/// What each value of the column means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Meanings(BTreeMap<Vec<u8>, Partition>);

impl Meanings {
    pub(crate) fn new(values: &Values) -> Result<Self, Fault> {
        let mut meanings = BTreeMap::new();
        let lists = [
            (Partition::Train, &values.train),
            (Partition::Validation, &values.validation),
            (Partition::Test, &values.test),
        ];
        for (partition, list) in lists {
            for value in list {
                let before = meanings.insert(value.0.clone().into_bytes(), partition);
                if let Some(before) = before {
                    return Err(Fault::settings(format!(
                        "`values.{partition}`: `{}` stands in `values.{before}` already",
                        value.0
                    )));
                }
            }
        }
        if values.train.is_empty() {
            return Err(Fault::settings(
                "`values.train`: expected at least one value, found none",
            ));
        }
        Ok(Self(meanings))
    }

    /// The partition of each row; `None` where there is no value. A value without a meaning is the item's fault.
    pub(crate) fn assign(
        &self,
        name: &str,
        column: &ArrayRef,
    ) -> Result<Vec<Option<Partition>>, Fault> {
        let texts = Texts::new(column)?;
        let mut text = Vec::new();
        let mut partitions = Vec::with_capacity(column.len());
        for row in 0..column.len() {
            text.clear();
            if !texts.push(&mut text, row) {
                partitions.push(None);
                continue;
            }
            let Some(partition) = self.0.get(&text) else {
                return Err(self.unknown(name, &text));
            };
            partitions.push(Some(*partition));
        }
        Ok(partitions)
    }

    fn unknown(&self, name: &str, text: &[u8]) -> Fault {
        let known: Vec<String> = self
            .0
            .keys()
            .map(|value| format!("`{}`", String::from_utf8_lossy(value)))
            .collect();
        let text = String::from_utf8_lossy(text);
        Fault::item(format!(
            "column `{name}`: expected one of {}, found `{text}`",
            known.join(", ")
        ))
        .hint(format!(
            "give `{text}` a partition in `values` of the split rule"
        ))
    }
}
