//! Which columns of the splits are what, and whether all items agree on it.

use arrow_schema::{DataType, Field, FieldRef, Schema};
use stage::Fault;
use table::columns::{find, type_name};
use table::roles::{self, Role, Task};

/// Which columns are what.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Columns {
    /// The item that said so.
    item: String,
    /// What is learnt from, in the order of the first item.
    pub(crate) features: Vec<Feature>,
    /// What is to be learnt.
    pub(crate) label: FieldRef,
    /// How much a row counts.
    pub(crate) weight: Option<String>,
    /// Keys, slices and times: they go along with the predictions.
    pub(crate) carried: Vec<FieldRef>,
}

/// A column that is learnt from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Feature {
    pub(crate) name: String,
    /// The number of levels of a categorical feature.
    pub(crate) levels: Option<u32>,
}

impl Columns {
    /// Reads the roles of the first item's columns.
    pub(crate) fn of(item: &str, schema: &Schema) -> Result<Self, Fault> {
        let label = schema.fields()[roles::label(schema)?].clone();
        let mut features = Vec::new();
        for position in roles::columns_with(schema, Role::Feature) {
            features.push(feature(schema.field(position))?);
        }
        if features.is_empty() {
            return Err(
                Fault::item("no column has the role `feature`").hint("was `featurize` run?")
            );
        }
        if roles::has_role(&label, Role::Feature) {
            let message = format!("column `{}` is label and feature at once", label.name());
            return Err(Fault::item(message).hint("a model would learn the label from itself"));
        }
        let carried = schema
            .fields()
            .iter()
            .filter(|field| is_carried(field))
            .cloned()
            .collect();
        Ok(Self {
            item: item.to_owned(),
            features,
            label,
            weight: weight(schema)?,
            carried,
        })
    }

    /// Checks that another item has the same columns in the same roles, in whatever order.
    pub(crate) fn check(&self, schema: &Schema) -> Result<(), Fault> {
        for expected in &self.features {
            let found = feature(schema.field(find(schema, &expected.name)?))?;
            if found != *expected {
                let (expected_kind, found_kind) = (expected.describe(), found.describe());
                return Err(self.differs(&expected.name, &expected_kind, &found_kind));
            }
        }
        let known = |name: &str| self.features.iter().any(|feature| feature.name == name);
        let others = roles::columns_with(schema, Role::Feature).into_iter();
        if let Some(other) = others
            .map(|position| schema.field(position))
            .find(|field| !known(field.name()))
        {
            return Err(self.differs(other.name(), "no such feature", "a feature"));
        }
        for expected in self.carried.iter().chain([&self.label]) {
            let found = schema.field(find(schema, expected.name())?);
            if found.data_type() != expected.data_type() {
                let (expected_type, found) = (
                    type_name(expected.data_type()),
                    type_name(found.data_type()),
                );
                return Err(self.differs(expected.name(), &expected_type, &found));
            }
        }
        if let Some(weight) = &self.weight {
            find(schema, weight)?;
        }
        Ok(())
    }

    fn differs(&self, column: &str, expected: &str, found: &str) -> Fault {
        let item = &self.item;
        Fault::item(format!(
            "column `{column}`: expected {expected} as in `{item}`, found {found}"
        ))
    }

    /// The task that the label's metadata names.
    pub(crate) fn task(&self) -> Option<Task> {
        roles::label_task(&self.label)
    }

    pub(crate) fn feature_names(&self) -> impl Iterator<Item = &str> {
        self.features.iter().map(|feature| feature.name.as_str())
    }

    /// Label and weight.
    pub(crate) fn target_names(&self) -> Vec<&str> {
        let mut names = vec![self.label.name().as_str()];
        names.extend(self.weight.as_deref());
        names
    }

    /// All columns that are needed to train, each once.
    pub(crate) fn training_names(&self) -> Vec<&str> {
        let mut names = self.target_names();
        let others: Vec<&str> = self
            .feature_names()
            .filter(|name| !names.contains(name))
            .collect();
        names.extend(others);
        names
    }

    /// All columns that go along with predictions, each once.
    pub(crate) fn judging_names(&self) -> Vec<&str> {
        self.with_carried(self.target_names())
    }

    /// All columns that are needed to predict, and those that go along, each once.
    pub(crate) fn prediction_names(&self) -> Vec<&str> {
        self.with_carried(self.training_names())
    }

    fn with_carried<'a>(&'a self, mut names: Vec<&'a str>) -> Vec<&'a str> {
        for field in &self.carried {
            if !names.contains(&field.name().as_str()) {
                names.push(field.name());
            }
        }
        names
    }
}

impl Feature {
    fn describe(&self) -> String {
        self.levels.map_or_else(
            || "numbers".to_owned(),
            |levels| format!("{levels} categories"),
        )
    }
}

fn is_carried(field: &Field) -> bool {
    [Role::Key, Role::Slice, Role::Time]
        .iter()
        .any(|role| roles::has_role(field, *role))
}

fn feature(field: &Field) -> Result<Feature, Fault> {
    let numeric = field.data_type().is_numeric() || field.data_type() == &DataType::Boolean;
    if numeric {
        return Ok(Feature {
            name: field.name().clone(),
            levels: roles::categories(field),
        });
    }
    let (name, found) = (field.name(), type_name(field.data_type()));
    Err(Fault::item(format!(
        "column `{name}`: expected a feature of numbers, found {found}"
    ))
    .hint("let `featurize` change it to numbers or categories"))
}

fn weight(schema: &Schema) -> Result<Option<String>, Fault> {
    let positions = roles::columns_with(schema, Role::Weight);
    let Some(position) = positions.first() else {
        return Ok(None);
    };
    let field = schema.field(*position);
    if positions.len() > 1 {
        let other = schema.field(positions[1]).name();
        let message = format!(
            "expected one column with the role `weight`, found `{}` and `{other}`",
            field.name()
        );
        return Err(Fault::item(message));
    }
    if !field.data_type().is_numeric() {
        let found = type_name(field.data_type());
        return Err(Fault::item(format!(
            "column `{}`: expected weights, found {found}",
            field.name()
        )));
    }
    Ok(Some(field.name().clone()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(name: &str, data_type: DataType, roles: &[Role]) -> Field {
        roles::with_roles(Field::new(name, data_type, true), roles)
    }

    fn schema() -> Vec<Field> {
        vec![
            field("id", DataType::Utf8, &[Role::Key]),
            field("age", DataType::Float64, &[Role::Feature]),
            roles::with_categories(
                field("city", DataType::Int32, &[Role::Feature, Role::Slice]),
                3,
            ),
            field("late", DataType::Int32, &[Role::Label]),
            field("note", DataType::Utf8, &[]),
        ]
    }

    fn columns() -> Columns {
        Columns::of("train/a.parquet", &Schema::new(schema())).unwrap()
    }

    #[track_caller]
    fn check(change: impl FnOnce(&mut Vec<Field>), expected: &str) {
        let mut fields = schema();
        change(&mut fields);
        let fault = columns().check(&Schema::new(fields)).unwrap_err();
        assert_eq!(fault.to_string(), expected);
    }

    #[test]
    fn roles_say_which_columns_are_what() {
        let columns = columns();
        assert_eq!(columns.feature_names().collect::<Vec<_>>(), ["age", "city"]);
        assert_eq!(columns.features[1].levels, Some(3));
        assert_eq!(columns.training_names(), ["late", "age", "city"]);
        assert_eq!(columns.prediction_names(), ["late", "age", "city", "id"]);
    }

    #[test]
    fn another_order_of_columns_is_fine() {
        let mut fields = schema();
        fields.reverse();
        columns().check(&Schema::new(fields)).unwrap();
    }

    #[test]
    fn items_that_differ_are_refused() {
        check(|fields| drop(fields.remove(1)), "column `age` is missing");
        check(
            |fields| fields[2] = roles::with_categories(fields[2].clone(), 4),
            "column `city`: expected 3 categories as in `train/a.parquet`, found 4 categories",
        );
        check(
            |fields| fields.push(field("more", DataType::Float64, &[Role::Feature])),
            "column `more`: expected no such feature as in `train/a.parquet`, found a feature",
        );
        check(
            |fields| fields[0] = field("id", DataType::Int64, &[Role::Key]),
            "column `id`: expected string as in `train/a.parquet`, found integer",
        );
    }

    #[test]
    fn a_feature_that_is_no_number_is_refused() {
        let fields = vec![
            field("late", DataType::Int32, &[Role::Label]),
            field("city", DataType::Utf8, &[Role::Feature]),
        ];
        let fault = Columns::of("a", &Schema::new(fields)).unwrap_err();
        assert_eq!(
            fault.to_string(),
            "column `city`: expected a feature of numbers, found string"
        );
    }

    #[test]
    fn a_label_that_is_its_own_feature_is_refused() {
        let fields = vec![field(
            "late",
            DataType::Int32,
            &[Role::Label, Role::Feature],
        )];
        let fault = Columns::of("a", &Schema::new(fields)).unwrap_err();
        assert_eq!(
            fault.to_string(),
            "column `late` is label and feature at once"
        );
    }
}
