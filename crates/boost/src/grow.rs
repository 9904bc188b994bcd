//! Growing one tree, leaf by leaf: always the split that lowers the loss most (Ke et al. 2017).

#[cfg(test)]
mod tests;

use rayon::prelude::*;

use crate::bins::{Bins, FeatureBins, GROUP, Place};
use crate::coded::sides;
use crate::dataset::Dataset;
use crate::gradient::{Gradients, Sums};
use crate::histogram::Histogram;
use crate::leaves::Leaves;
use crate::parameters::Checked;
use crate::split::{Cut, Finder, Split};
use crate::tree::{Answer, Missing, Node, Rule, Tree};

/// Bins to search below which threads are not worth waking.
const PARALLEL_BINS: usize = 1 << 11;

/// What a tree is grown from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ground<'a> {
    pub(crate) parameters: &'a Checked,
    pub(crate) data: &'a Dataset,
    pub(crate) gradients: &'a Gradients,
    /// The features that the tree may use.
    pub(crate) features: &'a [(usize, Place)],
}

/// A leaf that may still be split.
#[derive(Debug)]
struct Leaf {
    sums: Sums,
    rows: usize,
    depth: i32,
    /// L2 regularisation of its value, from the split that made it.
    lambda_l2: f64,
    /// The node it hangs on, and whether to its left.
    parent: Option<(usize, bool)>,
    histogram: Option<Histogram>,
    best: Option<Split>,
}

/// Grows trees; keeps what they need besides the data from one to the next.
#[derive(Debug, Default)]
pub(crate) struct Grower {
    /// Histograms that are not in use.
    idle: Vec<Histogram>,
}

impl Grower {
    /// Grows a tree on the rows of leaf 0; `leaves` then tells the rows of each leaf of the tree. `None` if no split
    /// lowers the loss.
    pub(crate) fn grow(&mut self, ground: &Ground<'_>, leaves: &mut Leaves) -> Option<Tree> {
        let parameters = ground.parameters.parameters();
        let mut growing = vec![self.root(ground, leaves)];
        let mut nodes: Vec<Node> = Vec::new();
        while growing.len() < parameters.num_leaves as usize {
            let Some((number, split)) = take_best(&mut growing) else {
                break;
            };
            let last = growing.len() + 1 == parameters.num_leaves as usize;
            self.split(ground, leaves, &mut growing, &mut nodes, number, &split);
            if !last {
                self.search(ground, leaves, &mut growing, number);
            }
        }
        let finder = ground.finder();
        let answers = growing.iter().map(|leaf| ground.answer(&finder, leaf));
        let tree = Tree {
            nodes,
            leaves: answers.collect(),
            shrinkage: 1.0,
        };
        self.idle
            .extend(growing.into_iter().filter_map(|leaf| leaf.histogram));
        (!tree.nodes.is_empty()).then_some(tree)
    }

    fn root(&mut self, ground: &Ground<'_>, leaves: &Leaves) -> Leaf {
        let mut histogram = self.histogram(ground.data.bins());
        histogram.build(ground.data, ground.gradients, leaves, 0);
        // Every row is in some bin of any one feature.
        let first = ground
            .features
            .first()
            .map(|(_, place)| histogram.of(*place));
        let words = first.unwrap_or_default().iter();
        let mut root = Leaf {
            sums: words.fold(Sums::default(), |sum, word| sum.plus(Sums(*word))),
            rows: leaves.count(0),
            depth: 0,
            lambda_l2: ground.parameters.lambda_l2(),
            parent: None,
            histogram: Some(histogram),
            best: None,
        };
        ground.find_best(&mut root);
        self.release(&mut root);
        root
    }

    /// Makes leaf `number` a node: its rows that go right become a new leaf.
    fn split(
        &mut self,
        ground: &Ground<'_>,
        leaves: &mut Leaves,
        growing: &mut Vec<Leaf>,
        nodes: &mut Vec<Node>,
        number: usize,
        split: &Split,
    ) {
        let rule = rule(split, ground.data.bins());
        ground.part_rows(leaves, number, split.feature, &rule);
        let (node, new) = (nodes.len(), growing.len());
        let leaf = &mut growing[number];
        if let Some((parent, is_left)) = leaf.parent {
            let parent = &mut nodes[parent];
            let child = if is_left {
                &mut parent.left
            } else {
                &mut parent.right
            };
            *child = node as i32;
        }
        nodes.push(Node {
            feature: split.feature,
            rule,
            gain: split.gain,
            left: !(number as i32),
            right: !(new as i32),
            answer: ground.answer(&ground.finder(), leaf),
        });
        let child = |sums: Sums, leaf_number: usize, is_left: bool| Leaf {
            sums,
            rows: leaves.count(leaf_number),
            depth: leaf.depth + 1,
            lambda_l2: split.lambda_l2,
            parent: Some((node, is_left)),
            histogram: None,
            best: None,
        };
        let mut left = child(split.left, number, true);
        let right = child(leaf.sums.minus(split.left), new, false);
        left.histogram = leaf.histogram.take();
        *leaf = left;
        growing.push(right);
    }

    /// Finds the best splits of leaf `number`, which has its parent's histogram, and of the newest leaf: builds the
    /// histogram of the smaller one and takes it off the parent's for the other.
    fn search(
        &mut self,
        ground: &Ground<'_>,
        leaves: &Leaves,
        growing: &mut [Leaf],
        number: usize,
    ) {
        let Some((right, rest)) = growing.split_last_mut() else {
            return;
        };
        let new = rest.len();
        let left = &mut rest[number];
        let parents = left.histogram.take();
        if !ground.may_split(left) && !ground.may_split(right) {
            self.idle.extend(parents);
            return;
        }
        let (smaller, greater, built) = match left.rows <= right.rows {
            true => (left, right, number),
            false => (right, left, new),
        };
        let mut histogram = self.histogram(ground.data.bins());
        histogram.build(ground.data, ground.gradients, leaves, built);
        greater.histogram = parents.map(|mut parents| {
            parents.subtract(&histogram);
            parents
        });
        smaller.histogram = Some(histogram);
        rayon::join(|| ground.find_best(smaller), || ground.find_best(greater));
        self.release(smaller);
        self.release(greater);
    }

    /// Takes back the histogram of a leaf that stays one.
    fn release(&mut self, leaf: &mut Leaf) {
        if leaf.best.is_none() {
            self.idle.extend(leaf.histogram.take());
        }
    }

    fn histogram(&mut self, bins: &Bins) -> Histogram {
        let idle = self.idle.pop();
        idle.unwrap_or_else(|| Histogram::new(bins.layout()))
    }
}

impl<'a> Ground<'a> {
    fn finder(&self) -> Finder<'a> {
        Finder {
            parameters: self.parameters,
            bins: self.data.bins(),
            units: self.gradients.units,
        }
    }

    fn may_split(&self, leaf: &Leaf) -> bool {
        let parameters = self.parameters.parameters();
        let deep = parameters.max_depth > 0 && leaf.depth >= parameters.max_depth;
        let few = leaf.rows < 2 * parameters.min_data_in_leaf.max(1) as usize;
        !deep && !few
    }

    /// Finds the best split of a leaf; of equal ones that of the first feature.
    fn find_best(&self, leaf: &mut Leaf) {
        leaf.best = None;
        let Some(histogram) = leaf.histogram.as_ref().filter(|_| self.may_split(leaf)) else {
            return;
        };
        let finder = self.finder();
        let best = |at: &(usize, Place)| finder.best_of(histogram, *at, leaf.sums, leaf.rows);
        let bins = self.features.iter();
        let bins: usize = bins
            .map(|(feature, _)| self.data.bins().of(*feature).count())
            .sum();
        leaf.best = if bins < PARALLEL_BINS {
            self.features.iter().filter_map(best).reduce(better)
        } else {
            let features = self.features.par_iter().with_min_len(4);
            features.filter_map(best).reduce_with(better)
        };
    }

    /// Moves the rows of a leaf that do not go left into a new leaf.
    fn part_rows(&self, leaves: &mut Leaves, leaf: usize, feature: usize, rule: &Rule) {
        let bins = self.data.bins();
        let sides = sides(rule, bins.of(feature));
        match bins.layout().places[feature] {
            Some(Place::Narrow { group, lane }) => {
                let mut table = [false; 256];
                table
                    .iter_mut()
                    .zip(&sides)
                    .for_each(|(to, side)| *to = *side);
                let (codes, table) = (&self.data.columns[group * GROUP + lane], &table);
                leaves.split(leaf, |rows| {
                    let codes = &codes[rows.clone()];
                    move |row| table[usize::from(codes[row])]
                });
            }
            Some(Place::Wide { column }) => leaves.split(leaf, |rows| {
                let codes = &self.data.wide[column][rows.clone()];
                let sides = &sides;
                move |row| sides[usize::from(codes[row])]
            }),
            None => {}
        }
    }

    fn answer(&self, finder: &Finder<'_>, leaf: &Leaf) -> Answer {
        Answer {
            value: finder.value(leaf.sums, leaf.lambda_l2),
            weight: finder.hessian(leaf.sums),
            count: leaf.rows as u64,
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

/// Takes the best split of all leaves; of equal ones that of the first leaf.
fn take_best(growing: &mut [Leaf]) -> Option<(usize, Split)> {
    let gain = |leaf: &Leaf| leaf.best.as_ref().map(|split| split.gain);
    let mut best: Option<(usize, f64)> = None;
    for (number, leaf) in growing.iter().enumerate() {
        if let Some(gain) = gain(leaf)
            && gain > best.map_or(0.0, |(_, best)| best)
        {
            best = Some((number, gain));
        }
    }
    let (number, _) = best?;
    Some((number, growing[number].best.take()?))
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
