//! The same bits for any number of threads, any cut into batches, and however often the training is stopped.

use boost::{DatasetBuilder, Model, Objective, Parameters, Pool, Sampler, Trainer};

use crate::data::{classes, table, trainer, trainer_on, validation};

const OBJECTIVES: [Objective; 3] = [
    Objective::Binary,
    Objective::Multiclass,
    Objective::Regression,
];

/// Parameters that use all there is: bags, feature sampling, early stopping.
fn parameters(objective: Objective) -> Parameters {
    Parameters {
        objective,
        num_class: if objective == Objective::Multiclass {
            3
        } else {
            1
        },
        num_iterations: 12,
        num_leaves: 12,
        bagging_fraction: 0.7,
        bagging_freq: 2,
        feature_fraction: 0.6,
        early_stopping_round: 50,
        is_provide_training_metric: true,
        seed: 5,
        ..Parameters::default()
    }
}

/// Of each objective, and once in steps so small that the gradients of most rows stay: then the sums over all rows are
/// those of the round before and what has changed.
fn trainings() -> impl Iterator<Item = (String, Parameters)> {
    OBJECTIVES.into_iter().flat_map(|objective| {
        let bagged = parameters(objective);
        let slow = Parameters {
            learning_rate: 1e-4,
            bagging_freq: 0,
            ..bagged.clone()
        };
        [
            (format!("{objective:?}"), bagged),
            (format!("{objective:?} in small steps"), slow),
        ]
    })
}

fn finish(mut trainer: Trainer) -> (String, Vec<boost::Round>) {
    while !trainer.is_finished() {
        trainer.step().unwrap();
    }
    (trainer.model().to_text(), trainer.rounds().to_vec())
}

#[test]
fn threads_make_no_difference() {
    for (name, parameters) in trainings() {
        // Leaves of so many rows are shared between threads.
        let expected = finish(trainer(&parameters, 1, 30_000, true));
        for threads in [2, 3, 4] {
            let found = finish(trainer(&parameters, threads, 30_000, true));
            assert!(found == expected, "{name} differs with {threads} threads");
        }
    }
}

/// Each may wait for threads that the other keeps.
#[test]
fn trainings_side_by_side_on_the_same_threads_make_no_difference() {
    let parameters = parameters(Objective::Multiclass);
    let expected = finish(trainer(&parameters, 1, 6_000, true));
    let pool = Pool::new(2).unwrap();
    std::thread::scope(|scope| {
        let train = || finish(trainer_on(&pool, &parameters, 6_000, true));
        let others: Vec<_> = (0..3).map(|_| scope.spawn(train)).collect();
        for other in others {
            assert!(other.join().unwrap() == expected);
        }
    });
}

#[test]
fn what_is_known_of_validation_data_is_what_the_model_predicts() {
    for (name, parameters) in trainings() {
        let mut trainer = trainer(&parameters, 2, 3_000, true);
        assert_eq!(trainer.validation_raw(), None, "{name}");
        for _ in 0..3 {
            trainer.step().unwrap();
        }
        let table = validation(3_000, classes(&parameters.check().unwrap()));
        let expected = trainer.model().predict_raw(&table.slices()).unwrap();
        let left_out = trainer.best_round() < 3;
        let expected = (!left_out).then_some(expected);
        assert_eq!(trainer.validation_raw(), expected, "{name}");
    }
}

#[test]
fn a_training_resumed_after_any_round_gives_the_same_model() {
    for (name, parameters) in trainings() {
        let mut running = trainer(&parameters, 2, 3_000, true);
        let mut states = vec![running.state()];
        while !running.is_finished() {
            running.step().unwrap();
            states.push(running.state());
        }
        let expected = finish(running);
        for (round, state) in states.iter().enumerate() {
            let mut resumed = trainer(&parameters, 1, 3_000, true);
            resumed.resume(state).unwrap();
            assert_eq!(&resumed.state(), state);
            let found = finish(resumed);
            assert!(
                found == expected,
                "{name} differs when resumed after round {round}"
            );
        }
    }
}

#[test]
fn batches_make_no_difference() {
    let parameters = parameters(Objective::Binary);
    let checked = parameters.check().unwrap();
    let pool = Pool::new(2).unwrap();
    let data = table(3_000, 2, 1);
    let validation = table(750, 2, 2);
    let expected = finish(trainer(&parameters, 2, 3_000, true));
    for size in [7, 1_000] {
        let mut sampler = Sampler::new(data.features.clone(), &checked, 3_000).unwrap();
        let cuts: Vec<usize> = (0..3_000).step_by(size).chain([3_000]).collect();
        let part = |cut: &[usize]| -> Vec<&[f64]> {
            data.columns
                .iter()
                .map(|column| &column[cut[0]..cut[1]])
                .collect()
        };
        for cut in cuts.windows(2).rev() {
            sampler.push(cut[0] as u64, &part(cut)).unwrap();
        }
        let bins = sampler.bins(&pool).unwrap();
        let mut builder = DatasetBuilder::with_capacity(&bins, 3_000);
        for cut in cuts.windows(2) {
            let label = &data.label[cut[0]..cut[1]];
            builder.push(&part(cut), label, None, &pool).unwrap();
        }
        let validation = validation.dataset(&bins, &pool);
        let train = builder.finish().unwrap();
        let found = finish(Trainer::new(&checked, train, Some(validation), &pool).unwrap());
        assert!(found == expected, "batches of {size} differ");
    }
}

#[test]
fn a_state_of_another_training_is_refused() {
    let mut first = trainer(&parameters(Objective::Binary), 1, 500, true);
    first.step().unwrap();
    let state = first.state();
    let other = Parameters {
        seed: 6,
        ..parameters(Objective::Binary)
    };
    let mut other = trainer(&other, 1, 500, true);
    let expected = "expected the state of this training, found that of other data or parameters";
    assert_eq!(other.resume(&state).unwrap_err().to_string(), expected);
    assert!(
        trainer(&parameters(Objective::Binary), 1, 501, true)
            .resume(&state)
            .is_err()
    );
}

#[test]
fn a_torn_state_is_refused() {
    let mut running = trainer(&parameters(Objective::Binary), 1, 500, true);
    running.step().unwrap();
    let state = running.state();
    let mut fresh = trainer(&parameters(Objective::Binary), 1, 500, true);
    for length in (0..state.len()).step_by(97) {
        assert!(
            fresh.resume(&state[..length]).is_err(),
            "torn after {length} bytes"
        );
    }
    let mut flipped = state.clone();
    flipped[state.len() / 2] ^= 1;
    assert!(fresh.resume(&flipped).is_err());
    assert_eq!(fresh.rounds(), []);
    fresh.resume(&state).unwrap();
}

#[test]
fn a_model_read_back_is_the_same_model() {
    for objective in OBJECTIVES {
        let mut running = trainer(&parameters(objective), 2, 3_000, true);
        while !running.is_finished() {
            running.step().unwrap();
        }
        let model = running.model();
        let text = model.to_text();
        let back = Model::from_text(&text).unwrap();
        assert!(back == model);
        assert_eq!(back.to_text(), text);
    }
}
