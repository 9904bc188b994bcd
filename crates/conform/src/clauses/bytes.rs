//! The same bytes, whatever does not matter.

use crate::trial::{Trial, complete};
use crate::verdict::{Stop, Trying, kept};

pub(crate) fn same_bytes(trial: &Trial<'_>) -> Trying {
    match trial.unsteady()? {
        Some(evidence) => Err(Stop::Failed(evidence.clone())),
        None => kept(),
    }
}

pub(crate) fn same_anywhere(trial: &Trial<'_>) -> Trying {
    trial.demand_steady()?;
    let mut sandbox = trial.sandbox_with(|queue, directory| {
        queue.copy_otherwise(&directory.with_file_name("in other words"))
    })?;
    sandbox.environment("TZ", another_day());
    sandbox.environment("LC_ALL", "C");
    let did = "ran it elsewhere (a path with spaces), in another time zone and locale, on files of \
               another age and order";
    complete(&sandbox, &[], did)?;
    trial.demand_undisturbed(&sandbox, did)?;
    kept()
}

/// A time zone in which it is another day than in Greenwich now.
fn another_day() -> &'static str {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let hour = now.unwrap_or_default().as_secs() / 3600 % 24;
    if hour >= 11 { "EAST-14" } else { "WEST12" }
}

pub(crate) fn same_jobs(trial: &Trial<'_>) -> Trying {
    trial.demand_steady()?;
    for jobs in ["1", "2", "5"] {
        let sandbox = trial.sandbox()?;
        let did = format!("ran it with `--jobs {jobs}`");
        complete(&sandbox, &["--jobs", jobs], &did)?;
        trial.demand_undisturbed(&sandbox, &did)?;
    }
    Ok("1, 2 and 5".to_owned())
}
