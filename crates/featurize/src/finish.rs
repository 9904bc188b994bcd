//! From what was learnt to the fitted transform.

mod categories;
mod coding;
mod numbers;
mod target;

use std::collections::BTreeSet;

use stage::{Blame, Fault};
use table::roles::Role;

use crate::chain::{Chain, Encoder};
use crate::fit::{FeaturePart, MAX_CATEGORIES, Part};
use crate::label::{self, FittedLabel};
use crate::plan::{FeaturePlan, Plan};
use crate::settings::Encode;
use crate::transform::{CarriedColumn, FittedFeature, Step, Transform, UnusedColumn, VERSION};

/// A chain, fitted; or why the column is of no use, where `auto` may say so.
pub(crate) enum Outcome {
    Steps(Vec<Step>),
    Useless(&'static str),
}

/// Makes the fitted transform of what was learnt from all items.
pub fn finish(plan: &Plan, part: &Part) -> Result<Transform, Fault> {
    if part.rows == 0 {
        let fault = Fault::message(Blame::Data, "no row is in train, so nothing can be fitted");
        return Err(fault.hint("look at the shares, cuts or values of the split rule"));
    }
    let label = label::fit(&plan.label, part.classes.as_ref())?;
    let mut names = Names::new(plan);
    let mut features = Vec::new();
    let mut unused = Vec::new();
    for (feature, part) in plan.features.iter().zip(&part.features) {
        let column = &feature.column.name;
        let outcome = fit_feature(feature, part, &label)
            .map_err(|fault| fault.context(format!("column `{column}`")))?;
        match outcome {
            Outcome::Steps(steps) => features.push(names.name(feature, steps)),
            Outcome::Useless(reason) => unused.push(UnusedColumn {
                column: column.clone(),
                reason: reason.to_owned(),
            }),
        }
    }
    unused.extend(plan.unused.iter().map(|(column, reason)| UnusedColumn {
        column: column.clone(),
        reason: (*reason).to_owned(),
    }));
    if features.is_empty() {
        let fault = Fault::message(Blame::Data, "no column is of use as a feature");
        let columns: Vec<String> = unused
            .iter()
            .map(|unused| format!("`{}` {}", unused.column, unused.reason))
            .collect();
        return Err(fault.hint(columns.join("; ")));
    }
    Ok(Transform {
        version: VERSION,
        train_rows: part.rows,
        label,
        carried: carried(plan),
        features,
        unused,
        fold_columns: if plan.folds() {
            plan.fold_columns.clone()
        } else {
            Vec::new()
        },
    })
}

fn carried(plan: &Plan) -> Vec<CarriedColumn> {
    let column = |carried: &crate::plan::Carried| CarriedColumn {
        column: carried.name.clone(),
        roles: carried.roles.iter().map(Role::to_string).collect(),
    };
    plan.carried.iter().map(column).collect()
}

fn fit_feature(
    feature: &FeaturePlan,
    part: &FeaturePart,
    label: &FittedLabel,
) -> Result<Outcome, Fault> {
    let steps = match (&feature.chain, part) {
        (Chain::Passthrough, FeaturePart::Spread(spread)) => match spread.useless() {
            Some(reason) => return Ok(Outcome::Useless(reason)),
            None => vec![Step::Passthrough],
        },
        (Chain::Passthrough, _) => vec![Step::Passthrough],
        (Chain::Dates(parts), FeaturePart::Spread(spread)) => {
            if let Some(reason) = spread.useless() {
                return Ok(Outcome::Useless(reason));
            }
            let parts = spread.differing(parts);
            if parts.is_empty() {
                return Ok(Outcome::Useless("has one value only in the train rows"));
            }
            vec![Step::DateParts { parts }]
        }
        (Chain::Dates(parts), _) => vec![Step::DateParts {
            parts: parts.clone(),
        }],
        (Chain::Numbers { steps, scale }, FeaturePart::Numbers(part)) => {
            numbers::fit(steps, scale.as_ref(), part)?
        }
        (Chain::Categories { impute, encoder }, part) => {
            return categories::fit(feature, impute.as_ref(), encoder, part, label);
        }
        _ => {
            return Err(Fault::message(
                Blame::Program,
                "a part does not fit its chain",
            ));
        }
    };
    Ok(Outcome::Steps(steps))
}

/// The fault of a column with too many categories.
pub(crate) fn too_many_categories() -> Fault {
    let fault = Fault::settings(format!(
        "has more than {MAX_CATEGORIES} different values in the train rows"
    ));
    fault.hint("use `hashing`, or drop it")
}

/// Hands out the features' names: each once.
struct Names {
    taken: BTreeSet<String>,
    /// Columns carried along as they are, and so not in the way of a feature that is the same.
    carried: BTreeSet<String>,
}

impl Names {
    fn new(plan: &Plan) -> Self {
        let carried: BTreeSet<String> = plan
            .carried
            .iter()
            .map(|carried| carried.name.clone())
            .collect();
        let mut taken = carried.clone();
        taken.insert(plan.label.settings.column.clone());
        Self { taken, carried }
    }

    fn name(&mut self, feature: &FeaturePlan, steps: Vec<Step>) -> FittedFeature {
        let column = &feature.column.name;
        let endings = steps.last().map(endings).unwrap_or_default();
        let outputs = if steps == [Step::Passthrough] && self.carried.remove(column) {
            vec![column.clone()]
        } else if endings.is_empty() {
            let ending = steps.last().map_or("", step_name);
            vec![self.take(column.clone(), ending)]
        } else {
            let named = |ending: &String| self.take(format!("{column}_{ending}"), "");
            endings.iter().map(named).collect()
        };
        let indicator = adds_indicator(&feature.chain)
            .then(|| self.take(format!("{column}_missing"), "indicator"));
        FittedFeature {
            column: column.clone(),
            kind: feature.column.kind,
            auto: feature.picked,
            steps,
            outputs,
            indicator,
        }
    }

    /// The name if it is free, else with an ending, else with a number.
    fn take(&mut self, name: String, ending: &str) -> String {
        let ended = format!("{name}_{ending}");
        let first = [
            name.clone(),
            if ending.is_empty() {
                name.clone()
            } else {
                ended
            },
        ];
        let numbered = (2_u32..).map(|number| format!("{}_{number}", first[1]));
        let free = first
            .iter()
            .cloned()
            .chain(numbered)
            .find(|name| !self.taken.contains(name));
        let free = free.unwrap_or(name);
        self.taken.insert(free.clone());
        free
    }
}

fn adds_indicator(chain: &Chain) -> bool {
    match chain {
        Chain::Numbers { steps, .. } => steps.iter().any(|step| match step {
            crate::chain::NumberStep::Impute(impute) => impute.add_indicator,
            crate::chain::NumberStep::Log1p => false,
        }),
        Chain::Categories { impute, .. } => {
            impute.as_ref().is_some_and(|impute| impute.add_indicator)
        }
        Chain::Passthrough | Chain::Dates(_) => false,
    }
}

/// What is appended to the column's name for each feature of a step with several; none for a step with one.
fn endings(step: &Step) -> Vec<String> {
    let numbered = |count: usize| (0..count).map(|number| number.to_string()).collect();
    match step {
        Step::DateParts { parts } => parts.iter().map(|part| part.name().to_owned()).collect(),
        Step::OneHot(coding) => {
            let mut endings = coding.categories.texts();
            if coding.has_own_missing() {
                endings.push("missing".to_owned());
            }
            if coding.infrequent_code.is_some() {
                endings.push("infrequent".to_owned());
            }
            endings
        }
        Step::QuantileBins {
            edges,
            encode: Encode::OneHot,
        } => numbered(edges.len().saturating_sub(1).max(1)),
        Step::Hashing {
            n_features,
            encode: Encode::OneHot,
            ..
        } => numbered(*n_features as usize),
        Step::TargetEncode { targets, .. } => targets
            .iter()
            .filter_map(|target| target.class.clone())
            .collect(),
        _ => Vec::new(),
    }
}

/// What is appended to a name that is taken.
fn step_name(step: &Step) -> &'static str {
    match step {
        Step::Passthrough => "passthrough",
        Step::Log1p => "log1p",
        Step::Impute { .. } => "impute",
        Step::StandardScale { .. } => "standard_scale",
        Step::MinMaxScale { .. } => "min_max_scale",
        Step::RobustScale { .. } => "robust_scale",
        Step::QuantileBins { .. } => "quantile_bins",
        Step::OneHot(_) => "one_hot",
        Step::Ordinal { .. } => "ordinal",
        Step::Hashing { .. } => "hashing",
        Step::DateParts { .. } => "date_parts",
        Step::TargetEncode { .. } => "target_encode",
    }
}

impl Encoder {
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::OneHot(_) => "one_hot",
            Self::Ordinal(_) => "ordinal",
            Self::Hashing(_) => "hashing",
            Self::TargetEncode(_) => "target_encode",
        }
    }
}
