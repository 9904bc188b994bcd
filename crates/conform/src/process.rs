//! A process of the candidate: started, stopped, ended.

use std::ffi::OsString;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};

/// A command about to be run. What it prints goes into files of its directory, so that a process left behind holds
/// nobody up.
#[derive(Clone, Debug)]
pub(crate) struct Process {
    words: Vec<OsString>,
    directory: PathBuf,
    environment: Vec<(String, String)>,
    full_disk: bool,
}

/// How a process ended.
#[derive(Clone, Debug)]
pub(crate) struct Ended {
    /// Its exit status; 128 and the signal's number if it was killed.
    pub(crate) status: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) time: Duration,
    /// Whether it had to be killed because it did not end.
    pub(crate) timed_out: bool,
}

impl Process {
    pub(crate) fn new(words: &[String]) -> Self {
        Self {
            words: words.iter().map(OsString::from).collect(),
            directory: PathBuf::from("."),
            environment: Vec::new(),
            full_disk: false,
        }
    }

    pub(crate) fn args(mut self, words: impl IntoIterator<Item = String>) -> Self {
        self.words.extend(words.into_iter().map(OsString::from));
        self
    }

    pub(crate) fn path(mut self, path: &Path) -> Self {
        self.words.push(path.as_os_str().to_owned());
        self
    }

    pub(crate) fn directory(mut self, directory: &Path) -> Self {
        self.directory = directory.to_owned();
        self
    }

    pub(crate) fn environment(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Behind a shell that lets no file grow: what a full disk looks like to a program.
    pub(crate) fn on_a_full_disk(mut self) -> Self {
        let shell = ["sh", "-c", r#"ulimit -f 0; exec "$@""#, "sh"];
        self.words.splice(0..0, shell.map(OsString::from));
        self.full_disk = true;
        self
    }

    /// Starts it in a process group of its own.
    pub(crate) fn start(&self) -> anyhow::Result<Running> {
        let (program, arguments) = self
            .words
            .split_first()
            .ok_or_else(|| anyhow::anyhow!("no program"))?;
        let talk = tempfile::tempdir()?;
        let mut expression = duct::cmd(program, arguments)
            .dir(&self.directory)
            .stdin_null()
            .unchecked()
            .env_remove("MAKEFLAGS")
            .env_remove("MAKELEVEL")
            .before_spawn(|command| {
                command.process_group(0);
                Ok(())
            });
        expression = if self.full_disk {
            // Its talk must not be stopped by the disk.
            expression.stdout_null().stderr_capture()
        } else {
            let (stdout, stderr) = (talk.path().join("stdout"), talk.path().join("stderr"));
            expression.stdout_path(stdout).stderr_path(stderr)
        };
        for (name, value) in &self.environment {
            expression = expression.env(name, value);
        }
        let name = program.to_string_lossy();
        let handle = expression
            .start()
            .map_err(|error| anyhow::anyhow!("failed to start `{name}`: {error}"))?;
        Ok(Running {
            handle,
            talk,
            directory: self.directory.clone(),
            started: Instant::now(),
        })
    }

    /// Runs it to its end; if there is none within `limit`, kills it.
    pub(crate) fn run(&self, limit: Duration) -> anyhow::Result<Ended> {
        self.start()?.end(limit)
    }
}

/// A process under way. Its group is killed when it is dropped.
#[derive(Debug)]
pub(crate) struct Running {
    handle: duct::Handle,
    talk: tempfile::TempDir,
    directory: PathBuf,
    started: Instant,
}

impl Running {
    /// Sends a signal to its group. The leader is not reaped before [`Running::end`], unless it was seen to have ended.
    pub(crate) fn signal(&self, signal: Signal) {
        for pid in self.handle.pids() {
            if let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) {
                // It may have ended by itself.
                let _ = kill_process_group(pid, signal);
            }
        }
    }

    /// Whether it has ended by itself.
    pub(crate) fn has_ended(&self) -> anyhow::Result<bool> {
        Ok(self.handle.try_wait()?.is_some())
    }

    /// Waits for its end.
    pub(crate) fn end(self, limit: Duration) -> anyhow::Result<Ended> {
        let timed_out = self.handle.wait_timeout(limit)?.is_none();
        if timed_out {
            self.signal(Signal::KILL);
        }
        let output = self.handle.wait()?;
        let status = output.status;
        let here = format!("{}/", self.directory.display());
        let text = |name: &str, captured: &[u8]| -> anyhow::Result<String> {
            let path = self.talk.path().join(name);
            let written = if path.exists() {
                fs_err::read(path)?
            } else {
                captured.to_owned()
            };
            // A sandbox is gone when its evidence is read.
            Ok(String::from_utf8_lossy(&written).replace(&here, ""))
        };
        Ok(Ended {
            status: status
                .code()
                .unwrap_or(128 + status.signal().unwrap_or_default()),
            stdout: text("stdout", &output.stdout)?,
            stderr: text("stderr", &output.stderr)?,
            time: self.started.elapsed(),
            timed_out,
        })
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if !matches!(self.handle.try_wait(), Ok(Some(_))) {
            self.signal(Signal::KILL);
            let _ = self.handle.wait();
        }
    }
}

impl Ended {
    /// `status 3`, and what it said last.
    pub(crate) fn told(&self) -> String {
        const LINES_MAX: usize = 6;
        if self.timed_out {
            return format!("no end after {:.0} s", self.time.as_secs_f64());
        }
        let advice = |line: &&str| line.starts_with("hint: ") || line.trim().is_empty();
        let lines: Vec<&str> = self.stderr.lines().filter(|line| !advice(line)).collect();
        let last = lines.len().saturating_sub(LINES_MAX);
        let mut told = format!("status {}", self.status);
        for line in &lines[last..] {
            told.push('\n');
            told.push_str(line);
        }
        told
    }
}
