//! Projects made up, and `split` run on them.

use std::path::PathBuf;
use std::process::{Command, Output};
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{ArrayRef, Int64Array, RecordBatch};
use arrow_schema::{DataType, Field, Schema};
use table::roles::{Role, with_roles};
use waystation_tests::complete;

/// A project in a directory of its own.
pub(crate) struct Project {
    directory: tempfile::TempDir,
}

impl Project {
    pub(crate) fn new(rule: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        fs_err::create_dir_all(directory.path().join("raw")).unwrap();
        fs_err::write(directory.path().join("split.json"), rule).unwrap();
        Self { directory }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// An item with these days, in a column that is a feature.
    pub(crate) fn item(self, name: &str, days: &[Option<i64>]) -> Self {
        let day = with_roles(Field::new("day", DataType::Int64, true), &[Role::Feature]);
        let schema = Arc::new(Schema::new(vec![day]));
        let days: ArrayRef = Arc::new(Int64Array::from(days.to_vec()));
        let batch = RecordBatch::try_new(schema, vec![days]).unwrap();
        let path = self.path("raw").join(name);
        fs_err::create_dir_all(path.parent().unwrap()).unwrap();
        let file = fs_err::File::create(path).unwrap();
        let mut writer = table::Writer::new(file, &batch.schema());
        writer.write(&batch).unwrap();
        writer.finish().unwrap();
        self
    }

    pub(crate) fn days(self, name: &str, days: std::ops::Range<i64>) -> Self {
        let days: Vec<Option<i64>> = days.map(Some).collect();
        self.item(name, &days)
    }

    pub(crate) fn split(&self, arguments: &[&str]) -> Run {
        complete(&self.path("raw"), &self.path("features"));
        let output = Command::new(env!("CARGO_BIN_EXE_split"))
            .current_dir(self.directory.path())
            .args(["--config", "split.json", "--quiet", "features", "splits"])
            .args(arguments)
            .output()
            .unwrap();
        Run(output)
    }

    pub(crate) fn read(&self, name: &str) -> table::Reader {
        table::Reader::open(&self.path("splits").join(name)).unwrap()
    }

    /// Each file of the queue with its days.
    pub(crate) fn tree(&self) -> String {
        let mut lines = Vec::new();
        for partition in ["test", "train", "validation"] {
            let Ok(entries) = fs_err::read_dir(self.path("splits").join(partition)) else {
                continue;
            };
            for entry in entries {
                let name = entry.unwrap().file_name().into_string().unwrap();
                let name = format!("{partition}/{name}");
                let days: Vec<i64> = self
                    .read(&name)
                    .flat_map(|batch| {
                        batch
                            .unwrap()
                            .column(0)
                            .as_primitive::<Int64Type>()
                            .values()
                            .to_vec()
                    })
                    .collect();
                lines.push(format!(
                    "{name}: {} to {}, {} rows",
                    days[0],
                    days[days.len() - 1],
                    days.len()
                ));
            }
        }
        lines.sort();
        lines.join("\n")
    }
}

pub(crate) struct Run(Output);

impl Run {
    #[track_caller]
    pub(crate) fn check(&self, status: i32) -> String {
        let told = String::from_utf8_lossy(&self.0.stderr).into_owned();
        assert_eq!(self.0.status.code(), Some(status), "{told}");
        told
    }
}
