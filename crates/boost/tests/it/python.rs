//! Our models in Python's `lightgbm`, and its models here: the same predictions, to the last bit of a double.

use std::path::Path;

use boost::{Model, Objective, Parameters, Pool, Trainer};
use waystation_tests::python_or_skip;

use crate::data::table;

fn parameters(objective: Objective) -> Parameters {
    Parameters {
        objective,
        num_class: if objective == Objective::Multiclass {
            4
        } else {
            1
        },
        num_iterations: 40,
        min_data_per_group: 5,
        ..Parameters::default()
    }
}

fn bytes(values: &[f64]) -> Vec<u8> {
    values
        .iter()
        .flat_map(|value| value.to_le_bytes())
        .collect()
}

fn numbers(path: &Path) -> Vec<f64> {
    let bytes = std::fs::read(path).unwrap();
    let values = bytes.chunks_exact(8);
    values
        .map(|value| f64::from_le_bytes(value.try_into().unwrap()))
        .collect()
}

/// The model must predict what the script wrote.
#[track_caller]
fn check(model: &Model, columns: &[Vec<f64>], directory: &Path) {
    let slices: Vec<&[f64]> = columns.iter().map(Vec::as_slice).collect();
    for (file, found) in [
        ("raw.bin", model.predict_raw(&slices).unwrap()),
        ("values.bin", model.predict(&slices).unwrap()),
    ] {
        let expected = numbers(&directory.join(file));
        assert_eq!(found.len(), expected.len());
        let pairs = found.iter().zip(&expected);
        let differing = pairs.filter(|(a, b)| a.to_bits() != b.to_bits()).count();
        assert_eq!(differing, 0, "{:?}, {file}", model.objective());
    }
}

/// Runs the script of this directory in a directory that holds `x.bin`, the rows to predict.
fn run(python: &str, directory: &Path, work: &str, objective: Objective, columns: &[Vec<f64>]) {
    let rows = columns[0].len();
    let values: Vec<f64> = (0..rows)
        .flat_map(|row| columns.iter().map(move |column| column[row]))
        .collect();
    std::fs::write(directory.join("x.bin"), bytes(&values)).unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/lightgbm_predicts.py");
    let objective = format!("{objective:?}").to_lowercase();
    let columns = columns.len().to_string();
    duct::cmd!(python, script, work, directory, columns, objective)
        .run()
        .unwrap();
}

#[test]
fn lightgbm_predicts_the_same_doubles_on_our_models() {
    let Some(python) = python_or_skip("our models in lightgbm") else {
        return;
    };
    for objective in [
        Objective::Binary,
        Objective::Multiclass,
        Objective::Regression,
    ] {
        let directory = tempfile::tempdir().unwrap();
        let parameters = parameters(objective).check().unwrap();
        let pool = Pool::new(2).unwrap();
        let classes = match objective {
            Objective::Binary => 2,
            Objective::Multiclass => 4,
            Objective::Regression => 0,
        };
        let data = table(5_000, classes, 4);
        let bins = data.bins(&parameters, &pool);
        let mut trainer =
            Trainer::new(&parameters, data.dataset(&bins, &pool), None, &pool).unwrap();
        while !trainer.is_finished() {
            trainer.step().unwrap();
        }
        let model = trainer.model();
        std::fs::write(directory.path().join("model.txt"), model.to_text()).unwrap();
        let mut columns = data.columns.clone();
        for (column, strange) in columns.iter_mut().zip(data.strange()) {
            column.extend(strange);
        }
        run(&python, directory.path(), "predict", objective, &columns);
        check(&model, &columns, directory.path());
    }
}

#[test]
fn lightgbms_models_predict_the_same_doubles_here() {
    let Some(python) = python_or_skip("models of lightgbm here") else {
        return;
    };
    for objective in [
        Objective::Binary,
        Objective::Multiclass,
        Objective::Regression,
    ] {
        let directory = tempfile::tempdir().unwrap();
        let columns = table(3_000, 0, 5).strange();
        run(&python, directory.path(), "train", objective, &columns);
        let text = std::fs::read_to_string(directory.path().join("model.txt")).unwrap();
        let model = Model::from_text(&text).unwrap();
        check(&model, &columns, directory.path());
    }
}
