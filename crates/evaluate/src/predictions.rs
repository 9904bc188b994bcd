//! Predictions as the trainer left them: labels, weights, predictions and the constant to compare with.

use arrow_array::{Array, RecordBatch};
use arrow_schema::{DataType, Schema};
use stage::Fault;
use table::columns::{self, type_name};
use table::roles::{self, Task};
use table::values;

/// The predictions for one partition, as columns of numbers.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Predictions {
    /// Where they were read from, for messages.
    pub(crate) place: String,
    /// What the label's metadata says.
    pub(crate) task: Option<Task>,
    /// The names of the classes, if the label's metadata has them.
    pub(crate) classes: Option<Vec<String>>,
    /// Class codes or numbers.
    pub(crate) labels: Vec<f64>,
    /// What each row counts.
    pub(crate) weights: Option<Vec<f64>>,
    /// One column (probability of class 1, or the number), or one per class.
    pub(crate) scores: Vec<Vec<f64>>,
    /// Whether the columns were numbered: one per class.
    pub(crate) per_class: bool,
    /// The constant that was fitted on train, in the same form as the scores.
    pub(crate) baseline: Option<Vec<Vec<f64>>>,
}

impl Predictions {
    /// Reads all batches of one file.
    pub(crate) fn read(
        place: &str,
        schema: &Schema,
        batches: impl Iterator<Item = Result<RecordBatch, Fault>>,
    ) -> Result<Self, Fault> {
        let layout = Layout::of(schema).map_err(|fault| at(place, fault))?;
        let label = schema.field(layout.label);
        let mut predictions = Self {
            place: place.to_owned(),
            task: roles::label_task(label),
            classes: roles::classes(label).map_err(|fault| at(place, fault))?,
            weights: layout.weight.map(|_| Vec::new()),
            scores: vec![Vec::new(); layout.scores.len()],
            per_class: layout.per_class,
            baseline: (!layout.baseline.is_empty())
                .then(|| vec![Vec::new(); layout.baseline.len()]),
            ..Self::default()
        };
        for batch in batches {
            predictions.push(&layout, &batch?)?;
        }
        if predictions.labels.is_empty() {
            return Err(Fault::item(format!("{place}: no row to judge")));
        }
        predictions.check_weights()?;
        Ok(predictions)
    }

    pub(crate) fn rows(&self) -> usize {
        self.labels.len()
    }

    fn push(&mut self, layout: &Layout, batch: &RecordBatch) -> Result<(), Fault> {
        let place = self.place.as_str();
        let first = self.labels.len();
        append(&mut self.labels, place, first, batch, layout.label)?;
        if let (Some(weights), Some(column)) = (&mut self.weights, layout.weight) {
            append(weights, place, first, batch, column)?;
        }
        for (scores, column) in self.scores.iter_mut().zip(&layout.scores) {
            append(scores, place, first, batch, *column)?;
        }
        for (scores, column) in self.baseline.iter_mut().flatten().zip(&layout.baseline) {
            append(scores, place, first, batch, *column)?;
        }
        Ok(())
    }

    fn check_weights(&self) -> Result<(), Fault> {
        let Some(weights) = &self.weights else {
            return Ok(());
        };
        if let Some(row) = weights.iter().position(|weight| *weight < 0.0) {
            let found = weights[row];
            return Err(self.fault(
                row,
                format!("column `weight`: expected a number of at least 0, found `{found}`"),
            ));
        }
        if weights.iter().sum::<f64>() > 0.0 {
            return Ok(());
        }
        let message = format!(
            "{}: column `weight`: expected a sum above 0, found `0`",
            self.place
        );
        Err(Fault::item(message))
    }

    /// ``models/predictions/test.parquet:17: …``: rows count from 1.
    pub(crate) fn fault(&self, row: usize, message: impl std::fmt::Display) -> Fault {
        Fault::item(format!("{}:{}: {message}", self.place, row + 1))
    }
}

/// Which columns are what.
#[derive(Debug, PartialEq)]
struct Layout {
    label: usize,
    weight: Option<usize>,
    scores: Vec<usize>,
    per_class: bool,
    baseline: Vec<usize>,
}

impl Layout {
    fn of(schema: &Schema) -> Result<Self, Fault> {
        let label = columns::find(schema, "label")?;
        let per_class = schema.index_of("prediction_0").is_ok();
        let scores = if per_class {
            numbered(schema, "prediction")?
        } else {
            vec![columns::find(schema, "prediction")?]
        };
        let baseline = if per_class {
            numbered(schema, "baseline")?
        } else {
            schema.index_of("baseline").into_iter().collect()
        };
        if !baseline.is_empty() && baseline.len() != scores.len() {
            return Err(columns::missing(
                &format!("baseline_{}", baseline.len()),
                [],
            ));
        }
        Ok(Self {
            label,
            weight: schema.index_of("weight").ok(),
            scores,
            per_class,
            baseline,
        })
    }
}

/// The positions of `NAME_0`, `NAME_1`, … up to the highest number there is.
fn numbered(schema: &Schema, name: &str) -> Result<Vec<usize>, Fault> {
    let number = |field: &str| -> Option<usize> {
        field.strip_prefix(name)?.strip_prefix('_')?.parse().ok()
    };
    let highest = schema
        .fields()
        .iter()
        .filter_map(|field| number(field.name()))
        .max();
    let Some(highest) = highest else {
        return Ok(Vec::new());
    };
    // A gap is found before its number can be absurd.
    (0..=highest)
        .map(|class| columns::find(schema, &format!("{name}_{class}")))
        .collect()
}

/// Appends a batch's column of numbers, none of them missing.
fn append(
    values: &mut Vec<f64>,
    place: &str,
    first: usize,
    batch: &RecordBatch,
    column: usize,
) -> Result<(), Fault> {
    let array = batch.column(column);
    let schema = batch.schema();
    let name = schema.field(column).name();
    if !(array.data_type().is_numeric() || array.data_type() == &DataType::Boolean) {
        let found = type_name(array.data_type());
        let fault = Fault::item(format!(
            "{place}: column `{name}`: expected numbers, found {found}"
        ));
        return Err(if name == "label" {
            fault.hint("write classes as codes 0, 1, … and their names into the field's metadata")
        } else {
            fault
        });
    }
    let numbers = values::numbers(array)?;
    let wrong = |row: usize, found: &str| {
        let row = first + row + 1;
        Fault::item(format!(
            "{place}:{row}: column `{name}`: expected a number, found `{found}`"
        ))
    };
    if let Some(row) = (0..numbers.len()).find(|row| numbers.is_null(*row)) {
        return Err(wrong(row, "null"));
    }
    if let Some(row) = numbers.values().iter().position(|value| !value.is_finite()) {
        return Err(wrong(row, &numbers.value(row).to_string()));
    }
    values.extend_from_slice(numbers.values());
    Ok(())
}

/// Puts the place in front of a fault, on the same line.
fn at(place: &str, fault: Fault) -> Fault {
    fault.context(place.to_owned())
}

#[cfg(test)]
mod tests;
