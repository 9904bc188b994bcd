//! The columns as they are before and after each rule; the only place where a name becomes an index.

use arrow_schema::{DataType, Field, FieldRef, Schema, SchemaRef};
use stage::{Fault, settings::nearest_name};
use table::columns::type_name;

use crate::place::Place;
use crate::rules::Repeats;

/// The columns at one point of the rules.
#[derive(Clone, Debug)]
pub(crate) struct Columns {
    fields: Vec<FieldRef>,
    repeats: Repeats,
}

impl Columns {
    /// The columns of an item, and what is known of its repeated rows.
    pub(crate) fn new(schema: &Schema, repeats: Repeats) -> Self {
        let fields = schema.fields().iter().cloned().collect();
        Self { fields, repeats }
    }

    /// What is known of the item's repeated rows.
    pub(crate) fn repeats(&self) -> &Repeats {
        &self.repeats
    }

    /// The columns as a schema.
    pub(crate) fn schema(&self) -> SchemaRef {
        Schema::new(self.fields.clone()).into()
    }

    /// How many columns there are.
    pub(crate) fn len(&self) -> usize {
        self.fields.len()
    }

    /// The name of a column.
    pub(crate) fn name(&self, index: usize) -> &str {
        self.fields[index].name()
    }

    /// The type of a column.
    pub(crate) fn data_type(&self, index: usize) -> &DataType {
        self.fields[index].data_type()
    }

    /// The index of a column that the settings name.
    pub(crate) fn find(&self, name: &str, place: &Place) -> Result<usize, Fault> {
        self.position(name).ok_or_else(|| {
            let names = || self.fields.iter().map(|field| field.name().as_str());
            let fault = place.fault(format!("there is no column `{name}` here"));
            match nearest_name(name, names()) {
                Some(near) => fault.hint(format!("did you mean `{near}`?")),
                None => fault.hint(format!("the columns are {}", listed(names()))),
            }
        })
    }

    /// The indices of columns that the settings name, each once.
    pub(crate) fn find_all(&self, names: &[String], place: &Place) -> Result<Vec<usize>, Fault> {
        let mut found = Vec::with_capacity(names.len());
        for name in names {
            let index = self.find(name, place)?;
            if found.contains(&index) {
                return Err(place.fault(format!("column `{name}` stands here twice")));
            }
            found.push(index);
        }
        Ok(found)
    }

    /// The indices of text columns that the settings name.
    pub(crate) fn find_texts(&self, names: &[String], place: &Place) -> Result<Vec<usize>, Fault> {
        let found = self.find_all(names, place)?;
        for index in &found {
            self.expect_text(*index, place)?;
        }
        Ok(found)
    }

    /// Refuses a column that holds no text.
    pub(crate) fn expect_text(&self, index: usize, place: &Place) -> Result<(), Fault> {
        match self.data_type(index) {
            DataType::Utf8 => Ok(()),
            other => Err(place.fault(format!(
                "column `{}`: expected string, found {}",
                self.name(index),
                type_name(other)
            ))),
        }
    }

    /// All columns that hold text.
    pub(crate) fn texts(&self) -> Vec<usize> {
        (0..self.len())
            .filter(|index| *self.data_type(*index) == DataType::Utf8)
            .collect()
    }

    /// Changes the type of a column; from here on it may hold missing values.
    pub(crate) fn set_type(&mut self, index: usize, data_type: DataType) {
        let field = Field::clone(&self.fields[index])
            .with_data_type(data_type)
            .with_nullable(true);
        self.fields[index] = field.into();
    }

    /// From here on these columns may hold missing values.
    pub(crate) fn set_nullable(&mut self, indices: &[usize]) {
        for index in indices {
            self.set_type(*index, self.data_type(*index).clone());
        }
    }

    /// Adds a column at the end.
    pub(crate) fn push(
        &mut self,
        name: &str,
        data_type: DataType,
        place: &Place,
    ) -> Result<(), Fault> {
        self.expect_new(name, place)?;
        self.fields.push(Field::new(name, data_type, true).into());
        Ok(())
    }

    /// Gives columns new names, all at once, so that two may change places.
    pub(crate) fn rename(&mut self, names: &[(usize, &str)], place: &Place) -> Result<(), Fault> {
        let old = self.fields.clone();
        for (index, name) in names {
            self.fields[*index] = Field::clone(&old[*index]).with_name(*name).into();
        }
        for (index, name) in names {
            let same = |other: &usize| other != index && self.name(*other) == *name;
            if (0..self.len()).any(|other| same(&other)) {
                return Err(place.fault(format!("two columns would be named `{name}`")));
            }
        }
        Ok(())
    }

    /// Keeps these columns only, in this order.
    pub(crate) fn keep(&mut self, indices: &[usize]) {
        self.fields = indices
            .iter()
            .map(|index| self.fields[*index].clone())
            .collect();
    }

    fn expect_new(&self, name: &str, place: &Place) -> Result<(), Fault> {
        match self.position(name) {
            Some(_) => Err(place.fault(format!("there is a column `{name}` already"))),
            None => Ok(()),
        }
    }

    fn position(&self, name: &str) -> Option<usize> {
        self.fields.iter().position(|field| field.name() == name)
    }
}

/// At most ten names, in backticks.
fn listed<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let mut names: Vec<_> = names.map(|name| format!("`{name}`")).collect();
    if names.len() > 10 {
        let more = names.len() - 9;
        names.truncate(9);
        names.push(format!("{more} more"));
    }
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns() -> Columns {
        let schema = Schema::new(vec![
            Field::new("tailnum", DataType::Utf8, false),
            Field::new("hour", DataType::Int64, false),
        ]);
        Columns::new(&schema, Repeats::Unknown)
    }

    fn place() -> Place {
        Place::new("clean.json", 0, "trim")
    }

    #[track_caller]
    fn check(found: Result<impl std::fmt::Debug, Fault>, expected: &str) {
        let fault = found.unwrap_err();
        assert_eq!(fault.blame, stage::Blame::Settings);
        let hint = fault.hint.as_deref().unwrap_or("-");
        assert_eq!(format!("{fault} | {hint}"), expected);
    }

    #[test]
    fn an_unknown_column_is_told_with_the_nearest_name() {
        check(
            columns().find("tailnumber", &place()),
            "clean.json: `rules[0].trim`: there is no column `tailnumber` here | did you mean `tailnum`?",
        );
        check(
            columns().find("x", &place()),
            "clean.json: `rules[0].trim`: there is no column `x` here | the columns are `tailnum`, `hour`",
        );
    }

    #[test]
    fn a_column_of_another_type_is_refused() {
        check(
            columns().find_texts(&["hour".into()], &place()),
            "clean.json: `rules[0].trim`: column `hour`: expected string, found integer | -",
        );
    }

    #[test]
    fn two_columns_may_change_names_but_not_share_one() {
        let mut columns = columns();
        columns
            .rename(&[(0, "hour"), (1, "tailnum")], &place())
            .unwrap();
        assert_eq!([columns.name(0), columns.name(1)], ["hour", "tailnum"]);
        check(
            columns.rename(&[(0, "tailnum")], &place()),
            "clean.json: `rules[0].trim`: two columns would be named `tailnum` | -",
        );
    }
}
