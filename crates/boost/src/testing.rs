//! Data for the tests of this crate.

use std::ops::Range;

use crate::bins::{Bins, FeatureBins, GROUP, NumberBins, Place, Sampler, WIDE_GROUP};
use crate::dataset::{Dataset, DatasetBuilder};
use crate::feature::Feature;
use crate::gradient::{CLASS_LEVELS, Loss};
use crate::objective::Derivatives;
use crate::parameters::Parameters;
use crate::pool::Pool;
use crate::random::draw;
use crate::tree::{Answer, Child, Missing, Node, Rule, Tree};

/// Columns of values.
pub(crate) struct Table {
    pub(crate) columns: Vec<Vec<f64>>,
    features: Vec<Feature>,
}

/// Nine numbers, some with missing values and one of them constant, and categories of 7 and of 400 levels: codes in two
/// words per row, and in a wide column.
pub(crate) fn table(rows: usize) -> Table {
    let mut columns = Vec::new();
    let mut features = Vec::new();
    for feature in 0..11_u64 {
        let column = (0..rows as u64).map(|row| {
            let share = draw(feature, row) as f64 / u64::MAX as f64;
            match feature {
                0 => share * 4.0 - 2.0,
                3 => 1.5,
                9 => (share * 7.0).floor(),
                10 => (share * share * 400.0).floor(),
                _ if feature % 2 == 1 && share < 0.2 => f64::NAN,
                _ => (share * 30.0 * (feature as f64 + 1.0)).floor() - 20.0,
            }
        });
        columns.push(column.collect());
        features.push(match feature {
            9 | 10 => Feature::category(format!("c{feature}")),
            _ => Feature::number(format!("x{feature}")),
        });
    }
    Table { columns, features }
}

/// The table as codes of its own bins.
pub(crate) fn dataset(table: &Table, threads: usize) -> Dataset {
    let parameters = Parameters {
        min_data_in_bin: 1,
        ..Parameters::default()
    };
    let pool = Pool::new(threads).unwrap();
    let columns: Vec<&[f64]> = table.columns.iter().map(Vec::as_slice).collect();
    let parameters = parameters.check().unwrap();
    let mut sampler =
        Sampler::new(table.features.clone(), &parameters, columns[0].len() as u64).unwrap();
    sampler.push(0, &columns).unwrap();
    let bins = sampler.bins(&pool).unwrap();
    let label = vec![0.0; columns[0].len()];
    let mut builder = DatasetBuilder::new(&bins);
    builder.push(&columns, &label, None, &pool).unwrap();
    builder.finish().unwrap()
}

/// Rows of which nothing is known but label and weight.
pub(crate) fn labelled(label: &[f64], weight: Option<&[f64]>) -> Dataset {
    let pool = Pool::new(1).unwrap();
    let constant = FeatureBins::Number(NumberBins::find(Vec::new(), false, 255, 1));
    let bins = Bins::new(vec![Feature::number("x")], vec![constant]);
    let column = vec![0.0; label.len()];
    let mut builder = DatasetBuilder::new(&bins);
    builder.push(&[&column], label, weight, &pool).unwrap();
    builder.finish().unwrap()
}

/// Derivatives row by row.
pub(crate) struct ByRow<F>(pub(crate) F);

impl<F: Fn(usize) -> Derivatives + Sync> Loss for ByRow<F> {
    const LEVELS: f64 = CLASS_LEVELS;

    fn derive(&self, rows: Range<usize>, gradients: &mut [f32], hessians: &mut [f32]) {
        for ((gradient, hessian), row) in gradients.iter_mut().zip(hessians).zip(rows) {
            (*gradient, *hessian) = (self.0)(row);
        }
    }
}

/// A node that answers nothing itself.
pub(crate) fn node(feature: usize, rule: Rule, left: Child, right: Child) -> Node {
    Node {
        feature,
        rule,
        gain: 1.0,
        left,
        right,
        answer: Answer::default(),
    }
}

/// Numbers up to the threshold go left.
pub(crate) fn up_to(threshold: f64) -> Rule {
    Rule::Number {
        threshold,
        missing: Missing::None,
        default_left: false,
    }
}

/// A tree of these nodes whose leaves have these values.
pub(crate) fn tree(nodes: Vec<Node>, values: impl IntoIterator<Item = f64>) -> Tree {
    let leaf = |value| Answer {
        value,
        ..Answer::default()
    };
    Tree {
        nodes,
        leaves: values.into_iter().map(leaf).collect(),
        shrinkage: 1.0,
    }
}

/// The code of a feature in a row.
pub(crate) fn code(data: &Dataset, place: Place, row: usize) -> usize {
    let layout = data.bins().layout();
    match place {
        Place::Narrow { group, lane } => {
            let word = data.words()[row * layout.words() + group];
            assert_eq!(data.codes.narrow[group * GROUP + lane][row], word[lane]);
            usize::from(word[lane])
        }
        Place::Wide { column } => {
            let (group, lane) = (column / WIDE_GROUP, column % WIDE_GROUP);
            let word = data.words()[row * layout.words() + layout.groups() + group];
            let code = u16::from_le_bytes([word[2 * lane], word[2 * lane + 1]]);
            assert_eq!(data.codes.wide[column][row], code);
            usize::from(code)
        }
    }
}
