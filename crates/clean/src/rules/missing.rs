//! `missing`: values that become missing.

use arrow_array::{ArrayRef, BooleanArray, Scalar};
use arrow_buffer::BooleanBuffer;
use arrow_select::nullif::nullif;
use serde_json::Value;
use stage::{Blame, Fault, OrBlame};

use super::{Checked, Step};
use crate::columns::Columns;
use crate::compare::compare;
use crate::condition::{self, Condition};
use crate::literal::{check_scalar, literal};
use crate::place::Place;
use crate::rows::Rows;
use crate::settings::{self, Comparison};

/// `missing`
pub(super) struct Missing {
    columns: Vec<String>,
    which: Which<Value, condition::Checked>,
    place: Place,
}

enum Which<V, C> {
    Values(Vec<V>),
    Rows(C),
}

impl Missing {
    pub(super) fn check(given: &settings::Missing, place: Place) -> Result<Self, Fault> {
        let which = match (&given.when, given.values.is_empty()) {
            (None, false) => {
                for value in &given.values {
                    check_scalar(value, &place.inner("values"))?;
                }
                Which::Values(given.values.clone())
            }
            (Some(when), true) => Which::Rows(condition::check(when, &place.inner("when"))?),
            _ => return Err(place.fault("expected either `values` or `when`")),
        };
        Ok(Self {
            columns: given.columns.clone(),
            which,
            place,
        })
    }
}

impl Checked for Missing {
    fn bind(&self, columns: &mut Columns) -> Result<Box<dyn Step>, Fault> {
        let indices = columns.find_all(&self.columns, &self.place)?;
        let step: Box<dyn Step> = match &self.which {
            Which::Rows(when) => {
                let when = when.bind(columns, &self.place.inner("when"))?;
                Box::new(MissingWhen(indices.clone(), when))
            }
            Which::Values(values) => {
                let place = self.place.inner("values");
                let bind = |index: &usize| {
                    let (name, data_type) = (columns.name(*index), columns.data_type(*index));
                    let bind = |value| Ok(Scalar::new(literal(value, data_type, name, &place)?));
                    let values = values.iter().map(bind).collect::<Result<_, Fault>>()?;
                    Ok((*index, values))
                };
                Box::new(MissingValues(
                    indices.iter().map(bind).collect::<Result<_, Fault>>()?,
                ))
            }
        };
        columns.set_nullable(&indices);
        Ok(step)
    }
}

struct MissingValues(Vec<(usize, Vec<Scalar<ArrayRef>>)>);

impl Step for MissingValues {
    fn apply(&self, rows: &mut Rows) -> Result<(), Fault> {
        for (column, values) in &self.0 {
            let mut gone = BooleanBuffer::new_unset(rows.len());
            for value in values {
                gone = &gone | &compare(rows.column(*column), Comparison::Equal, value)?;
            }
            empty(rows, *column, &gone)?;
        }
        Ok(())
    }
}

struct MissingWhen(Vec<usize>, Condition);

impl Step for MissingWhen {
    fn apply(&self, rows: &mut Rows) -> Result<(), Fault> {
        let gone = self.1.mask(rows)?;
        for column in &self.0 {
            empty(rows, *column, &gone)?;
        }
        Ok(())
    }
}

fn empty(rows: &mut Rows, column: usize, gone: &BooleanBuffer) -> Result<(), Fault> {
    if gone.count_set_bits() > 0 {
        let mask = BooleanArray::new(gone.clone(), None);
        let emptied = nullif(rows.column(column), &mask).or_blame(Blame::Program)?;
        rows.set(column, emptied);
    }
    Ok(())
}
