//! `rename`, `drop_columns` and `keep_columns`.

use std::collections::BTreeMap;

use stage::Fault;

use super::{Checked, Step};
use crate::columns::Columns;
use crate::place::Place;
use crate::rows::Rows;

/// `rename`
pub(super) struct Rename {
    names: BTreeMap<String, String>,
    place: Place,
}

impl Rename {
    pub(super) fn new(names: &BTreeMap<String, String>, place: Place) -> Self {
        let names = names.clone();
        Self { names, place }
    }
}

impl Checked for Rename {
    fn bind(&self, columns: &mut Columns) -> Result<Box<dyn Step>, Fault> {
        let mut names = Vec::with_capacity(self.names.len());
        for (old, new) in &self.names {
            names.push((columns.find(old, &self.place)?, new.as_str()));
        }
        columns.rename(&names, &self.place)?;
        let all = (0..columns.len()).collect();
        Ok(Box::new(Keep(all)))
    }
}

/// `drop_columns`
pub(super) struct DropColumns {
    names: Vec<String>,
    place: Place,
}

impl DropColumns {
    pub(super) fn new(names: &[String], place: Place) -> Self {
        let names = names.to_vec();
        Self { names, place }
    }
}

impl Checked for DropColumns {
    fn bind(&self, columns: &mut Columns) -> Result<Box<dyn Step>, Fault> {
        let dropped = columns.find_all(&self.names, &self.place)?;
        let kept: Vec<_> = (0..columns.len())
            .filter(|index| !dropped.contains(index))
            .collect();
        if kept.is_empty() {
            return Err(self.place.fault("no column would be left"));
        }
        columns.keep(&kept);
        Ok(Box::new(Keep(kept)))
    }
}

/// `keep_columns`
pub(super) struct KeepColumns {
    names: Vec<String>,
    place: Place,
}

impl KeepColumns {
    pub(super) fn new(names: &[String], place: Place) -> Self {
        let names = names.to_vec();
        Self { names, place }
    }
}

impl Checked for KeepColumns {
    fn bind(&self, columns: &mut Columns) -> Result<Box<dyn Step>, Fault> {
        let kept = columns.find_all(&self.names, &self.place)?;
        if kept.is_empty() {
            return Err(self.place.fault("no column would be left"));
        }
        columns.keep(&kept);
        Ok(Box::new(Keep(kept)))
    }
}

struct Keep(Vec<usize>);

impl Step for Keep {
    fn apply(&self, rows: &mut Rows) -> Result<(), Fault> {
        rows.keep_columns(&self.0);
        Ok(())
    }
}
