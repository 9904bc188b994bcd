//! What a column is for, kept in its field's metadata, so that Parquet carries it from stage to stage.

use std::fmt;
use std::str::FromStr;

use arrow_schema::{Field, Schema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use stage::Fault;

const ROLE: &str = "waystation.role";
const CATEGORIES: &str = "waystation.categories";
const TASK: &str = "waystation.task";
const CLASSES: &str = "waystation.classes";

/// What a column is for. A column may have several roles.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// The trainer learns from it.
    Feature,
    /// What is to be predicted.
    Label,
    /// How much a row counts.
    Weight,
    /// Names a row.
    Key,
    /// Metrics are also given for each of its values.
    Slice,
    /// When the row happened.
    Time,
}

impl Role {
    const ALL: [Self; 6] = [
        Self::Feature,
        Self::Label,
        Self::Weight,
        Self::Key,
        Self::Slice,
        Self::Time,
    ];

    /// The role's word in the metadata.
    pub fn name(self) -> &'static str {
        match self {
            Self::Feature => "feature",
            Self::Label => "label",
            Self::Weight => "weight",
            Self::Key => "key",
            Self::Slice => "slice",
            Self::Time => "time",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// What is learnt from the label.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Task {
    /// One of two classes.
    Binary,
    /// One of several classes.
    Multiclass,
    /// A number.
    Regression,
}

impl Task {
    /// The task's word in the metadata.
    pub fn name(self) -> &'static str {
        match self {
            Self::Binary => "binary",
            Self::Multiclass => "multiclass",
            Self::Regression => "regression",
        }
    }
}

impl fmt::Display for Task {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

impl FromStr for Task {
    type Err = ();

    fn from_str(name: &str) -> Result<Self, ()> {
        [Self::Binary, Self::Multiclass, Self::Regression]
            .into_iter()
            .find(|task| task.name() == name)
            .ok_or(())
    }
}

/// The roles of a column, in the order of [`Role`]. Words that are no role of ours are left alone and not given.
pub fn roles_of(field: &Field) -> Vec<Role> {
    Role::ALL
        .into_iter()
        .filter(|role| has_role(field, *role))
        .collect()
}

/// Whether a column has a role.
pub fn has_role(field: &Field, role: Role) -> bool {
    field
        .metadata()
        .get(ROLE)
        .is_some_and(|words| words.split(',').any(|word| word == role.name()))
}

/// The field with exactly these roles.
#[must_use]
pub fn with_roles(field: Field, roles: &[Role]) -> Field {
    let mut roles = roles.to_vec();
    roles.sort_unstable();
    roles.dedup();
    if roles.is_empty() {
        return without(field, ROLE);
    }
    let words: Vec<&str> = roles.into_iter().map(Role::name).collect();
    with(field, ROLE, words.join(","))
}

/// The positions of the columns that have a role, in the order of the schema.
pub fn columns_with(schema: &Schema, role: Role) -> Vec<usize> {
    let fields = schema.fields().iter().enumerate();
    fields
        .filter(|(_, field)| has_role(field, role))
        .map(|(position, _)| position)
        .collect()
}

/// The position of the one label column; none or several are the item's fault.
pub fn label(schema: &Schema) -> Result<usize, Fault> {
    match columns_with(schema, Role::Label).as_slice() {
        [position] => Ok(*position),
        [] => Err(Fault::item("no column has the role `label`").hint("was `featurize` run?")),
        several => {
            let names: Vec<&str> = several
                .iter()
                .map(|position| schema.field(*position).name().as_str())
                .collect();
            Err(Fault::item(format!(
                "expected one column with the role `label`, found `{}`",
                names.join("`, `")
            )))
        }
    }
}

/// What is learnt from this label, if the field says so.
pub fn label_task(field: &Field) -> Option<Task> {
    field.metadata().get(TASK)?.parse().ok()
}

/// The names of a label's classes in the order of their codes; `None` where the field names none.
pub fn classes(field: &Field) -> Result<Option<Vec<String>>, Fault> {
    let Some(text) = field.metadata().get(CLASSES) else {
        return Ok(None);
    };
    serde_json::from_str(text).map(Some).map_err(|error| {
        let name = field.name();
        Fault::item(format!("column `{name}`: metadata `{CLASSES}`: {error}"))
    })
}

/// The field as a label of a task, with the names of its classes (none for a regression).
#[must_use]
pub fn with_task(field: Field, task: Task, classes: &[String]) -> Field {
    let field = with(field, TASK, task.name().to_owned());
    if classes.is_empty() {
        return without(field, CLASSES);
    }
    with(field, CLASSES, serde_json::json!(classes).to_string())
}

/// How many levels a categorical feature has, coded as 0, 1, …; `None` for a column that is not categorical.
pub fn categories(field: &Field) -> Option<u32> {
    field.metadata().get(CATEGORIES)?.parse().ok()
}

/// The field as a categorical feature with so many levels.
#[must_use]
pub fn with_categories(field: Field, levels: u32) -> Field {
    with(field, CATEGORIES, levels.to_string())
}

fn with(field: Field, key: &str, value: String) -> Field {
    let mut metadata = field.metadata().clone();
    metadata.insert(key.to_owned(), value);
    field.with_metadata(metadata)
}

fn without(field: Field, key: &str) -> Field {
    let mut metadata = field.metadata().clone();
    metadata.remove(key);
    field.with_metadata(metadata)
}

#[cfg(test)]
mod tests {
    use arrow_schema::DataType;

    use super::*;

    fn field() -> Field {
        Field::new("late", DataType::Int32, true)
    }

    #[track_caller]
    fn check(roles: &[Role], word: &str, back: &[Role]) {
        let field = with_roles(field(), roles);
        assert_eq!(field.metadata().get(ROLE).map_or("", String::as_str), word);
        assert_eq!(roles_of(&field), back);
    }

    #[test]
    fn roles_come_back_in_order_and_once() {
        check(&[], "", &[]);
        check(&[Role::Label], "label", &[Role::Label]);
        check(
            &[Role::Slice, Role::Feature, Role::Slice],
            "feature,slice",
            &[Role::Feature, Role::Slice],
        );
    }

    #[test]
    fn roles_replace_earlier_roles() {
        let field = with_roles(with_roles(field(), &[Role::Key]), &[]);
        assert!(roles_of(&field).is_empty());
    }

    #[test]
    fn a_label_names_task_and_classes() {
        let names = ["on time".to_owned(), "\"late\"".to_owned()];
        let field = with_task(field(), Task::Binary, &names);
        assert_eq!(label_task(&field), Some(Task::Binary));
        assert_eq!(classes(&field).unwrap(), Some(names.to_vec()));
        let field = with_task(field, Task::Regression, &[]);
        assert_eq!(classes(&field).unwrap(), None);
    }

    #[test]
    fn broken_metadata_is_the_items_fault() {
        let field = with(field(), CLASSES, "[".to_owned());
        let fault = classes(&field).unwrap_err();
        assert_eq!(fault.blame, stage::Blame::Item);
        assert!(fault.to_string().starts_with("column `late`: "));
    }

    #[test]
    fn exactly_one_column_is_the_label() {
        let label_field = with_roles(field(), &[Role::Label]);
        let other = with_roles(
            Field::new("x", DataType::Int32, true),
            &[Role::Feature, Role::Label],
        );
        let one = Schema::new(vec![field(), label_field.clone()]);
        assert_eq!(label(&one).unwrap(), 1);
        assert!(label(&Schema::new(vec![field()])).is_err());
        let fault = label(&Schema::new(vec![label_field, other])).unwrap_err();
        assert_eq!(
            fault.to_string(),
            "expected one column with the role `label`, found `late`, `x`"
        );
    }

    #[test]
    fn levels_are_a_number() {
        assert_eq!(categories(&with_categories(field(), 12)), Some(12));
        assert_eq!(categories(&field()), None);
    }
}
