//! Trees grown on a generated table.

use super::*;
use crate::dataset::Dataset;
use crate::gradient::Gradients;
use crate::parameters::{Checked, Parameters};
use crate::testing::{ByRow, dataset, table};
use crate::tree::Answer;

/// What a tree is grown from, of all features.
fn ground<'a>(parameters: &'a Checked, data: &'a Dataset, gradients: &'a Gradients) -> Ground<'a> {
    Ground {
        parameters,
        data,
        gradients,
        features: &data.bins().layout().used,
        usual_gain: 0.0,
    }
}

/// Grows a tree on a generated table, whose gradients follow some of its columns.
fn grown(parameters: Parameters) -> (Grown, Dataset, Vec<(f32, f32)>) {
    let rows = 4_000;
    let parameters = parameters.check().unwrap();
    let table = table(rows);
    let data = dataset(&table, 1);
    let derive = |row: usize| {
        let x = &table.columns;
        let y = x[0][row] * 2.0 + f64::from(u8::from(x[1][row].is_nan())) - x[9][row] % 3.0;
        // In eighths, so that nothing is lost when it is rounded to units.
        ((y * 8.0 + (row % 7) as f64).round() as f32 / 8.0, 1.0)
    };
    let mut gradients = Gradients::new(rows, 1);
    gradients.fill(0, 1, &ByRow(derive));
    let ground = ground(&parameters, &data, &gradients);
    let rows_of_all = Rows::all(rows);
    let grown = Grower::default().grow(&ground, rows_of_all, &|| false);
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
        let coded = crate::coded::CodedTree::new(&tree, data.bins());
        for row in rows {
            let take = |found: usize, rows: &[u64]| assert!(rows == [0] || found == leaf);
            coded.run(&data.codes, row, vec![1], take);
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

/// What is known of the tree before changes nothing: neither where gradients have changed much nor where little, or units,
/// or rows are left out between.
#[test]
fn a_tree_is_the_same_after_others() {
    let rows = 40_000;
    let parameters = parameters().check().unwrap();
    let data = dataset(&table(rows), 2);
    let mut gradients = Gradients::new(rows, 1);
    let mut grower = Grower::default();
    for (step, scale, taken) in [
        (2, 1.0, 1),
        (7, 1.0, 1),
        (9, 1.0, 1),
        (9, 1.0, 7),
        (100, 1.0, 1),
        (90, 9.0, 1),
        (80, 9.0, 1),
    ] {
        let derive = |row: usize| {
            // Most rows weigh nothing, in any unit.
            if row % 5 > 1 {
                return (0.0, 0.0);
            }
            let gradient = (row % 11) as f32 - f32::from(u8::from(row.is_multiple_of(step)));
            (gradient * scale, 1.0)
        };
        gradients.fill(0, 1, &ByRow(derive));
        let ground = ground(&parameters, &data, &gradients);
        let rows = || Rows::taken(rows, |row| row % taken == 0);
        let found = grower.grow(&ground, rows(), &|| false).tree;
        let expected = Grower::default().grow(&ground, rows(), &|| false).tree;
        assert_eq!(found, expected);
        assert!(found.is_some());
    }
}

/// The other threads must not wait for what the one that panics was at.
#[test]
#[should_panic(expected = "index out of bounds")]
fn a_panic_ends_the_growth_on_all_threads() {
    let parameters = parameters().check().unwrap();
    let data = dataset(&table(4_000), 1);
    let mut gradients = Gradients::new(4_000, 1);
    gradients.fill(0, 1, &ByRow(|row| ((row % 7) as f32, 1.0)));
    let (sound, histograms) = (
        ground(&parameters, &data, &gradients),
        Histograms::default(),
    );
    let root = sound.root(&histograms, Rows::all(4_000));
    let too_few = Gradients::new(1, 1);
    let growth = Growth {
        ground: &ground(&parameters, &data, &too_few),
        histograms: &histograms,
        meanwhile: &|| false,
        state: Mutex::new(State::new(root, 31)),
        arrived: AtomicUsize::new(0),
        ended: AtomicUsize::new(0),
    };
    let pool = rayon::ThreadPoolBuilder::new().num_threads(3).build();
    pool.unwrap().broadcast(|_| growth.advance());
}
