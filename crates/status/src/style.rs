//! Colour, with restraint: only on a terminal, and never with NO_COLOR set.

use std::io::IsTerminal;

use crate::model::State;

/// Whether and how to colour.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Style {
    is_coloured: bool,
}

impl Style {
    /// For stdout.
    pub(crate) fn of_stdout() -> Self {
        let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        Self {
            is_coloured: std::io::stdout().is_terminal() && !refused && !dumb,
        }
    }

    fn paint(self, code: &str, text: &str) -> String {
        if self.is_coloured {
            format!("\u{1b}[{code}m{text}\u{1b}[0m")
        } else {
            text.to_owned()
        }
    }

    /// What heads something.
    pub(crate) fn bold(self, text: &str) -> String {
        self.paint("1", text)
    }

    /// What matters less.
    pub(crate) fn dim(self, text: &str) -> String {
        self.paint("2", text)
    }

    /// What went wrong.
    pub(crate) fn red(self, text: &str) -> String {
        self.paint("31", text)
    }

    /// In the colour of a state.
    pub(crate) fn state(self, state: State, text: &str) -> String {
        let code = match state {
            State::Complete => "32",
            State::Running => "36",
            State::Stale => "33",
            State::NeverRun => "2",
            State::Stalled | State::Stopped | State::Failed | State::Damaged => "1;31",
        };
        self.paint(code, text)
    }
}
