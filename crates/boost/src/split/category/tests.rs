//! Sets of categories against hand-computed ones, and against all sets.

use super::*;
use crate::bins::FeatureBins;
use crate::parameters::Parameters;
use crate::split::tests::{best, gain, loose, word};
use proptest::prelude::*;

fn bins(count: usize) -> FeatureBins {
    let sample = (0..count as u32).flat_map(|category| [category; 3]);
    FeatureBins::Category(CategoryBins::find(sample.collect(), 255, 1))
}

#[track_caller]
fn check(parameters: Parameters, words: &[u64], expected: &[usize]) {
    let found = best(parameters, bins(words.len() - 1), words);
    let found = found.map_or(Vec::new(), |split| match split.cut {
        Cut::Category { bins } => bins,
        Cut::Number { .. } => vec![usize::MAX],
    });
    assert_eq!(found, expected);
}

#[test]
fn few_categories_are_split_one_against_the_rest() {
    check(
        loose(),
        &[word(0, 0), word(5, 5), word(-9, 5), word(6, 5)],
        &[2],
    );
}

#[test]
fn many_categories_are_split_by_a_set() {
    let words = [
        word(0, 0),
        word(9, 5),
        word(-9, 5),
        word(8, 5),
        word(-8, 5),
        word(9, 5),
        word(-9, 5),
    ];
    check(loose(), &words, &[2, 4, 6]);
}

#[test]
fn a_set_has_no_more_categories_than_allowed() {
    let words = [
        word(0, 0),
        word(-9, 5),
        word(-9, 5),
        word(-9, 5),
        word(9, 5),
        word(9, 5),
        word(9, 5),
    ];
    let parameters = Parameters {
        max_cat_threshold: 2,
        ..loose()
    };
    check(parameters, &words, &[1, 2]);
}

#[test]
fn categories_of_few_rows_stay_right() {
    let words = [
        word(0, 0),
        word(-9, 1),
        word(-90, 20),
        word(9, 20),
        word(9, 20),
        word(9, 20),
    ];
    let parameters = Parameters {
        cat_smooth: 10.0,
        ..loose()
    };
    check(parameters, &words, &[2]);
}

#[test]
fn sets_grow_by_groups() {
    let words = [
        word(0, 0),
        word(-30, 5),
        word(-1, 5),
        word(9, 5),
        word(9, 5),
        word(9, 5),
    ];
    let parameters = Parameters {
        min_data_per_group: 10,
        ..loose()
    };
    check(parameters, &words, &[1, 2]);
}

#[test]
fn the_rest_and_missing_values_go_right() {
    // Bin 0 is the most unlike, but has no category to be told by.
    check(loose(), &[word(-90, 5), word(1, 5), word(1, 5)], &[1]);
}

proptest! {
    /// With nothing smoothed and nothing to regularise, the best prefix is the best of all sets (Fisher 1958).
    #[test]
    fn the_best_set_is_that_of_trying_all(
        sums in prop::collection::vec((-20i32..20, 1u32..6), 5..9),
    ) {
        let mut words: Vec<u64> = sums.iter().map(|(g, h)| word(*g, *h)).collect();
        words.insert(0, 0);
        let categories = words.len() - 1;
        let parameters = Parameters { lambda_l2: Some(0.0), ..loose() };
        let found = best(parameters, bins(categories), &words).map_or(0.0, |split| split.gain);
        let zero = |left: &dyn Fn(usize) -> bool| gain(&words, left, 0.0);
        let all = words.iter().fold(Sums::default(), |sum, w| sum.plus(Sums(*w)));
        let (g, h) = (f64::from(all.gradient()), f64::from(all.hessian()));
        // `gain` takes off the score of the leaf with L2 of ½; put that right.
        let shift = g * g / (h + 0.5) - g * g / h;
        let most = (1..1u32 << categories)
            .filter_map(|set| zero(&|bin| bin > 0 && set >> (bin - 1) & 1 == 1))
            .fold(0.0_f64, |most, gain| most.max(gain + shift));
        prop_assert!((found - most).abs() < 1e-9, "{found} {most}");
    }
}
