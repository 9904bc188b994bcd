//! One column of another tool's type, in the type used between stages.
//!
//! Arrow's own casts go from any type to any other, and weigh more than all of a stage's code; these go where they are needed.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::*;
use arrow_array::{
    Array, ArrayRef, ArrowPrimitiveType, BooleanArray, PrimitiveArray, StringArray, new_null_array,
};
use arrow_buffer::ArrowNativeType;
use arrow_schema::{DataType, TimeUnit};
use stage::Fault;

const MILLIS_PER_DAY: i64 = 86_400_000;
/// Powers of ten that a double holds exactly.
const POWERS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
    1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
];

/// The column in the type that [`normal_type`](super::normal_type) gives for its own.
pub(super) fn convert(column: &ArrayRef, to: &DataType) -> Result<ArrayRef, Fault> {
    use DataType::*;
    let from = column.data_type();
    if from == to {
        return Ok(Arc::clone(column));
    }
    match (from, to) {
        (Int8, Int64) => unary::<Int8Type, Int64Type>(column, i64::from),
        (Int16, Int64) => unary::<Int16Type, Int64Type>(column, i64::from),
        (Int32, Int64) => unary::<Int32Type, Int64Type>(column, i64::from),
        (UInt8, Int64) => unary::<UInt8Type, Int64Type>(column, i64::from),
        (UInt16, Int64) => unary::<UInt16Type, Int64Type>(column, i64::from),
        (UInt32, Int64) => unary::<UInt32Type, Int64Type>(column, i64::from),
        (UInt64, Int64) => checked::<UInt64Type, Int64Type>(column, |value| value.to_i64()),
        (Float16, Float64) => unary::<Float16Type, Float64Type>(column, f64::from),
        (Decimal32(_, scale), _) => decimal::<Decimal32Type>(column, *scale, to),
        (Decimal64(_, scale), _) => decimal::<Decimal64Type>(column, *scale, to),
        (Decimal128(_, scale), _) => decimal::<Decimal128Type>(column, *scale, to),
        (Decimal256(_, scale), _) => decimal::<Decimal256Type>(column, *scale, to),
        (LargeUtf8, Utf8) => texts(column.as_string::<i64>().iter()),
        (Utf8View, Utf8) => texts(column.as_string_view().iter()),
        (Binary, Utf8) => read_texts(column.as_binary::<i32>().iter()),
        (LargeBinary, Utf8) => read_texts(column.as_binary::<i64>().iter()),
        (BinaryView, Utf8) => read_texts(column.as_binary_view().iter()),
        (Null, Utf8) => Ok(new_null_array(to, column.len())),
        (Date64, Date32) => checked::<Date64Type, Date32Type>(column, |millis| {
            i32::try_from(millis / MILLIS_PER_DAY).ok()
        }),
        (Time32(_) | Time64(_), _) => time(column),
        (Timestamp(unit, _), Timestamp(_, zone)) => timestamp(column, unit, zone.clone()),
        (Dictionary(..), _) => dictionary(column, to),
        (RunEndEncoded(ends, _), _) => match ends.data_type() {
            Int16 => runs::<Int16Type>(column, to),
            Int32 => runs::<Int32Type>(column, to),
            _ => runs::<Int64Type>(column, to),
        },
        _ => Err(Fault::item(format!("type {from} is not read"))),
    }
}

fn unary<A: ArrowPrimitiveType, B: ArrowPrimitiveType>(
    column: &ArrayRef,
    convert: impl Fn(A::Native) -> B::Native,
) -> Result<ArrayRef, Fault> {
    Ok(Arc::new(column.as_primitive::<A>().unary::<_, B>(convert)))
}

/// Fails where a value has no place in the new type.
fn checked<A: ArrowPrimitiveType, B: ArrowPrimitiveType>(
    column: &ArrayRef,
    convert: impl Fn(A::Native) -> Option<B::Native>,
) -> Result<ArrayRef, Fault> {
    let convert = |value| convert(value).ok_or_else(|| too_large(value));
    let values = column.as_primitive::<A>().try_unary::<_, B, _>(convert)?;
    Ok(Arc::new(values))
}

fn too_large(value: impl std::fmt::Debug) -> Fault {
    Fault::item(format!("`{value:?}` is too large"))
}

/// Decimals as integers or as numbers.
fn decimal<T: DecimalType>(column: &ArrayRef, scale: i8, to: &DataType) -> Result<ArrayRef, Fault> {
    if *to == DataType::Int64 {
        let factor = 10_i64.pow(u32::from(scale.unsigned_abs()).min(18));
        return checked::<T, Int64Type>(column, |value| value.to_i64()?.checked_mul(factor));
    }
    let power = usize::try_from(scale).ok().and_then(|s| POWERS.get(s));
    unary::<T, Float64Type>(column, |value| match (value.to_i64(), power) {
        // Both are exact doubles: one division rounds once.
        (Some(whole), Some(power)) if whole.unsigned_abs() < 1 << 53 => whole as f64 / power,
        _ => format!("{value:?}e{}", -i32::from(scale))
            .parse()
            .unwrap_or(f64::NAN),
    })
}

fn texts<'a>(cells: impl Iterator<Item = Option<&'a str>> + Clone) -> Result<ArrayRef, Fault> {
    let bytes: usize = cells.clone().flatten().map(str::len).sum();
    if i32::try_from(bytes).is_err() {
        let message = format!("{bytes} bytes of text in one batch, more than {}", i32::MAX);
        return Err(Fault::item(message).hint("write the file in smaller batches"));
    }
    Ok(Arc::new(cells.collect::<StringArray>()))
}

/// Bytes that are text.
fn read_texts<'a>(cells: impl Iterator<Item = Option<&'a [u8]>>) -> Result<ArrayRef, Fault> {
    let read = |cell: Option<&'a [u8]>| cell.map(std::str::from_utf8).transpose();
    let cells: Result<Vec<_>, _> = cells.map(read).collect();
    let cells = cells.map_err(|error| Fault::item(format!("expected text, found {error}")))?;
    texts(cells.into_iter())
}

fn time(column: &ArrayRef) -> Result<ArrayRef, Fault> {
    type Micros = Time64MicrosecondType;
    match column.data_type() {
        DataType::Time32(TimeUnit::Second) => {
            unary::<Time32SecondType, Micros>(column, |time| i64::from(time) * 1_000_000)
        }
        DataType::Time32(_) => {
            unary::<Time32MillisecondType, Micros>(column, |time| i64::from(time) * 1_000)
        }
        _ => unary::<Time64NanosecondType, Micros>(column, |time| time / 1_000),
    }
}

/// In microseconds, of another zone if need be: the moment stays.
fn timestamp(
    column: &ArrayRef,
    unit: &TimeUnit,
    zone: Option<Arc<str>>,
) -> Result<ArrayRef, Fault> {
    type Micros = TimestampMicrosecondType;
    let micros = match unit {
        TimeUnit::Second => {
            checked::<TimestampSecondType, Micros>(column, |moment| moment.checked_mul(1_000_000))?
        }
        TimeUnit::Millisecond => {
            checked::<TimestampMillisecondType, Micros>(column, |moment| moment.checked_mul(1_000))?
        }
        TimeUnit::Microsecond => Arc::clone(column),
        TimeUnit::Nanosecond => {
            unary::<TimestampNanosecondType, Micros>(column, |moment| moment / 1_000)?
        }
    };
    let micros = micros.as_primitive::<Micros>().clone();
    Ok(Arc::new(micros.with_timezone_opt(zone)))
}

fn dictionary(column: &ArrayRef, to: &DataType) -> Result<ArrayRef, Fault> {
    let dictionary = column.as_any_dictionary();
    let values = convert(dictionary.values(), to)?;
    if values.is_empty() {
        return Ok(new_null_array(to, column.len()));
    }
    let keys = dictionary.normalized_keys().into_iter().enumerate();
    let picks = keys.map(|(row, key)| dictionary.keys().is_valid(row).then_some(key));
    gather(&values, picks)
}

fn runs<T: RunEndIndexType>(column: &ArrayRef, to: &DataType) -> Result<ArrayRef, Fault> {
    let Some(runs) = column.as_run_opt::<T>() else {
        return Err(Fault::item(format!(
            "type {} is not read",
            column.data_type()
        )));
    };
    let values = convert(runs.values(), to)?;
    gather(
        &values,
        (0..runs.len()).map(|row| Some(runs.get_physical_index(row))),
    )
}

/// These values, of a type used between stages, in this order.
fn gather(
    values: &ArrayRef,
    picks: impl Iterator<Item = Option<usize>>,
) -> Result<ArrayRef, Fault> {
    let picks: Vec<_> = picks
        .map(|pick| pick.filter(|at| values.is_valid(*at)))
        .collect();
    let picks = picks.into_iter();
    match values.data_type() {
        DataType::Utf8 => {
            let values = values.as_string::<i32>();
            texts(picks.map(|pick| pick.map(|at| values.value(at))))
        }
        DataType::Boolean => {
            let values = values.as_boolean();
            let cells = picks.map(|pick| pick.map(|at| values.value(at)));
            Ok(Arc::new(cells.collect::<BooleanArray>()))
        }
        DataType::Int32 => gather_as::<Int32Type>(values, picks),
        DataType::Int64 => gather_as::<Int64Type>(values, picks),
        DataType::Float32 => gather_as::<Float32Type>(values, picks),
        DataType::Float64 => gather_as::<Float64Type>(values, picks),
        DataType::Date32 => gather_as::<Date32Type>(values, picks),
        DataType::Time64(_) => gather_as::<Time64MicrosecondType>(values, picks),
        DataType::Timestamp(..) => gather_as::<TimestampMicrosecondType>(values, picks),
        other => Err(Fault::item(format!("type {other} is not read"))),
    }
}

fn gather_as<T: ArrowPrimitiveType>(
    values: &ArrayRef,
    picks: impl Iterator<Item = Option<usize>>,
) -> Result<ArrayRef, Fault> {
    let data_type = values.data_type().clone();
    let values = values.as_primitive::<T>();
    let cells = picks.map(|pick| pick.map(|at| values.value(at)));
    let array: PrimitiveArray<T> = cells.collect();
    Ok(Arc::new(array.with_data_type(data_type)))
}

#[cfg(test)]
mod tests;
