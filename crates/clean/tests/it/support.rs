//! Queues of tables made up, and `clean` run on them.

use std::path::PathBuf;
use std::process::{Command, Output};
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::{ArrayRef, RecordBatch, StringArray};
use table::Texts;
use waystation_tests::complete;

/// A directory with a queue `validated`.
pub(crate) struct Project {
    directory: tempfile::TempDir,
}

impl Project {
    pub(crate) fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        Self { directory }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Writes an item of texts, from lines with commas.
    pub(crate) fn table(&self, name: &str, lines: &str) {
        let mut lines = lines.lines().map(cells);
        let names = lines.next().unwrap();
        let rows: Vec<_> = lines.collect();
        let column = |index: usize| {
            let texts = rows.iter().map(|row| row[index].as_str());
            Arc::new(StringArray::from_iter_values(texts)) as ArrayRef
        };
        let columns = names
            .iter()
            .enumerate()
            .map(|(index, name)| (name, column(index)));
        let batch = RecordBatch::try_from_iter(columns).unwrap();
        let path = self.path("files").join(name);
        fs_err::create_dir_all(path.parent().unwrap()).unwrap();
        let file = fs_err::File::create(path).unwrap();
        let mut writer = table::Writer::new(file, &batch.schema());
        writer.write(&batch).unwrap();
        writer.finish().unwrap();
    }

    /// Completes the queue and cleans it.
    pub(crate) fn clean(&self, settings: &str) -> Run {
        self.clean_with(settings, &[])
    }

    /// The same, with options.
    pub(crate) fn clean_with(&self, settings: &str, options: &[&str]) -> Run {
        fs_err::write(self.path("clean.json"), settings).unwrap();
        self.run(&[&["--config", "clean.json"], options].concat())
    }

    /// The same, without settings.
    pub(crate) fn clean_plainly(&self) -> Run {
        // One item after the other, so that the remark made once is always about the first.
        self.run(&["--jobs", "1"])
    }

    fn run(&self, options: &[&str]) -> Run {
        if self.path("files").exists() {
            complete(&self.path("files"), &self.path("validated"));
        }
        let output = Command::new(env!("CARGO_BIN_EXE_clean"))
            .current_dir(self.directory.path())
            .args(options)
            .args(["validated", "cleaned"])
            .output()
            .unwrap();
        Run(output)
    }

    /// The JSON Schema of the settings.
    pub(crate) fn schema(&self) -> serde_json::Value {
        let output = self.run_schema();
        serde_json::from_slice(&output.stdout).unwrap()
    }

    fn run_schema(&self) -> Output {
        Command::new(env!("CARGO_BIN_EXE_clean"))
            .arg("--config-schema")
            .output()
            .unwrap()
    }

    /// The rows of a cleaned item, as lines.
    pub(crate) fn rows(&self, name: &str) -> String {
        let reader = table::Reader::open(&self.path("cleaned").join(name)).unwrap();
        let names: Vec<_> = reader
            .schema()
            .fields()
            .iter()
            .map(|field| field.name().clone())
            .collect();
        let mut lines = vec![names.join(" | ")];
        for batch in reader {
            let batch = batch.unwrap();
            for row in 0..batch.num_rows() {
                let cell = |column: &ArrayRef| match column.as_string_opt::<i32>() {
                    Some(texts) => format!("{:?}", texts.value(row)),
                    None => Texts::new(column).unwrap().text(row),
                };
                lines.push(
                    batch
                        .columns()
                        .iter()
                        .map(cell)
                        .collect::<Vec<_>>()
                        .join(" | "),
                );
            }
        }
        lines.join("\n")
    }

    /// A file's text.
    pub(crate) fn text(&self, name: &str) -> String {
        fs_err::read_to_string(self.path(name)).unwrap()
    }

    /// What the manifest says of all rows.
    pub(crate) fn counts(&self) -> String {
        let manifest = self.text("cleaned/_manifest.json");
        let manifest: serde_json::Value = serde_json::from_str(&manifest).unwrap();
        manifest["counts"].to_string()
    }
}

/// The cells of a line: between commas, or in quotes.
fn cells(line: &str) -> Vec<String> {
    let mut cells = vec![String::new()];
    let mut quoted = false;
    for letter in line.chars() {
        match letter {
            '"' => quoted = !quoted,
            ',' if !quoted => cells.push(String::new()),
            other => cells.last_mut().unwrap().push(other),
        }
    }
    cells
}

/// What a run did.
pub(crate) struct Run(Output);

impl Run {
    #[track_caller]
    pub(crate) fn check(&self, status: i32) {
        assert_eq!(
            self.0.status.code(),
            Some(status),
            "stderr:\n{}",
            self.stderr()
        );
    }

    /// What it said, without the times.
    pub(crate) fn stderr(&self) -> String {
        let text = String::from_utf8_lossy(&self.0.stderr).into_owned();
        let seconds = regex::Regex::new(r"\d+\.\d+ s\b").unwrap();
        seconds.replace_all(&text, "TIME").into_owned()
    }
}
