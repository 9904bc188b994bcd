//! What is said of a clause.

use std::fmt::Display;
use std::time::Duration;

use serde::Serialize;

/// Why a clause is held to be broken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Evidence {
    /// What was done.
    pub did: String,
    /// What a stage would have done.
    pub expected: String,
    /// What was found instead; more than one line where that helps.
    pub found: String,
}

/// What is said of a clause.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It was kept; perhaps with a word on how that was tried.
    Passed(String),
    /// It was broken.
    Failed(Evidence),
    /// It could not be judged, and why: that is not the same as kept.
    Skipped(String),
}

impl Verdict {
    /// The word for it in files.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Passed(_) => "passed",
            Self::Failed(_) => "failed",
            Self::Skipped(_) => "skipped",
        }
    }
}

/// A clause and what is said of it.
#[derive(Clone, Debug)]
pub struct Judged {
    /// The clause's short name.
    pub id: &'static str,
    /// The clause, as what a stage does.
    pub title: &'static str,
    /// What is said of it.
    pub verdict: Verdict,
    /// How long it took to find out.
    pub time: Duration,
}

/// How the trial of a clause ends early.
#[derive(Debug)]
pub(crate) enum Stop {
    Failed(Evidence),
    Skipped(String),
    /// The trial itself went wrong.
    Broken(anyhow::Error),
}

impl<E: Into<anyhow::Error>> From<E> for Stop {
    fn from(error: E) -> Self {
        Self::Broken(error.into())
    }
}

/// The trial of a clause: a word on how it was tried, or how it ended early.
pub(crate) type Trying = Result<String, Stop>;

/// The clause is broken.
pub(crate) fn failed<T>(
    did: impl Display,
    expected: impl Display,
    found: impl Display,
) -> Result<T, Stop> {
    Err(Stop::Failed(Evidence {
        did: did.to_string(),
        expected: expected.to_string(),
        found: found.to_string(),
    }))
}

/// The clause cannot be judged.
pub(crate) fn skipped<T>(why: impl Display) -> Result<T, Stop> {
    Err(Stop::Skipped(why.to_string()))
}

/// The clause was kept, and there is no more to say.
pub(crate) fn kept() -> Trying {
    Ok(String::new())
}
