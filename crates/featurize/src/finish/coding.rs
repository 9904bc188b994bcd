//! Which categories have a code of their own, which share one, and what the missing and the unknown ones get.

use stage::Fault;

use super::categories::Counted;
use crate::fit::Levels;
use crate::fit::categories::number_text;
use crate::kind::Kind;
use crate::settings::{HandleUnknown, Literal, MinFrequency, OneHot, Ordinal};
use crate::transform::Coding;

/// A category of the settings in the form in which the column has it.
pub(super) fn category(value: &Literal, kind: Kind, key: &str) -> Result<String, Fault> {
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

pub(super) fn one_hot(
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

pub(super) fn ordinal(
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
