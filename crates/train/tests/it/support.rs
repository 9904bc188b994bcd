//! Queues of splits made up, and `train` run on them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Arc;
use std::time::Duration;

use arrow_array::types::Int32Type;
use arrow_array::{ArrayRef, Float64Array, RecordBatch};
use arrow_schema::{DataType, Field, Schema};
use table::roles::{self, Role, Task};
use waystation_tests::complete;

/// Numbers in [0, 1), the same for the same seed.
pub(crate) fn numbers(seed: u64, count: usize) -> Vec<f64> {
    let mut state = seed * 7919;
    let mut next = || {
        state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
        state as f64 / 2_147_483_648.0
    };
    (0..count).map(|_| next()).collect()
}

/// A column in the making; what is not a number is missing.
#[derive(Clone)]
pub(crate) struct Column {
    field: Field,
    pub(crate) values: Vec<f64>,
}

impl Column {
    pub(crate) fn number(name: &str, values: Vec<f64>, roles: &[Role]) -> Self {
        let field = roles::with_roles(Field::new(name, DataType::Float64, true), roles);
        Self { field, values }
    }

    pub(crate) fn codes(name: &str, values: Vec<f64>, roles: &[Role]) -> Self {
        let field = roles::with_roles(Field::new(name, DataType::Int32, true), roles);
        Self { field, values }
    }

    pub(crate) fn categories(mut self, levels: u32) -> Self {
        self.field = roles::with_categories(self.field, levels);
        self
    }

    pub(crate) fn task(mut self, task: Task, classes: &[String]) -> Self {
        self.field = roles::with_task(self.field, task, classes);
        self
    }

    fn array(&self) -> ArrayRef {
        let values = self
            .values
            .iter()
            .map(|value| Some(*value).filter(|value| !value.is_nan()));
        let numbers: Float64Array = values.collect();
        match self.field.data_type() {
            DataType::Int32 => Arc::new(numbers.unary::<_, Int32Type>(|value| value as i32)),
            _ => Arc::new(numbers),
        }
    }
}

/// A queue of splits in the making.
pub(crate) struct Splits {
    directory: tempfile::TempDir,
}

impl Splits {
    pub(crate) fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        Self { directory }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub(crate) fn table(self, name: &str, columns: &[Column]) -> Self {
        let path = self.path("raw").join(name);
        fs_err::create_dir_all(path.parent().unwrap()).unwrap();
        let fields: Vec<Field> = columns.iter().map(|column| column.field.clone()).collect();
        let schema = Arc::new(Schema::new(fields));
        let arrays = columns.iter().map(Column::array).collect();
        let batch = RecordBatch::try_new(schema.clone(), arrays).unwrap();
        let mut writer = table::Writer::new(fs_err::File::create(path).unwrap(), &schema);
        writer.write(&batch).unwrap();
        writer.finish().unwrap();
        self
    }

    fn command(&self, settings: &str, options: &[&str]) -> Command {
        complete(&self.path("raw"), &self.path("splits"));
        let config = self.path("train.json");
        fs_err::write(&config, settings).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_train"));
        command
            .args([&self.path("splits"), &self.path("models")])
            .arg("--config")
            .arg(config)
            .args(options);
        command
    }

    /// Makes the files a complete queue and runs `train` on it.
    pub(crate) fn train(&self, settings: &str, options: &[&str]) -> Run {
        let output = self.command(settings, options).output().unwrap();
        let mut files = BTreeMap::new();
        if output.status.success() {
            collect(&self.path("models"), "", &mut files);
        }
        Run { output, files }
    }

    /// Runs `train` and kills it as soon as another checkpoint is saved.
    pub(crate) fn train_until_checkpoint(&self, settings: &str, options: &[&str]) {
        let before = self.checkpoint();
        let mut train = self
            .command(settings, options)
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        while self.checkpoint() == before {
            let ended = train.try_wait().unwrap();
            assert!(
                ended.is_none(),
                "the training ended before it could be killed: {ended:?}"
            );
            std::thread::sleep(Duration::from_millis(1));
        }
        train.kill().unwrap();
        train.wait().unwrap();
        assert!(
            !self.path("models").exists(),
            "the training was killed too late"
        );
    }

    /// The length of the checkpoint: it grows with every tree.
    fn checkpoint(&self) -> Option<u64> {
        let mut pending = vec![self.path("models.partial")];
        while let Some(directory) = pending.pop() {
            for entry in fs_err::read_dir(directory).ok()?.flatten() {
                if entry.path().is_dir() {
                    pending.push(entry.path());
                } else if entry.file_name() == "trainer" {
                    return entry.metadata().ok().map(|metadata| metadata.len());
                }
            }
        }
        None
    }
}

/// All files of a queue but those that tell of the run and of the files' times.
fn collect(directory: &Path, prefix: &str, files: &mut BTreeMap<String, Vec<u8>>) {
    for entry in fs_err::read_dir(directory).unwrap() {
        let entry = entry.unwrap();
        let name = format!("{prefix}{}", entry.file_name().to_str().unwrap());
        if entry.path().is_dir() {
            collect(&entry.path(), &format!("{name}/"), files);
        } else if !["_run.json", "_stat.json", "_history.jsonl"].contains(&name.as_str()) {
            files.insert(name, fs_err::read(entry.path()).unwrap());
        }
    }
}

/// What a run did.
pub(crate) struct Run {
    output: Output,
    files: BTreeMap<String, Vec<u8>>,
}

impl Run {
    fn stderr(&self) -> String {
        String::from_utf8_lossy(&self.output.stderr).into_owned()
    }

    #[track_caller]
    pub(crate) fn check(&self, status: i32) {
        assert_eq!(
            self.output.status.code(),
            Some(status),
            "stderr:\n{}",
            self.stderr()
        );
    }

    #[track_caller]
    pub(crate) fn check_fault(&self, expected: &str) {
        assert!(!self.output.status.success());
        assert!(
            self.stderr().contains(expected),
            "expected: {expected}\nstderr:\n{}",
            self.stderr()
        );
    }

    pub(crate) fn files(&self) -> &BTreeMap<String, Vec<u8>> {
        &self.files
    }

    pub(crate) fn text(&self, name: &str) -> String {
        String::from_utf8(self.files[name].clone()).unwrap()
    }

    pub(crate) fn json(&self, name: &str) -> serde_json::Value {
        serde_json::from_slice(&self.files[name]).unwrap()
    }

    pub(crate) fn table(&self, name: &str) -> Table {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("table.parquet");
        fs_err::write(&path, &self.files[name]).unwrap();
        let batches = table::Reader::open(&path).unwrap();
        Table {
            batches: batches.map(Result::unwrap).collect(),
        }
    }
}

/// A table read back.
pub(crate) struct Table {
    batches: Vec<RecordBatch>,
}

impl Table {
    pub(crate) fn names(&self) -> String {
        let schema = self.batches[0].schema();
        let names: Vec<&str> = schema
            .fields()
            .iter()
            .map(|field| field.name().as_str())
            .collect();
        names.join(" ")
    }

    pub(crate) fn numbers(&self, name: &str) -> Vec<f64> {
        let column = |batch: &RecordBatch| {
            let array = batch.column_by_name(name).unwrap();
            table::values::numbers(array).unwrap().values().to_vec()
        };
        self.batches.iter().flat_map(column).collect()
    }
}
