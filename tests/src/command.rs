//! Commands that are expected to end in a certain way.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::process::{Pid, kill_process_group};

pub use rustix::process::Signal;

/// A command about to be run.
#[derive(Clone, Debug)]
pub struct Command {
    words: Vec<String>,
    directory: Option<String>,
    environment: Vec<(String, String)>,
}

impl Command {
    /// A program, without arguments yet.
    pub fn new(program: &str) -> Self {
        Self {
            words: vec![program.to_owned()],
            directory: None,
            environment: Vec::new(),
        }
    }

    /// Adds an argument.
    #[must_use]
    pub fn arg(mut self, argument: impl AsRef<str>) -> Self {
        self.words.push(argument.as_ref().to_owned());
        self
    }

    /// Adds arguments.
    #[must_use]
    pub fn args<S: AsRef<str>>(self, arguments: impl IntoIterator<Item = S>) -> Self {
        arguments.into_iter().fold(self, Self::arg)
    }

    /// Adds options in front of all arguments.
    #[must_use]
    pub fn options<S: AsRef<str>>(mut self, options: impl IntoIterator<Item = S>) -> Self {
        let options = options.into_iter().map(|option| option.as_ref().to_owned());
        self.words.splice(1..1, options);
        self
    }

    /// The program and its arguments.
    pub fn words(&self) -> &[String] {
        &self.words
    }

    /// Adds a path as an argument.
    #[must_use]
    pub fn path(self, path: impl AsRef<Path>) -> Self {
        self.arg(path.as_ref().display().to_string())
    }

    /// Runs it in this directory.
    #[must_use]
    pub fn directory(mut self, directory: &Path) -> Self {
        self.directory = Some(directory.display().to_string());
        self
    }

    /// Sets a variable of its environment.
    #[must_use]
    pub fn environment(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    fn expression(&self) -> duct::Expression {
        let mut expression = duct::cmd(&self.words[0], &self.words[1..])
            .stdin_null()
            .stdout_capture()
            .stderr_capture()
            .unchecked()
            // Make passes these on; a Make inside a test is nobody's child.
            .env_remove("MAKEFLAGS")
            .env_remove("MAKELEVEL")
            .env_remove("MFLAGS");
        if let Some(directory) = &self.directory {
            expression = expression.dir(directory);
        }
        for (name, value) in &self.environment {
            expression = expression.env(name, value);
        }
        expression
    }

    /// It, but it waits for a line on stdin before it begins.
    #[cfg(target_os = "linux")]
    pub(crate) fn waiting(&self) -> std::process::Command {
        let mut command = std::process::Command::new("sh");
        command
            .args(["-c", "read -r line && exec \"$@\"", "sh"])
            .args(&self.words)
            .env_remove("MAKEFLAGS")
            .env_remove("MAKELEVEL")
            .env_remove("MFLAGS")
            .envs(self.environment.iter().cloned());
        if let Some(directory) = &self.directory {
            command.current_dir(directory);
        }
        command
    }

    /// Runs it; it must end with this status.
    #[track_caller]
    pub fn expect(&self, status: i32) -> Ended {
        let ended = self.run();
        ended.assert(status);
        ended
    }

    /// Runs it to its end, whatever that is.
    #[track_caller]
    pub fn run(&self) -> Ended {
        let started = Instant::now();
        match self.expression().run() {
            Ok(output) => Ended::new(self, &output, started),
            Err(error) => panic!("failed to run `{}`: {error}", self.words.join(" ")),
        }
    }

    /// Runs it to its end, and says how many bytes of memory it held at its peak: 0 where the system does not tell (it
    /// is Linux that does).
    #[track_caller]
    pub fn peak_memory(&self) -> (Ended, u64) {
        let running = self.start();
        let mut peak = 0;
        while matches!(running.handle.try_wait(), Ok(None)) {
            for pid in running.handle.pids() {
                peak = peak.max(high_water(pid));
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        (running.wait(), peak)
    }

    /// Starts it in a process group of its own.
    #[track_caller]
    pub fn start(&self) -> Running {
        let expression = self.expression().before_spawn(|command| {
            use std::os::unix::process::CommandExt;
            command.process_group(0);
            Ok(())
        });
        match expression.start() {
            Ok(handle) => Running {
                command: self.clone(),
                started: Instant::now(),
                handle,
            },
            Err(error) => panic!("failed to start `{}`: {error}", self.words.join(" ")),
        }
    }
}

/// How long [`Running::until`] waits.
const PATIENCE: Duration = Duration::from_secs(20);

/// A command under way. Its process group is killed when it is dropped.
#[derive(Debug)]
pub struct Running {
    command: Command,
    started: Instant,
    handle: duct::Handle,
}

impl Running {
    /// Sends a signal to its process group. The leader is not reaped before [`Running::wait`], so the group is ours.
    pub fn signal(&self, signal: Signal) {
        for pid in self.handle.pids() {
            let pid = i32::try_from(pid).ok().and_then(Pid::from_raw);
            if let Some(pid) = pid {
                // It may have ended by itself.
                let _ = kill_process_group(pid, signal);
            }
        }
    }

    /// Lets it run for so long.
    pub fn sleep(&self, time: Duration) -> &Self {
        std::thread::sleep(time);
        self
    }

    /// Lets it run until something holds, which must not take for ever.
    #[track_caller]
    pub fn until(&self, what: &str, holds: impl Fn() -> bool) {
        let patience = Instant::now() + PATIENCE;
        while !holds() {
            assert!(Instant::now() < patience, "{what} never came");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Waits for its end.
    #[track_caller]
    pub fn wait(self) -> Ended {
        match self.handle.wait() {
            Ok(output) => Ended::new(&self.command, output, self.started),
            Err(error) => panic!(
                "failed to wait for `{}`: {error}",
                self.command.words.join(" ")
            ),
        }
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

/// How a command ended.
#[derive(Clone, Debug)]
pub struct Ended {
    command: String,
    /// Its exit status; 128 and the signal's number if it was killed.
    pub status: i32,
    /// What it printed.
    pub stdout: String,
    /// What it said.
    pub stderr: String,
    /// How long it took.
    pub time: Duration,
}

impl Ended {
    fn new(command: &Command, output: &std::process::Output, started: Instant) -> Self {
        use std::os::unix::process::ExitStatusExt;
        let signal = output.status.signal().unwrap_or_default();
        let status = output.status.code().unwrap_or(128 + signal);
        let time = started.elapsed();
        Self::told(command, status, &output.stdout, &output.stderr, time)
    }

    pub(crate) fn told(
        command: &Command,
        status: i32,
        stdout: &[u8],
        stderr: &[u8],
        time: Duration,
    ) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Self {
            command: command.words.join(" "),
            status,
            stdout: text(stdout),
            stderr: text(stderr),
            time,
        }
    }

    /// Whether it ended with this status.
    #[track_caller]
    pub fn assert(&self, status: i32) {
        assert_eq!(self.status, status, "{self}");
    }

    /// Whether it said this.
    #[track_caller]
    pub fn said(&self, text: &str) -> &Self {
        assert!(self.stderr.contains(text), "no `{text}` in stderr\n{self}");
        self
    }

    /// The lines it printed.
    pub fn lines(&self) -> Vec<&str> {
        self.stdout.lines().collect()
    }
}

impl std::fmt::Display for Ended {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut text = format!("command: {}\nstatus: {}\n", self.command, self.status);
        for (name, stream) in [("stdout", &self.stdout), ("stderr", &self.stderr)] {
            writeln!(text, "{name}:\n{}", stream.trim_end())?;
        }
        formatter.write_str(&text)
    }
}

/// The most bytes of memory a process has held so far.
fn high_water(pid: u32) -> u64 {
    let status = fs_err::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|line| line.trim().trim_end_matches("kB").trim().parse().ok());
    kilobytes.unwrap_or(0u64) * 1024
}

/// Says something past the test harness, which captures what a passing test prints.
pub fn say(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}
