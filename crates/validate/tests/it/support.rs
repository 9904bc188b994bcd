//! Directories of raw files made up, and `validate` run on them.

use std::path::PathBuf;
use std::process::{Command, Output};

use arrow_array::ArrayRef;
use table::Texts;

/// A directory with raw files.
pub(crate) struct Project {
    directory: tempfile::TempDir,
}

impl Project {
    /// With one raw file.
    pub(crate) fn with(name: &str, content: impl AsRef<[u8]>) -> Self {
        let directory = tempfile::tempdir().unwrap();
        Self { directory }.file(name, content)
    }

    /// And another raw file.
    pub(crate) fn file(self, name: &str, content: impl AsRef<[u8]>) -> Self {
        self.write(&format!("raw/{name}"), content);
        self
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs_err::create_dir_all(path.parent().unwrap()).unwrap();
        fs_err::write(path, content).unwrap();
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Runs the stage with a schema.
    pub(crate) fn validate(&self, schema: &str) -> Run {
        self.validate_with(schema, &[])
    }

    /// The same, with options.
    pub(crate) fn validate_with(&self, schema: &str, options: &[&str]) -> Run {
        self.write("validate.json", schema);
        let config = ["--config", "validate.json"];
        self.run(&[&config, options, &["raw", "validated"]].concat())
    }

    /// Runs the program.
    pub(crate) fn run(&self, arguments: &[&str]) -> Run {
        let output = Command::new(env!("CARGO_BIN_EXE_validate"))
            .current_dir(self.directory.path())
            .args(arguments)
            .output()
            .unwrap();
        Run(output)
    }

    /// The schema that the program prints for the raw files.
    pub(crate) fn infer(&self) -> String {
        self.run(&["--infer", "raw"]).check(0).stdout()
    }

    /// The columns of an output with their types, and its rows.
    pub(crate) fn rows(&self, name: &str) -> String {
        let reader = table::Reader::open(&self.path("validated").join(name)).unwrap();
        let fields = reader.schema().fields().clone();
        let heads = fields.iter().map(|field| {
            format!(
                "{}: {}",
                field.name(),
                table::columns::type_name(field.data_type())
            )
        });
        let mut lines = vec![heads.collect::<Vec<_>>().join(" | ")];
        for batch in reader {
            let batch = batch.unwrap();
            for row in 0..batch.num_rows() {
                let cell = |column: &ArrayRef| {
                    if column.is_null(row) {
                        return "∅".to_owned();
                    }
                    Texts::new(column).unwrap().text(row)
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

    /// A file of the output, or of what a failed run left.
    pub(crate) fn output(&self, name: &str) -> String {
        let whole = self.path("validated").join(name);
        let path = if whole.exists() {
            whole
        } else {
            self.path("validated.partial").join(name)
        };
        fs_err::read_to_string(path).unwrap()
    }
}

/// A run that has ended.
pub(crate) struct Run(Output);

impl Run {
    /// Fails, and shows all, when the exit status is another.
    #[track_caller]
    pub(crate) fn check(self, status: i32) -> Self {
        assert_eq!(
            self.0.status.code(),
            Some(status),
            "stdout:\n{}\nstderr:\n{}",
            self.stdout(),
            self.stderr()
        );
        self
    }

    pub(crate) fn stdout(&self) -> String {
        String::from_utf8(self.0.stdout.clone()).unwrap()
    }

    pub(crate) fn stderr(&self) -> String {
        String::from_utf8(self.0.stderr.clone()).unwrap()
    }

    /// What was said of an item or about the settings: the line with this text, and the hint after it.
    #[track_caller]
    pub(crate) fn told(&self, text: &str) -> String {
        let stderr = self.stderr();
        let mut lines = stderr.lines().skip_while(|line| !line.contains(text));
        let line = lines
            .next()
            .unwrap_or_else(|| panic!("no `{text}` in:\n{stderr}"));
        let hint = lines
            .next()
            .filter(|line| line.trim_start().starts_with("hint: "));
        [Some(line), hint]
            .into_iter()
            .flatten()
            .collect::<Vec<_>>()
            .join("\n")
    }
}
