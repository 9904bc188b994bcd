//! What `config/train.json` may say.

use boost::{Objective, Parameters};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use stage::Fault;
use table::roles::Task;

use crate::target::Target;

/// The settings of `train`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Settings {
    /// The kind of model.
    pub(crate) model: Kind,
    /// What the label is; by default what its metadata says.
    pub(crate) task: Option<Task>,
    /// Parameters of `trees`, under LightGBM's names. `objective` and `num_class` follow from the label.
    pub(crate) trees: Parameters,
    /// Parameters of `linear`.
    pub(crate) linear: Linear,
}

/// The kind of model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    /// Gradient-boosted trees.
    #[default]
    Trees,
    /// Logistic, softmax or ridge regression.
    Linear,
    /// The constant that fits train best: what any model must beat.
    Baseline,
}

/// Parameters of a linear model. The loss is summed over rows, weighted; features are standardised.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Linear {
    /// Half of this times the sum of squared coefficients is added to the loss.
    pub(crate) lambda_l2: f64,
    /// This times the sum of absolute coefficients is added to the loss; some of them become 0.
    pub(crate) lambda_l1: f64,
    /// Most steps of Newton's method.
    pub(crate) max_iterations: u32,
    /// Ends when a step improves the loss by less than this share of it.
    pub(crate) tolerance: f64,
}

impl Default for Linear {
    fn default() -> Self {
        Self {
            lambda_l2: 1.0,
            lambda_l1: 0.0,
            max_iterations: 100,
            tolerance: 1e-10,
        }
    }
}

impl Settings {
    /// Checks all that can be checked before any data is read.
    pub(crate) fn check(&self) -> Result<(), Fault> {
        self.linear.check()?;
        // Which metrics and which number of classes go with the label is seen later.
        let any_task = Parameters {
            objective: Objective::Binary,
            num_class: 1,
            metric: None,
            ..self.trees.clone()
        };
        any_task.check().map(|_| ()).map_err(refused)
    }

    /// The parameters of trees for a label.
    pub(crate) fn trees(&self, target: &Target) -> Result<boost::Checked, Fault> {
        let (objective, num_class) = match target.task {
            Task::Binary => (Objective::Binary, 1),
            Task::Regression => (Objective::Regression, 1),
            Task::Multiclass => (Objective::Multiclass, target.outputs() as u32),
        };
        let given = &self.trees;
        if given.objective != Objective::default() && given.objective != objective {
            return Err(contradiction("objective", target));
        }
        if given.num_class != 1 && given.num_class != num_class {
            return Err(contradiction("num_class", target));
        }
        let parameters = Parameters {
            objective,
            num_class,
            ..given.clone()
        };
        parameters.check().map_err(refused)
    }
}

impl Linear {
    fn check(self) -> Result<(), Fault> {
        for (name, value) in [
            ("lambda_l1", self.lambda_l1),
            ("lambda_l2", self.lambda_l2),
            ("tolerance", self.tolerance),
        ] {
            if !(value >= 0.0 && value.is_finite()) {
                return Err(Fault::settings(format!(
                    "`linear.{name}`: expected a number of at least 0, found `{value}`"
                )));
            }
        }
        if self.max_iterations == 0 {
            return Err(Fault::settings(
                "`linear.max_iterations`: expected a whole number of at least 1, found `0`",
            ));
        }
        Ok(())
    }
}

/// A parameter that the trainer refuses.
fn refused(error: boost::Error) -> Fault {
    match error {
        boost::Error::Parameter {
            name,
            expected,
            found,
        } => Fault::settings(format!(
            "`trees.{name}`: expected {expected}, found `{found}`"
        )),
        other => Fault::settings(format!("`trees`: {other}")),
    }
}

fn contradiction(name: &str, target: &Target) -> Fault {
    let message = format!(
        "`trees.{name}`: does not go with the label, which is {}",
        target.describe()
    );
    Fault::settings(message).hint("leave it out: it follows from the label")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Settings, Fault> {
        stage::settings::parse(text.as_bytes(), "train.json")
    }

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let fault = parse(text)
            .and_then(|settings| settings.check())
            .unwrap_err();
        assert_eq!(fault.blame, stage::Blame::Settings);
        let hint = fault.hint.as_deref().unwrap_or("-");
        assert_eq!(format!("{fault} | {hint}"), expected);
    }

    #[test]
    fn nothing_need_be_set() {
        let settings = parse("{}").unwrap();
        settings.check().unwrap();
        assert_eq!(settings.model, Kind::Trees);
    }

    #[test]
    fn values_out_of_range_are_refused_before_any_data_is_read() {
        check(
            r#"{"trees": {"num_leaves": 1}}"#,
            "`trees.num_leaves`: expected a whole number from 2 to 131072, found `1` | -",
        );
        check(
            r#"{"linear": {"lambda_l2": -1}}"#,
            "`linear.lambda_l2`: expected a number of at least 0, found `-1` | -",
        );
        check(
            r#"{"linear": {"max_iterations": 0}}"#,
            "`linear.max_iterations`: expected a whole number of at least 1, found `0` | -",
        );
    }

    #[test]
    fn a_misspelt_parameter_is_refused_with_the_nearest_one() {
        let fault = parse(r#"{"trees": {"num_leafs": 3}}"#).unwrap_err();
        assert_eq!(fault.hint.as_deref(), Some("did you mean `num_leaves`?"));
    }

    #[test]
    fn an_objective_that_contradicts_the_label_is_refused() {
        let settings = parse(r#"{"trees": {"objective": "regression"}}"#).unwrap();
        let target = Target::new(Task::Binary, 2, None);
        let fault = settings.trees(&target).unwrap_err();
        assert_eq!(
            fault.to_string(),
            "`trees.objective`: does not go with the label, which is one of 2 classes"
        );
    }

    #[test]
    fn the_objective_follows_from_the_label() {
        let target = Target::new(Task::Multiclass, 4, None);
        let checked = Settings::default().trees(&target).unwrap();
        assert_eq!(checked.parameters().objective, Objective::Multiclass);
        assert_eq!(checked.trees_per_round(), 4);
    }
}
