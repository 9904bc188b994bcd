//! A trained model.

mod bins;
mod parse;
mod predict;
mod section;
#[cfg(test)]
mod tests;
pub(crate) mod text;

use crate::bins::{Bins, FeatureBins};
use crate::error::Error;
use crate::feature::model_names;
use crate::parameters::{Checked, Objective};
use crate::tree::Tree;
pub use predict::Predictor;

/// How the importance of a feature is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Importance {
    /// The number of splits by it.
    Split,
    /// The sum of the gains of the splits by it.
    Gain,
}

/// A trained model.
#[derive(Clone, Debug, PartialEq)]
pub struct Model {
    pub(crate) objective: Objective,
    pub(crate) num_class: usize,
    pub(crate) names: Vec<String>,
    /// What LightGBM says about the values of each feature: a range, categories, or nothing.
    pub(crate) infos: Vec<String>,
    /// Round after round; within a round a tree per class.
    pub(crate) trees: Vec<Tree>,
    /// What the model was trained with: lines that LightGBM passes over.
    pub(crate) parameters: Vec<String>,
}

impl Model {
    /// A model without a tree.
    pub(crate) fn new(parameters: &Checked, bins: &Bins) -> Self {
        Self {
            objective: parameters.parameters().objective,
            num_class: parameters.trees_per_round(),
            names: model_names(bins.features()),
            infos: bins.all().iter().map(info).collect(),
            trees: Vec::new(),
            parameters: parameters.lines(),
        }
    }

    /// What the model learnt.
    #[must_use]
    pub fn objective(&self) -> Objective {
        self.objective
    }

    /// Values per row in [`predict`](Self::predict): 1, or the number of classes.
    #[must_use]
    pub fn outputs(&self) -> usize {
        self.num_class
    }

    /// The number of trees: one per round, or one per round and class.
    #[must_use]
    pub fn num_trees(&self) -> usize {
        self.trees.len()
    }

    /// The names of the features, in the order of the columns. Characters that a model file cannot hold became `_`.
    #[must_use]
    pub fn feature_names(&self) -> &[String] {
        &self.names
    }

    /// The importance of each feature, in the order of the columns.
    #[must_use]
    pub fn importance(&self, importance: Importance) -> Vec<f64> {
        let mut sums = vec![0.0; self.names.len()];
        for node in self.trees.iter().flat_map(|tree| &tree.nodes) {
            sums[node.feature] += match importance {
                Importance::Split => 1.0,
                Importance::Gain => node.gain,
            };
        }
        sums
    }

    /// The model as LightGBM writes it (text format, version 4). The same model gives the same text.
    #[must_use]
    pub fn to_text(&self) -> String {
        text::write(self)
    }

    /// Reads a model that this crate or LightGBM wrote.
    ///
    /// # Errors
    ///
    /// [`Error::Model`] with the line that is no part of such a model, or that needs what this crate does not know
    /// (linear leaves, averaged forests, other objectives).
    pub fn from_text(text: &str) -> Result<Self, Error> {
        parse::read(text)
    }
}

/// What LightGBM says about the values of a feature.
fn info(bins: &FeatureBins) -> String {
    if bins.count() <= 1 {
        return "none".to_owned();
    }
    match bins {
        FeatureBins::Number(bins) => format!("[{:?}:{:?}]", bins.range.0, bins.range.1),
        FeatureBins::Category(bins) => {
            let mut info = "-1".to_owned();
            for category in &bins.categories {
                info.push(':');
                info.push_str(&category.to_string());
            }
            info
        }
    }
}
