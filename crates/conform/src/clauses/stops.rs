//! Runs that are killed, asked to stop, or met by another.

use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::faults::demand_whole;
use crate::sandbox::Sandbox;
use crate::trial::{Trial, complete};
use crate::verdict::{Stop, Trying, failed, skipped};

/// How long a clause may take, roughly, as far as it may choose.
const PATIENCE: Duration = Duration::from_secs(12);
/// Without so many retries, an item over which the process was killed again and again would be set aside as poison:
/// which is right, but not what is tried here.
const UNDETERRED: [&str; 2] = ["--retries", "1000"];

/// How often it is tried to catch a run that is quicker than the first.
const ROUNDS_MAX: u32 = 5;

/// How often a run of this length may be disturbed and taken up.
fn affordable(run: Duration, least: u32, most: u32) -> u32 {
    let times = PATIENCE.as_secs_f64() / (2.0 * run.as_secs_f64().max(0.001));
    (times as u32).clamp(least, most)
}

pub(crate) fn killed(trial: &Trial<'_>) -> Trying {
    let plain = trial.plain()?;
    let run = plain.ended.time;
    let kills = trial
        .settings
        .kills
        .unwrap_or_else(|| affordable(run, 4, 24));
    let sandbox = trial.sandbox()?;
    // A run that is quicker than the first is killed earlier in the next round.
    for round in 0..ROUNDS_MAX {
        let run = run / (1 << round);
        let hits = kill_once(trial, &sandbox, run, kills)?
            + kill_again_and_again(trial, &sandbox, run, kills)?;
        if hits > 0 {
            return Ok(format!("{hits} kills"));
        }
    }
    skipped("it ended before it could be killed")
}

/// Kills so many runs, each at another moment, and takes each of them up. Gives how many were still there to be killed.
fn kill_once(
    trial: &Trial<'_>,
    sandbox: &Sandbox<'_>,
    run: Duration,
    kills: u32,
) -> Result<u32, Stop> {
    let mut hits = 0;
    for number in 1..=kills {
        clear(sandbox)?;
        let moment = run.mul_f64(f64::from(number) / f64::from(kills + 1));
        hits += u32::from(disturb(sandbox, Signal::KILL, moment)? != 0);
        let did = format!("killed it after {} ms", moment.as_millis());
        demand_whole(&sandbox.output(), &did)?;
        let did = format!("{did} and ran it again");
        complete(sandbox, &UNDETERRED, &did)?;
        trial.demand_undisturbed(sandbox, &did)?;
        if sandbox.partial().exists() {
            return failed(did, "no `OUTPUT.partial`", "one is left");
        }
    }
    Ok(hits)
}

/// Kills the same run again and again, each time a little later, until it gets through.
fn kill_again_and_again(
    trial: &Trial<'_>,
    sandbox: &Sandbox<'_>,
    run: Duration,
    kills: u32,
) -> Result<u32, Stop> {
    const RUNS_MAX: u32 = 100;
    clear(sandbox)?;
    let step = run / kills.max(4);
    for number in 0..RUNS_MAX {
        let status = disturb(sandbox, Signal::KILL, step * (number + 1))?;
        demand_whole(&sandbox.output(), "killed it again and again")?;
        if status == 0 {
            let did = format!("killed it {number} times, each time a little later");
            trial.demand_undisturbed(sandbox, &did)?;
            return Ok(number);
        }
        if status != 137 {
            return failed(
                format!("killed it {number} times, each time a little later"),
                "status 0, or the end by the kill",
                format!("status {status}"),
            );
        }
    }
    failed(
        format!("killed it {RUNS_MAX} times, each time a little later"),
        "that it gets through",
        "it never does",
    )
}

pub(crate) fn stopped(trial: &Trial<'_>) -> Trying {
    let plain = trial.plain()?;
    let run = plain.ended.time;
    let sandbox = trial.sandbox()?;
    let mut stops = 0;
    let times = affordable(run, 3, 8).min(trial.settings.kills.unwrap_or(8));
    // A run that is quicker than the first gets the signal earlier in the next round.
    for round in 0..ROUNDS_MAX {
        for number in 1..=times {
            let share = f64::from(number) / f64::from(times + 1);
            let moment = run.mul_f64(share / f64::from(1 << round));
            stops += u32::from(stop_and_go_on(trial, &sandbox, moment)?);
        }
        if stops > 0 {
            return Ok(format!("{stops} stops"));
        }
    }
    skipped("it ended before it could be asked")
}

/// Asks a run to stop, and takes it up. Whether it was still there to be asked.
fn stop_and_go_on(
    trial: &Trial<'_>,
    sandbox: &Sandbox<'_>,
    moment: Duration,
) -> Result<bool, Stop> {
    clear(sandbox)?;
    let status = disturb(sandbox, Signal::TERM, moment)?;
    let did = format!("asked it to stop (SIGTERM) after {} ms", moment.as_millis());
    demand_whole(&sandbox.output(), &did)?;
    if status != 0 && status != 143 {
        return failed(did, "status 143", format!("status {status}"));
    }
    let did = format!("{did} and ran it again");
    complete(sandbox, &UNDETERRED, &did)?;
    trial.demand_undisturbed(sandbox, &did)?;
    Ok(status != 0)
}

/// Starts a run and sends it a signal a little later. Gives the status with which it ends.
fn disturb(sandbox: &Sandbox<'_>, signal: Signal, moment: Duration) -> Result<i32, Stop> {
    let running = sandbox.stage(&UNDETERRED).start()?;
    std::thread::sleep(moment);
    if !running.has_ended()? {
        running.signal(signal);
    }
    Ok(sandbox.wait(running)?.status)
}

/// Removes the output and what was left of it.
fn clear(sandbox: &Sandbox<'_>) -> std::io::Result<()> {
    for path in [sandbox.output(), sandbox.partial()] {
        if path.exists() {
            fs_err::remove_dir_all(path)?;
        }
    }
    Ok(())
}

pub(crate) fn busy(trial: &Trial<'_>) -> Trying {
    const TRIES_MAX: u32 = 20;
    let plain = trial.plain()?;
    let sandbox = trial.sandbox()?;
    for _ in 0..TRIES_MAX {
        clear(&sandbox)?;
        let running = sandbox.stage(&[]).start()?;
        if !is_under_way(&sandbox, &running, plain.ended.time)? {
            sandbox.wait(running)?;
            continue;
        }
        running.signal(Signal::STOP);
        // Whoever has ended by now was not stopped.
        if running.has_ended()? || sandbox.output().exists() {
            running.signal(Signal::CONT);
            sandbox.wait(running)?;
            continue;
        }
        let second = sandbox.run(&["--retries", "0"]);
        running.signal(Signal::CONT);
        let (first, second) = (sandbox.wait(running)?, second?);
        let did = "ran it while another run of it was under way";
        if second.status != 75 {
            return failed(did, "status 75", second.told());
        }
        if first.status != 0 {
            return failed(did, "status 0 for the first", first.told());
        }
        trial.demand_undisturbed(&sandbox, did)?;
        return Ok(String::new());
    }
    skipped("it ended before another run could meet it")
}

/// Waits until a run says in its partial that it works there.
fn is_under_way(
    sandbox: &Sandbox<'_>,
    running: &crate::process::Running,
    run: Duration,
) -> Result<bool, Stop> {
    let patience = Instant::now() + run * 4 + Duration::from_secs(1);
    while Instant::now() < patience && !running.has_ended()? {
        if sandbox.partial().join("_run.json").exists() {
            return Ok(true);
        }
        std::thread::sleep(Duration::from_micros(200));
    }
    Ok(false)
}
