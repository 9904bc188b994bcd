//! Columns by name, and whether two schemas agree.

use arrow_schema::{DataType, Schema, TimeUnit};
use stage::Fault;

/// The position of a column. A missing one is the item's fault, with the nearest name as the hint.
pub fn find(schema: &Schema, name: &str) -> Result<usize, Fault> {
    schema
        .fields()
        .iter()
        .position(|field| field.name() == name)
        .ok_or_else(|| {
            missing(
                name,
                schema.fields().iter().map(|field| field.name().as_str()),
            )
        })
}

/// The fault that a column is missing, with the nearest of the names that are there as the hint.
pub fn missing<'a>(name: &str, there: impl IntoIterator<Item = &'a str>) -> Fault {
    let fault = Fault::item(format!("column `{name}` is missing"));
    match stage::settings::nearest_name(name, there) {
        Some(nearest) => fault.hint(format!("did you mean `{nearest}`?")),
        None => fault,
    }
}

/// Checks that two schemas have the same columns, in order, by name and type. The first difference is the item's
/// fault.
pub fn check_same(expected: &Schema, found: &Schema) -> Result<(), Fault> {
    for field in expected.fields() {
        let name = field.name();
        let other = found.field(find(found, name)?);
        if field.data_type() != other.data_type() {
            let (expected, found) = (type_name(field.data_type()), type_name(other.data_type()));
            let message = format!("column `{name}`: expected {expected}, found {found}");
            return Err(Fault::item(message));
        }
    }
    for (position, field) in found.fields().iter().enumerate() {
        let name = field.name();
        match expected.fields().get(position) {
            Some(other) if other.name() == name => {}
            _ if expected.fields().find(name).is_none() => {
                return Err(Fault::item(format!("column `{name}` is not expected")));
            }
            _ => return Err(Fault::item(format!("column `{name}` is out of order"))),
        }
    }
    Ok(())
}

/// A type's name for people: `integer`, `number`, `string`, …
pub fn type_name(data_type: &DataType) -> String {
    let name = match data_type {
        DataType::Boolean => "boolean",
        DataType::Int8
        | DataType::Int16
        | DataType::Int64
        | DataType::UInt8
        | DataType::UInt16
        | DataType::UInt32
        | DataType::UInt64 => "integer",
        DataType::Int32 => "32-bit integer",
        DataType::Float32 => "32-bit number",
        DataType::Float64 => "number",
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => "string",
        DataType::Date32 => "date",
        DataType::Time64(_) => "time",
        DataType::Timestamp(TimeUnit::Microsecond, None) => "datetime",
        DataType::Timestamp(TimeUnit::Microsecond, Some(zone)) => {
            return format!("datetime in {zone}");
        }
        other => return other.to_string(),
    };
    name.to_owned()
}

#[cfg(test)]
mod tests {
    use arrow_schema::Field;

    use super::*;

    fn schema(columns: &[(&str, DataType)]) -> Schema {
        let fields = columns
            .iter()
            .map(|(name, data_type)| Field::new(*name, data_type.clone(), true));
        Schema::new(fields.collect::<Vec<_>>())
    }

    #[track_caller]
    fn check(expected: &[(&str, DataType)], found: &[(&str, DataType)], message: &str) {
        let result = check_same(&schema(expected), &schema(found));
        let told = result.err().map(|fault| fault.to_string());
        assert_eq!(told.unwrap_or_default(), message);
    }

    #[test]
    fn the_first_difference_of_two_schemas_is_told() {
        use DataType::{Float64, Int64, Utf8};
        check(&[("a", Int64)], &[("a", Int64)], "");
        check(
            &[("a", Int64), ("b", Utf8)],
            &[("a", Int64)],
            "column `b` is missing",
        );
        check(
            &[("a", Int64)],
            &[("a", Float64)],
            "column `a`: expected integer, found number",
        );
        check(
            &[("a", Int64)],
            &[("a", Int64), ("b", Utf8)],
            "column `b` is not expected",
        );
        check(
            &[("a", Int64), ("b", Utf8)],
            &[("b", Utf8), ("a", Int64)],
            "column `b` is out of order",
        );
    }

    #[test]
    fn a_missing_column_has_its_nearest_name_as_hint() {
        let fault = find(&schema(&[("arr_delay", DataType::Int64)]), "arr_delays").unwrap_err();
        assert_eq!(fault.hint.as_deref(), Some("did you mean `arr_delay`?"));
    }
}
