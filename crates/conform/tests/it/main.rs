//! `conform` on good candidates and on bad ones: each of these breaks one clause, and is told so.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod command;
mod foreign;
mod native;
mod templates;

use std::path::PathBuf;

use conform::{Candidate, Kind, Mode, Report, Settings, judge};

/// A foreign program given one item at a time, or all.
fn foreign(mode: Mode) -> Kind {
    let adapt = PathBuf::from(waystation_tests::binary("adapt"));
    Kind::Foreign { adapt, mode }
}

/// Judges a candidate on the built-in queue, with few kills: how many there are is not what is tried here.
#[track_caller]
fn judged(command: &[&str], kind: Kind, only: &[&str]) -> Report {
    let command: Vec<String> = command.iter().map(ToString::to_string).collect();
    let settings = Settings {
        only: only.iter().map(ToString::to_string).collect(),
        kills: Some(2),
        ..Settings::default()
    };
    judge(&Candidate::new(&command, kind), &settings, |_| ()).unwrap()
}

/// What a broken clause was found to be broken by.
#[track_caller]
fn found<'a>(report: &'a Report, clause: &str) -> &'a str {
    let judged = report.clauses.iter().find(|judged| judged.id == clause);
    match &judged.unwrap().verdict {
        conform::Verdict::Failed(evidence) => &evidence.found,
        other => panic!("{clause}: {other:?}"),
    }
}
