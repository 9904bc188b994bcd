//! `split` from the outside: a queue in, a queue with a folder for each partition out.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{ArrayRef, Int64Array, RecordBatch};
use arrow_schema::{DataType, Field, Schema};
use clap::Parser as _;
use insta::assert_snapshot;
use stage::{Definition, Fault, Item, ItemStage, NoSettings, Options, Reads};
use table::roles::{Role, roles_of, with_roles};

const CUT: &str = r#"{"rule": "time", "column": "day", "validation_from": 20, "test_from": 30}"#;

/// A project in a directory of its own.
struct Project {
    directory: tempfile::TempDir,
}

impl Project {
    fn new(rule: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        fs_err::create_dir_all(directory.path().join("raw")).unwrap();
        fs_err::write(directory.path().join("split.json"), rule).unwrap();
        Self { directory }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// An item with these days, in a column that is a feature.
    fn item(self, name: &str, days: &[Option<i64>]) -> Self {
        let day = with_roles(Field::new("day", DataType::Int64, true), &[Role::Feature]);
        let schema = Arc::new(Schema::new(vec![day]));
        let days: ArrayRef = Arc::new(Int64Array::from(days.to_vec()));
        let batch = RecordBatch::try_new(schema, vec![days]).unwrap();
        let path = self.path("raw").join(name);
        fs_err::create_dir_all(path.parent().unwrap()).unwrap();
        let file = fs_err::File::create(path).unwrap();
        let mut writer = table::Writer::new(file, &batch.schema()).unwrap();
        writer.write(&batch).unwrap();
        writer.finish().unwrap();
        self
    }

    fn days(self, name: &str, days: std::ops::Range<i64>) -> Self {
        let days: Vec<Option<i64>> = days.map(Some).collect();
        self.item(name, &days)
    }

    fn split(&self, arguments: &[&str]) -> Run {
        complete(&self.path("raw"), &self.path("features"));
        let output = Command::new(env!("CARGO_BIN_EXE_split"))
            .current_dir(self.directory.path())
            .args(["--config", "split.json", "--quiet", "features", "splits"])
            .args(arguments)
            .output()
            .unwrap();
        Run(output)
    }

    fn read(&self, name: &str) -> table::Reader {
        table::Reader::open(&self.path("splits").join(name)).unwrap()
    }

    /// Each file of the queue with its days.
    fn tree(&self) -> String {
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

struct Run(Output);

impl Run {
    #[track_caller]
    fn check(&self, status: i32) -> String {
        let told = String::from_utf8_lossy(&self.0.stderr).into_owned();
        assert_eq!(self.0.status.code(), Some(status), "{told}");
        told
    }
}

#[derive(clap::Parser)]
struct Arguments {
    #[command(flatten)]
    options: Options,
}

/// Passes every item on as it is.
struct Copy;

impl ItemStage for Copy {
    fn process(&self, item: &Item, output: &stage::Output) -> Result<(), Fault> {
        output.write(item.name(), &fs_err::read(item.path())?)
    }
}

/// From plain files to a complete queue.
fn complete(files: &Path, queue: &Path) {
    let arguments = [Path::new("copy"), files, queue, Path::new("--quiet")];
    let arguments = Arguments::try_parse_from(arguments).unwrap();
    let definition = Definition::new("copy", Reads::Raw, &NoSettings {});
    stage::items(&arguments.options, &definition, &Copy).unwrap();
}

#[test]
fn every_row_goes_to_one_partition() {
    let project = Project::new(CUT)
        .days("a.parquet", 0..15)
        .days("b.parquet", 15..40)
        .days("c.parquet", 40..41)
        .item("empty.parquet", &[]);
    project.split(&[]).check(0);
    assert_snapshot!(project.tree(), @"
test/b.parquet: 30 to 39, 10 rows
test/c.parquet: 40 to 40, 1 rows
train/a.parquet: 0 to 14, 15 rows
train/b.parquet: 15 to 19, 5 rows
validation/b.parquet: 20 to 29, 10 rows
");
    let manifest = fs_err::read(project.path("splits/_manifest.json")).unwrap();
    let manifest: serde_json::Value = serde_json::from_slice(&manifest).unwrap();
    assert_eq!(manifest["counts"]["read"], 41);
    assert_eq!(manifest["counts"]["written"], 41);
}

#[test]
fn an_item_of_many_batches_keeps_its_order() {
    let rule = CUT.replace("20", "100000").replace("30", "150000");
    let project = Project::new(&rule).days("a.parquet", 0..200_000);
    project.split(&["--jobs", "3"]).check(0);
    assert_snapshot!(project.tree(), @"
test/a.parquet: 150000 to 199999, 50000 rows
train/a.parquet: 0 to 99999, 100000 rows
validation/a.parquet: 100000 to 149999, 50000 rows
");
}

#[test]
fn roles_stay() {
    let project = Project::new(CUT).days("a.parquet", 0..5);
    project.split(&[]).check(0);
    let reader = project.read("train/a.parquet");
    assert_eq!(roles_of(reader.schema().field(0)), [Role::Feature]);
}

#[test]
fn bytes_do_not_hang_on_jobs() {
    let rule = r#"{"rule": "hash", "columns": ["day"], "shares": {"train": 0.6, "validation": 0.2, "test": 0.2}}"#;
    let make = |jobs: &str| {
        let project = Project::new(rule).days("a.parquet", 0..100_000);
        project.split(&["--jobs", jobs]).check(0);
        ["train", "validation", "test"].map(|partition| {
            fs_err::read(project.path("splits").join(partition).join("a.parquet")).unwrap()
        })
    };
    assert!(make("1") == make("4"));
}

#[test]
fn a_row_without_a_time_fails_its_item() {
    let project = Project::new(CUT)
        .days("a.parquet", 0..15)
        .item("b.parquet", &[Some(1), None]);
    project.split(&[]).check(1);
    let letter = project.path("splits.partial/_failed/b.parquet.json");
    let letter = fs_err::read_to_string(letter).unwrap();
    assert!(letter.contains("some of 2 rows have no value"), "{letter}");
    fs_err::write(
        project.path("split.json"),
        CUT.replace('}', r#", "missing": "test"}"#),
    )
    .unwrap();
    project.split(&[]).check(0);
}

#[test]
fn a_rule_that_makes_no_sense_stops_the_run() {
    let run = |rule: &str| {
        Project::new(rule)
            .days("a.parquet", 0..15)
            .split(&[])
            .check(78)
    };
    assert_snapshot!(run(&CUT.replace("30", "10")), @"split: split.json: `test_from`: expected a later moment than `validation_from`, found an earlier or the same");
    assert_snapshot!(run(&CUT.replace("day", "dai")), @"
split: split.json: there is no column `dai`
hint: did you mean `day`?
");
    assert_snapshot!(run(&CUT.replace("rule", "rool")), @"split: split.json:1: missing field `rule`");
}
