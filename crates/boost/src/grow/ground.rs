//! The work on one leaf: its best split, and its two children.

use rayon::prelude::*;

use crate::bins::{Bins, FeatureBins, Place};
use crate::dataset::Dataset;
use crate::gradient::{Gradients, Sums};
use crate::grow::Histograms;
use crate::histogram::Histogram;
use crate::parameters::Checked;
use crate::pool::join;
use crate::rows::Rows;
use crate::sides::Sides;
use crate::split::{Cut, Finder, Split};
use crate::tree::{Answer, Missing, Rule};

/// Bins to search below which threads are not worth waking.
const PARALLEL_BINS: usize = 1 << 14;

/// What a tree is grown from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ground<'a> {
    pub(crate) parameters: &'a Checked,
    pub(crate) data: &'a Dataset,
    pub(crate) gradients: &'a Gradients,
    /// The features that the tree may use.
    pub(crate) features: &'a [(usize, Place)],
    /// The least gain of a split in the tree before: what a leaf must promise to be split ahead of its turn.
    pub(crate) usual_gain: f64,
}

/// A leaf, whether or not it will be split.
#[derive(Clone, Copy, Debug)]
pub(super) struct Extent {
    sums: Sums,
    count: usize,
    depth: i32,
    /// L2 regularisation of its value, from the split that made it.
    lambda_l2: f64,
}

impl Extent {
    /// How many rows.
    pub(super) fn count(&self) -> usize {
        self.count
    }
}

/// A leaf with all that splitting it takes.
#[derive(Debug)]
pub(super) struct Sprout {
    pub(super) extent: Extent,
    pub(super) rows: Rows,
    pub(super) histogram: Option<Histogram>,
    pub(super) best: Option<Split>,
}

/// The two children of a leaf.
#[derive(Debug)]
pub(super) struct Children {
    pub(super) rule: Rule,
    pub(super) left: Sprout,
    pub(super) right: Sprout,
}

impl<'a> Ground<'a> {
    /// The leaf of all rows that the tree is grown on.
    pub(super) fn root(&self, histograms: &Histograms, rows: Rows) -> Sprout {
        let histogram = histograms.of(self, &rows);
        // Every row is in some bin of any one feature.
        let first = self.features.first().map(|(_, place)| histogram.of(*place));
        let words = first.unwrap_or_default().iter();
        let mut root = Sprout {
            extent: Extent {
                sums: words.fold(Sums::default(), |sum, word| sum.plus(Sums(*word))),
                count: rows.count(),
                depth: 0,
                lambda_l2: self.parameters.lambda_l2(),
            },
            rows,
            histogram: Some(histogram),
            best: None,
        };
        self.find_best(&mut root);
        histograms.release(&mut root);
        root
    }

    /// Splits a leaf; without `search` its children are final.
    pub(super) fn split(
        &self,
        histograms: &Histograms,
        leaf: Sprout,
        split: &Split,
        search: bool,
    ) -> Children {
        let rule = rule(split, self.data.bins());
        let sides = Sides::new(&rule, split.feature, self.data);
        let (left, right) = leaf.rows.part(&sides);
        let child = |sums: Sums, rows: Rows| Sprout {
            extent: Extent {
                sums,
                count: rows.count(),
                depth: leaf.extent.depth + 1,
                lambda_l2: split.lambda_l2,
            },
            rows,
            histogram: None,
            best: None,
        };
        let mut left = child(split.left, left);
        let mut right = child(leaf.extent.sums.minus(split.left), right);
        match search {
            true => self.search(histograms, leaf.histogram, &mut left, &mut right),
            false => histograms.put(leaf.histogram),
        }
        Children { rule, left, right }
    }

    /// Finds the best splits of both children: builds the histogram of the smaller one, and takes it off the parent's for
    /// the other.
    fn search(
        &self,
        histograms: &Histograms,
        parents: Option<Histogram>,
        left: &mut Sprout,
        right: &mut Sprout,
    ) {
        if !self.may_split(left) && !self.may_split(right) {
            histograms.put(parents);
            return;
        }
        let (smaller, greater) = match left.extent.count <= right.extent.count {
            true => (left, right),
            false => (right, left),
        };
        let histogram = histograms.of(self, &smaller.rows);
        greater.histogram = parents.map(|mut parents| {
            parents.subtract(&histogram);
            parents
        });
        smaller.histogram = Some(histogram);
        join(|| self.find_best(smaller), |_| self.find_best(greater));
        histograms.release(smaller);
        histograms.release(greater);
    }

    /// Finds the best split of a leaf; of equal ones that of the first feature.
    fn find_best(&self, leaf: &mut Sprout) {
        leaf.best = None;
        let Some(histogram) = leaf.histogram.as_ref().filter(|_| self.may_split(leaf)) else {
            return;
        };
        let finder = self.finder();
        let Extent { sums, count, .. } = leaf.extent;
        let best = |at: &(usize, Place)| finder.best_of(histogram, *at, sums, count);
        let bins = self.features.iter();
        let bins: usize = bins
            .map(|(feature, _)| self.data.bins().of(*feature).count())
            .sum();
        let best = if bins < PARALLEL_BINS {
            self.features.iter().filter_map(best).reduce(better)
        } else {
            let features = self.features.par_iter().with_min_len(4);
            features.filter_map(best).reduce_with(better)
        };
        leaf.best = best.filter(|split| split.gain > 0.0);
    }

    fn may_split(&self, leaf: &Sprout) -> bool {
        let parameters = self.parameters.parameters();
        let deep = parameters.max_depth > 0 && leaf.extent.depth >= parameters.max_depth;
        let few = leaf.extent.count < 2 * parameters.min_data_in_leaf.max(1) as usize;
        !deep && !few
    }

    /// What a leaf answers.
    pub(super) fn answer(&self, leaf: &Extent) -> Answer {
        let finder = self.finder();
        Answer {
            value: finder.value(leaf.sums, leaf.lambda_l2),
            weight: finder.hessian(leaf.sums),
            count: leaf.count as u64,
        }
    }

    fn finder(&self) -> Finder<'a> {
        Finder {
            parameters: self.parameters,
            bins: self.data.bins(),
            units: self.gradients.units,
        }
    }
}

/// The split of greater gain; of equal ones that of the earlier feature.
fn better(a: Split, b: Split) -> Split {
    match (b.gain > a.gain, b.gain == a.gain && b.feature < a.feature) {
        (false, false) => a,
        _ => b,
    }
}

/// A cut in terms of values.
fn rule(split: &Split, bins: &Bins) -> Rule {
    match (&split.cut, bins.of(split.feature)) {
        (Cut::Number { bin, default_left }, FeatureBins::Number(of)) => Rule::Number {
            threshold: of.bounds[*bin],
            missing: if of.missing {
                Missing::Nan
            } else {
                Missing::None
            },
            default_left: *default_left,
        },
        (Cut::Category { bins }, FeatureBins::Category(of)) => {
            Rule::of_categories(bins.iter().map(|bin| of.categories[bin - 1]))
        }
        _ => Rule::Category { bits: Vec::new() },
    }
}
