//! A tree in terms of bins, to be run over a dataset.

use crate::bins::{Bins, FeatureBins, Place};
use crate::dataset::Dataset;
use crate::tree::{Child, Missing, Rule, Tree};

/// A tree in terms of bins. Rows go the same way as their values go in the tree itself.
#[derive(Debug)]
pub(crate) struct CodedTree {
    nodes: Vec<CodedNode>,
    values: Vec<f64>,
}

#[derive(Debug)]
struct CodedNode {
    place: Place,
    goes_left: Vec<bool>,
    left: Child,
    right: Child,
}

impl CodedTree {
    /// The tree, in terms of these bins. A feature without codes has one bin: all its rows go where that goes.
    pub(crate) fn new(tree: &Tree, bins: &Bins) -> Self {
        let nodes = tree.nodes.iter().map(|node| {
            let goes_left = sides(&node.rule, bins.of(node.feature));
            match bins.layout().places[node.feature] {
                Some(place) => CodedNode {
                    place,
                    goes_left,
                    left: node.left,
                    right: node.right,
                },
                None => {
                    let only = if goes_left.first() == Some(&true) {
                        node.left
                    } else {
                        node.right
                    };
                    CodedNode {
                        place: Place::Narrow { group: 0, lane: 0 },
                        goes_left: Vec::new(),
                        left: only,
                        right: only,
                    }
                }
            }
        });
        Self {
            nodes: nodes.collect(),
            values: tree.leaves.iter().map(|leaf| leaf.value).collect(),
        }
    }

    /// The tree's value for a row.
    #[inline]
    pub(crate) fn value(&self, data: &Dataset, row: usize) -> f64 {
        let mut child: Child = if self.nodes.is_empty() { !0 } else { 0 };
        while child >= 0 {
            let node = &self.nodes[child as usize];
            let goes_left = match node.goes_left.as_slice() {
                [] => true,
                sides => sides[data.code(node.place, row)],
            };
            child = if goes_left { node.left } else { node.right };
        }
        self.values[!child as usize]
    }
}

/// For each bin whether it goes left.
pub(crate) fn sides(rule: &Rule, bins: &FeatureBins) -> Vec<bool> {
    match (rule, bins) {
        (
            Rule::Number {
                threshold,
                missing,
                default_left,
            },
            FeatureBins::Number(bins),
        ) => {
            let mut sides: Vec<bool> = bins.bounds.iter().map(|bound| bound <= threshold).collect();
            if bins.missing {
                sides.push(match missing {
                    Missing::None => 0.0 <= *threshold,
                    Missing::Zero | Missing::Nan => *default_left,
                });
            }
            sides
        }
        (Rule::Category { .. }, FeatureBins::Category(bins)) => {
            let categories = bins.categories.iter();
            let sides = categories.map(|category| rule.has_category(*category));
            std::iter::once(false).chain(sides).collect()
        }
        _ => vec![false; bins.count()],
    }
}
