//! Bins that tell apart what the trees of a model tell apart.

use crate::bins::category::MOST_BINS;
use crate::bins::number::ZERO_THRESHOLD;
use crate::bins::{Bins, CategoryBins, FeatureBins, NumberBins};
use crate::feature::Feature;
use crate::tree::{Missing, Rule, Tree};

/// Bins of the model's features in which all values go the same way at each node of the trees. `None` if a feature needs
/// more bins than there are codes, or is split both as a number and by category.
pub(super) fn bins(trees: &[Tree], features: usize) -> Option<Bins> {
    let mut rules: Vec<Vec<&Rule>> = vec![Vec::new(); features];
    for node in trees.iter().flat_map(|tree| &tree.nodes) {
        rules[node.feature].push(&node.rule);
    }
    let bins: Option<Vec<FeatureBins>> = rules.iter().map(|rules| of_feature(rules)).collect();
    let names = (0..features).map(|feature| Feature::number(feature.to_string()));
    Some(Bins::new(names.collect(), bins?))
}

fn of_feature(rules: &[&Rule]) -> Option<FeatureBins> {
    let bins = match rules.first() {
        Some(Rule::Category { .. }) => FeatureBins::Category(categories(rules)?),
        _ => FeatureBins::Number(numbers(rules)?),
    };
    (bins.count() <= MOST_BINS).then_some(bins)
}

/// A bin up to each threshold, and one of missing values.
fn numbers(rules: &[&Rule]) -> Option<NumberBins> {
    let mut bounds = Vec::with_capacity(rules.len() + 3);
    for rule in rules {
        let Rule::Number {
            threshold, missing, ..
        } = rule
        else {
            return None;
        };
        bounds.extend((!threshold.is_nan()).then_some(*threshold));
        if *missing == Missing::Zero {
            bounds.extend([(-ZERO_THRESHOLD).next_down(), ZERO_THRESHOLD]);
        }
    }
    bounds.push(f64::INFINITY);
    bounds.sort_unstable_by(f64::total_cmp);
    bounds.dedup();
    Some(NumberBins {
        bounds,
        missing: !rules.is_empty(),
        range: (f64::NEG_INFINITY, f64::INFINITY),
    })
}

/// A bin of each category that goes left anywhere.
fn categories(rules: &[&Rule]) -> Option<CategoryBins> {
    let mut all: Vec<u32> = Vec::new();
    for rule in rules {
        let Rule::Category { bits } = rule else {
            return None;
        };
        all.resize(all.len().max(bits.len()), 0);
        all.iter_mut()
            .zip(bits)
            .for_each(|(all, bits)| *all |= bits);
    }
    let all = Rule::Category { bits: all };
    Some(CategoryBins::of(all.categories().collect()))
}
