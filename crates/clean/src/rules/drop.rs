//! `drop_rows` and `drop_duplicates`: rows left out, counted under their reason.

use std::sync::Arc;

use arrow_buffer::BooleanBufferBuilder;
use arrow_schema::SchemaRef;
use stage::{Blame, Fault, OrBlame};

use super::{Checked, Step};
use crate::columns::Columns;
use crate::condition::{self, Condition};
use crate::place::Place;
use crate::rows::Rows;
use crate::settings;

/// `drop_rows`
pub(super) struct DropRows {
    when: condition::Checked,
    reason: String,
    place: Place,
}

impl DropRows {
    pub(super) fn check(given: &settings::DropRows, place: Place) -> Result<Self, Fault> {
        check_reason(&given.reason, &place)?;
        let place = place.inner("when");
        Ok(Self {
            when: condition::check(&given.when, &place)?,
            reason: given.reason.clone(),
            place,
        })
    }
}

fn check_reason(reason: &str, place: &Place) -> Result<(), Fault> {
    if reason.trim().is_empty() {
        return Err(place
            .inner("reason")
            .fault("expected a few words, found none"));
    }
    Ok(())
}

impl Checked for DropRows {
    fn bind(&self, columns: &mut Columns) -> Result<Box<dyn Step>, Fault> {
        let when = self.when.bind(columns, &self.place)?;
        Ok(Box::new(DropWhen(when, self.reason.clone())))
    }
}

struct DropWhen(Condition, String);

impl Step for DropWhen {
    fn apply(&self, rows: &mut Rows) -> Result<(), Fault> {
        rows.drop_rows(&self.0.mask(rows)?, &self.1)
    }
}

/// What is known of repeated rows.
#[derive(Clone, Debug)]
pub(crate) enum Repeats {
    /// Nothing yet: the rows' digests are asked for.
    Unknown,
    /// The numbers of this item's rows that repeat an earlier row, ascending, from 1.
    Known(Arc<[u64]>),
}

/// `drop_duplicates`
pub(super) struct DropDuplicates {
    by: Option<Vec<String>>,
    reason: String,
    place: Place,
}

impl DropDuplicates {
    pub(super) fn check(given: &settings::DropDuplicates, place: Place) -> Result<Self, Fault> {
        check_reason(&given.reason, &place)?;
        if given.by.as_ref().is_some_and(Vec::is_empty) {
            return Err(place
                .inner("by")
                .fault("expected at least one column")
                .hint("leave `by` out to compare whole rows"));
        }
        Ok(Self {
            by: given.by.clone(),
            reason: given.reason.clone(),
            place,
        })
    }
}

impl Checked for DropDuplicates {
    fn bind(&self, columns: &mut Columns) -> Result<Box<dyn Step>, Fault> {
        let by = match &self.by {
            Some(names) => columns.find_all(names, &self.place.inner("by"))?,
            None => (0..columns.len()).collect(),
        };
        Ok(match columns.repeats() {
            Repeats::Unknown => Box::new(DigestRows {
                schema: Arc::new(columns.schema().project(&by).or_blame(Blame::Program)?),
                by,
            }),
            Repeats::Known(repeats) => Box::new(DropRepeats {
                repeats: repeats.clone(),
                reason: self.reason.clone(),
            }),
        })
    }
}

struct DigestRows {
    by: Vec<usize>,
    schema: SchemaRef,
}

impl Step for DigestRows {
    fn apply(&self, rows: &mut Rows) -> Result<(), Fault> {
        let digests = table::digest_rows(&rows.project(&self.by, &self.schema)?)?;
        rows.set_digests(&digests);
        Ok(())
    }
}

struct DropRepeats {
    repeats: Arc<[u64]>,
    reason: String,
}

impl Step for DropRepeats {
    fn apply(&self, rows: &mut Rows) -> Result<(), Fault> {
        if self.repeats.is_empty() {
            return Ok(());
        }
        let mut gone = BooleanBufferBuilder::new(rows.len());
        for row in 0..rows.len() {
            gone.append(self.repeats.binary_search(&rows.number(row)).is_ok());
        }
        rows.drop_rows(&gone.finish(), &self.reason)
    }
}
