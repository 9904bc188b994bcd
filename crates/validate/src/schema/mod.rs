//! The schema: as it is written, and as it is checked once all in it has been found to make sense.

mod checked;
mod column;
mod constraints;
mod descriptor;
mod forms;

pub(crate) use checked::{Checked, Key};
pub(crate) use column::{Column, Kind};
pub(crate) use constraints::{Broken, Limits};
pub(crate) use descriptor::{Field, OurField, Ours, TableSchema, Type, Zone};
pub(crate) use forms::FieldsMatch;
