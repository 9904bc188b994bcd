//! The fitted steps of one column, ready to be applied.

use std::sync::Arc;

use arrow_array::{Array, ArrayRef, BooleanArray, Float64Array, Int32Array};
use arrow_schema::DataType;
use stage::Fault;
use xxhash_rust::xxh3::xxh3_64;

use super::coded::{Coder, one_column_each};
use super::nulls;
use crate::dates;
use crate::fit::categories::Categories;
use crate::fit::target::fold;
use crate::kind::Kind;
use crate::numbers::{self, log1p};
use crate::settings::Encode;
use crate::transform::{Encoding, FittedFeature, Means, Step};

use super::lookup::Lookup;

/// The steps of one column.
#[derive(Debug)]
pub(super) struct Steps {
    kind: Kind,
    steps: Vec<Step>,
    /// For the last step, if it encodes categories.
    coder: Option<Coder>,
    lookup: Option<Lookup>,
}

impl Steps {
    pub(super) fn new(feature: &FittedFeature) -> Self {
        let (mut coder, mut lookup) = (None, None);
        match feature.steps.last() {
            Some(Step::OneHot(coding) | Step::Ordinal { coding, .. }) => {
                coder = Some(Coder::new(coding));
            }
            Some(Step::TargetEncode { categories, .. }) => lookup = Some(Lookup::new(categories)),
            _ => {}
        }
        Self {
            kind: feature.kind,
            steps: feature.steps.clone(),
            coder,
            lookup,
        }
    }

    pub(super) fn has_folds(&self) -> bool {
        self.lookup.is_some()
    }

    /// The type of each result, and the number of its levels if it is categorical.
    pub(super) fn output(&self, input: &DataType) -> (DataType, Option<u32>) {
        match self.steps.last() {
            None | Some(Step::Passthrough) => (input.clone(), None),
            Some(Step::OneHot(_)) => (DataType::Boolean, None),
            Some(Step::Ordinal { ordered, coding }) => {
                (DataType::Int32, (!ordered).then_some(coding.codes))
            }
            Some(Step::Hashing {
                encode, n_features, ..
            }) => match encode {
                Encode::Ordinal => (DataType::Int32, Some(*n_features)),
                Encode::OneHot => (DataType::Boolean, None),
            },
            Some(Step::QuantileBins { encode, .. }) => match encode {
                Encode::Ordinal => (DataType::Int32, None),
                Encode::OneHot => (DataType::Boolean, None),
            },
            Some(Step::DateParts { .. }) => (DataType::Int64, None),
            _ => (DataType::Float64, None),
        }
    }

    /// Applies all steps. `train` has, for each row of train, the digest that decides its fold.
    pub(super) fn apply(
        &self,
        input: &ArrayRef,
        train: Option<&[Option<u64>]>,
    ) -> Result<Vec<ArrayRef>, Fault> {
        match self.steps.last() {
            None | Some(Step::Passthrough) => Ok(vec![input.clone()]),
            Some(Step::DateParts { parts }) => dates::parts(input, parts),
            Some(Step::OneHot(coding)) => {
                let codes = self.codes(input)?;
                Ok(one_column_each(&codes, coding.codes as usize))
            }
            Some(Step::Ordinal { .. }) => Ok(vec![Arc::new(self.codes(input)?)]),
            Some(Step::Hashing {
                n_features,
                encode,
                fill,
            }) => {
                let categories = Categories::new(input, self.kind)?;
                let codes = hash(&categories, *n_features, fill.as_deref());
                Ok(encoded(codes, *encode, *n_features as usize))
            }
            Some(Step::TargetEncode { targets, .. }) => self.target_encode(input, targets, train),
            Some(_) => self.numbers(input),
        }
    }

    fn codes(&self, input: &ArrayRef) -> Result<Int32Array, Fault> {
        let categories = Categories::new(input, self.kind)?;
        match &self.coder {
            Some(coder) => coder.codes(&categories),
            None => Ok(Int32Array::new_null(input.len())),
        }
    }

    fn numbers(&self, input: &ArrayRef) -> Result<Vec<ArrayRef>, Fault> {
        let mut values = numbers::read(input)?;
        for step in &self.steps {
            values = match step {
                Step::Log1p => values.unary_opt(log1p),
                Step::Impute { value } => impute(&values, *value),
                Step::StandardScale {
                    mean: center,
                    scale,
                }
                | Step::RobustScale { center, scale } => values.unary(|x| (x - center) / scale),
                Step::MinMaxScale { scale, min, clip } => match clip {
                    Some([low, high]) => values.unary(|x| (x * scale + min).clamp(*low, *high)),
                    None => values.unary(|x| x * scale + min),
                },
                Step::QuantileBins { edges, encode } => {
                    let codes = bins(&values, edges);
                    let count = edges.len().saturating_sub(1).max(1);
                    return Ok(encoded(codes, *encode, count));
                }
                _ => values,
            };
        }
        Ok(vec![Arc::new(values)])
    }

    fn target_encode(
        &self,
        input: &ArrayRef,
        targets: &[Encoding],
        train: Option<&[Option<u64>]>,
    ) -> Result<Vec<ArrayRef>, Fault> {
        let categories = Categories::new(input, self.kind)?;
        let Some(lookup) = &self.lookup else {
            return Ok(Vec::new());
        };
        let codes = lookup.codes(&categories).resolve(MISSING, UNKNOWN);
        let encode = |target: &Encoding| {
            let mean = |row: usize, code: i32| {
                let digest = train.and_then(|train| train[row]);
                let means = match digest {
                    Some(digest) => &target.folds[fold(digest, target.folds.len() as u32)],
                    None => &target.all,
                };
                mean(means, code)
            };
            let pairs = codes.iter().enumerate();
            let means: Vec<f64> = pairs.map(|(row, code)| mean(row, *code)).collect();
            Arc::new(Float64Array::from(means)) as ArrayRef
        };
        Ok(targets.iter().map(encode).collect())
    }

    /// Where a value is missing that is imputed.
    pub(super) fn missing(&self, input: &ArrayRef) -> Result<BooleanArray, Fault> {
        if !self
            .steps
            .iter()
            .any(|step| matches!(step, Step::Impute { .. }))
        {
            return Ok(match Categories::new(input, self.kind)? {
                Categories::Integers(column) => nulls(&column),
                Categories::Strings(column) => nulls(&column),
            });
        }
        let mut values = numbers::read(input)?;
        for step in &self.steps {
            match step {
                Step::Log1p => values = values.unary_opt(log1p),
                _ => break,
            }
        }
        Ok(nulls(&values))
    }
}

const MISSING: i32 = -1;
const UNKNOWN: i32 = -2;

fn mean(means: &Means, code: i32) -> f64 {
    match code {
        MISSING => means.missing,
        UNKNOWN => means.prior,
        code => means.categories[code as usize],
    }
}

fn impute(values: &Float64Array, value: f64) -> Float64Array {
    match values.nulls() {
        Some(nulls) if nulls.null_count() > 0 => {
            let pairs = values.values().iter().zip(nulls.iter());
            pairs
                .map(|(x, valid)| if valid { *x } else { value })
                .collect::<Vec<f64>>()
                .into()
        }
        _ => values.clone(),
    }
}

/// The number of inner edges that are not greater than each value.
fn bins(values: &Float64Array, edges: &[f64]) -> Int32Array {
    let inner = match edges {
        [_, inner @ .., _] => inner,
        _ => &[],
    };
    values.unary(|x| inner.partition_point(|edge| *edge <= x) as i32)
}

fn hash(categories: &Categories, codes: u32, fill: Option<&str>) -> Int32Array {
    let code = |text: &str| (xxh3_64(text.as_bytes()) % u64::from(codes)) as i32;
    let missing = fill.map(code);
    match categories {
        Categories::Strings(column) => column
            .iter()
            .map(|value| value.map(code).or(missing))
            .collect(),
        Categories::Integers(column) => {
            let mut text = String::new();
            let mut code_of = |value: i64| {
                text.clear();
                // Writing into a string cannot fail.
                let _ = std::fmt::Write::write_fmt(&mut text, format_args!("{value}"));
                code(&text)
            };
            column
                .iter()
                .map(|value| value.map(&mut code_of).or(missing))
                .collect()
        }
    }
}

fn encoded(codes: Int32Array, encode: Encode, count: usize) -> Vec<ArrayRef> {
    match encode {
        Encode::Ordinal => vec![Arc::new(codes)],
        Encode::OneHot => one_column_each(&codes, count),
    }
}
