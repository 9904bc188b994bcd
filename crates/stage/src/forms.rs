//! The forms of work, each as the run sees it.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering::Relaxed;

use crate::digest::Digest;
use crate::entry::Definition;
use crate::fault::{Blame, Fault};
use crate::input::{Kind, Listed, digest_of_all};
use crate::layout;
use crate::options::Options;
use crate::output::Output;
use crate::parallel;
use crate::part::PartSink;
use crate::plan::{Decision, Planned};
use crate::receipt::{Phase, Receipt};
use crate::run::{QUEUE, Run};
use crate::stat::Stat;
use crate::work::{BatchStage, Finished, FitStage, Item, ItemStage, Queue, QueueStage};
use crate::workers::Work;
use crate::working::Working;

/// Runs a stage that processes each item by itself.
pub fn items(
    options: &Options,
    definition: &Definition,
    work: &impl ItemStage,
) -> Result<(), Fault> {
    let process = each(|item, output| work.process(item, output));
    let finish = |finished: &Finished, output: &Output| work.finish(finished, output);
    by_item(options, definition, 1, &process, &finish)
}

/// Runs a stage that processes up to `size` items at a time.
pub fn batches(
    options: &Options,
    definition: &Definition,
    size: usize,
    work: &impl BatchStage,
) -> Result<(), Fault> {
    let process = |batch: &[(Item, Output)]| work.process(batch);
    by_item(options, definition, size, &process, &|_, _| Ok(()))
}

fn by_item(
    options: &Options,
    definition: &Definition,
    batch: usize,
    process: &Work<'_>,
    finish: &dyn Fn(&Finished, &Output) -> Result<(), Fault>,
) -> Result<(), Fault> {
    let run = Run::open(options, definition)?;
    let plan = run.planner().plan(Phase::Item, &run.input.items, &|_| None);
    if options.dry_run {
        return run.print_plan(&plan);
    }
    if run.is_complete(&[(Phase::Item, &plan)]) {
        return run.rest(known(&plan));
    }
    let mut working = Working::begin(&run)?;
    let ended = working
        .execute(Phase::Item, plan, &|_| None, batch, process)
        .and_then(|()| working.stop_or_fail())
        .and_then(|()| {
            let finished = finished(&working);
            working.write_whole(|output| finish(&finished, output))
        });
    working.conclude(ended, Phase::Item)
}

/// Runs a stage that learns from all items before it processes each.
pub fn fitted<S: FitStage>(
    options: &Options,
    definition: &Definition,
    work: &S,
) -> Result<(), Fault> {
    let run = Run::open(options, definition)?;
    let fit = run.planner().plan(Phase::Fit, &run.input.items, &|_| None);
    if let Some(before) = fitted_before(&run, &fit) {
        let plan = run.planner().plan(Phase::Item, &run.input.items, &|item| {
            before.get(item).copied()
        });
        if options.dry_run {
            return run.print_plan(&plan);
        }
        if run.is_complete(&[(Phase::Fit, &fit), (Phase::Item, &plan)]) {
            return run.rest(known(&plan));
        }
    }
    if options.dry_run {
        return run.print_plan(&fit);
    }
    let mut working = Working::begin(&run)?;
    let ended = fit_and_transform(&run, &mut working, fit, work);
    working.conclude(ended, Phase::Item)
}

fn fit_and_transform<S: FitStage>(
    run: &Run<'_>,
    working: &mut Working<'_>,
    fit: Vec<Planned>,
    work: &S,
) -> Result<(), Fault> {
    let fit_one = each(|item, output| {
        let mut part = PartSink::new(output, Phase::Fit);
        work.fit(item, &mut part)?;
        part.finish()
    });
    working.execute(Phase::Fit, fit, &|_| None, 1, &fit_one)?;
    working.stop_or_fail()?;
    let parts = working.parts(Phase::Fit);
    let fitted = working.write_whole(|output| work.merge(&parts, output))?;
    // An item that failed to fit is set aside already.
    let items: Vec<_> = run
        .input
        .items
        .iter()
        .filter(|item| working.failed.iter().all(|letter| letter.item != item.name))
        .cloned()
        .collect();
    let depends: HashMap<String, Digest> = items
        .iter()
        .map(|item| (item.name.clone(), work.depends(&fitted, &item.name)))
        .collect();
    let depends = |item: &str| depends.get(item).copied();
    let mut plan = run.planner().plan(Phase::Item, &items, &depends);
    for planned in &mut plan {
        // The fit phase has read it already; an item that changed in between is told by its stat.
        planned.known = planned
            .known
            .or_else(|| working.stats.get(&planned.listed.name).copied());
    }
    let transform = each(|item, output| work.transform(&fitted, item, output));
    working.execute(Phase::Item, plan, &depends, 1, &transform)?;
    working.stop_or_fail()?;
    let finished = finished(working);
    working.write_whole(|output| work.finish(&finished, output))
}

/// On what the last good output's items depended, if the fit phase would give the same again.
fn fitted_before(run: &Run<'_>, fit: &[Planned]) -> Option<HashMap<String, Digest>> {
    let manifest = run.store.manifest.as_ref()?;
    let same = fit
        .iter()
        .all(|planned| !matches!(planned.decision, Decision::Do(_)));
    let dead = manifest
        .failed
        .iter()
        .filter(|letter| letter.phase == Phase::Fit)
        .count();
    if !same || manifest.fit.len() + dead != fit.len() {
        return None;
    }
    let fitted = |receipt: &Receipt| Some((receipt.item.clone(), receipt.fitted?));
    manifest.items.iter().map(fitted).collect()
}

/// Runs a stage that processes the whole queue at once.
pub fn whole(
    options: &Options,
    definition: &Definition,
    work: &impl QueueStage,
) -> Result<(), Fault> {
    let run = Run::open(options, definition)?;
    let planner = run.planner();
    let known = parallel::map(
        options.threads(),
        parallel::MOMENTS,
        &run.input.items,
        |listed| planner.digest(listed),
    );
    let known: Vec<(Stat, Digest)> = known.into_iter().collect::<Result<_, _>>()?;
    let inputs: Vec<(String, Digest)> = run
        .input
        .items
        .iter()
        .zip(&known)
        .map(|(item, (_, digest))| (item.name.clone(), *digest))
        .collect();
    let input = digest_of_all(inputs.iter().map(|(name, digest)| (name.as_str(), *digest)));
    let planned = whole_queue(&run, input);
    let stats: HashMap<_, _> = run
        .input
        .items
        .iter()
        .zip(&known)
        .map(|(item, known)| (item.name.clone(), *known))
        .collect();
    if options.dry_run {
        return run.print_plan(&[planned]);
    }
    if run.is_complete(&[(Phase::Queue, std::slice::from_ref(&planned))]) {
        return run.rest(stats);
    }
    let mut working = Working::begin(&run)?;
    working.stats = stats;
    working.inputs = inputs;
    let ended = run_whole(&run, &mut working, planned, &known, work);
    working.conclude(ended, Phase::Queue)
}

/// The whole queue as one piece of work.
fn whole_queue(run: &Run<'_>, input: Digest) -> Planned {
    let stat = Stat {
        bytes: 0,
        inode: 0,
        mtime: 0,
        ctime: 0,
    };
    let listed = Listed {
        name: QUEUE.to_owned(),
        path: run.input.directory.clone(),
        kind: Kind::Queue,
    };
    let decision = run.planner().decide(Phase::Queue, QUEUE, input, None);
    Planned {
        listed,
        known: Some((stat, input)),
        decision,
    }
}

fn run_whole(
    run: &Run<'_>,
    working: &mut Working<'_>,
    planned: Planned,
    known: &[(Stat, Digest)],
    work: &impl QueueStage,
) -> Result<(), Fault> {
    let input = planned
        .known
        .map_or(Digest::default(), |(_, digest)| digest);
    let key = run.keys.key(Phase::Queue, QUEUE, input, None);
    let checkpoint = offer_checkpoint(&working.partial.path, key)?;
    let run_all = each(|item, output| {
        let items = run
            .input
            .items
            .iter()
            .zip(known)
            .map(|(listed, (stat, digest))| Item {
                name: listed.name.clone(),
                path: listed.path.clone(),
                bytes: stat.bytes,
                digest: *digest,
                ..item.clone()
            });
        let queue = Queue {
            directory: run.input.directory.clone(),
            items: items.collect(),
            checkpoint: checkpoint.clone(),
            threads: run.options.threads(),
            attempt: item.attempt,
            watch: item.watch.clone(),
            progress: item.progress.clone(),
        };
        work.run(&queue, output)?;
        run.input
            .items
            .iter()
            .zip(known)
            .try_for_each(|(listed, (stat, _))| listed.unchanged_since(stat))
    });
    working.execute(Phase::Queue, vec![planned], &|_| None, 1, &run_all)?;
    run.stop.check()?;
    if working.failed.is_empty() {
        run.progress
            .processed
            .store(run.input.items.len() as u64, Relaxed);
        return Ok(());
    }
    let partial = working.partial.path.display();
    let fault = Fault::message(
        Blame::Failed,
        format!("`{}` was not written", run.output.display()),
    );
    Err(fault.hint(format!(
        "the reason is kept in `{partial}/{}`; mend it and run again",
        layout::FAILED
    )))
}

/// The checkpoint directory of this key; those of other keys go.
fn offer_checkpoint(partial: &Path, key: Digest) -> Result<PathBuf, Fault> {
    let folder = partial.join(layout::CHECKPOINT);
    let own = folder.join(key.to_string());
    fs_err::create_dir_all(&own)?;
    for entry in fs_err::read_dir(&folder)? {
        let path = entry?.path();
        if path != own {
            fs_err::remove_dir_all(path)?;
        }
    }
    Ok(own)
}

/// Work that takes one item at a time.
fn each(
    work: impl Fn(&Item, &Output) -> Result<(), Fault>,
) -> impl Fn(&[(Item, Output)]) -> Result<(), Fault> {
    move |batch| {
        batch
            .iter()
            .try_for_each(|(item, output)| work(item, output))
    }
}

/// Stats and digests of all items of a plan.
fn known(plan: &[Planned]) -> HashMap<String, (Stat, Digest)> {
    plan.iter()
        .filter_map(|planned| Some((planned.listed.name.clone(), planned.known?)))
        .collect()
}

/// What the items have left.
fn finished(working: &Working<'_>) -> Finished {
    Finished {
        parts: working.parts(Phase::Item),
    }
}
