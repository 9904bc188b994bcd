//! One try of one piece of work, or of a batch of them: begun in the journal, done, and turned into receipts.

use std::sync::Arc;

use bytes::Bytes;

use crate::digest::Digest;
use crate::fault::Fault;
use crate::guard::guarded;
use crate::input::Reading;
use crate::journal::Entry;
use crate::output::{Ledger, Output};
use crate::receipt::Receipt;
use crate::stat::Stat;
use crate::watch::Watch;
use crate::work::Item;
use crate::workers::{Crew, Finish, Task, Work};

/// How something is tried.
pub(crate) struct Attempt<'a> {
    /// Which try it is, from 1.
    pub(crate) tries: u32,
    /// How many threads it may use.
    pub(crate) threads: usize,
    pub(crate) work: &'a Work<'a>,
}

/// A task whose input is known.
struct Known<'a> {
    task: &'a Task,
    stat: Stat,
    digest: Digest,
    content: Option<Arc<[u8]>>,
    key: Digest,
}

impl Crew<'_> {
    /// Tries tasks once, all together. The keys are those of the tasks whose content could be read.
    pub(crate) fn attempt(
        &self,
        tasks: &[Task],
        attempt: &Attempt<'_>,
        keys: &mut Vec<Digest>,
    ) -> Result<Vec<Finish>, Fault> {
        keys.clear();
        let mut known = Vec::with_capacity(tasks.len());
        for task in tasks {
            let task = self.know(task)?;
            keys.push(task.key);
            self.spare_poison(&task.task.listed.name, task.key)?;
            known.push(task);
        }
        for task in &known {
            self.append(&Entry::Begin {
                phase: self.phase,
                item: task.task.listed.name.clone(),
                key: task.key,
            })?;
        }
        // A batch may take as long as its items one after the other.
        let length = u32::try_from(tasks.len()).unwrap_or(u32::MAX);
        let timeout = self
            .options
            .timeout
            .map(|timeout| timeout.saturating_mul(length));
        let watch = Watch::new(self.stop, timeout);
        let batch: Vec<(Item, Output)> = known
            .iter()
            .map(|task| {
                let output = Output::new(self.partial, &task.task.listed.name, self.claims);
                (self.item(task, attempt, &watch), output)
            })
            .collect();
        let _running: Vec<_> = tasks
            .iter()
            .map(|task| self.running.enter(self.phase, &task.listed.name, timeout))
            .collect();
        let ended = guarded(|| (attempt.work)(&batch)).and_then(|()| {
            for (task, (_, output)) in known.iter().zip(&batch) {
                // Linking moves a time of the file, and nothing else.
                let linked = output.linked();
                let linked = linked.filter(|stat| stat.same_content(&task.stat));
                let listed = &task.task.listed;
                listed.unchanged_since(&linked.unwrap_or(task.stat))?;
            }
            batch.iter().map(|(_, output)| output.close()).collect()
        });
        match ended {
            Ok(ledgers) => Ok(finish(&known, ledgers)),
            Err(fault) => {
                batch.iter().for_each(|(_, output)| output.discard());
                Err(fault)
            }
        }
    }

    fn know<'a>(&self, task: &'a Task) -> Result<Known<'a>, Fault> {
        let Reading {
            stat,
            digest,
            content,
        } = match task.known {
            Some((stat, digest)) => {
                task.listed.unchanged_since(&stat)?;
                Reading {
                    stat,
                    digest,
                    content: None,
                }
            }
            None => task.listed.read()?,
        };
        let key = self
            .keys
            .key(self.phase, &task.listed.name, digest, task.fitted);
        Ok(Known {
            task,
            stat,
            digest,
            content,
            key,
        })
    }

    fn item(&self, known: &Known<'_>, attempt: &Attempt<'_>, watch: &Watch) -> Item {
        Item {
            name: known.task.listed.name.clone(),
            path: known.task.listed.path.clone(),
            bytes: known.stat.bytes,
            digest: known.digest,
            content: known.content.clone(),
            threads: attempt.threads,
            attempt: attempt.tries,
            watch: watch.clone(),
            progress: Arc::clone(self.progress),
        }
    }

    /// Refuses an item over which the process has died as often as it may be tried.
    fn spare_poison(&self, item: &str, key: Digest) -> Result<(), Fault> {
        let deaths = self.deaths_of(item, key);
        if deaths <= self.options.retries {
            return Ok(());
        }
        let message = format!(
            "{item}: the process died or hung {deaths} times while it worked on this item alone"
        );
        Err(Fault::item(message).hint("look at the item; `--force` tries it once more"))
    }

    /// How often the process died over an item, alone.
    pub(crate) fn deaths_of(&self, item: &str, key: Digest) -> u32 {
        self.deaths
            .get(&(self.phase, item.to_owned(), key))
            .copied()
            .unwrap_or(0)
    }
}

/// The receipts of tasks that are done.
fn finish(known: &[Known<'_>], ledgers: Vec<Ledger>) -> Vec<Finish> {
    let finish = |(known, ledger): (&Known<'_>, Ledger)| {
        let receipt = Receipt {
            item: known.task.listed.name.clone(),
            key: known.key,
            input: known.digest,
            fitted: known.task.fitted,
            outputs: ledger.written,
            part: ledger.part.as_ref().map(|part| part.len() as u64),
            counts: ledger.counts,
        };
        Finish {
            receipt,
            part: ledger.part.map(Bytes::from),
            stat: known.stat,
        }
    };
    known.iter().zip(ledgers).map(finish).collect()
}
