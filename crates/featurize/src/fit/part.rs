//! What is learnt of one column from some train rows; parts of the same column add up.

use arrow_array::ArrayRef;
use serde::{Deserialize, Serialize};
use stage::Fault;

use super::categories::Categories;
use super::numbers::NumbersPart;
use super::spread::Spread;
use super::tally::Tally;
use super::target::{TargetRows, Targets};
use crate::chain::{Chain, Encoder};
use crate::plan::FeaturePlan;
use crate::settings::Strategy;

/// What is learnt of one column.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum FeaturePart {
    /// Nothing.
    Nothing,
    /// Whether there is anything in it.
    Spread(Box<Spread>),
    /// Numbers, in a chain.
    Numbers(Box<NumbersPart>),
    /// Categories and their counts.
    Categories { tally: Tally<u64>, missing: u64 },
    /// Categories and the labels that go with them.
    Targets(Targets),
}

impl FeaturePart {
    pub(crate) fn new(feature: &FeaturePlan) -> Self {
        let kind = feature.column.kind;
        match &feature.chain {
            Chain::Passthrough | Chain::Dates(_) if feature.picked => {
                Self::Spread(Box::new(Spread::new(kind)))
            }
            Chain::Passthrough | Chain::Dates(_) => Self::Nothing,
            Chain::Numbers { steps, scale } => {
                Self::Numbers(Box::new(NumbersPart::new(steps, scale.as_ref())))
            }
            Chain::Categories { impute, encoder } => {
                let most_frequent = impute
                    .as_ref()
                    .is_some_and(|impute| impute.strategy == Strategy::MostFrequent);
                match encoder {
                    Encoder::TargetEncode(settings) => {
                        Self::Targets(Targets::new(kind, settings.cv))
                    }
                    Encoder::Hashing(_) if !most_frequent => Self::Nothing,
                    _ => Self::Categories {
                        tally: Tally::new(kind),
                        missing: 0,
                    },
                }
            }
        }
    }

    /// Learns from train rows.
    pub(crate) fn add(
        &mut self,
        feature: &FeaturePlan,
        column: &ArrayRef,
        targets: Option<&TargetRows>,
    ) -> Result<(), Fault> {
        let kind = feature.column.kind;
        match self {
            Self::Nothing => {}
            Self::Spread(spread) => spread.add(column)?,
            Self::Numbers(part) => {
                if let Chain::Numbers { steps, .. } = &feature.chain {
                    part.add(steps, column)?;
                }
            }
            Self::Categories { tally, missing } => {
                let categories = Categories::new(column, kind)?;
                tally.visit(&categories, &0, |count, _| *count += 1, |_| *missing += 1);
            }
            Self::Targets(part) => {
                if let Some(rows) = targets {
                    part.add(&Categories::new(column, kind)?, rows);
                }
            }
        }
        Ok(())
    }

    pub(crate) fn merge(&mut self, other: Self) {
        match (self, other) {
            (Self::Spread(part), Self::Spread(other)) => part.merge(&other),
            (Self::Numbers(part), Self::Numbers(other)) => part.merge(&other),
            (
                Self::Categories { tally, missing },
                Self::Categories {
                    tally: other,
                    missing: more,
                },
            ) => {
                tally.merge(other);
                *missing += more;
            }
            (Self::Targets(part), Self::Targets(other)) => part.merge(other),
            _ => {}
        }
    }
}
