//! What the trainer says of its training, as far as it can be understood: another trainer may say less.

use serde::Deserialize;

/// What a `training.json` may say.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(crate) struct Training {
    /// The kind of model.
    pub(crate) model: Option<String>,
    /// The round whose model was kept.
    pub(crate) best_round: Option<u32>,
    /// Metrics over the rounds.
    pub(crate) curves: Vec<Curve>,
    /// How much each feature matters.
    pub(crate) importance: Vec<Importance>,
}

/// A metric over the rounds.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub(crate) struct Curve {
    /// Where it was measured.
    pub(crate) partition: String,
    /// What was measured.
    pub(crate) metric: String,
    /// The value after each round.
    pub(crate) values: Vec<f64>,
}

/// How much a feature matters.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub(crate) struct Importance {
    /// The feature.
    pub(crate) feature: String,
    /// The sum of the gains of the splits by it, or the size of its coefficient.
    pub(crate) gain: f64,
    /// The number of splits by it.
    #[serde(default)]
    pub(crate) split: Option<f64>,
}

/// Reads what a trainer says; the error says why it is not understood.
pub(crate) fn parse(text: &[u8]) -> Result<Training, String> {
    serde_json::from_slice(text).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trainer_may_say_less_or_more() {
        assert_eq!(parse(b"{}"), Ok(Training::default()));
        let some =
            parse(br#"{"seconds": 3, "importance": [{"feature": "age", "gain": 2}]}"#).unwrap();
        assert_eq!(some.importance[0].gain, 2.0);
        assert_eq!(some.importance[0].split, None);
    }

    #[test]
    fn what_is_not_understood_is_told() {
        assert_eq!(
            parse(br#"{"curves": 3}"#).unwrap_err(),
            "invalid type: integer `3`, expected a sequence at line 1 column 12"
        );
    }
}
