//! Where one clause is tried: a directory of its own with a copy of the input.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::candidate::Candidate;
use crate::process::{Ended, Process, Running};
use crate::queue::Copy;
use crate::tree::Tree;

/// A directory with `in`, `out` and whatever the candidate leaves beside them.
#[derive(Debug)]
pub(crate) struct Sandbox<'a> {
    candidate: &'a Candidate,
    /// The longest a run may take.
    limit: Duration,
    /// Whether the input is any directory of files.
    raw: bool,
    directory: PathBuf,
    /// The input.
    pub(crate) input: Copy,
    environment: Vec<(&'static str, String)>,
}

impl<'a> Sandbox<'a> {
    pub(crate) fn new(
        candidate: &'a Candidate,
        limit: Duration,
        raw: bool,
        directory: &Path,
        input: Copy,
    ) -> anyhow::Result<Self> {
        let temporary = directory.join("tmp");
        fs_err::create_dir_all(&temporary)?;
        let environment = vec![
            ("TMPDIR", temporary.display().to_string()),
            ("TZ", "UTC0".to_owned()),
        ];
        Ok(Self {
            candidate,
            limit,
            raw,
            directory: directory.to_owned(),
            input,
            environment,
        })
    }

    /// Sets a variable of the candidate's environment.
    pub(crate) fn environment(&mut self, name: &'static str, value: &str) {
        self.environment.retain(|(known, _)| *known != name);
        self.environment.push((name, value.to_owned()));
    }

    /// A path in it.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    /// The queue that the candidate writes.
    pub(crate) fn output(&self) -> PathBuf {
        self.path("out")
    }

    /// What the candidate has written so far of a queue that is not complete.
    pub(crate) fn partial(&self) -> PathBuf {
        self.path("out.partial")
    }

    /// The output as a tree.
    pub(crate) fn written(&self) -> std::io::Result<Tree> {
        Tree::of_queue(&self.output())
    }

    /// All but the output, as a tree.
    pub(crate) fn beside(&self) -> std::io::Result<Tree> {
        let mut tree = Tree::of(&self.directory)?;
        tree.files.retain(|name, _| !name.starts_with("out/"));
        Ok(tree)
    }

    /// The candidate under the contract, reading `in` and writing `out`.
    pub(crate) fn stage(&self, options: &[&str]) -> Process {
        // Faults that last are not worth waiting for here.
        let patience = ["--backoff", "1ms"];
        let options: Vec<&str> = patience.iter().chain(options).copied().collect();
        self.settle(
            self.candidate
                .stage(self.raw, &options, self.input.path(), &self.output()),
        )
    }

    /// The candidate without `adapt`, writing an empty directory.
    pub(crate) fn alone(&self, output: &Path) -> Process {
        self.settle(self.candidate.alone(self.input.path(), output))
    }

    /// The candidate with just these words.
    pub(crate) fn bare(&self, words: &[&str]) -> Process {
        self.settle(self.candidate.bare(words))
    }

    /// The process in this directory and environment.
    pub(crate) fn settle(&self, process: Process) -> Process {
        let set =
            |process: Process, (name, value): &(&str, String)| process.environment(name, value);
        let process = process.directory(&self.directory);
        self.environment.iter().fold(process, set)
    }

    /// Runs the candidate under the contract to its end.
    pub(crate) fn run(&self, options: &[&str]) -> anyhow::Result<Ended> {
        self.stage(options).run(self.limit)
    }

    /// The same with other settings.
    pub(crate) fn run_with_config(&self, config: &Path) -> anyhow::Result<Ended> {
        let candidate = self.candidate.clone().config(Some(config));
        let process = candidate.stage(self.raw, &[], self.input.path(), &self.output());
        self.settle(process).run(self.limit)
    }

    /// Runs some process to its end.
    pub(crate) fn end(&self, process: &Process) -> anyhow::Result<Ended> {
        process.run(self.limit)
    }

    /// Waits for a run that was started.
    pub(crate) fn wait(&self, running: Running) -> anyhow::Result<Ended> {
        running.end(self.limit)
    }
}
