//! What the training shall do, under LightGBM's names.

#[cfg(test)]
mod tests;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::Error;

/// What is learnt: the loss that the trees go down.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Objective {
    /// Two classes, labels 0 and 1: log loss.
    #[default]
    Binary,
    /// `num_class` classes, labels 0, 1, …: softmax log loss.
    Multiclass,
    /// A number: squared error.
    Regression,
}

/// What is measured after every round; early stopping goes by it on the validation data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Metric {
    /// Log loss of two classes, less is better.
    BinaryLogloss,
    /// Share of rows put into the wrong one of two classes, less is better.
    BinaryError,
    /// Area under the ROC curve, more is better.
    Auc,
    /// Log loss of many classes, less is better.
    MultiLogloss,
    /// Share of rows put into the wrong one of many classes, less is better.
    MultiError,
    /// Mean squared error, less is better.
    L2,
    /// Root of the mean squared error, less is better.
    Rmse,
    /// Mean absolute error, less is better.
    L1,
}

impl Metric {
    /// LightGBM's name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::BinaryLogloss => "binary_logloss",
            Self::BinaryError => "binary_error",
            Self::Auc => "auc",
            Self::MultiLogloss => "multi_logloss",
            Self::MultiError => "multi_error",
            Self::L2 => "l2",
            Self::Rmse => "rmse",
            Self::L1 => "l1",
        }
    }

    /// Whether `value` is an improvement on `best`.
    #[must_use]
    pub fn is_better(self, value: f64, best: f64) -> bool {
        match self {
            Self::Auc => value > best,
            _ => value < best,
        }
    }

    fn fits(self, objective: Objective) -> bool {
        match self {
            Self::BinaryLogloss | Self::BinaryError | Self::Auc => objective == Objective::Binary,
            Self::MultiLogloss | Self::MultiError => objective == Objective::Multiclass,
            Self::L2 | Self::Rmse | Self::L1 => objective == Objective::Regression,
        }
    }
}

/// All that decides a model besides the data. Names and defaults are LightGBM's; where LightGBM's default does badly
/// for a task, ours differs and says so.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Parameters {
    /// What is learnt.
    pub objective: Objective,
    /// Number of classes; for `multiclass` only.
    pub num_class: u32,
    /// What is measured after every round. Default: the objective's own loss (`binary_logloss`, `multi_logloss`, `l2`).
    pub metric: Option<Metric>,
    /// Rounds, each one tree (for `multiclass` one tree per class).
    pub num_iterations: u32,
    /// Share of each tree's answer that is taken.
    pub learning_rate: f64,
    /// Most leaves of a tree.
    pub num_leaves: u32,
    /// Deepest level of a leaf; 0 or less: no limit.
    pub max_depth: i32,
    /// Fewest rows of a leaf.
    pub min_data_in_leaf: u32,
    /// Least sum of second derivatives of a leaf. Default 0.001; for `multiclass` 1.
    pub min_sum_hessian_in_leaf: Option<f64>,
    /// L1 regularisation of leaf values.
    pub lambda_l1: f64,
    /// L2 regularisation of leaf values. Default 0; for `multiclass` 1.
    pub lambda_l2: Option<f64>,
    /// Least gain for which a leaf is split.
    pub min_gain_to_split: f64,
    /// Share of the features that a tree may use, drawn anew for each tree.
    pub feature_fraction: f64,
    /// Share of the rows that a tree is grown on; takes effect with `bagging_freq`.
    pub bagging_fraction: f64,
    /// The rows are drawn anew every so many rounds; 0: all rows, always.
    pub bagging_freq: u32,
    /// Most bins of a feature, at most 255.
    pub max_bin: u32,
    /// Fewest rows of a bin.
    pub min_data_in_bin: u32,
    /// Rows that bins are found from.
    pub bin_construct_sample_cnt: u32,
    /// Training ends when the metric on the validation data has not improved for so many rounds; 0: never.
    pub early_stopping_round: u32,
    /// Smoothing of a category's mean gradient: small categories are drawn to zero.
    pub cat_smooth: f64,
    /// L2 regularisation of splits by a set of categories, besides `lambda_l2`.
    pub cat_l2: f64,
    /// Most categories on the smaller side of a split.
    pub max_cat_threshold: u32,
    /// Features of at most so many categories are split one against the rest.
    pub max_cat_to_onehot: u32,
    /// Fewest rows of a group of categories.
    pub min_data_per_group: u32,
    /// The one seed of all that is drawn.
    pub seed: u64,
    /// Whether the first tree starts from the mean.
    pub boost_from_average: bool,
    /// Whether the metric is also measured on the training data.
    pub is_provide_training_metric: bool,
}

impl Default for Parameters {
    fn default() -> Self {
        Self {
            objective: Objective::Binary,
            num_class: 1,
            metric: None,
            num_iterations: 100,
            learning_rate: 0.1,
            num_leaves: 31,
            max_depth: -1,
            min_data_in_leaf: 20,
            min_sum_hessian_in_leaf: None,
            lambda_l1: 0.0,
            lambda_l2: None,
            min_gain_to_split: 0.0,
            feature_fraction: 1.0,
            bagging_fraction: 1.0,
            bagging_freq: 0,
            max_bin: 255,
            min_data_in_bin: 3,
            bin_construct_sample_cnt: 200_000,
            early_stopping_round: 0,
            cat_smooth: 10.0,
            cat_l2: 10.0,
            max_cat_threshold: 32,
            max_cat_to_onehot: 4,
            min_data_per_group: 100,
            seed: 0,
            boost_from_average: true,
            is_provide_training_metric: false,
        }
    }
}

/// Parameters that were checked, with all defaults filled in.
#[derive(Clone, Debug, PartialEq)]
pub struct Checked {
    parameters: Parameters,
    metric: Metric,
    lambda_l2: f64,
    min_sum_hessian_in_leaf: f64,
}

impl Parameters {
    /// Checks every parameter, and those that go together.
    ///
    /// # Errors
    ///
    /// The first parameter that is out of range, as [`Error::Parameter`].
    pub fn check(&self) -> Result<Checked, Error> {
        self.check_counts()?;
        self.check_numbers()?;
        let metric = self.check_metric()?;
        let multiclass = self.objective == Objective::Multiclass;
        let lambda_l2 = self.lambda_l2.unwrap_or(if multiclass { 1.0 } else { 0.0 });
        let min_sum_hessian_in_leaf =
            self.min_sum_hessian_in_leaf
                .unwrap_or(if multiclass { 1.0 } else { 1e-3 });
        at_least_zero("lambda_l2", lambda_l2)?;
        at_least_zero("min_sum_hessian_in_leaf", min_sum_hessian_in_leaf)?;
        Ok(Checked {
            parameters: self.clone(),
            metric,
            lambda_l2,
            min_sum_hessian_in_leaf,
        })
    }

    fn check_counts(&self) -> Result<(), Error> {
        match self.objective {
            Objective::Multiclass => within("num_class", self.num_class, 2, 10_000)?,
            Objective::Binary | Objective::Regression => {
                if self.num_class != 1 {
                    return Err(Error::parameter(
                        "num_class",
                        "1, unless `objective` is `multiclass`",
                        self.num_class,
                    ));
                }
            }
        }
        within("num_iterations", self.num_iterations, 1, 1_000_000)?;
        within("num_leaves", self.num_leaves, 2, 131_072)?;
        within("max_bin", self.max_bin, 2, 255)?;
        within("min_data_in_bin", self.min_data_in_bin, 1, u32::MAX)?;
        within(
            "bin_construct_sample_cnt",
            self.bin_construct_sample_cnt,
            1,
            u32::MAX,
        )?;
        within("max_cat_threshold", self.max_cat_threshold, 1, u32::MAX)?;
        within("max_cat_to_onehot", self.max_cat_to_onehot, 1, u32::MAX)?;
        within("min_data_per_group", self.min_data_per_group, 1, u32::MAX)
    }

    fn check_numbers(&self) -> Result<(), Error> {
        share("feature_fraction", self.feature_fraction)?;
        share("bagging_fraction", self.bagging_fraction)?;
        if !(self.learning_rate > 0.0 && self.learning_rate.is_finite()) {
            return Err(Error::parameter(
                "learning_rate",
                "a number above 0",
                self.learning_rate,
            ));
        }
        at_least_zero("lambda_l1", self.lambda_l1)?;
        at_least_zero("min_gain_to_split", self.min_gain_to_split)?;
        at_least_zero("cat_smooth", self.cat_smooth)?;
        at_least_zero("cat_l2", self.cat_l2)
    }

    fn check_metric(&self) -> Result<Metric, Error> {
        let (own, all) = match self.objective {
            Objective::Binary => (
                Metric::BinaryLogloss,
                "`binary_logloss`, `binary_error` or `auc` for the objective `binary`",
            ),
            Objective::Multiclass => (
                Metric::MultiLogloss,
                "`multi_logloss` or `multi_error` for the objective `multiclass`",
            ),
            Objective::Regression => (
                Metric::L2,
                "`l2`, `rmse` or `l1` for the objective `regression`",
            ),
        };
        let metric = self.metric.unwrap_or(own);
        if metric.fits(self.objective) {
            Ok(metric)
        } else {
            Err(Error::parameter("metric", all, metric.name()))
        }
    }
}

impl Checked {
    /// The parameters as they were given.
    #[must_use]
    pub fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    /// What is measured after every round.
    #[must_use]
    pub fn metric(&self) -> Metric {
        self.metric
    }

    /// `lambda_l2`, with the default of the objective filled in.
    #[must_use]
    pub fn lambda_l2(&self) -> f64 {
        self.lambda_l2
    }

    /// `min_sum_hessian_in_leaf`, with the default of the objective filled in.
    #[must_use]
    pub fn min_sum_hessian_in_leaf(&self) -> f64 {
        self.min_sum_hessian_in_leaf
    }

    /// The parameters as lines of a model file, without those that do not go into a model.
    pub(crate) fn lines(&self) -> Vec<String> {
        let filled = Parameters {
            metric: Some(self.metric),
            lambda_l2: Some(self.lambda_l2),
            min_sum_hessian_in_leaf: Some(self.min_sum_hessian_in_leaf),
            ..self.parameters.clone()
        };
        let mut lines = vec!["[boosting: gbdt]".to_owned()];
        if let Ok(serde_json::Value::Object(values)) = serde_json::to_value(&filled) {
            for (name, value) in values {
                let value = match value {
                    serde_json::Value::String(text) => text,
                    serde_json::Value::Bool(flag) => u8::from(flag).to_string(),
                    other => other.to_string(),
                };
                lines.push(format!("[{name}: {value}]"));
            }
        }
        lines
    }

    /// Trees per round, which is also the number of raw scores per row: 1, or the number of classes.
    #[must_use]
    pub fn trees_per_round(&self) -> usize {
        self.parameters.num_class as usize
    }
}

fn within(name: &'static str, value: u32, least: u32, most: u32) -> Result<(), Error> {
    if (least..=most).contains(&value) {
        return Ok(());
    }
    let expected = if most == u32::MAX {
        format!("a whole number of at least {least}")
    } else {
        format!("a whole number from {least} to {most}")
    };
    Err(Error::parameter(name, expected, value))
}

fn share(name: &'static str, value: f64) -> Result<(), Error> {
    if value > 0.0 && value <= 1.0 {
        Ok(())
    } else {
        Err(Error::parameter(name, "a number above 0, at most 1", value))
    }
}

fn at_least_zero(name: &'static str, value: f64) -> Result<(), Error> {
    if value >= 0.0 && value.is_finite() {
        Ok(())
    } else {
        Err(Error::parameter(name, "a number of at least 0", value))
    }
}
