//! Chains of categories, fitted: which there are, which of them share a code, what the missing ones become.

use stage::{Blame, Fault};

use super::{Outcome, target, too_many_categories};
use crate::chain::Encoder;
use crate::fit::tally::{Tally, number_text};
use crate::fit::{FeaturePart, Levels};
use crate::kind::Kind;
use crate::label::FittedLabel;
use crate::plan::FeaturePlan;
use crate::settings::{HandleUnknown, Impute, Literal, MinFrequency, OneHot, Ordinal, Strategy};
use crate::transform::{Coding, Step};

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
    levels: Levels,
    counts: Vec<u64>,
    missing: u64,
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

/// A category of the settings in the form in which the column has it.
fn category(value: &Literal, kind: Kind, key: &str) -> Result<String, Fault> {
    let wrong = || Fault::settings(format!("`{key}`: expected {kind}, found `{value}`"));
    match (kind, value) {
        (Kind::Integer, Literal::Number(number)) if number.fract() == 0.0 => {
            Ok(format!("{number}"))
        }
        (Kind::Integer, _) => Err(wrong()),
        (Kind::Number, Literal::Number(number)) => Ok(number_text(*number)),
        (Kind::Number, _) => Err(wrong()),
        _ => Ok(value.to_string()),
    }
}

fn given(categories: &[Literal], kind: Kind, key: &str) -> Result<Levels, Fault> {
    let texts: Vec<String> = categories
        .iter()
        .map(|value| category(value, kind, key))
        .collect::<Result<_, _>>()?;
    if kind != Kind::Integer {
        return Ok(Levels::Strings(texts));
    }
    let integer = |text: &String| {
        text.parse()
            .map_err(|_| Fault::settings(format!("`{key}`: `{text}` is too great")))
    };
    Ok(Levels::Integers(
        texts.iter().map(integer).collect::<Result<_, _>>()?,
    ))
}

/// The categories given, with their counts; or those counted.
fn choose(
    categories: Option<&[Literal]>,
    kind: Kind,
    key: &str,
    counted: Counted,
) -> Result<Counted, Fault> {
    let Some(categories) = categories else {
        return Ok(counted);
    };
    let levels = given(categories, kind, key)?;
    let by_text: std::collections::BTreeMap<String, u64> = counted
        .levels
        .texts()
        .into_iter()
        .zip(counted.counts)
        .collect();
    let count = |text: String| by_text.get(&text).copied().unwrap_or(0);
    Ok(Counted {
        counts: levels.texts().into_iter().map(count).collect(),
        levels,
        missing: counted.missing,
    })
}

fn one_hot(
    settings: &OneHot,
    kind: Kind,
    counted: Counted,
    fill: Option<String>,
) -> Result<Coding, Fault> {
    let counted = choose(
        settings.categories.as_deref(),
        kind,
        "one_hot.categories",
        counted,
    )?;
    // What is missing is a category of its own, the last one.
    let mut counts = counted.counts.clone();
    let missing_place = counts.len();
    if counted.missing > 0 {
        counts.push(counted.missing);
    }
    let rows = counted.counts.iter().sum::<u64>() + counted.missing;
    let (frequent, infrequent) = frequent(
        &counts,
        rows,
        settings.min_frequency,
        settings.max_categories,
    );
    let mut codes = frequent.len() as i32;
    let infrequent_code = (!infrequent.is_empty()).then(|| {
        codes += 1;
        codes - 1
    });
    let place = |places: &[usize]| places.iter().position(|place| *place == missing_place);
    let missing_code = place(&frequent)
        .map(|code| code as i32)
        .or_else(|| place(&infrequent).and(infrequent_code));
    let named = |places: &[usize]| {
        let named: Vec<usize> = places
            .iter()
            .copied()
            .filter(|place| *place != missing_place)
            .collect();
        counted.levels.select(&named)
    };
    let unknown = settings.handle_unknown.unwrap_or(HandleUnknown::Ignore);
    let coding = Coding {
        categories: named(&frequent),
        infrequent: infrequent_code.map(|_| named(&infrequent)),
        infrequent_code,
        fill: fill.clone(),
        missing_code,
        unknown_code: infrequent_code.filter(|_| unknown == HandleUnknown::InfrequentIfExist),
        refuse_unknown: unknown == HandleUnknown::Error,
        codes: codes as u32,
    };
    Ok(coding.with_fill(fill))
}

fn ordinal(
    settings: &Ordinal,
    kind: Kind,
    counted: Counted,
    fill: Option<String>,
) -> Result<Coding, Fault> {
    let counted = choose(
        settings.categories.as_deref(),
        kind,
        "ordinal.categories",
        counted,
    )?;
    let rows = counted.counts.iter().sum::<u64>() + counted.missing;
    let (frequent, infrequent) = frequent(
        &counted.counts,
        rows,
        settings.min_frequency,
        settings.max_categories,
    );
    let infrequent_code = (!infrequent.is_empty()).then_some(frequent.len() as i32);
    let codes = frequent.len() + usize::from(infrequent_code.is_some());
    let unknown = settings
        .handle_unknown
        .unwrap_or(HandleUnknown::UseEncodedValue);
    for (key, code) in [
        ("unknown_value", settings.unknown_value),
        ("encoded_missing_value", settings.encoded_missing_value),
    ] {
        if let Some(code) = code.filter(|code| (0..codes as i32).contains(code)) {
            return Err(Fault::settings(format!(
                "`ordinal.{key}`: {code} is the code of a category already"
            )));
        }
    }
    let coding = Coding {
        categories: counted.levels.select(&frequent),
        infrequent: infrequent_code.map(|_| counted.levels.select(&infrequent)),
        infrequent_code,
        fill: fill.clone(),
        missing_code: settings.encoded_missing_value,
        unknown_code: match unknown {
            HandleUnknown::InfrequentIfExist => infrequent_code.or(settings.unknown_value),
            _ => settings.unknown_value,
        },
        refuse_unknown: unknown == HandleUnknown::Error,
        codes: codes as u32,
    };
    Ok(coding.with_fill(fill))
}

impl Coding {
    /// What is missing gets the code of the category that is filled in for it.
    fn with_fill(mut self, fill: Option<String>) -> Self {
        if let Some(fill) = fill {
            let infrequent = self
                .infrequent
                .as_ref()
                .and_then(|levels| levels.position(&fill));
            self.missing_code = match self.categories.position(&fill) {
                Some(code) => Some(code as i32),
                None if infrequent.is_some() => self.infrequent_code,
                None => self.unknown_code,
            };
        }
        self
    }

    /// Whether what is missing has a column of its own.
    pub(crate) fn has_own_missing(&self) -> bool {
        self.fill.is_none()
            && self.missing_code == Some(self.categories.len() as i32)
            && self.missing_code != self.infrequent_code
    }
}

/// The places of frequent and of infrequent categories, as scikit-learn's `_identify_infrequent` finds them.
fn frequent(
    counts: &[u64],
    rows: u64,
    min_frequency: Option<MinFrequency>,
    max_categories: Option<u32>,
) -> (Vec<usize>, Vec<usize>) {
    let least = match min_frequency {
        None => 0.0,
        Some(MinFrequency(share)) if share < 1.0 => share * rows as f64,
        Some(MinFrequency(count)) => count,
    };
    let mut infrequent: Vec<bool> = counts.iter().map(|count| (*count as f64) < least).collect();
    let kept = infrequent.iter().filter(|infrequent| !**infrequent).count();
    if let Some(most) = max_categories
        && (most as usize) < kept + 1
    {
        let mut by_count: Vec<usize> = (0..counts.len()).collect();
        by_count.sort_by_key(|place| counts[*place]);
        let most = most as usize - 1;
        for place in &by_count[..counts.len() - most.min(counts.len())] {
            infrequent[*place] = true;
        }
    }
    (0..counts.len()).partition(|place| !infrequent[*place])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(counts: &[u64], min: Option<f64>, max: Option<u32>, expected: &[usize]) {
        let rows = counts.iter().sum();
        let (frequent, infrequent) = frequent(counts, rows, min.map(MinFrequency), max);
        assert_eq!(frequent, expected);
        assert_eq!(frequent.len() + infrequent.len(), counts.len());
    }

    #[test]
    fn infrequent_categories_are_those_of_scikit_learn() {
        check(&[5, 20, 10, 1], None, None, &[0, 1, 2, 3]);
        check(&[5, 20, 10, 1], Some(6.0), None, &[1, 2]);
        check(&[5, 20, 10, 1], Some(0.2), None, &[1, 2]);
        check(&[5, 20, 10, 1], None, Some(3), &[1, 2]);
        check(&[5, 20, 10, 1], None, Some(4), &[0, 1, 2]);
        check(&[5, 20, 10, 1], None, Some(5), &[0, 1, 2, 3]);
        check(&[2, 2, 2], None, Some(2), &[2]);
        check(&[5, 20, 10, 1], None, Some(1), &[]);
        check(&[5, 20, 10, 1], Some(6.0), Some(2), &[1]);
    }
}
