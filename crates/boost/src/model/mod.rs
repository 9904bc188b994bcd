//! A trained model.

use crate::error::Error;
use crate::feature::Feature;
use crate::parameters::Objective;

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
    objective: Objective,
    num_class: usize,
    features: Vec<Feature>,
}

impl Model {
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

    /// The names of the features, in the order of the columns.
    #[must_use]
    pub fn feature_names(&self) -> Vec<&str> {
        self.features.iter().map(|f| f.name.as_str()).collect()
    }

    /// The sums of the trees: rows × [`outputs`](Self::outputs), row after row.
    ///
    /// # Errors
    ///
    /// Columns too many, too few or of different lengths.
    pub fn predict_raw(&self, columns: &[&[f64]]) -> Result<Vec<f64>, Error> {
        let _ = columns;
        Ok(Vec::new())
    }

    /// Predictions: P(class 1), P(class k) for each class, or the value; rows × [`outputs`](Self::outputs), row after row.
    ///
    /// # Errors
    ///
    /// Columns too many, too few or of different lengths.
    pub fn predict(&self, columns: &[&[f64]]) -> Result<Vec<f64>, Error> {
        self.predict_raw(columns)
    }

    /// The importance of each feature, in the order of the columns.
    #[must_use]
    pub fn importance(&self, importance: Importance) -> Vec<f64> {
        let _ = importance;
        vec![0.0; self.features.len()]
    }

    /// The model as LightGBM writes it (text format, version 4).
    #[must_use]
    pub fn to_text(&self) -> String {
        String::new()
    }

    /// Reads a model that this crate or LightGBM wrote.
    ///
    /// # Errors
    ///
    /// [`Error::Model`] with the line that is no part of such a model.
    pub fn from_text(text: &str) -> Result<Self, Error> {
        let _ = text;
        Err(Error::Model {
            line: 1,
            message: "expected `tree`".to_owned(),
        })
    }
}
