//! Columns compared, with a value or with each other.

use std::cmp::Ordering;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Date32Type, Float32Type, Float64Type, Int32Type, Int64Type, Time64MicrosecondType,
    TimestampMicrosecondType,
};
use arrow_array::{Array, ArrayRef, ArrowNativeTypeOp, ArrowPrimitiveType, Datum};
use arrow_buffer::BooleanBuffer;
use arrow_schema::DataType;
use stage::{Blame, Fault};
use table::columns::type_name;

use crate::settings::Comparison;

/// The rows where the comparison holds; nowhere where a side is missing. Both sides have one type. Numbers are in the
/// order in which they are sorted: NaN equals itself and is greater than all others.
pub(crate) fn compare(
    left: &ArrayRef,
    is: Comparison,
    right: &dyn Datum,
) -> Result<BooleanBuffer, Fault> {
    let (right, one) = right.get();
    if one && right.is_null(0) {
        return Ok(BooleanBuffer::new_unset(left.len()));
    }
    let sides = Sides { left, right, one };
    let mut mask = match left.data_type() {
        DataType::Int64 => sides.primitive::<Int64Type>(is),
        DataType::Float64 => sides.primitive::<Float64Type>(is),
        DataType::Int32 => sides.primitive::<Int32Type>(is),
        DataType::Float32 => sides.primitive::<Float32Type>(is),
        DataType::Date32 => sides.primitive::<Date32Type>(is),
        DataType::Time64(_) => sides.primitive::<Time64MicrosecondType>(is),
        DataType::Timestamp(..) => sides.primitive::<TimestampMicrosecondType>(is),
        DataType::Utf8 => {
            let (left, right) = (left.as_string::<i32>(), right.as_string::<i32>());
            sides.mask(is, |a, b| left.value(a).cmp(right.value(b)))
        }
        DataType::Boolean => {
            let (left, right) = (left.as_boolean(), right.as_boolean());
            sides.mask(is, |a, b| left.value(a).cmp(&right.value(b)))
        }
        other => {
            let message = format!("cannot compare {}", type_name(other));
            return Err(Fault::message(Blame::Program, message));
        }
    };
    let known = [left.nulls(), right.nulls().filter(|_| !one)];
    for nulls in known.into_iter().flatten() {
        mask = &mask & nulls.inner();
    }
    Ok(mask)
}

struct Sides<'a> {
    left: &'a ArrayRef,
    right: &'a dyn Array,
    /// Whether the right side is one value for all rows.
    one: bool,
}

impl Sides<'_> {
    fn primitive<T: ArrowPrimitiveType>(&self, is: Comparison) -> BooleanBuffer {
        let left = self.left.as_primitive::<T>().values();
        let right = self.right.as_primitive::<T>().values();
        self.mask(is, |a, b| left[a].compare(right[b]))
    }

    /// The rows whose order is the one asked for.
    fn mask(&self, is: Comparison, order: impl Fn(usize, usize) -> Ordering) -> BooleanBuffer {
        let holds = |order: Ordering| match is {
            Comparison::Less => order.is_lt(),
            Comparison::LessOrEqual => order.is_le(),
            Comparison::Equal => order.is_eq(),
            Comparison::NotEqual => order.is_ne(),
            Comparison::GreaterOrEqual => order.is_ge(),
            Comparison::Greater => order.is_gt(),
        };
        let rows = self.left.len();
        if self.one {
            BooleanBuffer::collect_bool(rows, |row| holds(order(row, 0)))
        } else {
            BooleanBuffer::collect_bool(rows, |row| holds(order(row, row)))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::{BooleanArray, Float64Array, Int64Array, Scalar, StringArray};

    use super::*;

    const ALL: [Comparison; 6] = [
        Comparison::Less,
        Comparison::LessOrEqual,
        Comparison::Equal,
        Comparison::NotEqual,
        Comparison::GreaterOrEqual,
        Comparison::Greater,
    ];

    fn show(mask: &BooleanBuffer) -> String {
        mask.iter().map(|set| if set { 'x' } else { '.' }).collect()
    }

    /// The rows of `<`, `<=`, `=`, `!=`, `>=` and `>`.
    #[track_caller]
    fn check(left: impl Array + 'static, right: &dyn Datum, expected: [&str; 6]) {
        let left: ArrayRef = Arc::new(left);
        let found = ALL.map(|is| show(&compare(&left, is, right).unwrap()));
        assert_eq!(found, expected);
    }

    #[test]
    fn a_missing_side_is_neither_less_nor_equal_nor_greater() {
        let left = || Int64Array::from(vec![Some(1), Some(2), None, Some(3)]);
        let right = Int64Array::from(vec![Some(2), Some(2), Some(2), None]);
        let expected = ["x...", "xx..", ".x..", "x...", ".x..", "...."];
        check(left(), &right, expected);
        let two = Scalar::new(Int64Array::from(vec![2]));
        check(
            left(),
            &two,
            ["x...", "xx..", ".x..", "x..x", ".x.x", "...x"],
        );
        let none = Scalar::new(Int64Array::from(vec![None::<i64>]));
        check(left(), &none, ["...."; 6]);
    }

    #[test]
    fn nan_is_greater_than_all_numbers() {
        let left = Float64Array::from(vec![f64::NAN, f64::INFINITY, -0.0]);
        let nan = Scalar::new(Float64Array::from(vec![f64::NAN]));
        check(left, &nan, [".xx", "xxx", "x..", ".xx", "x..", "..."]);
    }

    #[test]
    fn texts_and_booleans_have_an_order() {
        let b = Scalar::new(StringArray::from(vec!["b"]));
        check(
            StringArray::from(vec!["a", "b", "ba"]),
            &b,
            ["x..", "xx.", ".x.", "x.x", ".xx", "..x"],
        );
        let yes = Scalar::new(BooleanArray::from(vec![true]));
        check(
            BooleanArray::from(vec![false, true]),
            &yes,
            ["x.", "xx", ".x", "x.", ".x", ".."],
        );
    }
}
