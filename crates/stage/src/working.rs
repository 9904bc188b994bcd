//! A run under way: from its first change on disk to its commit.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::SystemTime;

use bytes::Bytes;

use crate::clock;
use crate::commit::{commit, parent};
use crate::digest::Digest;
use crate::durable::sync_directory;
use crate::fault::{Blame, Fault};
use crate::heartbeat::Heartbeat;
use crate::history;
use crate::layout;
use crate::letters;
use crate::output::{Counts, Output, Written};
use crate::parallel;
use crate::part::Part;
use crate::partial::{self, Partial};
use crate::plan::{Decision, Planned};
use crate::receipt::{CONTRACT, DeadLetter, Manifest, Phase, Receipt};
use crate::record::RunState;
use crate::run::Run;
use crate::running::Running;
use crate::stat::{Stat, StatCache};
use crate::store::Place;
use crate::sync::{self, Unsynced};
use crate::syncing::Syncing;
use crate::workers::{Crew, Task, Work};

/// A run under way.
#[derive(Debug)]
pub(crate) struct Working<'a> {
    run: &'a Run<'a>,
    pub(crate) partial: Partial,
    running: Arc<Running>,
    heartbeat: Heartbeat,
    receipts: BTreeMap<(Phase, String), Receipt>,
    parts: BTreeMap<(Phase, String), Bytes>,
    pub(crate) failed: Vec<DeadLetter>,
    /// What is on its way to the disk.
    syncing: Option<Syncing>,
    unsynced: Unsynced,
    /// Files linked from the last good output.
    kept: HashSet<String>,
    pub(crate) stats: HashMap<String, (Stat, Digest)>,
    outputs: Vec<Written>,
    pub(crate) inputs: Vec<(String, Digest)>,
}

impl<'a> Working<'a> {
    /// Begins to work: from here on there is a partial.
    pub(crate) fn begin(run: &'a Run<'a>) -> Result<Self, Fault> {
        refuse_strays(run)?;
        let partial = Partial::open(&run.output, &run.input.items, &run.store, run.started)?;
        run.progress
            .retracted
            .store(run.retracted().count() as u64, Relaxed);
        let running = Arc::new(Running::default());
        let heartbeat = Heartbeat::start(run, &partial, &running)?;
        Ok(Self {
            run,
            partial,
            running,
            heartbeat,
            receipts: BTreeMap::new(),
            parts: BTreeMap::new(),
            failed: Vec::new(),
            syncing: None,
            unsynced: Unsynced::default(),
            kept: HashSet::new(),
            stats: HashMap::new(),
            outputs: Vec::new(),
            inputs: Vec::new(),
        })
    }

    /// Keeps what can be kept of a plan and does the rest, up to `batch` items at a time.
    pub(crate) fn execute(
        &mut self,
        phase: Phase,
        plan: Vec<Planned>,
        fitted: &dyn Fn(&str) -> Option<Digest>,
        batch: usize,
        work: &Work<'_>,
    ) -> Result<(), Fault> {
        let run = self.run;
        let pack = run.store.pack()?;
        let (mut tasks, mut reasons) = (Vec::new(), Vec::new());
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
                    if let Some(part) = held.part(phase, pack) {
                        self.parts.insert((phase, held.receipt.item.clone()), part);
                    }
                    self.receipts
                        .insert((phase, held.receipt.item.clone()), held.receipt);
                }
                Decision::Dead(letter) => {
                    letters::write(&self.partial.path, &letter)?;
                    run.progress
                        .fail(&letter.item, &letter.reason, letter.hint.as_deref());
                    self.failed.push(letter);
                }
                Decision::Do(reason) => {
                    reasons.push(reason);
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
        run.progress.begin(phase.word(), &reasons);
        // What was fitted may still be on its way.
        let syncing = match &mut self.syncing {
            Some(syncing) => &*syncing,
            none => none.insert(Syncing::start(&self.partial.path, &self.partial.journal)?),
        };
        let crew = Crew {
            phase,
            keys: &run.keys,
            options: run.options,
            partial: &self.partial.path,
            journal: &self.partial.journal,
            syncing,
            claims: &self.partial.claims,
            suspects: &run.store.history.suspects,
            deaths: &run.store.history.deaths,
            running: &self.running,
            progress: &run.progress,
            stop: &run.stop,
        };
        // Where the disk takes nothing more, the thread that syncs tells why.
        let outcome = crew
            .run(tasks, batch, work)
            .or_else(|fault| self.wait_for_syncs().and(Err(fault)))?;
        if let Some(syncing) = self.syncing.as_ref().filter(|_| phase != Phase::Fit) {
            // The last contents go to the disk while the whole queue is looked at.
            syncing.end();
        }
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

    /// Makes sure that nothing finished so far is lost.
    fn secure(&mut self) -> Result<(), Fault> {
        self.wait_for_syncs()?;
        sync::write(&self.partial.path, &self.partial.journal, &self.unsynced)?;
        self.unsynced = Unsynced::default();
        Ok(())
    }

    /// Waits for what is on its way to the disk.
    fn wait_for_syncs(&mut self) -> Result<(), Fault> {
        if let Some(syncing) = self.syncing.take() {
            self.unsynced = syncing.rest()?;
        }
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

    /// Commits if all went well; else leaves word of what did not.
    pub(crate) fn conclude(mut self, ended: Result<(), Fault>, phase: Phase) -> Result<(), Fault> {
        let run = self.run;
        let counts = ended
            .and_then(|()| self.prepare(phase))
            .map_err(|fault| self.abandon(fault))?;
        commit(&run.output)?;
        run.progress.end(counts.as_ref());
        Ok(())
    }

    /// All of a commit but the exchange: manifest, sync. Whatever goes wrong leaves a partial that the next run
    /// resumes.
    fn prepare(&mut self, phase: Phase) -> Result<Option<Counts>, Fault> {
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
        let about = manifest.outputs.iter().map(|written| written.name.as_str());
        self.wait_for_syncs()?;
        // Their names become durable with all others, below.
        let contents: Vec<&str> = self.unsynced.contents().chain(about).collect();
        sync::sync_contents(&self.partial.path, &contents)?;
        self.write_stats(&manifest)?;
        // Ends the heartbeat, which must not write into a queue that readers may see.
        let counts = manifest.counts.as_ref();
        self.heartbeat.end(RunState::Complete, None, |record| {
            history::enter(&run.output, record, &manifest.failed, counts, None)
        });
        let path = self.partial.path.join(layout::MANIFEST);
        let text = manifest.to_json()?;
        write_stamped(&path, &text, run.started)?;
        self.partial.sweep(&names, !manifest.failed.is_empty())?;
        let failed = !manifest.failed.is_empty();
        sync::sync_folders(&self.partial.path, names, failed)?;
        Ok(manifest.counts)
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
        let written: Vec<&Written> = manifest.written().collect();
        let outputs = parallel::map(
            self.run.options.threads(),
            parallel::MOMENTS,
            &written,
            |written| {
                // A link to the last good output has the stat that is known of that, but for the time of the link.
                let stat = match self.run.store.stats.outputs.get(&written.name) {
                    Some((stat, digest))
                        if *digest == written.digest && self.kept.contains(&written.name) =>
                    {
                        *stat
                    }
                    _ => Stat::of_path(&self.partial.path.join(&written.name))?,
                };
                Ok((written.name.clone(), (stat, written.digest)))
            },
        );
        let outputs = outputs
            .into_iter()
            .collect::<std::io::Result<HashMap<_, _>>>()?;
        let taken = clock::nanos(self.run.started);
        let stats = StatCache {
            taken,
            inputs: self.stats.clone(),
            outputs,
            programs: self.run.programs.iter().cloned().collect(),
        };
        let text = serde_json::to_vec(&stats).map_err(std::io::Error::other)?;
        let path = self.partial.path.join(layout::STAT);
        // May be a stale one of a commit that was cut short, but never a link to the last good output's.
        fs_err::write(path, text)?;
        Ok(())
    }

    /// Ends a run that does not commit, and leaves word of it.
    fn abandon(&mut self, fault: Fault) -> Fault {
        let secured = self.secure();
        let state = if matches!(fault.blame, Blame::Signal(_)) {
            RunState::Stopped
        } else {
            RunState::Failed
        };
        let (output, hint) = (&self.run.output, fault.hint.as_deref());
        self.heartbeat
            .end(state, Some(fault.to_string()), |record| {
                history::enter(output, record, &self.failed, None, hint)?;
                sync_directory(&self.partial.path)?;
                sync_directory(parent(&self.partial.path))
            });
        self.run.progress.clear();
        // Empty by now, as all work has ended.
        let _ = fs_err::remove_dir(self.partial.path.join(layout::SCRATCH));
        match secured {
            Err(worse) if fault.blame == Blame::Failed => worse,
            _ => fault,
        }
    }
}

/// Refuses an output that holds what no stage has written: the commit would take it away.
fn refuse_strays(run: &Run<'_>) -> Result<(), Fault> {
    let known: HashSet<&str> = match &run.store.manifest {
        Some(manifest) => manifest
            .written()
            .map(|written| written.name.as_str())
            .collect(),
        None => HashSet::new(),
    };
    let folders = [
        (run.output.clone(), run.store.manifest.is_some()),
        (layout::partial(&run.output), false),
    ];
    for (folder, is_queue) in folders {
        let stray = if is_queue {
            partial::stray(&folder, "", &known)?
        } else {
            partial::foreign(&folder)?
        };
        if let Some(stray) = stray {
            let folder = folder.display();
            let message = format!("`{folder}` holds `{stray}`, which no stage has written there");
            let hint =
                "move it away, or choose another OUTPUT: a commit replaces the whole directory";
            return Err(Fault::message(Blame::Output, message).hint(hint));
        }
    }
    Ok(())
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
