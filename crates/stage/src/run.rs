//! A run before it changes anything: what there is to read, what earlier runs left, whether there is anything to do.

use std::collections::{HashMap, HashSet};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::SystemTime;

use crate::clock;
use crate::commit::recover;
use crate::digest::Digest;
use crate::entry::Definition;
use crate::fault::{Blame, Fault};
use crate::guard::hush_guarded_panics;
use crate::input::{Input, Listed};
use crate::layout;
use crate::lock::Lock;
use crate::options::Options;
use crate::partial;
use crate::plan::{Decision, Planned, Planner};
use crate::progress::{Progress, plural, thousands};
use crate::receipt::{Keys, Manifest, Phase};
use crate::record::RunRecord;
use crate::settings;
use crate::stat::{Stat, StatCache};
use crate::store::{Place, Store};
use crate::watch::Stop;

/// A run before it has changed anything.
#[derive(Debug)]
pub(crate) struct Run<'a> {
    pub(crate) options: &'a Options,
    pub(crate) definition: &'a Definition,
    pub(crate) output: PathBuf,
    pub(crate) input: Input,
    pub(crate) keys: Keys,
    /// The files of the program.
    pub(crate) programs: Vec<(PathBuf, (Stat, Digest))>,
    pub(crate) store: Store,
    pub(crate) stop: Stop,
    pub(crate) progress: Arc<Progress>,
    /// By the clock that stamps files.
    pub(crate) started: SystemTime,
    /// On the last good output, while there is one. Dies with the process.
    _lock: Option<Lock>,
}

impl<'a> Run<'a> {
    /// Takes the lock, lists the input and reads what earlier runs left.
    pub(crate) fn open(options: &'a Options, definition: &'a Definition) -> Result<Self, Fault> {
        let started = clock::file_now();
        let (input, output) = (normal(options.input()?), normal(options.output()?));
        refuse_overlap(&input, &output)?;
        let progress = Arc::new(Progress::new(&definition.name, options));
        let stop = Stop::default();
        stop.on_signals()?;
        hush_guarded_panics();
        let lock = if options.dry_run {
            None
        } else {
            take_over(&output)?
        };
        let input = Input::open(&input, definition)?;
        progress.items.store(input.items.len() as u64, Relaxed);
        let store = Store::read(&output)?;
        let programs =
            programs(definition, &store.stats).map_err(|error| Fault::new(Blame::Usage, error))?;
        let digests: Vec<Digest> = programs.iter().map(|(_, (_, digest))| *digest).collect();
        let keys = Keys::new(definition, &digests);
        Ok(Self {
            options,
            definition,
            output,
            input,
            keys,
            programs,
            store,
            stop,
            progress,
            started,
            _lock: lock,
        })
    }

    pub(crate) fn planner(&self) -> Planner<'_> {
        Planner {
            keys: &self.keys,
            store: &self.store,
            input: &self.input,
            force: self.options.force,
            threads: self.options.threads(),
        }
    }

    /// Whether the last good output is just what this plan would give: every receipt kept, none gone, and the files
    /// about the whole queue as they were.
    pub(crate) fn is_complete(&self, plans: &[(Phase, &[Planned])]) -> bool {
        let Some(manifest) = &self.store.manifest else {
            return false;
        };
        let kept = |phase, planned: &Planned| match &planned.decision {
            Decision::Keep(held) => held.place == Place::Output,
            Decision::Dead(letter) => letter.phase == phase && manifest.failed.contains(letter),
            Decision::Do(_) => false,
        };
        let planned: usize = plans.iter().map(|(_, plan)| plan.len()).sum();
        let known = manifest.fit.len() + manifest.items.len() + manifest.failed.len();
        let whole = |written| self.store.is_there(written, Place::Output);
        planned == known
            && plans
                .iter()
                .all(|(phase, plan)| plan.iter().all(|planned| kept(*phase, planned)))
            && manifest.outputs.iter().all(whole)
            && self.manifest_is_ours(manifest)
    }

    fn manifest_is_ours(&self, manifest: &Manifest) -> bool {
        manifest.stage == self.definition.name
            && manifest.program == self.keys.program
            && manifest.settings == self.definition.settings
    }

    /// Ends a run that has nothing to do: freshens the manifest's time so that Make rests.
    pub(crate) fn rest(&self, known: HashMap<String, (Stat, Digest)>) -> Result<(), Fault> {
        let Some(manifest) = &self.store.manifest else {
            return Ok(());
        };
        fs_err::OpenOptions::new()
            .write(true)
            .open(self.output.join(layout::MANIFEST))?
            .set_modified(self.started)?;
        self.refresh_stats(known)?;
        self.refresh_settings()?;
        partial::remove_leftover(&self.output)?;
        self.progress
            .unchanged
            .store(self.input.items.len() as u64, Relaxed);
        self.progress.end(manifest.counts.as_ref());
        let failed = manifest.failed.len();
        self.judge(failed)
    }

    /// Remembers settings that were written otherwise but mean the same, so that who looks on finds nothing changed.
    fn refresh_settings(&self) -> Result<(), Fault> {
        let Some(mut record) = RunRecord::read(&self.output) else {
            return Ok(());
        };
        let files = settings::files();
        if record.settings_files != files {
            record.settings_files = files;
            record.write(&self.output)?;
        }
        Ok(())
    }

    /// Looks at files again whose stat was too fresh to be trusted, and remembers them. Those for which the stage before
    /// stands need not be remembered.
    fn refresh_stats(&self, mut known: HashMap<String, (Stat, Digest)>) -> Result<(), Fault> {
        let untrusted = |listed: &&Listed| {
            known.get(&listed.name).is_some_and(|(stat, digest)| {
                self.store.stats.input(&listed.name, stat) != Some(*digest)
            })
        };
        let untrusted = self.input.items.iter().filter(untrusted);
        let (vouched, fresh): (Vec<&Listed>, Vec<&Listed>) =
            untrusted.partition(|listed| self.input.told(listed).is_some());
        if fresh.is_empty() {
            return Ok(());
        }
        for listed in vouched {
            known.remove(&listed.name);
        }
        let new = self.output.join("_stat.json.new");
        let mut file = fs_err::File::create(&new)?;
        let taken = Stat::of(&file.metadata()?).mtime;
        for listed in fresh {
            known.insert(listed.name.clone(), listed.digest()?);
        }
        let stats = StatCache {
            taken,
            inputs: known,
            outputs: self.store.stats.outputs.clone(),
            programs: self.programs.iter().cloned().collect(),
        };
        file.write_all(&serde_json::to_vec(&stats).map_err(io::Error::other)?)?;
        // Its time tells since when the stats of the outputs are known, and they are those of before.
        let old = self.output.join(layout::STAT);
        if let Ok(kept) = fs_err::metadata(&old).and_then(|metadata| metadata.modified()) {
            file.set_modified(kept)?;
        }
        fs_err::rename(&new, &old)?;
        Ok(())
    }

    /// Whether so many failed items are allowed.
    pub(crate) fn judge(&self, failed: usize) -> Result<(), Fault> {
        let items = self.input.items.len();
        if self.options.max_failed.allows(failed as u64, items as u64) {
            return Ok(());
        }
        let message = format!(
            "{} of {} failed",
            thousands(failed as u64),
            plural(items as u64, "item")
        );
        Err(Fault::message(Blame::Failed, message))
    }

    /// Prints each item with the reason why it would be processed.
    pub(crate) fn print_plan(&self, plan: &[Planned]) -> Result<(), Fault> {
        let mut out = std::io::BufWriter::new(std::io::stdout().lock());
        for planned in plan {
            if let Decision::Do(reason) = planned.decision {
                writeln!(out, "{reason:<25} {}", planned.listed.name)?;
            }
            if let Decision::Dead(letter) = &planned.decision {
                writeln!(out, "{:<25} {}", "failed, kept", letter.item)?;
            }
        }
        for item in self.retracted() {
            writeln!(out, "{:<25} {item}", "retracted")?;
        }
        out.flush()?;
        Ok(())
    }

    /// Items of the last good output that are not in the input any more.
    pub(crate) fn retracted(&self) -> impl Iterator<Item = &str> {
        let items: HashSet<&str> = self
            .input
            .items
            .iter()
            .map(|item| item.name.as_str())
            .collect();
        let old = self
            .store
            .manifest
            .iter()
            .flat_map(|manifest| &manifest.items);
        old.map(|receipt| receipt.item.as_str())
            .filter(move |item| *item != QUEUE && !items.contains(item))
    }
}

/// The name of the one piece of work of a whole-queue stage.
pub(crate) const QUEUE: &str = "queue";

/// Locks the output, if there is one, and ends a commit that was cut short.
fn take_over(output: &Path) -> Result<Option<Lock>, Fault> {
    let lock = Lock::of(output, output)?;
    if lock.is_some() {
        recover(output)?;
        return Ok(lock);
    }
    // Without an output to lock, the owner of the partial is the owner of the run.
    let partial = Lock::of(&layout::partial(output), output)?;
    recover(output)?;
    match partial {
        // The partial has become the output, and is locked already: not again, or the run would wait for itself.
        Some(partial) if partial.is_at(output)? => Ok(Some(partial)),
        _ => Lock::of(output, output),
    }
}

/// The files of the program with their digests. Only what may have changed since stats were taken is read.
fn programs(
    definition: &Definition,
    stats: &StatCache,
) -> io::Result<Vec<(PathBuf, (Stat, Digest))>> {
    let files = definition.program_files()?.into_iter();
    files
        .map(|file| {
            let known = stats.program(&file)?;
            Ok((file, known))
        })
        .collect()
}

/// Without a trailing slash and without `.` parts.
fn normal(path: &Path) -> PathBuf {
    path.components().collect()
}

fn refuse_overlap(input: &Path, output: &Path) -> Result<(), Fault> {
    let named = output.file_name().is_some();
    let absolute = |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let (input, output) = (absolute(input), absolute(output));
    if named && !output.starts_with(&input) && !input.starts_with(&output) {
        return Ok(());
    }
    let message = format!(
        "INPUT `{}` and OUTPUT `{}` overlap",
        input.display(),
        output.display()
    );
    Err(Fault::message(Blame::Usage, message)
        .hint("a stage reads one directory and writes another"))
}
