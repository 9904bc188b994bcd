//! Trees grown on a generated table.

use super::*;
use crate::dataset::Dataset;
use crate::gradient::Gradients;
use crate::parameters::Parameters;
use crate::testing::{ByRow, dataset, table};
use crate::tree::Answer;

/// Grows a tree on a generated table, whose gradients follow some of its columns.
fn grown(parameters: Parameters) -> (Grown, Dataset, Vec<(f32, f32)>) {
    let rows = 4_000;
    let parameters = parameters.check().unwrap();
    let table = table(rows);
    let data = dataset(&table, 1);
    let derive = |row: usize| {
        let x = &table.columns;
        let y = x[0][row] * 2.0 + f64::from(u8::from(x[1][row].is_nan())) - x[9][row] % 3.0;
        ((y + (row % 7) as f64 * 0.1) as f32, 1.0)
    };
    let mut gradients = Gradients::new(rows);
    gradients.fill(1, &ByRow(derive));
    let ground = Ground {
        parameters: &parameters,
        data: &data,
        gradients: &gradients,
        features: &data.bins().layout().used,
    };
    let rows_of_all = Rows::all(rows);
    let grown = Grower::default().grow(&ground, rows_of_all);
    let derivatives = (0..rows).map(derive).collect();
    (grown, data, derivatives)
}

fn parameters() -> Parameters {
    Parameters {
        objective: crate::parameters::Objective::Regression,
        cat_l2: 0.0,
        ..Parameters::default()
    }
}

#[test]
fn a_leaf_answers_the_mean_of_its_rows() {
    let (Grown { tree, leaves }, data, derivatives) = grown(parameters());
    let tree = tree.unwrap();
    assert_eq!(tree.leaves.len(), 31);
    let mut seen = 0;
    for (leaf, answer) in tree.leaves.iter().enumerate() {
        let parts = leaves.iter().filter(|(of, _)| *of == leaf);
        let rows: Vec<usize> = parts.flat_map(|(_, rows)| rows.numbers()).collect();
        let sum: f64 = rows.iter().map(|row| f64::from(derivatives[*row].0)).sum();
        assert!((answer.value + sum / rows.len() as f64).abs() < 1e-5);
        assert_eq!(answer.count, rows.len() as u64);
        assert_eq!(answer.weight, rows.len() as f64);
        assert!(rows.len() >= 20);
        seen += rows.len();
        // The tree itself sends each row to the leaf that it was grown in.
        let coded = crate::coded::CodedTree::new(&tree, &data);
        for row in rows {
            coded.run(row..row + 1, |_, value| assert_eq!(value, answer.value));
        }
    }
    assert_eq!(seen, data.num_rows());
}

#[test]
fn splits_come_by_gain_and_lower_the_loss_by_it() {
    let (Grown { tree, .. }, ..) = grown(parameters());
    let tree = tree.unwrap();
    let score = |answer: &Answer| answer.value * answer.value * answer.weight;
    let before = score(&tree.nodes[0].answer);
    let after: f64 = tree.leaves.iter().map(score).sum();
    let gains: f64 = tree.nodes.iter().map(|node| node.gain).sum();
    assert!((gains / (after - before) - 1.0).abs() < 1e-6);
    let first = tree.nodes[0].gain;
    assert!(tree.nodes.iter().all(|node| node.gain <= first));
}

#[test]
fn a_tree_is_no_deeper_than_allowed() {
    let (Grown { tree, .. }, ..) = grown(Parameters {
        max_depth: 2,
        ..parameters()
    });
    assert_eq!(tree.unwrap().leaves.len(), 4);
}

#[test]
fn a_tree_without_a_worthwhile_split_is_none() {
    let (Grown { tree, .. }, ..) = grown(Parameters {
        min_gain_to_split: 1e9,
        ..parameters()
    });
    assert_eq!(tree, None);
}
