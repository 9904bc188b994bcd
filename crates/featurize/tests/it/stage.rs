//! The binary, on queues.

use std::path::PathBuf;
use std::process::{Command, Output};
use std::sync::Arc;

use arrow_array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use waystation_tests::complete;

const SPLIT: &str = r#"{"rule": "time", "column": "day", "validation_from": 20, "test_from": 30}"#;
const SETTINGS: &str = r#"{"label": {"column": "late", "as": "classes"}, "slice": ["carrier"]}"#;

/// A project in a directory of its own.
struct Project {
    directory: tempfile::TempDir,
}

impl Project {
    fn new(settings: &str, split: &str) -> Self {
        let project = Self {
            directory: tempfile::tempdir().unwrap(),
        };
        fs_err::create_dir_all(project.path("raw")).unwrap();
        fs_err::write(project.path("featurize.json"), settings).unwrap();
        fs_err::write(project.path("split.json"), split).unwrap();
        project
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// An item of ten days, each with four flights; its carriers are two of these.
    fn item(&self, name: &str, first_day: i64, carriers: [&str; 2]) {
        let rows = 0..40_i64;
        let integers = |value: &dyn Fn(i64) -> i64| {
            Arc::new(Int64Array::from_iter_values(rows.clone().map(value))) as ArrayRef
        };
        let carrier =
            StringArray::from_iter_values(rows.clone().map(|row| carriers[row as usize % 2]));
        let batch = RecordBatch::try_from_iter([
            ("day", integers(&|row| first_day + row / 4)),
            ("distance", integers(&|row| row * 7 % 11)),
            ("carrier", Arc::new(carrier) as ArrayRef),
            ("late", integers(&|row| row % 2)),
        ])
        .unwrap();
        let file = fs_err::File::create(self.path("raw").join(name)).unwrap();
        let mut writer = table::Writer::new(file, &batch.schema());
        writer.write(&batch).unwrap();
        writer.finish().unwrap();
    }

    fn featurize(&self, arguments: &[&str]) -> Run {
        complete(&self.path("raw"), &self.path("cleaned"));
        let output = Command::new(env!("CARGO_BIN_EXE_featurize"))
            .current_dir(self.directory.path())
            .args(["--config", "featurize.json", "--split", "split.json"])
            .args(arguments)
            .args(["cleaned", "features"])
            .output()
            .unwrap();
        Run(output)
    }

    fn read(&self, name: &str) -> Vec<u8> {
        fs_err::read(self.path("features").join(name)).unwrap()
    }

    fn manifest(&self) -> serde_json::Value {
        serde_json::from_slice(&self.read("_manifest.json")).unwrap()
    }
}

struct Run(Output);

impl Run {
    #[track_caller]
    fn check(&self, status: i32) {
        assert_eq!(self.0.status.code(), Some(status), "{}", self.told());
    }

    fn told(&self) -> String {
        String::from_utf8_lossy(&self.0.stderr).into_owned()
    }
}

fn three_items() -> Project {
    let project = Project::new(SETTINGS, SPLIT);
    project.item("a.parquet", 0, ["AA", "DL"]);
    project.item("b.parquet", 10, ["DL", "UA"]);
    project.item("c.parquet", 25, ["ZZ", "UA"]);
    project
}

fn inode(project: &Project, name: &str) -> u64 {
    use std::os::unix::fs::MetadataExt;
    fs_err::metadata(project.path("features").join(name))
        .unwrap()
        .ino()
}

#[test]
fn items_become_features_of_the_same_rows() {
    let project = three_items();
    project.featurize(&[]).check(0);
    let reader = table::Reader::open(&project.path("features").join("c.parquet")).unwrap();
    assert_eq!(reader.num_rows(), 40);
    let names: Vec<&str> = reader
        .schema()
        .fields()
        .iter()
        .map(|field| field.name().as_str())
        .collect();
    assert_eq!(
        names,
        ["day", "distance", "carrier_ordinal", "late", "carrier"]
    );
    let transform = String::from_utf8(project.read("_transform.json")).unwrap();
    assert!(transform.contains(r#"["AA", "DL", "UA"]"#), "{transform}");
    assert!(!transform.contains("ZZ"), "{transform}");
    assert_eq!(project.manifest()["counts"]["read"], 120);
}

#[test]
fn bytes_do_not_hang_on_jobs() {
    let (one, four) = (three_items(), three_items());
    one.featurize(&["--jobs", "1"]).check(0);
    four.featurize(&["--jobs", "4"]).check(0);
    for name in [
        "a.parquet",
        "c.parquet",
        "_transform.json",
        "_manifest.json",
    ] {
        assert!(one.read(name) == four.read(name), "{name}");
    }
}

#[test]
fn an_item_that_teaches_nothing_new_leaves_the_others_alone() {
    let project = three_items();
    project.featurize(&[]).check(0);
    let before = inode(&project, "a.parquet");
    project.item("d.parquet", 5, ["AA", "UA"]);
    project.featurize(&[]).check(0);
    assert_eq!(inode(&project, "a.parquet"), before);
    project.item("e.parquet", 5, ["BB", "UA"]);
    project.featurize(&[]).check(0);
    assert_ne!(inode(&project, "a.parquet"), before);
}

#[test]
fn another_split_rule_is_another_fit() {
    let project = three_items();
    project.featurize(&[]).check(0);
    let before = project.read("_transform.json");
    fs_err::write(
        project.path("split.json"),
        SPLIT.replace("30", "50").replace("20", "40"),
    )
    .unwrap();
    project.featurize(&[]).check(0);
    assert_ne!(project.read("_transform.json"), before);
}

#[test]
fn mistakes_in_settings_stop_the_run() {
    let run = |settings: &str, split: &str| {
        let project = Project::new(settings, split);
        project.item("a.parquet", 0, ["AA", "DL"]);
        let run = project.featurize(&["--quiet"]);
        run.check(78);
        run.told()
    };
    let shares = r#"{"rule": "hash", "columns": ["day"], "shares": {"train": 0.5}}"#;
    insta::assert_snapshot!(run(SETTINGS, shares), @"
featurize: split.json: `shares`: expected a sum of 1, found 0.5
hint: name a share for each partition that is to have rows
");
    insta::assert_snapshot!(run(&SETTINGS.replace("late", "lat"), SPLIT), @"
featurize: featurize.json: `label.column`: there is no column `lat`
hint: did you mean `late`?
");
    insta::assert_snapshot!(run(&SETTINGS.replace("label", "lable"), SPLIT), @"
featurize: featurize.json:1: `lable`: unknown field `lable`, expected one of `label`, `missing_label`, `weight`, `key`, `slice`, `time`, `drop`, `features`
hint: did you mean `label`?
");
    insta::assert_snapshot!(run(SETTINGS, &SPLIT.replace("day", "days")), @"
featurize: split.json: there is no column `days`
hint: did you mean `day`?
");
}

#[test]
fn no_split_rule_is_a_mistake_in_usage() {
    let output = Command::new(env!("CARGO_BIN_EXE_featurize"))
        .args(["a", "b"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(64));
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(told.contains("--split <FILE>"), "{told}");
}

#[test]
fn rows_without_a_label_fail_their_item() {
    let project = Project::new(&SETTINGS.replace("classes", "value"), SPLIT);
    project.item("a.parquet", 0, ["AA", "DL"]);
    let late: ArrayRef = Arc::new(Int64Array::from(vec![Some(1), None, Some(3)]));
    let day: ArrayRef = Arc::new(Int64Array::from(vec![1, 40, 2]));
    let carrier: ArrayRef = Arc::new(StringArray::from(vec!["AA", "DL", "DL"]));
    let columns = [
        ("day", day.clone()),
        ("distance", day),
        ("carrier", carrier),
        ("late", late),
    ];
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let file = fs_err::File::create(project.path("raw/b.parquet")).unwrap();
    let mut writer = table::Writer::new(file, &batch.schema());
    writer.write(&batch).unwrap();
    writer.finish().unwrap();
    let run = project.featurize(&[]);
    run.check(1);
    assert!(
        run.told()
            .contains("column `late`: 1 of 3 rows have no label"),
        "{}",
        run.told()
    );
}
