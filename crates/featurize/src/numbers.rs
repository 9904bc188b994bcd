//! Columns as numbers, and steps that need nothing fitted.

use arrow_array::{ArrayRef, Float64Array};
use stage::Fault;

/// A column as numbers: booleans are 0 and 1, NaN is missing.
pub(crate) fn read(column: &ArrayRef) -> Result<Float64Array, Fault> {
    let column = table::values::numbers(column)?;
    if column.values().iter().any(|value| value.is_nan()) {
        return Ok(column.unary_opt(|value| (!value.is_nan()).then_some(value)));
    }
    Ok(column)
}

/// `ln(1 + x)`; what has none, at -1 and below, becomes missing.
pub(crate) fn log1p(value: f64) -> Option<f64> {
    (value > -1.0).then(|| value.ln_1p())
}

/// The logarithm taken so many times.
pub(crate) fn log1p_times(value: f64, times: usize) -> Option<f64> {
    (0..times).try_fold(value, |value, _| log1p(value))
}
