//! Target encoding, fitted: Micci-Barreca 2001, as scikit-learn's `TargetEncoder` has it.

use stage::Fault;
use table::roles::Task;

use super::categories::{Place, constant, insert};
use super::too_many_categories;
use crate::fit::Levels;
use crate::fit::entries::Merge;
use crate::fit::target::{Folds, Labelled, Targets};
use crate::kind::Kind;
use crate::label::FittedLabel;
use crate::settings::{Impute, Reading, Smooth, Strategy, TargetEncode};
use crate::transform::{Encoding, Means, Step};

pub(super) fn fit(
    settings: &TargetEncode,
    impute: Option<&Impute>,
    kind: Kind,
    targets: &Targets,
    label: &FittedLabel,
) -> Result<Step, Fault> {
    let classes: Vec<Option<&str>> = match (label.reading, label.task()) {
        (Reading::Classes, Task::Binary) => vec![label.classes.last().map(String::as_str)],
        (Reading::Classes, _) => label
            .classes
            .iter()
            .map(|class| Some(class.as_str()))
            .collect(),
        _ => vec![None],
    };
    let mut categories = None;
    let mut encodings = Vec::with_capacity(classes.len());
    for class in &classes {
        let (mut levels, mut folds) = targets.sorted(*class).ok_or_else(too_many_categories)?;
        if let Some(impute) = impute {
            fill(impute, kind, &mut levels, &mut folds)?;
        }
        let name = class.filter(|_| classes.len() > 1).map(str::to_owned);
        encodings.push(encoding(settings, name, &folds));
        categories = Some(levels);
    }
    Ok(Step::TargetEncode {
        categories: categories.unwrap_or(Levels::Strings(Vec::new())),
        targets: encodings,
    })
}

/// Gives the rows of the missing category, the last one, to the category that is filled in for it.
fn fill(
    impute: &Impute,
    kind: Kind,
    levels: &mut Levels,
    folds: &mut Vec<Folds>,
) -> Result<(), Fault> {
    let Some(missing) = folds.pop() else {
        return Ok(());
    };
    let rows = |folds: &Folds| folds.iter().map(|fold| fold.0).sum::<u64>();
    let category = match impute.strategy {
        Strategy::Constant => constant(impute, kind)?,
        _ => {
            let mut most: Option<(usize, u64)> = None;
            for (place, folds) in folds.iter().enumerate() {
                let count = rows(folds);
                if most.is_none_or(|(_, greatest)| count > greatest) {
                    most = Some((place, count));
                }
            }
            most.map(|(place, _)| levels.text(place))
                .unwrap_or_default()
        }
    };
    let filled = match insert(levels, &category) {
        Place::There(place) => {
            folds[place].merge(&missing);
            folds[place].clone()
        }
        Place::New(place) => {
            folds.insert(place, missing.clone());
            missing
        }
    };
    // What is missing later has the means of the category filled in.
    folds.push(filled);
    Ok(())
}

/// The last category is the missing one; where it was filled in, its rows are counted with another category already.
fn encoding(settings: &TargetEncode, class: Option<String>, categories: &[Folds]) -> Encoding {
    let cv = settings.cv as usize;
    let without = |fold: Option<usize>| means(settings.smooth, categories, fold, cv);
    Encoding {
        class,
        all: without(None),
        folds: (0..cv).map(|fold| without(Some(fold))).collect(),
    }
}

/// The means by category, from all folds but one.
fn means(smooth: Smooth, categories: &[Folds], without: Option<usize>, cv: usize) -> Means {
    let sum = |folds: &Folds| {
        let mut sum = Labelled::default();
        for fold in (0..cv).filter(|fold| Some(*fold) != without) {
            sum.merge(&folds[fold]);
        }
        sum
    };
    let sums: Vec<Labelled> = categories.iter().map(sum).collect();
    let mut all = Labelled::default();
    sums.iter().for_each(|category| all.merge(category));
    let mut encoded: Vec<f64> = sums
        .iter()
        .map(|category| encode(smooth, *category, all))
        .collect();
    let missing = encoded.pop().unwrap_or(all.1);
    Means {
        prior: all.1,
        missing,
        categories: encoded,
    }
}

fn encode(smooth: Smooth, category: Labelled, all: Labelled) -> f64 {
    let rows = category.0 as f64;
    if category.0 == 0 {
        return all.1;
    }
    let weight = match smooth {
        Smooth::Rows(prior) => rows / (rows + prior),
        Smooth::Auto => {
            let variance = all.2 / all.0 as f64;
            variance * rows / (variance * rows + category.2 / rows)
        }
    };
    if weight.is_nan() {
        return all.1;
    }
    weight * category.1 + (1.0 - weight) * all.1
}
