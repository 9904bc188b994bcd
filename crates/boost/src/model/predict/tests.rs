//! Predictions against each row's own way down each tree.

use proptest::prelude::*;

use super::*;
use crate::testing;
use crate::tree::{Missing, Node, Rule};

/// Values at which rules are easily wrong; as thresholds, too.
const VALUES: [f64; 14] = [
    f64::NEG_INFINITY,
    -7.5,
    -1.0,
    -1e-35,
    -1e-36,
    -0.0,
    0.0,
    1e-36,
    1e-35,
    0.5,
    1.0,
    40.0,
    65.0,
    f64::INFINITY,
];

/// A way to split: the feature and its rule. Features 0 to 2 are numbers, the others categories.
fn split() -> impl Strategy<Value = (usize, Rule)> {
    let missing = prop_oneof![Just(Missing::None), Just(Missing::Zero), Just(Missing::Nan)];
    let number = (prop::sample::select(&VALUES[..]), missing, any::<bool>()).prop_map(
        |(threshold, missing, default_left)| Rule::Number {
            threshold,
            missing,
            default_left,
        },
    );
    let category = prop::collection::vec(0..70_u32, 0..5).prop_map(Rule::of_categories);
    prop_oneof![(0..3_usize, number), (3..5_usize, category)]
}

/// A tree whose nodes each take the place of some leaf.
fn tree(most_nodes: usize) -> impl Strategy<Value = Tree> {
    let splits = prop::collection::vec((split(), any::<prop::sample::Index>()), 0..most_nodes);
    splits.prop_map(|splits| {
        let mut nodes: Vec<Node> = Vec::new();
        for (number, ((feature, rule), leaf)) in splits.into_iter().enumerate() {
            let leaf = !(leaf.index(number + 1) as i32);
            for node in &mut nodes {
                for child in [&mut node.left, &mut node.right] {
                    if *child == leaf {
                        *child = number as i32;
                    }
                }
            }
            nodes.push(testing::node(feature, rule, leaf, !(number as i32 + 1)));
        }
        let leaves = 0..=nodes.len();
        testing::tree(nodes, leaves.map(|leaf| 1.0 / (leaf + 3) as f64))
    })
}

fn model(trees: Vec<Tree>, outputs: usize) -> Model {
    Model {
        objective: Objective::Regression,
        num_class: outputs,
        names: (0..5).map(|feature| feature.to_string()).collect(),
        infos: Vec::new(),
        trees,
        parameters: Vec::new(),
    }
}

proptest! {
    /// However many leaves trees have, and whatever values there are.
    #[test]
    fn every_row_gets_the_leaves_it_comes_to(
        trees in prop::collection::vec(prop_oneof![tree(30), tree(90), tree(300)], 1..6),
        outputs in 1..3_usize,
        picks in prop::collection::vec(prop::array::uniform5(0..VALUES.len() + 1), 1..40),
    ) {
        let model = model(trees, outputs);
        let value = |pick: usize| VALUES.get(pick).copied().unwrap_or(f64::NAN);
        let columns: Vec<Vec<f64>> = (0..5)
            .map(|feature| picks.iter().map(|row| value(row[feature])).collect())
            .collect();
        let columns: Vec<&[f64]> = columns.iter().map(Vec::as_slice).collect();
        let found = model.predict_raw(&columns).unwrap();
        let mut expected = vec![0.0; picks.len() * outputs];
        for (number, tree) in model.trees.iter().enumerate() {
            for row in 0..picks.len() {
                let value = tree.value(|feature| columns[feature][row]);
                expected[row * outputs + number % outputs] += value;
            }
        }
        prop_assert_eq!(found, expected);
    }
}

/// A node that sends category 1 left.
fn node(left: i32, right: i32) -> Node {
    testing::node(0, Rule::of_categories([1]), left, right)
}

/// A tree of these nodes and three leaves.
fn small(nodes: Vec<Node>) -> Tree {
    testing::tree(nodes, [1.0, 2.0, 3.0])
}

#[test]
fn rows_of_many_blocks_and_chunks_each_get_their_own() {
    let tree = small(vec![node(!0, 1), node(!1, !2)]);
    let categories: Vec<f64> = (0..20_000).map(|row| f64::from(row % 7)).collect();
    let found = model(vec![tree], 1).predict_raw(&[&categories[..]; 5]);
    for (category, found) in categories.iter().zip(found.unwrap()) {
        assert_eq!(found, if *category == 1.0 { 1.0 } else { 3.0 });
    }
}

#[test]
fn a_tree_that_comes_to_a_leaf_twice_is_walked_by_values() {
    for nodes in [
        vec![node(1, !1), node(!1, !2)],
        vec![node(!0, !1), node(!2, !2)],
    ] {
        let tree = small(nodes);
        let column = [0.0, 1.0];
        let expected = column.map(|value| tree.value(|_| value));
        let found = model(vec![tree], 1).predict_raw(&[&column[..]; 5]).unwrap();
        assert_eq!(found, expected);
    }
}
