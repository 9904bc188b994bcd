//! One look at all labels and weights before the training: how many there are of what, and whether they are fit to
//! learn from.

use std::collections::BTreeMap;

use stage::{Fault, Item, Queue};
use table::roles::{self, Task};

use crate::columns::Columns;
use crate::rows::{Batch, batches};
use crate::target::Target;

/// The partitions by the names of their folders, in their order.
pub(crate) const PARTITIONS: [&str; 3] = [TRAIN, VALIDATION, TEST];
pub(crate) const TRAIN: &str = "train";
pub(crate) const VALIDATION: &str = "validation";
pub(crate) const TEST: &str = "test";

/// More classes than this are a number taken for a class.
const CLASSES_MAX: usize = 10_000;

/// What the labels are, and how many rows there are.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Survey {
    pub(crate) target: Target,
    /// Rows of each partition.
    pub(crate) rows: BTreeMap<&'static str, u64>,
    /// The prediction that fits train best of all constants: the mean, or the share of each class.
    pub(crate) constant: Vec<f64>,
}

/// What is counted in an item or a partition.
#[derive(Clone, Debug, Default)]
struct Tally {
    rows: u64,
    weight: f64,
    /// Weighted sum of labels.
    sum: f64,
    /// Weight of each class.
    classes: Vec<f64>,
}

/// Looks at all labels and weights.
pub(crate) fn survey(
    queue: &Queue,
    columns: &Columns,
    task: Option<Task>,
) -> Result<Survey, Fault> {
    let task = task.or_else(|| columns.task()).ok_or_else(|| {
        let message = format!(
            "column `{}`: nothing says whether it is a class or a number",
            columns.label.name()
        );
        Fault::settings(message).hint("set `task` to `binary`, `multiclass` or `regression`")
    })?;
    let names = roles::classes(&columns.label)?.filter(|_| task != Task::Regression);
    let known = match (task, &names) {
        (Task::Binary, _) => Some(2),
        (_, Some(names)) => Some(names.len()),
        _ => None,
    };
    let mut tallies = PARTITIONS.map(|partition| (partition, Tally::default()));
    let items = PARTITIONS.iter().enumerate();
    let items = items.flat_map(|(at, partition)| {
        let items = queue.in_folder(partition);
        items.map(move |item| Ok((at, item)))
    });
    table::ordered_map(
        items,
        queue.threads(),
        |(at, item)| Ok((at, Tally::of(queue, item, columns, task, known)?)),
        |(at, tally)| {
            tallies[at].1.merge(&tally);
            Ok(())
        },
    )?;
    let classes = tallies
        .iter()
        .map(|(_, tally)| tally.classes.len())
        .max()
        .unwrap_or(0);
    let target = Target::new(task, known.unwrap_or(classes), names);
    let (_, train) = &tallies[0];
    train.check(&target, columns)?;
    Ok(Survey {
        constant: train.constant(&target),
        rows: tallies
            .iter()
            .map(|(partition, tally)| (*partition, tally.rows))
            .collect(),
        target,
    })
}

impl Tally {
    fn of(
        queue: &Queue,
        item: &Item,
        columns: &Columns,
        task: Task,
        known: Option<usize>,
    ) -> Result<Self, Fault> {
        let mut tally = Self::default();
        for batch in batches(
            queue,
            item,
            columns,
            &columns.target_names(),
            table::BATCH_ROWS,
        )? {
            let place = item.path().display().to_string();
            tally.batch(&place, &batch?, columns, task, known)?;
        }
        Ok(tally)
    }

    fn merge(&mut self, other: &Self) {
        self.rows += other.rows;
        self.weight += other.weight;
        self.sum += other.sum;
        if self.classes.len() < other.classes.len() {
            self.classes.resize(other.classes.len(), 0.0);
        }
        for (weight, other) in self.classes.iter_mut().zip(&other.classes) {
            *weight += other;
        }
    }

    fn batch(
        &mut self,
        place: &str,
        batch: &Batch,
        columns: &Columns,
        task: Task,
        known: Option<usize>,
    ) -> Result<(), Fault> {
        let labels = batch.numbers(columns.label.name())?;
        let weights = batch.weights(columns)?;
        let fault = |row: usize, column: &str, expected: &str, found: f64| {
            let row = batch.first + row + 1;
            let found = if found.is_nan() {
                "null".to_owned()
            } else {
                found.to_string()
            };
            Fault::item(format!(
                "{place}:{row}: column `{column}`: expected {expected}, found `{found}`"
            ))
        };
        for (row, label) in labels.values().iter().copied().enumerate() {
            let weight = weights.as_ref().map_or(1.0, |weights| weights.value(row));
            if !(weight >= 0.0 && weight.is_finite()) {
                let name = columns.weight.as_deref().unwrap_or_default();
                return Err(fault(row, name, "a weight of at least 0", weight));
            }
            match task {
                Task::Regression if label.is_finite() => {}
                Task::Regression => {
                    return Err(unlabelled(fault(
                        row,
                        columns.label.name(),
                        "a number",
                        label,
                    )));
                }
                Task::Binary | Task::Multiclass => {
                    let classes = known.unwrap_or(CLASSES_MAX);
                    if !(label >= 0.0 && label < classes as f64 && label.fract() == 0.0) {
                        let expected = format!("a class from 0 to {}", classes - 1);
                        return Err(unlabelled(fault(
                            row,
                            columns.label.name(),
                            &expected,
                            label,
                        )));
                    }
                    let class = label as usize;
                    if class >= self.classes.len() {
                        self.classes.resize(class + 1, 0.0);
                    }
                    self.classes[class] += weight;
                }
            }
            self.sum += weight * label;
            self.weight += weight;
        }
        self.rows += labels.values().len() as u64;
        Ok(())
    }

    /// Whether there is anything to learn from.
    fn check(&self, target: &Target, columns: &Columns) -> Result<(), Fault> {
        let data = |message: String| Fault::message(stage::Blame::Data, message);
        if self.rows == 0 {
            return Err(data("there is no row in `train/`".to_owned())
                .hint("look at the rule in `config/split.json`: it puts every row elsewhere"));
        }
        if self.weight <= 0.0 {
            let name = columns.weight.as_deref().unwrap_or_default();
            return Err(data(format!(
                "column `{name}`: the weights in `train/` sum to 0"
            )));
        }
        let present: Vec<usize> = (0..self.classes.len())
            .filter(|class| self.classes[*class] > 0.0)
            .collect();
        if let (Task::Binary | Task::Multiclass, [only]) = (target.task, present.as_slice()) {
            let label = columns.label.name();
            let class = target
                .classes
                .get(*only)
                .cloned()
                .unwrap_or_else(|| only.to_string());
            let message =
                format!("column `{label}`: all rows in `train/` are of one class, `{class}`");
            return Err(data(message)
                .hint("there is nothing to tell apart: look at the label and at the split"));
        }
        Ok(())
    }

    fn constant(&self, target: &Target) -> Vec<f64> {
        match target.task {
            Task::Regression | Task::Binary => vec![self.sum / self.weight],
            Task::Multiclass => (0..target.outputs())
                .map(|class| self.classes.get(class).copied().unwrap_or(0.0) / self.weight)
                .collect(),
        }
    }
}

fn unlabelled(fault: Fault) -> Fault {
    fault.hint("drop rows without a good label in `clean`, or change the label in `featurize`")
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::{ArrayRef, Float64Array, RecordBatch};
    use arrow_schema::{DataType, Field, Schema};
    use table::roles::Role;

    use super::*;

    fn columns() -> Columns {
        let field = |name: &str, role| {
            roles::with_roles(Field::new(name, DataType::Float64, true), &[role])
        };
        let fields = vec![
            field("y", Role::Label),
            field("w", Role::Weight),
            field("x", Role::Feature),
        ];
        Columns::of("train/a.parquet", &Schema::new(fields)).unwrap()
    }

    fn tally(task: Task, labels: Vec<Option<f64>>, weights: Vec<f64>) -> Result<Tally, Fault> {
        let labels: ArrayRef = Arc::new(Float64Array::from(labels));
        let weights: ArrayRef = Arc::new(Float64Array::from(weights));
        let rows = RecordBatch::try_from_iter([("y", labels), ("w", weights)]).unwrap();
        let mut tally = Tally::default();
        let known = (task == Task::Binary).then_some(2);
        tally.batch(
            "a.parquet",
            &Batch {
                rows,
                first: 10,
                before: 10,
            },
            &columns(),
            task,
            known,
        )?;
        Ok(tally)
    }

    #[track_caller]
    fn check_fault(task: Task, label: Option<f64>, weight: f64, expected: &str) {
        let fault = tally(task, vec![label], vec![weight]).unwrap_err();
        assert_eq!(fault.to_string(), expected);
    }

    #[test]
    fn the_constant_is_the_weighted_mean_or_the_share_of_each_class() {
        let labels = vec![Some(0.0), Some(1.0), Some(2.0)];
        let weights = vec![2.0, 1.0, 1.0];
        let found = tally(Task::Multiclass, labels.clone(), weights.clone()).unwrap();
        let target = Target::new(Task::Multiclass, 3, None);
        assert_eq!(found.constant(&target), [0.5, 0.25, 0.25]);
        let found = tally(Task::Regression, labels, weights).unwrap();
        assert_eq!(
            found.constant(&Target::new(Task::Regression, 0, None)),
            [0.75]
        );
    }

    #[test]
    fn labels_that_are_missing_or_no_class_are_named_with_their_row() {
        let place = "a.parquet:11: column `y`: ";
        check_fault(
            Task::Binary,
            Some(2.0),
            1.0,
            &format!("{place}expected a class from 0 to 1, found `2`"),
        );
        check_fault(
            Task::Multiclass,
            Some(0.5),
            1.0,
            &format!("{place}expected a class from 0 to 9999, found `0.5`"),
        );
        check_fault(
            Task::Regression,
            None,
            1.0,
            &format!("{place}expected a number, found `null`"),
        );
    }

    #[test]
    fn a_weight_below_zero_is_refused() {
        let expected = "a.parquet:11: column `w`: expected a weight of at least 0, found `-1`";
        check_fault(Task::Binary, Some(1.0), -1.0, expected);
    }

    #[test]
    fn one_class_alone_cannot_be_learnt() {
        let found = tally(Task::Binary, vec![Some(1.0), Some(1.0)], vec![1.0, 1.0]).unwrap();
        let fault = found
            .check(&Target::new(Task::Binary, 2, None), &columns())
            .unwrap_err();
        assert_eq!(
            fault.to_string(),
            "column `y`: all rows in `train/` are of one class, `1`"
        );
        assert_eq!(fault.blame, stage::Blame::Data);
    }

    #[test]
    fn no_row_and_no_weight_cannot_be_learnt_from() {
        let target = Target::new(Task::Regression, 0, None);
        let fault = Tally::default().check(&target, &columns()).unwrap_err();
        assert_eq!(fault.to_string(), "there is no row in `train/`");
        let found = tally(Task::Regression, vec![Some(1.0)], vec![0.0]).unwrap();
        let fault = found.check(&target, &columns()).unwrap_err();
        assert_eq!(
            fault.to_string(),
            "column `w`: the weights in `train/` sum to 0"
        );
    }
}
