//! `clip`: values beyond a bound move to the bound.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{Date32Type, Float64Type, Int64Type, TimestampMicrosecondType};
use arrow_array::{Array, ArrayRef, ArrowPrimitiveType};
use arrow_schema::{DataType, TimeUnit};
use serde_json::Value;
use stage::Fault;
use table::columns::type_name;

use super::{Checked, Step};
use crate::columns::Columns;
use crate::literal::{check_scalar, literal};
use crate::place::Place;
use crate::rows::Rows;
use crate::settings;

/// `clip`
pub(super) struct Clip {
    columns: Vec<String>,
    min: Option<Value>,
    max: Option<Value>,
    place: Place,
}

impl Clip {
    pub(super) fn check(given: &settings::Clip, place: Place) -> Result<Self, Fault> {
        if given.min.is_none() && given.max.is_none() {
            return Err(place.fault("expected `min`, `max` or both"));
        }
        for bound in [&given.min, &given.max].into_iter().flatten() {
            check_scalar(bound, &place)?;
        }
        if let (Some(min), Some(max)) = (&given.min, &given.max) {
            check_order(min, max, &place)?;
        }
        Ok(Self {
            columns: given.columns.clone(),
            min: given.min.clone(),
            max: given.max.clone(),
            place,
        })
    }

    fn bind_column(&self, index: usize, columns: &Columns) -> Result<Bounds, Fault> {
        let (name, data_type) = (columns.name(index), columns.data_type(index));
        let orderly = matches!(
            data_type,
            DataType::Int64
                | DataType::Float64
                | DataType::Date32
                | DataType::Timestamp(TimeUnit::Microsecond, _)
        );
        if !orderly {
            return Err(self.place.fault(format!(
                "column `{name}`: expected integer, number, date or datetime, found {}",
                type_name(data_type)
            )));
        }
        let bound = |value: &Option<Value>, key| {
            let place = self.place.inner(key);
            let bind = |value: &Value| literal(value, data_type, name, &place);
            value.as_ref().map(bind).transpose()
        };
        Ok(Bounds {
            column: index,
            min: bound(&self.min, "min")?,
            max: bound(&self.max, "max")?,
        })
    }
}

/// Numbers are compared as numbers, dates as texts: ISO dates sort like the days they name.
fn check_order(min: &Value, max: &Value, place: &Place) -> Result<(), Fault> {
    let crossed = match (min, max) {
        (Value::Number(min), Value::Number(max)) => min.as_f64() > max.as_f64(),
        (Value::String(min), Value::String(max)) => min > max,
        _ => return Err(place.fault(format!("`min` {min} and `max` {max} are of two kinds"))),
    };
    if crossed {
        return Err(place.fault(format!("`min` {min} is greater than `max` {max}")));
    }
    Ok(())
}

impl Checked for Clip {
    fn bind(&self, columns: &mut Columns) -> Result<Box<dyn Step>, Fault> {
        let indices = columns.find_all(&self.columns, &self.place)?;
        let bounds = indices
            .iter()
            .map(|index| self.bind_column(*index, columns));
        Ok(Box::new(ClipColumns(bounds.collect::<Result<_, _>>()?)))
    }
}

struct ClipColumns(Vec<Bounds>);

struct Bounds {
    column: usize,
    min: Option<ArrayRef>,
    max: Option<ArrayRef>,
}

impl Step for ClipColumns {
    fn apply(&self, rows: &mut Rows) -> Result<(), Fault> {
        for bounds in &self.0 {
            let column = rows.column(bounds.column);
            let clipped = match column.data_type() {
                DataType::Int64 => bounds.clip::<Int64Type>(column),
                DataType::Float64 => bounds.clip::<Float64Type>(column),
                DataType::Date32 => bounds.clip::<Date32Type>(column),
                _ => bounds.clip::<TimestampMicrosecondType>(column),
            };
            rows.set(bounds.column, clipped);
        }
        Ok(())
    }
}

impl Bounds {
    fn clip<T: ArrowPrimitiveType>(&self, column: &ArrayRef) -> ArrayRef {
        let bound = |array: &ArrayRef| array.as_primitive::<T>().value(0);
        let (min, max) = (self.min.as_ref().map(bound), self.max.as_ref().map(bound));
        let clipped = column
            .as_primitive::<T>()
            .unary::<_, T>(|value| match (min, max) {
                (Some(min), _) if value < min => min,
                (_, Some(max)) if value > max => max,
                _ => value,
            });
        // The new array has the plain type; a time zone is the column's.
        Arc::new(clipped.with_data_type(column.data_type().clone()))
    }
}
