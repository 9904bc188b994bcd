//! The clauses of the contract, each as a trial of its own.

mod bytes;
mod changes;
mod faults;
mod files;
mod stops;
mod words;

use crate::trial::Trial;
use crate::verdict::Trying;

/// A clause of the contract.
pub struct Clause {
    /// Its short name, for `--only` and for reports.
    pub id: &'static str,
    /// What a stage does.
    pub title: &'static str,
    pub(crate) judge: fn(&Trial<'_>) -> Trying,
}

const fn clause(id: &'static str, title: &'static str, judge: fn(&Trial<'_>) -> Trying) -> Clause {
    Clause { id, title, judge }
}

/// All clauses, in the order in which they are tried.
pub const CLAUSES: &[Clause] = &[
    clause(
        "input-untouched",
        "leaves its input as it is",
        files::input_untouched,
    ),
    clause(
        "one-directory",
        "reads one directory and writes one other",
        files::one_directory,
    ),
    clause(
        "nothing-twice",
        "does nothing where nothing is to be done",
        files::nothing_twice,
    ),
    clause(
        "same-bytes",
        "gives the same bytes every time",
        bytes::same_bytes,
    ),
    clause(
        "same-anywhere",
        "gives the same bytes in another place and time zone",
        bytes::same_anywhere,
    ),
    clause(
        "same-jobs",
        "gives the same bytes for any number of jobs",
        bytes::same_jobs,
    ),
    clause("any-name", "takes items of any name", files::any_name),
    clause(
        "counts",
        "counts its rows, and they reconcile",
        files::counts,
    ),
    clause(
        "change",
        "does a changed item again, and no other",
        changes::change,
    ),
    clause(
        "retraction",
        "takes back what came of a removed item",
        changes::retraction,
    ),
    clause(
        "torn-item",
        "sets a torn item aside, and says which and why",
        faults::torn_item,
    ),
    clause(
        "max-failed",
        "commits without failed items when told so",
        faults::max_failed,
    ),
    clause(
        "read-error",
        "fails when it cannot read an item",
        faults::read_error,
    ),
    clause(
        "write-error",
        "fails when it cannot write",
        faults::write_error,
    ),
    clause(
        "last-good",
        "keeps the last good output until the new one is whole",
        faults::last_good,
    ),
    clause(
        "killed",
        "goes on after kill -9, and gives the same bytes",
        stops::killed,
    ),
    clause(
        "stopped",
        "stops when asked (143), and goes on later",
        stops::stopped,
    ),
    clause("busy", "refuses to run beside itself (75)", stops::busy),
    clause(
        "dry-run",
        "tells what it would do, and does nothing",
        words::dry_run,
    ),
    clause("usage", "refuses a wrong command line (64)", words::usage),
    clause(
        "no-input",
        "refuses an input that is not there or not complete (66)",
        words::no_input,
    ),
    clause("settings", "refuses unknown settings (78)", words::settings),
    clause(
        "description",
        "describes itself and its settings",
        words::description,
    ),
];
