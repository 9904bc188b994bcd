//! What went wrong, by whose fault it is: that decides what happens next.

use std::fmt;
use std::io;

/// Exit statuses, after `sysexits.h`.
pub mod status {
    /// Some items failed, or a gate said no.
    pub const FAILED: u8 = 1;
    /// The command line is wrong.
    pub const USAGE: u8 = 64;
    /// The data as a whole is wrong.
    pub const DATA: u8 = 65;
    /// There is no input, or it is not complete.
    pub const NO_INPUT: u8 = 66;
    /// An error inside the program: please report it.
    pub const SOFTWARE: u8 = 70;
    /// The output cannot be created.
    pub const CANNOT_CREATE: u8 = 73;
    /// Reading or writing failed, after all retries.
    pub const IO: u8 = 74;
    /// Temporary: run again. Also: another run holds the lock.
    pub const TEMPORARY: u8 = 75;
    /// The settings are wrong.
    pub const SETTINGS: u8 = 78;
}

/// Whose fault it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blame {
    /// The command line: the run ends with 64.
    Usage,
    /// The settings: the run ends with 78 before any data is read.
    Settings,
    /// The input queue is not there or not complete: 66.
    Input,
    /// The input as a whole, not one item of it: 65.
    Data,
    /// The item: it becomes a dead letter, the run goes on.
    Item,
    /// The machine: the item is tried again, with back-off.
    Machine,
    /// A program that died over the item, by a fault in itself: tried again, and poison after its tries.
    Crash,
    /// A limit of this run, which is the same for each try: set aside at once, for a run with another limit.
    Limit,
    /// The output cannot be created: 73.
    Output,
    /// Another run, or an input that changes under our hands: 75.
    Busy,
    /// A signal asked us to stop; the number of the signal.
    Signal(i32),
    /// Items failed; each has its file in `_failed`: 1.
    Failed,
    /// Ours: a bug. The run ends with 70.
    Program,
}

/// An error with its fault and, where there is one, the cure.
#[derive(Debug)]
pub struct Fault {
    /// Whose fault it is.
    pub blame: Blame,
    /// What happened, outermost first.
    pub error: anyhow::Error,
    /// What to do about it.
    pub hint: Option<String>,
}

impl Fault {
    /// A fault of the given kind.
    pub fn new(blame: Blame, error: impl Into<anyhow::Error>) -> Self {
        Self {
            blame,
            error: error.into(),
            hint: None,
        }
    }

    /// A fault told in one sentence.
    pub fn message(blame: Blame, message: impl fmt::Display) -> Self {
        Self::new(blame, anyhow::anyhow!("{message}"))
    }

    /// The item's fault, told in one sentence.
    pub fn item(message: impl fmt::Display) -> Self {
        Self::message(Blame::Item, message)
    }

    /// The settings' fault, told in one sentence.
    pub fn settings(message: impl fmt::Display) -> Self {
        Self::message(Blame::Settings, message)
    }

    /// Adds the cure, printed on a line of its own.
    #[must_use]
    pub fn hint(mut self, hint: impl fmt::Display) -> Self {
        self.hint = Some(hint.to_string());
        self
    }

    /// Adds what only the caller knows, in front.
    #[must_use]
    pub fn context(mut self, context: impl fmt::Display + Send + Sync + 'static) -> Self {
        self.error = self.error.context(context);
        self
    }

    /// Whether a file was not there.
    pub(crate) fn is_not_found(&self) -> bool {
        let error = self.error.downcast_ref::<io::Error>();
        error.is_some_and(|error| error.kind() == io::ErrorKind::NotFound)
    }

    /// The exit status of a run that ends with this fault.
    pub fn status(&self) -> u8 {
        match self.blame {
            Blame::Usage => status::USAGE,
            Blame::Settings => status::SETTINGS,
            Blame::Input => status::NO_INPUT,
            Blame::Data => status::DATA,
            Blame::Item | Blame::Crash | Blame::Limit | Blame::Failed => status::FAILED,
            Blame::Machine => status::IO,
            Blame::Output => status::CANNOT_CREATE,
            Blame::Busy => status::TEMPORARY,
            Blame::Signal(signal) => 128 + u8::try_from(signal).unwrap_or(0),
            Blame::Program => status::SOFTWARE,
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:#}", self.error)
    }
}

impl std::error::Error for Fault {}

/// An I/O error's fault: unreadable content is the item's, everything else the machine's.
fn blame_io(kind: io::ErrorKind) -> Blame {
    match kind {
        io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof => Blame::Item,
        _ => Blame::Machine,
    }
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        Self::new(blame_io(error.kind()), error)
    }
}

impl From<anyhow::Error> for Fault {
    /// A fault inside keeps its blame; an I/O error is classified; anything else is a bug of ours.
    fn from(error: anyhow::Error) -> Self {
        match error.downcast::<Fault>() {
            Ok(fault) => fault,
            Err(error) => {
                let io = error
                    .chain()
                    .find_map(|cause| cause.downcast_ref::<io::Error>());
                let blame = io.map_or(Blame::Program, |io| blame_io(io.kind()));
                Self::new(blame, error)
            }
        }
    }
}

/// Says of an error whose fault it is: `file.read().or_item()?`.
pub trait OrBlame<T> {
    /// The item's fault: a dead letter, unless an I/O error inside says that it is the machine's.
    fn or_item(self) -> Result<T, Fault>;
    /// The machine's fault: tried again.
    fn or_machine(self) -> Result<T, Fault>;
    /// The settings' fault: the run stops before any data is read.
    fn or_settings(self) -> Result<T, Fault>;
    /// Any fault.
    fn or_blame(self, blame: Blame) -> Result<T, Fault>;
}

impl<T, E: Into<anyhow::Error>> OrBlame<T> for Result<T, E> {
    fn or_item(self) -> Result<T, Fault> {
        self.map_err(|error| {
            let error = error.into();
            let io = error
                .chain()
                .find_map(|cause| cause.downcast_ref::<io::Error>());
            let blame = io.map_or(Blame::Item, |io| blame_io(io.kind()));
            Fault::new(blame, error)
        })
    }

    fn or_machine(self) -> Result<T, Fault> {
        self.or_blame(Blame::Machine)
    }

    fn or_settings(self) -> Result<T, Fault> {
        self.or_blame(Blame::Settings)
    }

    fn or_blame(self, blame: Blame) -> Result<T, Fault> {
        self.map_err(|error| Fault::new(blame, error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_io_error_deep_inside_is_the_machines() {
        let inner = io::Error::from_raw_os_error(28);
        let fault = Fault::from(anyhow::Error::from(inner).context("writing"));
        assert_eq!(fault.blame, Blame::Machine);
        assert_eq!(
            fault.to_string(),
            "writing: No space left on device (os error 28)"
        );
    }

    #[test]
    fn torn_content_is_the_items() {
        let torn = io::Error::new(io::ErrorKind::UnexpectedEof, "torn");
        assert_eq!(Err::<(), _>(torn).or_item().unwrap_err().blame, Blame::Item);
    }

    #[test]
    fn a_fault_keeps_its_blame_through_anyhow() {
        let error = anyhow::Error::from(Fault::settings("no such column"));
        assert_eq!(Fault::from(error).blame, Blame::Settings);
    }
}
