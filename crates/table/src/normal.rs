//! Other tools' types, brought to those used between stages.

mod convert;

use std::collections::HashSet;
use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch, RecordBatchOptions};
use arrow_schema::{DataType, Field, Schema, SchemaRef, TimeUnit};
use stage::Fault;

/// What becomes of each column of a file.
#[derive(Debug)]
pub(crate) struct Normal {
    schema: SchemaRef,
    /// Whether no column changes.
    same: bool,
}

impl Normal {
    /// The types used between stages for these columns. A column of a type that has none is the item's fault.
    pub(crate) fn new(schema: &Schema) -> Result<Self, Fault> {
        let mut fields = Vec::with_capacity(schema.fields().len());
        let mut names = HashSet::new();
        for field in schema.fields() {
            let name = field.name();
            if !names.insert(name) {
                let message = format!("column `{name}` occurs twice");
                return Err(Fault::item(message).hint("give each column a name of its own"));
            }
            let normal = normal_type(field.data_type(), is_ours(field)).ok_or_else(|| {
                let found = field.data_type();
                let message = format!("column `{name}`: type {found} is not read");
                Fault::item(message).hint("flatten it, or write it as text")
            })?;
            fields.push(Arc::new(field.as_ref().clone().with_data_type(normal)));
        }
        let same = fields.iter().zip(schema.fields()).all(|(a, b)| a == b);
        // Other tools' metadata of the whole schema (pandas' index) would be wrong after any change.
        let schema = Arc::new(Schema::new(fields));
        Ok(Self { schema, same })
    }

    /// The columns as they come out.
    pub(crate) fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// Converts a batch. A value that has no place in the new type is the item's fault.
    pub(crate) fn batch(&self, rows: usize, columns: Vec<ArrayRef>) -> Result<RecordBatch, Fault> {
        let columns = if self.same {
            columns
        } else {
            let pairs = columns.iter().zip(self.schema.fields());
            pairs
                .map(|(column, field)| {
                    let converted = convert::convert(column, field.data_type());
                    converted.map_err(|fault| named(fault, field))
                })
                .collect::<Result<_, _>>()?
        };
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        RecordBatch::try_new_with_options(Arc::clone(&self.schema), columns, &options)
            .map_err(Fault::item)
    }
}

/// Puts the column in front of a fault, on the same line.
fn named(fault: Fault, field: &Field) -> Fault {
    fault.context(format!("column `{}`", field.name()))
}

/// Whether a stage wrote the column: then 32-bit integers are codes and stay.
fn is_ours(field: &Field) -> bool {
    field
        .metadata()
        .iter()
        .any(|(key, _)| key.starts_with("waystation."))
}

fn normal_type(data_type: &DataType, ours: bool) -> Option<DataType> {
    use DataType::*;
    Some(match data_type {
        Boolean | Int64 | Float32 | Float64 | Utf8 | Date32 => data_type.clone(),
        Int32 if ours => Int32,
        Int8 | Int16 | Int32 | UInt8 | UInt16 | UInt32 | UInt64 => Int64,
        Float16 => Float64,
        Decimal32(precision, scale)
        | Decimal64(precision, scale)
        | Decimal128(precision, scale)
            if *scale <= 0 && i32::from(*precision) - i32::from(*scale) <= 18 =>
        {
            Int64
        }
        Decimal32(..) | Decimal64(..) | Decimal128(..) | Decimal256(..) => Float64,
        LargeUtf8 | Utf8View | Binary | LargeBinary | BinaryView | Null => Utf8,
        Date64 => Date32,
        Time32(_) | Time64(_) => Time64(TimeUnit::Microsecond),
        Timestamp(_, None) => Timestamp(TimeUnit::Microsecond, None),
        Timestamp(_, Some(_)) => Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
        Dictionary(_, values) => return normal_type(values, false),
        RunEndEncoded(_, values) => return normal_type(values.data_type(), false),
        _ => return None,
    })
}
