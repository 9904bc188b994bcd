//! What `training.json` says of a training.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::survey::Survey;
use table::roles::Task;

/// The version of the format of `training.json`.
const VERSION: u32 = 1;

/// What is to be known of a training besides the model.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Training {
    /// The version of this format.
    pub(crate) version: u32,
    /// The kind of model.
    pub(crate) model: &'static str,
    /// What was learnt.
    pub(crate) task: Task,
    /// The classes in the order of their codes; empty for a regression.
    pub(crate) classes: Vec<String>,
    /// Rows of each partition.
    pub(crate) rows: BTreeMap<&'static str, u64>,
    /// Rounds or iterations done.
    pub(crate) rounds: Option<u32>,
    /// The round whose model was kept.
    pub(crate) best_round: Option<u32>,
    /// Metrics after each round.
    pub(crate) curves: Vec<Curve>,
    /// How much each feature matters, in the order of the columns.
    pub(crate) importance: Vec<Importance>,
    /// The parameters used.
    pub(crate) parameters: serde_json::Value,
}

/// A metric after each round.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Curve {
    /// Where it was measured.
    pub(crate) partition: String,
    /// What was measured.
    pub(crate) metric: String,
    /// The value after each round.
    pub(crate) values: Vec<f64>,
}

/// How much a feature matters.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Importance {
    /// The feature.
    pub(crate) feature: String,
    /// The sum of the gains of the splits by it; of a linear model the sum of its absolute coefficients, standardised.
    pub(crate) gain: f64,
    /// The number of splits by it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) split: Option<f64>,
}

impl Training {
    /// A training of which only the beginning is known.
    pub(crate) fn new(model: &'static str, survey: &Survey, parameters: &impl Serialize) -> Self {
        Self {
            version: VERSION,
            model,
            task: survey.target.task,
            classes: survey.target.classes.clone(),
            rows: survey.rows.clone(),
            rounds: None,
            best_round: None,
            curves: Vec::new(),
            importance: Vec::new(),
            parameters: serde_json::to_value(parameters).unwrap_or_default(),
        }
    }
}
