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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{dataset, table};
    use crate::tree::{Answer, Node};

    /// A stump for each feature and rule: a row must go the same way by its bins and by its values.
    #[test]
    fn rows_go_the_same_way_by_bins_and_by_values() {
        let table = table(2_000);
        let data = dataset(&table, 1);
        for (feature, column) in table.columns.iter().enumerate() {
            let rules: Vec<Rule> = match data.bins().of(feature) {
                FeatureBins::Number(bins) => bins
                    .bounds
                    .iter()
                    .flat_map(|threshold| {
                        [true, false].map(|default_left| Rule::Number {
                            threshold: *threshold,
                            missing: if bins.missing {
                                Missing::Nan
                            } else {
                                Missing::None
                            },
                            default_left,
                        })
                    })
                    .collect(),
                FeatureBins::Category(bins) => (2..5)
                    .map(|step| Rule::of_categories(bins.categories.iter().copied().step_by(step)))
                    .collect(),
            };
            for rule in rules {
                let leaf = |value: f64| Answer {
                    value,
                    ..Answer::default()
                };
                let tree = Tree {
                    nodes: vec![Node {
                        feature,
                        rule,
                        gain: 1.0,
                        left: !0,
                        right: !1,
                        answer: Answer::default(),
                    }],
                    leaves: vec![leaf(1.0), leaf(2.0)],
                    shrinkage: 1.0,
                };
                let coded = CodedTree::new(&tree, data.bins());
                for (row, value) in column.iter().enumerate() {
                    let expected = tree.value(|_| *value);
                    assert_eq!(
                        coded.value(&data, row),
                        expected,
                        "{:?} {value}",
                        tree.nodes[0].rule
                    );
                }
            }
        }
    }
}
