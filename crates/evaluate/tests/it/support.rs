//! Queues of models made up, and `evaluate` run on them.

use std::path::PathBuf;
use std::process::{Command, Output};
use std::sync::Arc;

use arrow_array::{ArrayRef, Float64Array, RecordBatch};
use waystation_tests::complete;

/// Numbers in [0, 1), the same for the same seed.
pub(crate) fn numbers(seed: u64, count: usize) -> Vec<f64> {
    let mut state = seed;
    let mut next = || {
        state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
        state as f64 / 2_147_483_648.0
    };
    (0..count).map(|_| next()).collect()
}

/// A queue of models in the making.
pub(crate) struct Models {
    directory: tempfile::TempDir,
}

impl Models {
    pub(crate) fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        Self { directory }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn create(&self, name: &str) -> PathBuf {
        let path = self.path("raw").join(name);
        fs_err::create_dir_all(path.parent().unwrap()).unwrap();
        path
    }

    pub(crate) fn file(self, name: &str, content: &str) -> Self {
        fs_err::write(self.create(name), content).unwrap();
        self
    }

    pub(crate) fn table(self, name: &str, columns: &[(&str, Vec<f64>)]) -> Self {
        let arrays = columns.iter().map(|(name, values)| {
            let array: ArrayRef = Arc::new(Float64Array::from(values.clone()));
            (*name, array)
        });
        let batch = RecordBatch::try_from_iter(arrays).unwrap();
        let file = fs_err::File::create(self.create(name)).unwrap();
        let mut writer = table::Writer::new(file, &batch.schema());
        writer.write(&batch).unwrap();
        writer.finish().unwrap();
        self
    }

    /// Makes the files a complete queue and runs `evaluate` on it.
    pub(crate) fn evaluate(&self, settings: &str) -> Run {
        let models = self.path("models");
        complete(&self.path("raw"), &models);
        let config = self.path("evaluate.json");
        fs_err::write(&config, settings).unwrap();
        let reports = self.path("reports");
        let output = Command::new(env!("CARGO_BIN_EXE_evaluate"))
            .args([&models, &reports])
            .arg("--config")
            .arg(&config)
            .output()
            .unwrap();
        let file = |name: &str| fs_err::read_to_string(reports.join(name)).unwrap_or_default();
        Run {
            metrics: file("metrics.json"),
            report: file("report.html"),
            output,
        }
    }
}

/// What a run did.
pub(crate) struct Run {
    output: Output,
    metrics: String,
    report: String,
}

impl Run {
    #[track_caller]
    pub(crate) fn check(&self, status: i32) {
        assert_eq!(
            self.output.status.code(),
            Some(status),
            "stdout:\n{}\nstderr:\n{}",
            self.stdout(),
            self.stderr()
        );
    }

    pub(crate) fn stdout(&self) -> String {
        String::from_utf8_lossy(&self.output.stdout).into_owned()
    }

    pub(crate) fn stderr(&self) -> String {
        String::from_utf8_lossy(&self.output.stderr).into_owned()
    }

    pub(crate) fn metrics(&self) -> serde_json::Value {
        serde_json::from_str(&self.metrics).unwrap()
    }

    pub(crate) fn report(&self) -> &str {
        &self.report
    }
}
