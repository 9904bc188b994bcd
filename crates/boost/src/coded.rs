//! A tree in terms of bins, to be run over a dataset.

use crate::bins::{FeatureBins, GROUP, Place};
use crate::dataset::Dataset;
use crate::rows::part;
use crate::tree::{Missing, Rule, Tree};

/// A tree in terms of the bins of a dataset. Rows go the same way as their values go in the tree itself.
#[derive(Debug)]
pub(crate) struct CodedTree<'a> {
    tree: &'a Tree,
    /// Of each node.
    sides: Vec<Sides<'a>>,
}

/// Which rows of a dataset go left.
#[derive(Debug)]
pub(crate) enum Sides<'a> {
    /// By codes of a byte.
    Narrow {
        codes: &'a [u8],
        goes_left: Box<[bool; 256]>,
    },
    /// By codes of 16 bits.
    Wide {
        codes: &'a [u16],
        goes_left: Vec<bool>,
    },
    /// All of them, or none: the feature has one bin and no codes.
    Same(bool),
}

impl<'a> Sides<'a> {
    /// As the rule says of a feature's values.
    pub(crate) fn new(rule: &Rule, feature: usize, data: &'a Dataset) -> Self {
        let sides = sides(rule, data.bins().of(feature));
        match data.bins().layout().places[feature] {
            Some(Place::Narrow { group, lane }) => {
                let mut goes_left = Box::new([false; 256]);
                let known = goes_left.iter_mut().zip(&sides);
                known.for_each(|(to, side)| *to = *side);
                Self::Narrow {
                    codes: &data.columns[group * GROUP + lane],
                    goes_left,
                }
            }
            Some(Place::Wide { column }) => Self::Wide {
                codes: &data.wide[column],
                goes_left: sides,
            },
            None => Self::Same(sides.first() == Some(&true)),
        }
    }

    /// Puts the rows that go left before all others; returns how many. The order stays.
    pub(crate) fn part(&self, rows: &mut [u32]) -> usize {
        match self {
            Self::Narrow { codes, goes_left } => {
                part(rows, |row| goes_left[usize::from(codes[row])])
            }
            Self::Wide { codes, goes_left } => part(rows, |row| goes_left[usize::from(codes[row])]),
            Self::Same(goes_left) => rows.len() * usize::from(*goes_left),
        }
    }
}

impl<'a> CodedTree<'a> {
    /// The tree, in terms of the bins of these rows.
    pub(crate) fn new(tree: &'a Tree, data: &'a Dataset) -> Self {
        let nodes = tree.nodes.iter();
        let sides = nodes.map(|node| Sides::new(&node.rule, node.feature, data));
        Self {
            tree,
            sides: sides.collect(),
        }
    }

    /// Gives the value of each of some rows to `take`: leaf by leaf, all rows of one at a time.
    pub(crate) fn run(&self, rows: &mut [u32], take: impl FnMut(&[u32], f64)) {
        self.tree
            .run(rows, |node, rows| self.sides[node].part(rows), take);
    }
}

/// For each bin whether it goes left.
fn sides(rule: &Rule, bins: &FeatureBins) -> Vec<bool> {
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
                let mut rows: Vec<u32> = (0..column.len() as u32).collect();
                let mut found = vec![f64::NAN; column.len()];
                CodedTree::new(&tree, &data).run(&mut rows, |rows, value| {
                    rows.iter().for_each(|row| found[*row as usize] = value);
                });
                for (value, found) in column.iter().zip(found) {
                    let expected = tree.value(|_| *value);
                    assert_eq!(found, expected, "{:?} {value}", tree.nodes[0].rule);
                }
            }
        }
    }
}
