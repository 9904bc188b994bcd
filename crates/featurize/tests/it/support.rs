//! Tables made up, fitted and transformed in memory.

use std::sync::Arc;

use ::stage::Fault;
use arrow_array::{Array, ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray};
use featurize::{Fitted, Learner, Learnt, Plan, Settings, Transform, columns, finish};
use partition::{Checked, Rule};

/// All rows are train.
pub(crate) const ALL_TRAIN: &str =
    r#"{"rule": "hash", "columns": ["id"], "shares": {"train": 1.0}}"#;

pub(crate) fn integers(values: &[Option<i64>]) -> ArrayRef {
    Arc::new(Int64Array::from(values.to_vec()))
}

pub(crate) fn numbers(values: &[Option<f64>]) -> ArrayRef {
    Arc::new(Float64Array::from(values.to_vec()))
}

pub(crate) fn strings(values: &[Option<&str>]) -> ArrayRef {
    Arc::new(StringArray::from(values.to_vec()))
}

/// Words to strings, `-` to null: `"a b - a"`.
pub(crate) fn words(text: &str) -> ArrayRef {
    let words: Vec<Option<&str>> = text
        .split_whitespace()
        .map(|word| (word != "-").then_some(word))
        .collect();
    strings(&words)
}

/// Numbers, `-` to null: `"1 2.5 -"`.
pub(crate) fn floats(text: &str) -> ArrayRef {
    let numbers_: Vec<Option<f64>> = text
        .split_whitespace()
        .map(|word| word.parse().ok())
        .collect();
    numbers(&numbers_)
}

/// A table with these columns and an `id`.
pub(crate) fn table(columns: &[(&str, ArrayRef)]) -> RecordBatch {
    let rows = columns[0].1.len() as i64;
    let id: ArrayRef = Arc::new(Int64Array::from_iter_values(0..rows));
    let mut columns = columns.to_vec();
    columns.push(("id", id));
    RecordBatch::try_from_iter(columns).unwrap()
}

/// Settings and split rule, read.
pub(crate) struct Project {
    settings: Settings,
    rule: Checked,
}

impl Project {
    pub(crate) fn new(settings: &str, split: &str) -> Result<Self, Fault> {
        let settings = ::stage::settings::parse(settings.as_bytes(), "featurize.json")?;
        let rule: Rule = ::stage::settings::parse(split.as_bytes(), "split.json")?;
        Ok(Self {
            settings,
            rule: rule.check()?,
        })
    }

    pub(crate) fn fit(&self, batches: &[RecordBatch]) -> Result<Transform, Fault> {
        let schema = batches[0].schema();
        let plan = Plan::new(&self.settings, &self.rule, &columns(&schema)?)?;
        let learner = Learner::new(&plan, &self.settings, &self.rule, &schema)?;
        let mut learnt = Learnt::new(&plan);
        for batch in batches {
            // Through its form on disk, as between the phases of a stage.
            let mut more = learner.learn(batch, 1)?;
            more.part = serde_json::from_str(&serde_json::to_string(&more.part).unwrap()).unwrap();
            learnt.merge(more);
        }
        finish(&plan, &learnt.check(&self.settings)?)
    }

    pub(crate) fn apply(
        &self,
        transform: &Transform,
        batch: &RecordBatch,
    ) -> Result<RecordBatch, Fault> {
        let transform = serde_json::from_str(&transform.to_json()).unwrap();
        let fitted = Fitted::new(transform)?;
        fitted.bind(&self.rule, &batch.schema())?.apply(batch, 1)
    }
}

/// One column `x` of features, fitted and transformed; the label is `y`.
pub(crate) fn feature(transforms: &str, x: ArrayRef) -> Result<RecordBatch, Fault> {
    let y: ArrayRef = Arc::new(Float64Array::from_iter_values(
        (0..x.len()).map(|row| (row % 3) as f64),
    ));
    let batch = table(&[("x", x), ("y", y)]);
    let project = Project::new(&one_feature(transforms), ALL_TRAIN)?;
    let transform = project.fit(std::slice::from_ref(&batch))?;
    project.apply(&transform, &batch)
}

/// Settings with one feature.
pub(crate) fn one_feature(transforms: &str) -> String {
    format!(
        r#"{{"label": {{"column": "y"}}, "features": [{{"columns": ["x"], "transforms": [{transforms}]}}]}}"#
    )
}

/// The columns of a table as text: `carrier: 0 1 -`.
pub(crate) fn show(batch: &RecordBatch) -> String {
    let line = |(field, column): (&arrow_schema::FieldRef, &ArrayRef)| {
        let text = table::Texts::new(column).unwrap().column().unwrap();
        let cells: Vec<&str> = text.iter().map(|cell| cell.unwrap_or("-")).collect();
        format!("{}: {}", field.name(), cells.join(" "))
    };
    let schema = batch.schema();
    let lines: Vec<String> = schema
        .fields()
        .iter()
        .zip(batch.columns())
        .map(line)
        .collect();
    lines.join("\n")
}

/// The features only.
pub(crate) fn features(batch: &RecordBatch) -> RecordBatch {
    let places = ::table::roles::columns_with(&batch.schema(), ::table::roles::Role::Feature);
    batch.project(&places).unwrap()
}

/// A column of numbers, missing ones as NaN.
pub(crate) fn column(batch: &RecordBatch, name: &str) -> Vec<f64> {
    let column = batch
        .column_by_name(name)
        .unwrap_or_else(|| panic!("no column `{name}`"));
    table::values::numbers(column)
        .unwrap()
        .iter()
        .map(|value| value.unwrap_or(f64::NAN))
        .collect()
}

/// A fault as a user sees it.
pub(crate) fn told(fault: &Fault) -> String {
    match &fault.hint {
        Some(hint) => format!("{:?}: {fault}\nhint: {hint}", fault.blame),
        None => format!("{:?}: {fault}", fault.blame),
    }
}
