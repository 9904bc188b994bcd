//! A tree in terms of bins, to be run over codes.

use crate::bins::{Bins, GROUP, Place};
use crate::bits;
use crate::code_set::{CodeSet, part_wide};
use crate::codes::Codes;
use crate::leaf_digits::LeafDigits;
use crate::tree::{Child, Rule, Tree};

/// A tree in terms of bins. Rows go the same way by their codes as their values go in the tree itself.
#[derive(Debug)]
pub(crate) struct CodedTree<'a> {
    tree: &'a Tree,
    /// Of each node.
    ways: Vec<Way>,
}

/// Which codes go left.
#[derive(Debug)]
enum Way {
    /// Of a byte, in this column.
    Narrow { column: usize, left: CodeSet },
    /// Of 16 bits, in this column; of each whether it does.
    Wide { column: usize, left: Vec<bool> },
    /// All, or none: the feature has one bin and no codes.
    Same(bool),
}

impl Way {
    fn new(rule: &Rule, feature: usize, bins: &Bins) -> Self {
        let of = bins.of(feature);
        let codes = of.left_codes(rule);
        match bins.layout().places[feature] {
            Some(Place::Narrow { group, lane }) => Self::Narrow {
                column: group * GROUP + lane,
                left: CodeSet::new(&codes, of.count()),
            },
            Some(Place::Wide { column }) => {
                let mut left = vec![false; of.count()];
                codes.iter().for_each(|code| left[*code] = true);
                Self::Wide { column, left }
            }
            None => Self::Same(!codes.is_empty()),
        }
    }

    /// Of rows from `first` on, a bit each, puts those that go left into `left`, which is empty.
    fn part(&self, codes: &Codes, first: usize, rows: &mut [u64], into: &mut [u64]) {
        match self {
            Self::Narrow { column, left } => {
                left.part(&codes.narrow[*column][first..], rows, into);
            }
            Self::Wide { column, left } => {
                part_wide(&codes.wide[*column][first..], rows, into, left);
            }
            Self::Same(false) => {}
            Self::Same(true) => into.swap_with_slice(rows),
        }
    }
}

impl<'a> CodedTree<'a> {
    /// The tree, in terms of these bins.
    pub(crate) fn new(tree: &'a Tree, bins: &Bins) -> Self {
        let nodes = tree.nodes.iter();
        let ways = nodes.map(|node| Way::new(&node.rule, node.feature, bins));
        Self {
            tree,
            ways: ways.collect(),
        }
    }

    /// The size of what it takes to run it.
    pub(crate) fn bytes(&self) -> usize {
        let of_wide = |way: &Way| match way {
            Way::Wide { left, .. } => left.len(),
            Way::Narrow { .. } | Way::Same(_) => 0,
        };
        size_of_val(&*self.ways) + self.ways.iter().map(of_wide).sum::<usize>()
    }

    /// Gives rows from `first` on, a bit each, leaf by leaf and with the leaf's number, to `take`.
    pub(crate) fn run(
        &self,
        codes: &Codes,
        first: usize,
        rows: Vec<u64>,
        mut take: impl FnMut(usize, &[u64]),
    ) {
        let root: Child = if self.ways.is_empty() { !0 } else { 0 };
        let mut waiting = vec![(root, rows)];
        let mut spare = Vec::new();
        while let Some((child, mut right)) = waiting.pop() {
            let Ok(number) = usize::try_from(child) else {
                take(!child as usize, &right);
                spare.push(right);
                continue;
            };
            let mut left: Vec<u64> = spare.pop().unwrap_or_default();
            left.clear();
            left.resize(right.len(), 0);
            self.ways[number].part(codes, first, &mut right, &mut left);
            let node = &self.tree.nodes[number];
            waiting.extend([(node.left, left), (node.right, right)]);
        }
    }

    /// Adds to the sums of rows from `first` on, of which those are meant that have a bit, the values of their leaves. There
    /// are `step` sums a row, of which the first is meant.
    pub(crate) fn add(
        &self,
        codes: &Codes,
        first: usize,
        rows: Vec<u64>,
        sums: &mut [f64],
        step: usize,
    ) {
        let leaves = &self.tree.leaves;
        if leaves.len() > LeafDigits::MOST_LEAVES {
            self.run(codes, first, rows, |leaf, rows| {
                bits::for_each(rows, 0, |row| sums[row * step] += leaves[leaf].value);
            });
            return;
        }
        let mut digits = LeafDigits::new(rows.len());
        self.run(codes, first, rows, |leaf, rows| digits.put(leaf, rows));
        let values: Vec<f64> = leaves.iter().map(|leaf| leaf.value).collect();
        digits.add(&values, sums, step);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bins::FeatureBins;
    use crate::testing::{dataset, node, table, tree, up_to};
    use crate::tree::{Missing, Node};

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
                let tree = tree(vec![node(feature, rule, !0, !1)], [1.0, 2.0]);
                let coded = CodedTree::new(&tree, data.bins());
                for first in [0, 640] {
                    let mut count = 0;
                    let rows = bits::all(column.len() - first);
                    coded.run(&data.codes, first, rows, |leaf, rows| {
                        let found = tree.leaves[leaf].value;
                        bits::for_each(rows, first, |row| {
                            let value = column[row];
                            let expected = tree.value(|_| value);
                            assert_eq!(found, expected, "{:?} {value}", tree.nodes[0].rule);
                            count += 1;
                        });
                    });
                    assert_eq!(count, column.len() - first);
                }
            }
        }
    }

    /// Of few leaves and of more than have a number in [`LeafDigits`].
    #[test]
    fn rows_get_the_value_of_their_leaf() {
        let data = dataset(&table(10_000), 1);
        for leaves in [1, 2, 60, LeafDigits::MOST_LEAVES, 400] {
            let split = |number: i32| {
                let feature = [0, 2, 4, 6][number as usize % 4];
                let rule = up_to(f64::from(number % 40) / 10.0 - 2.0);
                node(feature, rule, !number, number + 1)
            };
            let mut nodes: Vec<Node> = (0..leaves as i32 - 1).map(split).collect();
            if let Some(last) = nodes.last_mut() {
                last.right = !(leaves as i32 - 1);
            }
            let tree = tree(nodes, (0..leaves as u32).map(|leaf| 0.5 + f64::from(leaf)));
            let coded = CodedTree::new(&tree, data.bins());
            let (first, count, step) = (640, 9_000, 2);
            let rows = bits::taken(0..count, |row| row % 5 != 1);
            let mut expected = vec![1.0; count * step];
            coded.run(&data.codes, first, rows.clone(), |leaf, rows| {
                bits::for_each(rows, 0, |row| {
                    expected[row * step] += tree.leaves[leaf].value
                });
            });
            let mut found = vec![1.0; count * step];
            coded.add(&data.codes, first, rows, &mut found, step);
            assert_eq!(found, expected, "{leaves}");
        }
    }
}
