use super::*;

fn predictions(labels: &[f64], scores: &[f64]) -> Predictions {
    Predictions {
        place: "p.parquet".to_owned(),
        labels: labels.to_vec(),
        scores: vec![scores.to_vec()],
        ..Predictions::default()
    }
}

fn both() -> Vec<(&'static str, Predictions)> {
    vec![
        (
            VALIDATION,
            predictions(&[0.0, 1.0, 1.0, 0.0], &[0.1, 0.3, 0.2, 0.25]),
        ),
        (TEST, predictions(&[0.0, 1.0], &[0.1, 0.9])),
    ]
}

#[test]
fn metrics_are_written_under_stable_keys() {
    let case = judge(&Settings::default(), both()).unwrap();
    let json = serde_json::to_value(&case.judgement).unwrap();
    let keys = |value: &serde_json::Value| {
        let keys: Vec<String> = value.as_object().unwrap().keys().cloned().collect();
        keys.join(" ")
    };
    insta::assert_snapshot!(keys(&json), @"baseline_from classes partitions task task_from threshold version");
    let test = &json["partitions"]["test"];
    insta::assert_snapshot!(keys(test), @"baseline class_rows confusion metrics rows weight");
    insta::assert_snapshot!(
        keys(&test["metrics"]),
        @"accuracy auc average_precision brier f1 log_loss precision recall"
    );
    insta::assert_snapshot!(test["confusion"], @"[[1,0],[0,1]]");
}

#[test]
fn a_judgement_is_read_back_as_it_was_written() {
    let judgement = judge(&Settings::default(), both()).unwrap().judgement;
    let text = serde_json::to_string(&judgement).unwrap();
    assert_eq!(serde_json::from_str::<Judgement>(&text).unwrap(), judgement);
}

#[test]
fn without_a_constant_of_train_that_of_validation_is_taken() {
    let case = judge(&Settings::default(), both()).unwrap();
    assert_eq!(case.judgement.baseline_from, FittedOn::Validation);
    assert_eq!(case.predictions[1].1.baseline, Some(vec![vec![0.5, 0.5]]));
    let mut given = both();
    given
        .iter_mut()
        .for_each(|(_, part)| baseline::fill(part, &[0.3]));
    let case = judge(&Settings::default(), given).unwrap();
    assert_eq!(case.judgement.baseline_from, FittedOn::Train);
}

#[test]
fn the_best_threshold_is_chosen_on_validation_and_used_on_test() {
    let settings = Settings {
        threshold: Threshold::BestF1,
        ..Settings::default()
    };
    let judgement = judge(&settings, both()).unwrap().judgement;
    assert_eq!(
        judgement.threshold,
        Some(Chosen {
            value: 0.2,
            best_f1: true
        })
    );
    assert_eq!(judgement.partitions[TEST].metrics["f1"], Some(1.0));
    let test_only = both().split_off(1);
    let fault = judge(&settings, test_only).unwrap_err();
    assert_eq!(fault.blame, stage::Blame::Settings);
}

#[test]
fn a_regression_has_no_classes_and_no_threshold() {
    let part = predictions(&[0.5, 3.0], &[0.4, 3.5]);
    let judgement = judge(&Settings::default(), vec![(TEST, part)])
        .unwrap()
        .judgement;
    assert_eq!(judgement.task(), Task::Regression);
    assert_eq!(judgement.baseline_from, FittedOn::Test);
    assert!(judgement.classes.is_empty() && judgement.threshold.is_none());
}
