//! What is to be learnt: classes or a number.

use table::roles::Task;

/// What is to be learnt.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Target {
    pub(crate) task: Task,
    /// The names of the classes in the order of their codes; empty for a regression.
    pub(crate) classes: Vec<String>,
}

impl Target {
    /// A target of so many classes, named by the label or else by their codes.
    pub(crate) fn new(task: Task, classes: usize, names: Option<Vec<String>>) -> Self {
        let classes = match task {
            Task::Regression => Vec::new(),
            Task::Binary | Task::Multiclass => {
                names.unwrap_or_else(|| (0..classes).map(|class| class.to_string()).collect())
            }
        };
        Self { task, classes }
    }

    /// Columns of a prediction: one per class, or one.
    pub(crate) fn outputs(&self) -> usize {
        match self.task {
            Task::Multiclass => self.classes.len(),
            Task::Binary | Task::Regression => 1,
        }
    }

    /// In words, for messages.
    pub(crate) fn describe(&self) -> String {
        match self.task {
            Task::Regression => "a number".to_owned(),
            Task::Binary | Task::Multiclass => format!("one of {} classes", self.classes.len()),
        }
    }
}
