//! The program on trial, and how it is started.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::process::Process;

/// How a foreign program is given its items.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// All of them at once.
    Whole,
    /// One at a time.
    Each,
    /// So many at a time.
    Batch(u32),
}

/// Whether a program keeps the contract by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It is a stage: `PROGRAM [OPTIONS] INPUT OUTPUT`.
    Native,
    /// It is started by `adapt`, which keeps much of the contract for it.
    Foreign {
        /// Where `adapt` is.
        adapt: PathBuf,
        /// How many items it is given.
        mode: Mode,
    },
}

/// The program on trial.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// The program and its arguments, without INPUT and OUTPUT. Files among them are absolute paths.
    pub command: Vec<String>,
    /// The same as it was given.
    given: Vec<String>,
    /// Whether it keeps the contract by itself.
    pub kind: Kind,
    /// Its settings file.
    pub config: Option<PathBuf>,
}

impl Candidate {
    /// A program with its arguments. Relative paths of files among them are made absolute, for it is run elsewhere.
    pub fn new(command: &[String], kind: Kind) -> Self {
        let mut words = command.iter();
        let program = words.next().map(|name| {
            if name.contains('/') {
                absolute(name)
            } else {
                name.clone()
            }
        });
        let further = words.map(|word| absolute(word));
        Self {
            command: program.into_iter().chain(further).collect(),
            given: command.to_vec(),
            kind,
            config: None,
        }
    }

    /// The same candidate with a settings file.
    #[must_use]
    pub fn config(mut self, config: Option<&Path>) -> Self {
        self.config = config.map(|path| std::path::absolute(path).unwrap_or(path.to_owned()));
        self
    }

    /// The program and its arguments on one line; a script among them is cut.
    pub fn name(&self) -> String {
        const LONGEST: usize = 60;
        let word = |word: &String| {
            let line = word.split_whitespace().collect::<Vec<_>>().join(" ");
            let is_script = word.contains('\n') || line.chars().count() > LONGEST;
            if is_script && line.contains(' ') {
                format!("'{}…'", line.chars().take(LONGEST / 2).collect::<String>())
            } else {
                line
            }
        };
        self.given.iter().map(word).collect::<Vec<_>>().join(" ")
    }

    /// How it is started, in words: "under `adapt --each`".
    pub fn how(&self) -> String {
        match &self.kind {
            Kind::Native => "a stage by itself".to_owned(),
            Kind::Foreign { mode, .. } => match mode {
                Mode::Whole => "under `adapt`".to_owned(),
                Mode::Each => "under `adapt --each`".to_owned(),
                Mode::Batch(size) => format!("under `adapt --batch {size}`"),
            },
        }
    }

    /// Whether it keeps the contract by itself.
    pub fn is_native(&self) -> bool {
        self.kind == Kind::Native
    }

    /// The command that has it process a queue, under the contract. A raw INPUT is any directory of files.
    pub(crate) fn stage(
        &self,
        raw: bool,
        options: &[&str],
        input: &Path,
        output: &Path,
    ) -> Process {
        let config = self.config.iter();
        let config = config.flat_map(|path| ["--config".to_owned(), path.display().to_string()]);
        let options = options.iter().map(|option| (*option).to_owned());
        match &self.kind {
            Kind::Native => Process::new(&self.command)
                .args(config)
                .args(options)
                .path(input)
                .path(output),
            Kind::Foreign { adapt, mode } => {
                let mode = match mode {
                    Mode::Whole => vec![],
                    Mode::Each => vec!["--each".to_owned()],
                    Mode::Batch(size) => vec!["--batch".to_owned(), size.to_string()],
                };
                Process::new(&[adapt.display().to_string()])
                    .args(mode)
                    .args(raw.then(|| "--raw".to_owned()))
                    .args(config)
                    .args(options)
                    .path(input)
                    .path(output)
                    .args(["--".to_owned()])
                    .args(self.command.iter().cloned())
            }
        }
    }

    /// The program by itself, as `adapt` would start it, without anybody between.
    pub(crate) fn alone(&self, input: &Path, output: &Path) -> Process {
        let process = Process::new(&self.command);
        let process = match &self.config {
            Some(config) if self.is_native() => process.args(["--config".to_owned()]).path(config),
            Some(config) => process.environment("WAYSTATION_CONFIG", &config.display().to_string()),
            None => process,
        };
        process.path(input).path(output)
    }

    /// The ways of asking it about itself: with its arguments, which a script is among, and without them, which may be
    /// options that do not go together with the question.
    pub(crate) fn asked(&self, question: &str) -> [Process; 2] {
        let question = || [question.to_owned()];
        let program = &self.command[..self.command.len().min(1)];
        [
            Process::new(&self.command).args(question()),
            Process::new(program).args(question()),
        ]
    }

    /// The command without the words that `conform` adds.
    pub(crate) fn bare(&self, arguments: &[&str]) -> Process {
        let arguments = arguments.iter().map(|word| (*word).to_owned());
        match &self.kind {
            Kind::Native => Process::new(&self.command).args(arguments),
            Kind::Foreign { adapt, .. } => {
                Process::new(&[adapt.display().to_string()]).args(arguments)
            }
        }
    }
}

fn absolute(word: &str) -> String {
    let path = Path::new(word);
    if path.is_relative()
        && path.is_file()
        && let Ok(path) = std::path::absolute(path)
    {
        return path.display().to_string();
    }
    word.to_owned()
}

/// Whether there is such a program: a file, or a name on PATH.
pub fn is_there(command: &[String]) -> bool {
    let Some(name) = command.first() else {
        return false;
    };
    if name.contains('/') {
        return Path::new(name).is_file();
    }
    let search_path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&search_path).any(|directory| directory.join(name).is_file())
}

/// Whether a program keeps the contract by itself: asked for the JSON Schema of its settings, it prints one.
pub fn recognise(command: &[String], adapt: &Path, mode: Mode) -> anyhow::Result<Kind> {
    let foreign = Kind::Foreign {
        adapt: adapt.to_owned(),
        mode,
    };
    let directory = tempfile::tempdir()?;
    let candidate = Candidate::new(command, Kind::Native);
    for asked in candidate.asked("--config-schema") {
        // Whatever goes wrong here is no stage's answer.
        let asked = asked.directory(directory.path());
        let Ok(ended) = asked.run(Duration::from_secs(10)) else {
            continue;
        };
        let schema = serde_json::from_str::<serde_json::Value>(&ended.stdout);
        if ended.status == 0 && schema.is_ok_and(|schema| schema.get("$schema").is_some()) {
            return Ok(Kind::Native);
        }
    }
    Ok(foreign)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_among_the_arguments_is_cut() {
        let words = [
            "sh",
            "-c",
            "set -eu\nfor item in \"$1\"/*; do\n  cp \"$item\" \"$2\"\ndone",
            "sh",
        ];
        let candidate = Candidate::new(&words.map(str::to_owned), Kind::Native);
        assert_eq!(
            candidate.name(),
            "sh -c 'set -eu for item in \"$1\"/*; do…' sh"
        );
    }
}
