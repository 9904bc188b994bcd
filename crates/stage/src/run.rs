//! A run from its start to its commit, for all three forms of work.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::SystemTime;

use crate::clock;
use crate::commit::{commit, recover};
use crate::digest::Digest;
use crate::entry::Definition;
use crate::fault::{Blame, Fault};
use crate::heartbeat::Heartbeat;
use crate::input::Input;
use crate::layout;
use crate::lock::Lock;
use crate::options::Options;
use crate::output::{Counts, Output, Written};
use crate::part::Part;
use crate::partial::{self, Partial};
use crate::plan::{Decision, Planned, Planner};
use crate::progress::{Progress, plural};
use crate::receipt::{CONTRACT, DeadLetter, Keys, Manifest, Phase, Receipt};
use crate::record::RunState;
use crate::stat::{Stat, StatCache};
use crate::store::{Place, Store};
use crate::sync;
use crate::watch::Stop;
use crate::workers::{Crew, Running, Task, Work, hush_guarded_panics, write_letter};

/// A run before it has changed anything.
#[derive(Debug)]
pub(crate) struct Run<'a> {
    pub(crate) options: &'a Options,
    pub(crate) definition: &'a Definition,
    pub(crate) output: PathBuf,
    pub(crate) input: Input,
    pub(crate) keys: Keys,
    pub(crate) store: Store,
    pub(crate) stop: Stop,
    pub(crate) progress: Arc<Progress>,
    started: SystemTime,
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
        let keys = Keys::new(definition)?;
        let mut lock = None;
        if !options.dry_run {
            lock = Lock::of(&output, &output)?;
            if lock.is_none() {
                // Without an output to lock, the owner of the partial is the owner of the run.
                Lock::of(&layout::partial(&output), &output)?;
            }
            recover(&output)?;
        }
        let input = Input::open(&input, definition)?;
        progress.items.store(input.items.len() as u64, Relaxed);
        let store = Store::read(&output)?;
        Ok(Self {
            options,
            definition,
            output,
            input,
            keys,
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
        let trusted = |(name, (stat, digest)): (&String, &(Stat, Digest))| {
            self.store.stats.input(name, stat) == Some(*digest)
        };
        if !known.iter().all(trusted) {
            self.refresh_stats(known)?;
        }
        partial::remove_leftover(&self.output)?;
        self.progress
            .unchanged
            .store(self.input.items.len() as u64, Relaxed);
        self.progress.end(manifest.counts.as_ref());
        let failed = manifest.failed.len();
        self.judge(failed)
    }

    /// Looks at files again whose stat was too fresh to be trusted, and remembers them.
    fn refresh_stats(&self, mut known: HashMap<String, (Stat, Digest)>) -> Result<(), Fault> {
        let new = self.output.join("_stat.json.new");
        fs_err::write(&new, b"")?;
        let taken = Stat::of_path(&new)?.mtime;
        for listed in &self.input.items {
            let Some(entry) = known.get_mut(&listed.name) else {
                continue;
            };
            if self.store.stats.input(&listed.name, &entry.0) != Some(entry.1) {
                *entry = listed.digest()?;
            }
        }
        let stats = StatCache {
            taken,
            inputs: known,
            outputs: self.store.stats.outputs.clone(),
        };
        fs_err::write(
            &new,
            serde_json::to_vec(&stats).map_err(std::io::Error::other)?,
        )?;
        fs_err::rename(&new, self.output.join(layout::STAT))?;
        Ok(())
    }

    /// Whether so many failed items are allowed.
    fn judge(&self, failed: usize) -> Result<(), Fault> {
        let items = self.input.items.len();
        if self.options.max_failed.allows(failed, items) {
            return Ok(());
        }
        let message = format!(
            "{} of {} failed",
            thousands(failed),
            plural(items as u64, "item")
        );
        Err(Fault::message(Blame::Failed, message))
    }

    /// Prints each item with the reason why it would be processed.
    pub(crate) fn print_plan(&self, plan: &[Planned]) -> Result<(), Fault> {
        use std::io::Write;
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
    fn retracted(&self) -> impl Iterator<Item = &str> {
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

    /// Begins to work: from here on there is a partial.
    pub(crate) fn begin(&'a self) -> Result<Working<'a>, Fault> {
        let partial = Partial::open(&self.output, &self.input.items, &self.store)?;
        self.progress
            .retracted
            .store(self.retracted().count() as u64, Relaxed);
        let running = Arc::new(Running::default());
        let heartbeat = Heartbeat::start(self, &partial, &running)?;
        Ok(Working {
            run: self,
            partial,
            running,
            heartbeat,
            receipts: BTreeMap::new(),
            parts: BTreeMap::new(),
            failed: Vec::new(),
            unsynced: Vec::new(),
            kept: HashSet::new(),
            stats: HashMap::new(),
            outputs: Vec::new(),
            inputs: Vec::new(),
        })
    }
}

/// The name of the one piece of work of a whole-queue stage.
pub(crate) const QUEUE: &str = "queue";

fn thousands(number: usize) -> String {
    plural(number as u64, "")
        .trim_end_matches([' ', 's'])
        .to_owned()
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

/// A run under way.
#[derive(Debug)]
pub(crate) struct Working<'a> {
    run: &'a Run<'a>,
    pub(crate) partial: Partial,
    running: Arc<Running>,
    heartbeat: Heartbeat,
    receipts: BTreeMap<(Phase, String), Receipt>,
    parts: BTreeMap<(Phase, String), Vec<u8>>,
    pub(crate) failed: Vec<DeadLetter>,
    unsynced: Vec<crate::journal::Entry>,
    /// Files linked from the last good output.
    kept: HashSet<String>,
    pub(crate) stats: HashMap<String, (Stat, Digest)>,
    outputs: Vec<Written>,
    pub(crate) inputs: Vec<(String, Digest)>,
}

impl Working<'_> {
    /// Keeps what can be kept of a plan and does the rest.
    pub(crate) fn execute(
        &mut self,
        phase: Phase,
        plan: Vec<Planned>,
        fitted: &dyn Fn(&str) -> Option<Digest>,
        work: &Work<'_>,
    ) -> Result<(), Fault> {
        let run = self.run;
        let pack = run.store.pack()?;
        let mut tasks = Vec::new();
        for planned in plan {
            if let Some(known) = planned.known {
                self.stats.insert(planned.listed.name.clone(), known);
            }
            match planned.decision {
                Decision::Keep(held) => {
                    self.partial.keep(&held, &run.store)?;
                    if held.place == Place::Output {
                        let names = held
                            .receipt
                            .outputs
                            .iter()
                            .map(|written| written.name.clone());
                        self.kept.extend(names);
                    }
                    if let Some(part) = held.part(phase, &pack) {
                        self.parts.insert((phase, held.receipt.item.clone()), part);
                    }
                    self.receipts
                        .insert((phase, held.receipt.item.clone()), held.receipt);
                }
                Decision::Dead(letter) => {
                    write_letter(&self.partial.path, &letter)?;
                    run.progress
                        .fail(&letter.item, &letter.reason, letter.hint.as_deref());
                    self.failed.push(letter);
                }
                Decision::Do(_) => {
                    let fitted = fitted(&planned.listed.name);
                    tasks.push(Task {
                        listed: planned.listed,
                        known: planned.known,
                        fitted,
                    });
                }
            }
        }
        if phase != Phase::Fit {
            let kept = self
                .receipts
                .keys()
                .filter(|(kept, _)| *kept == phase)
                .count();
            run.progress.unchanged.store(kept as u64, Relaxed);
            run.progress.processed.store(0, Relaxed);
        }
        run.progress.begin(phase.word(), tasks.len());
        let crew = Crew {
            phase,
            keys: &run.keys,
            options: run.options,
            partial: &self.partial.path,
            journal: &self.partial.journal,
            claims: &self.partial.claims,
            suspects: &run.store.history.suspects,
            deaths: &run.store.history.deaths,
            running: &self.running,
            progress: &run.progress,
            stop: &run.stop,
        };
        let outcome = crew.run(tasks, work)?;
        self.unsynced.extend(outcome.unsynced);
        self.failed.extend(outcome.failed);
        for done in outcome.done {
            let (item, input) = (done.receipt.item.clone(), done.receipt.input);
            self.stats.insert(item.clone(), (done.stat, input));
            if let Some(part) = done.part {
                self.parts.insert((phase, item.clone()), part);
            }
            self.receipts.insert((phase, item), done.receipt);
        }
        Ok(())
    }

    /// Stops here if a signal came or too many items failed; what is done stays for the next run.
    pub(crate) fn stop_or_fail(&mut self) -> Result<(), Fault> {
        self.run.stop.check()?;
        let failed = self.failed.len();
        self.run.judge(failed).map_err(|fault| {
            let partial = self.partial.path.display();
            fault.hint(format!(
                "what is done is kept in `{partial}`, the reasons are in `{partial}/{}`; mend the items and run again, \
                 or go on without them with `--max-failed`",
                layout::FAILED
            ))
        })
    }

    /// Makes sure that nothing finished so far is lost, whatever comes now.
    pub(crate) fn secure(&mut self) -> Result<(), Fault> {
        sync::write(&self.partial.path, &self.partial.journal, &self.unsynced)?;
        self.unsynced.clear();
        Ok(())
    }

    /// The receipts of a phase, in item order.
    pub(crate) fn receipts(&self, phase: Phase) -> impl Iterator<Item = &Receipt> {
        self.receipts
            .iter()
            .filter(move |((of, _), _)| *of == phase)
            .map(|(_, receipt)| receipt)
    }

    /// The parts of a phase, in item order.
    pub(crate) fn parts(&self, phase: Phase) -> Vec<Part> {
        let part = |receipt: &Receipt| {
            let item = receipt.item.as_str();
            let large = crate::part::file_name(phase, item);
            match self.parts.get(&(phase, receipt.item.clone())) {
                Some(content) => Some(Part::new(item, content.clone())),
                None if receipt.outputs.iter().any(|written| written.name == large) => {
                    Some(Part::in_file(item, self.partial.path.join(large)))
                }
                None => None,
            }
        };
        self.receipts(phase).filter_map(part).collect()
    }

    /// Writes all small parts into one file.
    fn write_pack(&mut self) -> Result<(), Fault> {
        if self.parts.is_empty() {
            return Ok(());
        }
        let parts = std::mem::take(&mut self.parts);
        self.write_whole(|output| {
            let mut pack = output.create_reserved(layout::PACK)?;
            for part in parts.values() {
                std::io::Write::write_all(&mut pack, part)?;
            }
            pack.finish()
        })
    }

    /// Writes files about the whole queue.
    pub(crate) fn write_whole<T>(
        &mut self,
        work: impl FnOnce(&Output) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        let output = Output::new(&self.partial.path, "the whole queue", &self.partial.claims);
        let result = work(&output)?;
        self.outputs.extend(output.close()?.written);
        Ok(result)
    }

    /// Commits: manifest, sync, exchange. Whatever goes wrong before the exchange leaves a partial that the next
    /// run resumes.
    pub(crate) fn commit(mut self, phase: Phase) -> Result<(), Fault> {
        let run = self.run;
        run.stop.check()?;
        if run.input.was_replaced() {
            let message = format!(
                "`{}` was replaced while it was read",
                run.input.directory.display()
            );
            return Err(Fault::message(Blame::Busy, message).hint("run again"));
        }
        self.write_pack()?;
        let manifest = self.manifest(phase);
        let names: HashSet<&str> = manifest
            .written()
            .map(|written| written.name.as_str())
            .collect();
        let new = self.unsynced.iter().flat_map(sync::outputs);
        let about: Vec<&str> = manifest
            .outputs
            .iter()
            .map(|written| written.name.as_str())
            .collect();
        sync::sync_files(&self.partial.path, new.chain(about))?;
        self.write_stats(&manifest)?;
        // Ends the heartbeat, which must not write into a queue that readers may see.
        self.heartbeat.end(RunState::Complete, None);
        let path = self.partial.path.join(layout::MANIFEST);
        let text = manifest.to_json()?;
        write_stamped(&path, &text, run.started)?;
        self.partial.sweep(&names, !manifest.failed.is_empty())?;
        if self.kept.len() > 64 {
            sync::sync_file_system(&self.partial.path)?;
        }
        crate::durable::sync_directory(&self.partial.path)?;
        commit(&run.output)?;
        run.progress.end(manifest.counts.as_ref());
        Ok(())
    }

    fn manifest(&mut self, phase: Phase) -> Manifest {
        let run = self.run;
        self.failed
            .sort_by(|a, b| (a.phase, &a.item).cmp(&(b.phase, &b.item)));
        self.outputs.sort_by(|a, b| a.name.cmp(&b.name));
        let items: Vec<Receipt> = self.receipts(phase).cloned().collect();
        let mut counts: Option<Counts> = None;
        for count in items.iter().filter_map(|receipt| receipt.counts.as_ref()) {
            counts.get_or_insert_default().add(count);
        }
        Manifest {
            contract: CONTRACT,
            stage: run.definition.name.clone(),
            program: run.keys.program,
            settings: run.definition.settings.clone(),
            counts,
            outputs: self.outputs.clone(),
            inputs: self.inputs.clone(),
            failed: self.failed.clone(),
            fit: self.receipts(Phase::Fit).cloned().collect(),
            items,
        }
    }

    fn write_stats(&self, manifest: &Manifest) -> Result<(), Fault> {
        let mut outputs = HashMap::new();
        for written in manifest.written() {
            // A link to the last good output has the stat that is known of that, but for the time of the link.
            let stat = match self.run.store.stats.outputs.get(&written.name) {
                Some((stat, digest))
                    if *digest == written.digest && self.kept.contains(&written.name) =>
                {
                    *stat
                }
                _ => Stat::of_path(&self.partial.path.join(&written.name))?,
            };
            outputs.insert(written.name.clone(), (stat, written.digest));
        }
        let taken = clock::nanos(self.run.started);
        let stats = StatCache {
            taken,
            inputs: self.stats.clone(),
            outputs,
        };
        let text = serde_json::to_vec(&stats).map_err(std::io::Error::other)?;
        let path = self.partial.path.join(layout::STAT);
        // May be a stale one of a commit that was cut short, but never a link to the last good output's.
        fs_err::write(path, text)?;
        Ok(())
    }

    /// Ends a run that does not commit, and leaves word of it.
    pub(crate) fn abandon(&mut self, fault: Fault) -> Fault {
        let secured = self.secure();
        let state = if matches!(fault.blame, Blame::Signal(_)) {
            RunState::Stopped
        } else {
            RunState::Failed
        };
        self.heartbeat.end(state, Some(fault.to_string()));
        self.run.progress.clear();
        match secured {
            Err(worse) if fault.blame == Blame::Failed => worse,
            _ => fault,
        }
    }
}

/// Writes the manifest, stamped with the time at which the run started: an input that changed since makes the next
/// `make` run again.
fn write_stamped(path: &Path, text: &[u8], time: SystemTime) -> Result<(), Fault> {
    use std::io::Write;
    let mut file = fs_err::File::create(path)?;
    file.write_all(text)?;
    file.set_modified(time)?;
    Ok(file.sync_all()?)
}
