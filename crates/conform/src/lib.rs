//! Is this program a stage? The contract, clause by clause, tried on any program in any language.
//!
//! A [`Candidate`] is a program and how it is started; [`judge`] runs it through the [`CLAUSES`] on an input queue and
//! gives a [`Report`]: for each clause whether it was kept, broken (what was done, expected and found) or could not be
//! judged (why). What a clause needs to know of a queue it sees from outside: files, bytes, inodes, times, statuses.

mod candidate;
mod clauses;
mod process;
mod queue;
mod reader;
mod report;
mod sandbox;
mod tree;
mod trial;
mod verdict;

pub use candidate::{Candidate, Kind, Mode, is_there, recognise};
pub use clauses::{CLAUSES, Clause};
pub use report::{Paint, Report, junit};
pub use trial::{NO_PLAIN_RUN, Settings, judge};
pub use verdict::{Evidence, Judged, Verdict};
