use super::*;
use crate::columns::Feature;

fn numbers(seed: u64, count: usize) -> Vec<f64> {
    let mut state = seed;
    let mut next = || {
        state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
        state as f64 / 2_147_483_648.0
    };
    (0..count).map(|_| next()).collect()
}

fn design(columns: &[Vec<f64>], labels: &[f64]) -> Design {
    let feature = |index: usize| Feature {
        name: index.to_string(),
        levels: None,
    };
    let features: Vec<Feature> = (0..columns.len()).map(feature).collect();
    let mut design = Design::new(&features);
    let columns: Vec<&[f64]> = columns.iter().map(Vec::as_slice).collect();
    design.push(&columns, labels, None);
    design.standardise().0
}

fn solve_with(design: &Design, loss: Loss, l1: f64, l2: f64) -> Fit {
    fit(design, loss, Penalty { l1, l2 }, 100, 1e-14, |_, _| Ok(())).unwrap()
}

#[track_caller]
fn close(found: &[f64], expected: &[f64]) {
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(expected) {
        assert!(
            (found - expected).abs() < 1e-7,
            "expected {expected}, found {found}"
        );
    }
}

const ROWS: usize = 1500;

fn columns() -> Vec<Vec<f64>> {
    (1..=3).map(|seed| numbers(seed, ROWS)).collect()
}

fn binary() -> Design {
    let columns = columns();
    let chance = numbers(9, ROWS);
    let label = |row: usize| {
        f64::from(u8::from(
            chance[row] < 0.2 + 0.6 * columns[0][row] * columns[1][row],
        ))
    };
    let labels: Vec<f64> = (0..ROWS).map(label).collect();
    design(&columns, &labels)
}

fn multiclass() -> Design {
    let columns = columns();
    let label = |(row, chance): (usize, f64)| ((chance + columns[0][row]) * 1.5).floor().min(2.0);
    let labels: Vec<f64> = numbers(9, ROWS)
        .into_iter()
        .enumerate()
        .map(label)
        .collect();
    design(&columns, &labels)
}

fn regression() -> Design {
    let columns = columns();
    let noise = numbers(9, ROWS);
    let label = |row: usize| 3.0 * columns[0][row] - columns[1][row] + noise[row];
    let labels: Vec<f64> = (0..ROWS).map(label).collect();
    design(&columns, &labels)
}

// Expected values of scikit-learn 1.9.1 (`numbers` as in the tests of `evaluate`):
//
// X = StandardScaler().fit_transform(np.stack([numbers(s, 1500) for s in (1, 2, 3)], axis=1)); x = raw columns
// c = numbers(9, 1500)
// binary: y = c < 0.2 + 0.6 * x0 * x1; LogisticRegression(C=1/2, tol=1e-12, solver="newton-cholesky")
// lasso:  LogisticRegression(C=1/20, l1_ratio=1, solver="saga", tol=1e-14, max_iter=100000)
// many:   y = np.minimum(np.floor((c + x0) * 1.5), 2); LogisticRegression(C=1, tol=1e-12, solver="newton-cholesky")
// ridge:  y = 3 * x0 - x1 + c; Ridge(alpha=10)
const LOGISTIC: [f64; 4] = [
    0.419053168199712,
    0.35885069953089044,
    0.00588584148507329,
    -0.6387648766361146,
];
const LASSO: [f64; 4] = [
    0.3556345132965652,
    0.2952892157704082,
    0.0,
    -0.6262811566548665,
];
const SOFTMAX: [f64; 12] = [
    -1.6861708739916763,
    -0.003468308013258106,
    0.10899254917940744,
    -0.6672584140278869,
    0.11694919915870106,
    -0.04971408922067553,
    -0.013165319700799864,
    1.1546521964091547,
    1.5692216748329697,
    0.053182397233890295,
    -0.0958272294786081,
    -0.4873937823812679,
];
const RIDGE: [f64; 4] = [
    0.8565810644427602,
    -0.29124668503457796,
    -0.00870625725872121,
    1.4906910250888517,
];

#[test]
fn logistic_regression_is_that_of_scikit_learn() {
    let found = solve_with(&binary(), Loss::Logistic, 0.0, 2.0);
    close(&found.coefficients, &LOGISTIC);
    assert!(found.objectives.len() < 10, "{}", found.objectives.len());
}

#[test]
fn lasso_logistic_regression_is_that_of_scikit_learn() {
    let found = solve_with(&binary(), Loss::Logistic, 20.0, 0.0);
    close(&found.coefficients, &LASSO);
    assert_eq!(found.coefficients[2], 0.0);
}

#[test]
fn softmax_regression_is_that_of_scikit_learn() {
    let found = solve_with(&multiclass(), Loss::Softmax(3), 0.0, 1.0);
    let mut sets: Vec<f64> = found.coefficients;
    // Intercepts are free, so only their differences are determined.
    let mean = (sets[3] + sets[7] + sets[11]) / 3.0;
    [3, 7, 11].iter().for_each(|index| sets[*index] -= mean);
    close(&sets, &SOFTMAX);
}

#[test]
fn ridge_regression_is_that_of_scikit_learn() {
    close(
        &solve_with(&regression(), Loss::Squared, 0.0, 10.0).coefficients,
        &RIDGE,
    );
}

#[test]
fn the_bits_do_not_depend_on_the_number_of_threads() {
    let design = binary();
    let on = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        pool.install(|| solve_with(&design, Loss::Logistic, 0.0, 1.0))
    };
    assert_eq!(on(1), on(4));
}

#[test]
fn columns_that_are_alike_share_their_coefficient() {
    let x = numbers(1, 100);
    let labels: Vec<f64> = x.iter().map(|x| 2.0 * x).collect();
    let found = solve_with(&design(&[x.clone(), x], &labels), Loss::Squared, 0.0, 0.0);
    assert!(
        (found.coefficients[0] - found.coefficients[1]).abs() < 1e-3,
        "{found:?}"
    );
}

#[test]
fn classes_that_a_line_parts_are_still_fitted() {
    let x: Vec<f64> = (0..100).map(f64::from).collect();
    let labels: Vec<f64> = x.iter().map(|x| f64::from(u8::from(*x > 50.0))).collect();
    let found = solve_with(&design(&[x], &labels), Loss::Logistic, 0.0, 1.0);
    assert!(
        found.coefficients.iter().all(|value| value.is_finite()),
        "{found:?}"
    );
}
