//! `adapt` as the process that limits itself and then becomes the program: a limit that is set from outside, after the
//! start, comes too late for what a quick program has started by then.

use std::io::Write;
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};

use rustix::process::{Resource, Rlimit, setrlimit};
use stage::Fault;

use crate::bytes::Bytes;
use crate::limits::Limits;

/// The argument that makes an `adapt` a launcher.
const ARGUMENT: &str = "--launcher";
/// How a shell says that a program cannot be started.
const CANNOT_START: u8 = 126;

/// Whether this process was started as a launcher.
pub(crate) fn is_asked_for() -> bool {
    std::env::args_os()
        .nth(1)
        .is_some_and(|first| first == ARGUMENT)
}

/// A command that starts the program under these limits. Its arguments, environment and streams are still to be set.
pub(crate) fn command(program: &std::path::Path, limits: Limits) -> Result<Command, Fault> {
    if limits == Limits::default() {
        return Ok(Command::new(program));
    }
    let number = |limit: Option<Bytes>| limit.map_or(0, |bytes| bytes.0).to_string();
    let mut command = Command::new(std::env::current_exe()?);
    command
        .arg(ARGUMENT)
        .args([number(limits.memory), number(limits.output)])
        .arg(program);
    Ok(command)
}

/// Limits this process and becomes the program.
pub(crate) fn launch() -> ExitCode {
    let mut arguments = std::env::args_os().skip(2);
    let mut limit = |resource| {
        let bytes = arguments.next()?.to_str()?.parse().ok()?;
        (bytes > 0).then_some((resource, bytes))
    };
    // The kernel counts memory that is written to, for each process: a limit on address space would hit every program
    // that reserves more than it uses.
    let limits = [limit(Resource::Data), limit(Resource::Fsize)];
    let Some(program) = arguments.next() else {
        return ExitCode::from(CANNOT_START);
    };
    for (resource, bytes) in limits.into_iter().flatten() {
        let both = Rlimit {
            current: Some(bytes),
            maximum: Some(bytes),
        };
        if let Err(error) = setrlimit(resource, both) {
            return cannot_start(&format!("the limit cannot be set: {error}"));
        }
    }
    let error = Command::new(&program).args(arguments).exec();
    cannot_start(&format!(
        "failed to start `{}`: {error}",
        program.to_string_lossy()
    ))
}

fn cannot_start(message: &str) -> ExitCode {
    let _ = writeln!(std::io::stderr(), "{message}");
    ExitCode::from(CANNOT_START)
}
