//! The label: read, fitted and coded.

use std::sync::Arc;

use arrow_array::{Array, ArrayRef, Float64Array, Int32Array, RecordBatch, RecordBatchOptions};
use arrow_schema::{DataType, Field};
use serde::{Deserialize, Serialize};
use stage::{Blame, Fault};
use table::roles::{Role, Task, with_roles, with_task};

use crate::apply::lookup::Lookup;
use crate::fit::categories::{Categories, Levels};
use crate::fit::tally::Tally;
use crate::fit::target::Labels;
use crate::kind::Kind;
use crate::numbers;
use crate::plan::LabelPlan;
use crate::settings::{Literal, Reading};

/// The label, fitted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FittedLabel {
    /// The column.
    pub column: String,
    /// What it holds.
    pub kind: Kind,
    /// How it is read.
    #[serde(rename = "as")]
    pub reading: Reading,
    /// What is learnt from it: `binary`, `multiclass` or `regression`.
    pub task: String,
    /// The classes in the order of their codes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub classes: Vec<String>,
}

/// Rows without a label.
pub(crate) fn count_missing(column: &ArrayRef) -> Result<u64, Fault> {
    match column.data_type() {
        DataType::Float16 | DataType::Float32 | DataType::Float64 => {
            Ok(numbers::read(column)?.null_count() as u64)
        }
        _ => Ok(column.null_count() as u64),
    }
}

/// Labels as target encoding takes them.
pub(crate) fn targets(plan: &LabelPlan, column: &ArrayRef) -> Result<Labels, Fault> {
    match plan.reading {
        Reading::Value => Ok(Labels::Numbers(numbers::read(column)?.iter().collect())),
        Reading::Above(threshold) => {
            let above = |value: f64| f64::from(u8::from(value > threshold));
            let values = numbers::read(column)?;
            Ok(Labels::Numbers(
                values.iter().map(|value| value.map(above)).collect(),
            ))
        }
        Reading::Classes => {
            let texts = match Categories::new(column, plan.kind)? {
                Categories::Integers(column) => column
                    .iter()
                    .map(|value| value.map(|value| value.to_string()))
                    .collect(),
                Categories::Strings(column) => column
                    .iter()
                    .map(|value| value.map(str::to_owned))
                    .collect(),
            };
            Ok(Labels::Classes(texts))
        }
    }
}

/// Fits the label: which classes there are, in which order.
pub(crate) fn fit(plan: &LabelPlan, classes: Option<&Tally<u64>>) -> Result<FittedLabel, Fault> {
    let column = &plan.settings.column;
    let (task, classes) = match plan.reading {
        Reading::Value => (Task::Regression, Vec::new()),
        Reading::Above(threshold) => {
            let names = ["<=", ">"].map(|sign| format!("{column} {sign} {threshold}"));
            (Task::Binary, names.to_vec())
        }
        Reading::Classes => {
            let classes = fit_classes(plan, classes)?;
            let task = match classes.len() {
                2 => Task::Binary,
                _ => Task::Multiclass,
            };
            (task, classes)
        }
    };
    Ok(FittedLabel {
        column: column.clone(),
        kind: plan.kind,
        reading: plan.reading,
        task: task.name().to_owned(),
        classes,
    })
}

fn fit_classes(plan: &LabelPlan, tally: Option<&Tally<u64>>) -> Result<Vec<String>, Fault> {
    let column = &plan.settings.column;
    let mut classes = match &plan.settings.classes {
        Some(classes) => classes.iter().map(Literal::to_string).collect(),
        None => {
            let sorted = tally.cloned().and_then(Tally::sorted);
            let too_many = || {
                Fault::message(
                    Blame::Data,
                    format!("column `{column}` has too many values to be classes"),
                )
                .hint("say `\"as\": \"value\"` in `label`")
            };
            sorted.ok_or_else(too_many)?.0.texts()
        }
    };
    if classes.len() < 2 {
        let found = classes
            .first()
            .map_or("none".to_owned(), |class| format!("only `{class}`"));
        return Err(Fault::message(
            Blame::Data,
            format!(
                "column `{column}`: expected at least two classes in the train rows, found {found}"
            ),
        )
        .hint("look at the shares or cuts of the split rule"));
    }
    let Some(positive) = &plan.settings.positive else {
        return Ok(classes);
    };
    let positive = positive.to_string();
    let Some(place) = classes.iter().position(|class| *class == positive) else {
        let fault = Fault::settings(format!(
            "`label.positive`: `{positive}` is no class of the train rows"
        ));
        let nearest = stage::settings::nearest_name(&positive, classes.iter().map(String::as_str));
        return Err(match nearest {
            Some(nearest) => fault.hint(format!("did you mean `{nearest}`?")),
            None => fault,
        });
    };
    if classes.len() > 2 {
        return Err(Fault::settings(format!(
            "`label.positive`: expected a label of two classes, found {} classes",
            classes.len()
        )));
    }
    let positive = classes.remove(place);
    classes.push(positive);
    Ok(classes)
}

impl FittedLabel {
    /// The task.
    pub fn task(&self) -> Task {
        self.task.parse().unwrap_or(Task::Regression)
    }

    /// The field of the coded label.
    pub(crate) fn field(&self) -> Field {
        let data_type = match self.reading {
            Reading::Value => DataType::Float64,
            _ => DataType::Int32,
        };
        let field = Field::new(&self.column, data_type, true);
        with_task(
            with_roles(field, &[Role::Label]),
            self.task(),
            &self.classes,
        )
    }
}

/// Codes the label.
#[derive(Debug)]
pub(crate) struct LabelCoder {
    label: FittedLabel,
    classes: Lookup,
}

impl LabelCoder {
    pub(crate) fn new(label: &FittedLabel) -> Result<Self, Fault> {
        let levels = levels(label)?;
        Ok(Self {
            label: label.clone(),
            classes: Lookup::new(&levels),
        })
    }

    pub(crate) fn code(&self, column: &ArrayRef) -> Result<ArrayRef, Fault> {
        match self.label.reading {
            Reading::Value => Ok(Arc::new(numbers::read(column)?)),
            Reading::Above(threshold) => {
                let values: Float64Array = numbers::read(column)?;
                let codes: Int32Array = values.unary(|value| i32::from(value > threshold));
                Ok(Arc::new(codes))
            }
            Reading::Classes => {
                let categories = Categories::new(column, self.label.kind)?;
                let codes = self.classes.codes(&categories);
                if let Some(unknown) = codes.unknown {
                    let fault = Fault::item(format!(
                        "column `{}`: class `{unknown}` does not occur in the train rows",
                        self.label.column
                    ));
                    return Err(fault.hint("name all classes by `classes` in `label`, or drop such rows in the settings of clean"));
                }
                Ok(Arc::new(codes.into_array(None, None)))
            }
        }
    }
}

fn levels(label: &FittedLabel) -> Result<Levels, Fault> {
    if label.kind != Kind::Integer || label.reading != Reading::Classes {
        return Ok(Levels::Strings(label.classes.clone()));
    }
    let integer = |class: &String| {
        class.parse().map_err(|_| {
            Fault::settings(format!(
                "`label.classes`: expected integers, as in column `{}`, found `{class}`",
                label.column
            ))
        })
    };
    let integers: Result<Vec<i64>, Fault> = label.classes.iter().map(integer).collect();
    Ok(Levels::Integers(integers?))
}

/// A batch of these columns; their number of rows is known even where there is no column.
pub(crate) fn batch(
    schema: &arrow_schema::SchemaRef,
    columns: Vec<ArrayRef>,
    rows: usize,
) -> Result<RecordBatch, Fault> {
    let options = RecordBatchOptions::new().with_row_count(Some(rows));
    RecordBatch::try_new_with_options(schema.clone(), columns, &options)
        .map_err(|error| Fault::new(Blame::Program, error))
}
