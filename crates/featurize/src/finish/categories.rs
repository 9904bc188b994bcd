//! Chains of categories, fitted: which there are, which of them share a code, what the missing ones become.

use stage::{Blame, Fault};

use super::coding::{category, one_hot, ordinal};
use super::{Outcome, target, too_many_categories};
use crate::chain::Encoder;
use crate::fit::tally::Tally;
use crate::fit::{FeaturePart, Levels};
use crate::kind::Kind;
use crate::label::FittedLabel;
use crate::plan::FeaturePlan;
use crate::settings::{Impute, Literal, Strategy};
use crate::transform::Step;

/// Below how many rows `auto` does not take different values in most rows as a sign of anything.
const FEW_ROWS: u64 = 20;

pub(super) fn fit(
    feature: &FeaturePlan,
    impute: Option<&Impute>,
    encoder: &Encoder,
    part: &FeaturePart,
    label: &FittedLabel,
) -> Result<Outcome, Fault> {
    let kind = feature.column.kind;
    if let (Encoder::TargetEncode(settings), FeaturePart::Targets(targets)) = (encoder, part) {
        let step = target::fit(settings, impute, kind, targets, label)?;
        return Ok(Outcome::Steps(vec![step]));
    }
    let counted = match part {
        FeaturePart::Categories { tally, missing } => match counted(tally, *missing) {
            Some(counted) => counted,
            None if feature.picked => {
                return Ok(Outcome::Useless(
                    "has a value of its own in most train rows",
                ));
            }
            None => return Err(too_many_categories()),
        },
        _ => Counted {
            levels: Levels::Strings(Vec::new()),
            counts: Vec::new(),
            missing: 0,
        },
    };
    if feature.picked
        && let Some(reason) = counted.useless()
    {
        return Ok(Outcome::Useless(reason));
    }
    let fill = impute
        .map(|impute| fill(impute, kind, &counted))
        .transpose()?;
    let step = match encoder {
        Encoder::Hashing(settings) => Step::Hashing {
            n_features: settings.n_features,
            encode: settings.encode,
            fill,
        },
        Encoder::OneHot(settings) => Step::OneHot(one_hot(
            settings,
            kind,
            counted.filled(fill.as_deref()),
            fill,
        )?),
        Encoder::Ordinal(settings) => Step::Ordinal {
            ordered: settings.ordered,
            coding: ordinal(settings, kind, counted.filled(fill.as_deref()), fill)?,
        },
        Encoder::TargetEncode(_) => {
            let message = format!("a part does not fit `{}`", encoder.name());
            return Err(Fault::message(Blame::Program, message));
        }
    };
    Ok(Outcome::Steps(vec![step]))
}

/// Categories in order, and how many train rows have each.
pub(super) struct Counted {
    pub(super) levels: Levels,
    pub(super) counts: Vec<u64>,
    pub(super) missing: u64,
}

fn counted(tally: &Tally<u64>, missing: u64) -> Option<Counted> {
    let (levels, counts) = tally.clone().sorted()?;
    Some(Counted {
        levels,
        counts,
        missing,
    })
}

impl Counted {
    fn useless(&self) -> Option<&'static str> {
        let rows: u64 = self.counts.iter().sum();
        match self.levels.len() as u64 {
            0 => Some("has no value in the train rows"),
            1 if self.missing == 0 => Some("has one value only in the train rows"),
            levels if rows >= FEW_ROWS && levels * 2 > rows => {
                Some("has a value of its own in most train rows")
            }
            _ => None,
        }
    }

    /// With the category for what is missing counted as such.
    fn filled(mut self, fill: Option<&str>) -> Self {
        let Some(fill) = fill.filter(|_| self.missing > 0) else {
            return self;
        };
        let place = insert(&mut self.levels, fill);
        match place {
            Place::There(place) => self.counts[place] += self.missing,
            Place::New(place) => self.counts.insert(place, self.missing),
        }
        self.missing = 0;
        self
    }
}

/// Where a category stands after [`insert`].
pub(super) enum Place {
    There(usize),
    New(usize),
}

/// Inserts a category where it belongs in the order, unless it is there.
pub(super) fn insert(levels: &mut Levels, category: &str) -> Place {
    match levels {
        Levels::Integers(values) => {
            let value = category.parse().unwrap_or_default();
            match values.binary_search(&value) {
                Ok(place) => Place::There(place),
                Err(place) => {
                    values.insert(place, value);
                    Place::New(place)
                }
            }
        }
        Levels::Strings(values) => {
            match values.binary_search_by(|value| value.as_str().cmp(category)) {
                Ok(place) => Place::There(place),
                Err(place) => {
                    values.insert(place, category.to_owned());
                    Place::New(place)
                }
            }
        }
    }
}

/// The category for what is missing.
fn fill(impute: &Impute, kind: Kind, counted: &Counted) -> Result<String, Fault> {
    match impute.strategy {
        Strategy::Constant => constant(impute, kind),
        _ => {
            // Of several equally frequent the first in order.
            let mut most: Option<(usize, u64)> = None;
            for (place, count) in counted.counts.iter().enumerate() {
                if most.is_none_or(|(_, greatest)| *count > greatest) {
                    most = Some((place, *count));
                }
            }
            let (place, _) = most.ok_or_else(|| {
                Fault::message(Blame::Data, "has no value in the train rows")
                    .hint("drop it, or impute with `\"strategy\": \"constant\"`")
            })?;
            Ok(counted.levels.text(place))
        }
    }
}

/// The given category for what is missing.
pub(super) fn constant(impute: &Impute, kind: Kind) -> Result<String, Fault> {
    let value = impute.fill_value.clone().unwrap_or_else(|| match kind {
        Kind::Integer | Kind::Number => Literal::Number(0.0),
        _ => Literal::Text("missing".to_owned()),
    });
    category(&value, kind, "impute.fill_value")
}
