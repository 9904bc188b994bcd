//! What is learnt, and when it ends.

use boost::{Importance, Metric, Objective, Parameters, Pool, Trainer};

use crate::data::{Table, table, trainer};

fn finished(parameters: &Parameters, rows: usize, validated: bool) -> Trainer {
    let mut trainer = trainer(parameters, 2, rows, validated);
    while !trainer.is_finished() {
        trainer.step().unwrap();
    }
    trainer
}

/// The metric on validation data after 100 rounds must be within bounds, and the model must agree with it.
#[track_caller]
fn check(objective: Objective, metric: Metric, bounds: std::ops::Range<f64>) {
    let parameters = Parameters {
        objective,
        num_class: if objective == Objective::Multiclass {
            4
        } else {
            1
        },
        metric: Some(metric),
        ..Parameters::default()
    };
    let found = finished(&parameters, 20_000, true);
    let found = found.rounds().last().unwrap().validation.unwrap();
    assert!(bounds.contains(&found), "{found}");
}

#[test]
fn two_classes_are_told_apart() {
    check(Objective::Binary, Metric::Auc, 0.905..0.92);
    check(Objective::Binary, Metric::BinaryLogloss, 0.36..0.39);
    check(Objective::Binary, Metric::BinaryError, 0.13..0.18);
}

#[test]
fn many_classes_are_told_apart() {
    check(Objective::Multiclass, Metric::MultiLogloss, 0.8..1.0);
    check(Objective::Multiclass, Metric::MultiError, 0.35..0.45);
}

#[test]
fn a_number_is_learnt() {
    check(Objective::Regression, Metric::Rmse, 0.85..0.95);
    check(Objective::Regression, Metric::L2, 0.75..0.9);
    check(Objective::Regression, Metric::L1, 0.6..0.75);
}

#[test]
fn the_training_scores_are_what_the_model_answers() {
    let parameters = Parameters {
        num_iterations: 5,
        bagging_fraction: 0.5,
        bagging_freq: 1,
        is_provide_training_metric: true,
        metric: Some(Metric::L1),
        objective: Objective::Regression,
        ..Parameters::default()
    };
    let trainer = finished(&parameters, 3_000, false);
    let data = table(3_000, 0, 1);
    let predicted = trainer.model().predict(&data.slices()).unwrap();
    let errors = predicted
        .iter()
        .zip(&data.label)
        .map(|(p, y)| (p - y).abs());
    let found = errors.sum::<f64>() / 3_000.0;
    let expected = trainer.rounds().last().unwrap().train.unwrap();
    assert!((found - expected).abs() < 1e-12, "{found} {expected}");
}

#[test]
fn training_ends_when_validation_no_longer_improves() {
    let parameters = Parameters {
        num_iterations: 2_000,
        learning_rate: 0.5,
        early_stopping_round: 5,
        ..Parameters::default()
    };
    let trainer = finished(&parameters, 2_000, true);
    let (rounds, best) = (trainer.rounds().len() as u32, trainer.best_round());
    assert_eq!(rounds, best + 5);
    assert_eq!(trainer.model().num_trees(), best as usize);
    let value = |round: u32| trainer.rounds()[round as usize - 1].validation.unwrap();
    assert!((1..=rounds).all(|round| value(round) >= value(best)));
}

#[test]
fn training_ends_when_no_leaf_can_be_split() {
    let parameters = Parameters {
        min_data_in_leaf: 600,
        ..Parameters::default()
    };
    let mut trainer = finished(&parameters, 1_000, false);
    assert_eq!(trainer.rounds().len(), 1);
    let ones = table(1_000, 2, 1).label.iter().sum::<f64>() / 1_000.0;
    let columns = vec![[1.0].as_slice(); 8];
    let predicted = trainer.model().predict(&columns).unwrap();
    assert!((predicted[0] - ones).abs() < 1e-12);
    assert!(trainer.step().is_err());
}

#[test]
fn a_weight_counts_as_so_many_rows() {
    let parameters = Parameters {
        num_iterations: 3,
        min_data_in_bin: 1,
        min_data_in_leaf: 1,
        min_sum_hessian_in_leaf: Some(5.0),
        objective: Objective::Regression,
        ..Parameters::default()
    };
    let checked = parameters.check().unwrap();
    let pool = Pool::new(1).unwrap();
    let mut weighted = table(800, 0, 3);
    weighted.weight = Some((0..800).map(|row| f64::from(row % 3)).collect());
    let mut repeated = Table {
        columns: vec![Vec::new(); 8],
        label: Vec::new(),
        weight: None,
        features: weighted.features.clone(),
    };
    for row in 0..800 {
        for _ in 0..row % 3 {
            for (to, from) in repeated.columns.iter_mut().zip(&weighted.columns) {
                to.push(from[row]);
            }
            repeated.label.push(weighted.label[row]);
        }
    }
    let bins = weighted.bins(&checked, &pool);
    let [first, second] = [&weighted, &repeated].map(|table| {
        let mut trainer = Trainer::new(&checked, table.dataset(&bins, &pool), None, &pool).unwrap();
        while !trainer.is_finished() {
            trainer.step().unwrap();
        }
        trainer.model().predict(&weighted.slices()).unwrap()
    });
    for (a, b) in first.iter().zip(second) {
        assert!((a - b).abs() < 1e-4, "{a} {b}");
    }
}

#[test]
fn importance_is_of_the_features_that_matter() {
    let trainer = finished(&Parameters::default(), 5_000, false);
    let model = trainer.model();
    let (gain, split) = (
        model.importance(Importance::Gain),
        model.importance(Importance::Split),
    );
    assert_eq!((gain[4], split[4]), (0.0, 0.0));
    assert!(gain[0] > 0.0 && gain[7] > gain[5]);
    let nodes: f64 = split.iter().sum();
    assert!((2_000.0..=3_000.0).contains(&nodes), "{nodes}");
}

#[test]
fn labels_that_are_no_classes_are_refused() {
    let pool = Pool::new(1).unwrap();
    let parameters = Parameters::default().check().unwrap();
    let data = table(100, 3, 1);
    let bins = data.bins(&parameters, &pool);
    let error = Trainer::new(&parameters, data.dataset(&bins, &pool), None, &pool).unwrap_err();
    assert_eq!(
        error.to_string(),
        "label: expected a class from 0 to 1, found `2`"
    );
}

#[test]
fn early_stopping_without_validation_data_is_refused() {
    let pool = Pool::new(1).unwrap();
    let parameters = Parameters {
        early_stopping_round: 3,
        ..Parameters::default()
    };
    let parameters = parameters.check().unwrap();
    let data = table(100, 2, 1);
    let bins = data.bins(&parameters, &pool);
    let error = Trainer::new(&parameters, data.dataset(&bins, &pool), None, &pool).unwrap_err();
    let expected = "`early_stopping_round`: expected 0, as there is no validation data, found `3`";
    assert_eq!(error.to_string(), expected);
}
