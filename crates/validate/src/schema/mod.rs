//! The schema: as it is written, and as it is checked once all in it has been found to make sense.

mod checked;
mod constraints;
mod descriptor;
mod forms;

pub(crate) use checked::{Checked, Column, Key, Kind};
pub(crate) use constraints::{Broken, Limits};
pub(crate) use descriptor::{Field, OurField, Ours, TableSchema, Type, Zone};
pub(crate) use forms::{AllowedRejects, FieldsMatch};
