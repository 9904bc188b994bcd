//! Predictions of a partition, with what is needed to judge them.

use std::sync::Arc;

use arrow_array::types::Int32Type;
use arrow_array::{ArrayRef, Float64Array, Int64Array, PrimitiveArray, RecordBatch, StringArray};
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use stage::{Blame, Fault, Item, OrBlame, Output, Queue};
use table::columns::find;
use table::roles::{self, Role, Task};

use crate::columns::Columns;
use crate::model::{Predictor, by_column};
use crate::rows::{self, Batch, slices};
use crate::survey::Survey;
use crate::target::Target;

/// Where predictions come from.
#[derive(Clone, Copy)]
pub(crate) enum Source<'a> {
    /// They are made.
    Model(&'a Predictor<'a>),
    /// They were made as the model was trained, all outputs of a row after those of the row before.
    Known(&'a [f64]),
}

/// Predicts a partition and writes `predictions/PARTITION.parquet`.
pub(crate) fn write(
    queue: &Queue,
    output: &Output,
    columns: &Columns,
    survey: &Survey,
    source: Source<'_>,
    partition: &str,
) -> Result<(), Fault> {
    let form = Form::new(columns, survey);
    let file = output.create(&format!("predictions/{partition}.parquet"))?;
    let mut writer = table::Writer::new(file, &form.schema);
    let total = survey.rows.get(partition).copied().unwrap_or(0);
    let mut done = 0;
    let names = match source {
        Source::Model(_) => columns.prediction_names(),
        Source::Known(_) => columns.judging_names(),
    };
    table::ordered_map(
        rows::stream(queue, columns, partition, &names, table::BATCH_ROWS),
        queue.threads(),
        |(item, batch)| form.predict(item, &batch, columns, source),
        |batch| {
            done += batch.num_rows() as u64;
            queue.step(done, total, &format!("predicting {partition}"));
            writer.write(&batch)
        },
    )?;
    writer.finish()?.finish()
}

/// What a batch of predictions looks like.
struct Form<'a> {
    target: &'a Target,
    constant: &'a [f64],
    schema: SchemaRef,
}

impl<'a> Form<'a> {
    fn new(columns: &Columns, survey: &'a Survey) -> Self {
        let target = &survey.target;
        let number = |name: String| Field::new(name, DataType::Float64, false);
        let label = match target.task {
            Task::Regression => DataType::Float64,
            Task::Binary | Task::Multiclass => DataType::Int32,
        };
        let label = roles::with_task(
            Field::new("label", label, false),
            target.task,
            &target.classes,
        );
        let mut fields = vec![roles::with_roles(label, &[Role::Label])];
        if columns.weight.is_some() {
            fields.push(roles::with_roles(
                number("weight".to_owned()),
                &[Role::Weight],
            ));
        }
        fields.extend(outputs("prediction", target).map(number));
        fields.extend(outputs("baseline", target).map(number));
        fields.push(Field::new("item", DataType::Utf8, false));
        fields.push(Field::new("row", DataType::Int64, false));
        let carried: Vec<Field> = columns
            .carried
            .iter()
            .map(|field| carried(field, &fields))
            .collect();
        fields.extend(carried);
        Self {
            target,
            constant: &survey.constant,
            schema: Arc::new(Schema::new(fields)),
        }
    }

    fn predict(
        &self,
        item: &Item,
        batch: &Batch,
        columns: &Columns,
        source: Source<'_>,
    ) -> Result<RecordBatch, Fault> {
        let rows = batch.rows.num_rows();
        let mut arrays: Vec<ArrayRef> = vec![self.labels(&batch.numbers(columns.label.name())?)];
        if let Some(weights) = batch.weights(columns)? {
            arrays.push(Arc::new(weights));
        }
        let predictions = match source {
            Source::Known(values) => {
                let outputs = self.target.outputs();
                let values = &values[batch.before * outputs..];
                by_column(&values[..rows * outputs], outputs)
            }
            Source::Model(model) => {
                let features = batch.features(columns)?;
                if let Predictor::Linear(linear) = model {
                    linear.check(item, batch.first, &slices(&features))?;
                }
                model.predict(&slices(&features), rows)?
            }
        };
        for prediction in predictions {
            arrays.push(Arc::new(Float64Array::from(prediction)));
        }
        for constant in self.constant {
            arrays.push(Arc::new(Float64Array::from_value(*constant, rows)));
        }
        arrays.push(Arc::new(StringArray::from_iter_values(
            std::iter::repeat_n(short_name(item), rows),
        )));
        let first = batch.first as i64;
        arrays.push(Arc::new(Int64Array::from_iter_values(
            first..first + rows as i64,
        )));
        for field in &columns.carried {
            let position = find(&batch.rows.schema(), field.name())?;
            arrays.push(Arc::clone(batch.rows.column(position)));
        }
        RecordBatch::try_new(self.schema.clone(), arrays).or_blame(Blame::Program)
    }

    /// Numbers, or codes of classes; that they are so was checked before the training.
    fn labels(&self, labels: &Float64Array) -> ArrayRef {
        match self.target.task {
            Task::Regression => Arc::new(labels.clone()),
            Task::Binary | Task::Multiclass => {
                let codes: PrimitiveArray<Int32Type> = labels.unary(|label| label as i32);
                Arc::new(codes)
            }
        }
    }
}

/// `NAME`, or `NAME_0`, `NAME_1`, … for many classes.
fn outputs(name: &'static str, target: &Target) -> impl Iterator<Item = String> {
    let many = target.task == Task::Multiclass;
    (0..target.outputs()).map(move |output| {
        if many {
            format!("{name}_{output}")
        } else {
            name.to_owned()
        }
    })
}

/// A key, slice or time column as it was, except that it is no feature, weight or label here, and has a name of its own.
fn carried(field: &Field, taken: &[Field]) -> Field {
    let kept = [Role::Key, Role::Slice, Role::Time];
    let kept: Vec<Role> = kept
        .into_iter()
        .filter(|role| roles::has_role(field, *role))
        .collect();
    let mut name = field.name().clone();
    if taken.iter().any(|other| *other.name() == name) {
        let role = kept.first().map_or("", |role| role.name());
        name = format!("{name}_{role}");
    }
    roles::with_roles(field.clone().with_name(name).with_nullable(true), &kept)
}

/// `validation/flights.parquet` → `flights`.
fn short_name(item: &Item) -> &str {
    item.stem()
        .split_once('/')
        .map_or(item.stem(), |(_, name)| name)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn names(task: Task, classes: usize, carried: &[&str]) -> String {
        let field = |name: &str, role| {
            roles::with_roles(Field::new(name, DataType::Float64, true), &[role])
        };
        let mut fields = vec![field("late", Role::Label), field("age", Role::Feature)];
        fields.extend(carried.iter().map(|name| field(name, Role::Key)));
        let columns = Columns::of("a", &Schema::new(fields)).unwrap();
        let survey = Survey {
            target: Target::new(task, classes, None),
            rows: BTreeMap::new(),
            constant: Vec::new(),
        };
        let form = Form::new(&columns, &survey);
        let names: Vec<&str> = form
            .schema
            .fields()
            .iter()
            .map(|field| field.name().as_str())
            .collect();
        names.join(" ")
    }

    #[test]
    fn two_classes_and_numbers_have_one_prediction() {
        assert_eq!(
            names(Task::Binary, 2, &["id"]),
            "label prediction baseline item row id"
        );
        assert_eq!(
            names(Task::Regression, 0, &[]),
            "label prediction baseline item row"
        );
    }

    #[test]
    fn more_classes_have_a_prediction_each() {
        assert_eq!(
            names(Task::Multiclass, 3, &[]),
            "label prediction_0 prediction_1 prediction_2 baseline_0 baseline_1 baseline_2 item row"
        );
    }

    #[test]
    fn a_carried_column_never_takes_the_name_of_ours() {
        assert_eq!(
            names(Task::Binary, 2, &["row", "label"]),
            "label prediction baseline item row row_key label_key"
        );
    }
}
