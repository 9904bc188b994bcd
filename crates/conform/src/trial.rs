//! A trial: one candidate, one input queue, all clauses.

use std::cell::{Cell, OnceCell};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::candidate::{Candidate, Kind, Mode};
use crate::clauses::CLAUSES;
use crate::process::Ended;
use crate::queue::{Copy, Queue};
use crate::report::Report;
use crate::sandbox::Sandbox;
use crate::tree::Tree;
use crate::verdict::{Evidence, Judged, Stop, Verdict, failed, skipped};

/// Why most clauses cannot be judged where the simplest run fails.
pub const NO_PLAIN_RUN: &str = "a plain run does not end well";
/// What is stamped with the time in seconds differs after so long.
const ANOTHER_SECOND: Duration = Duration::from_millis(1100);

/// How a trial is held.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The input queue; none is a tiny one of CSV files.
    pub input: Option<PathBuf>,
    /// Only these clauses; none is all.
    pub only: Vec<String>,
    /// How often a run is killed; none is as often as there is time for.
    pub kills: Option<u32>,
    /// The longest a run may take.
    pub limit: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            input: None,
            only: Vec::new(),
            kills: None,
            limit: Duration::from_secs(120),
        }
    }
}

/// Tries a candidate clause by clause; each verdict is told as it comes.
pub fn judge(
    candidate: &Candidate,
    settings: &Settings,
    mut told: impl FnMut(&Judged),
) -> anyhow::Result<Report> {
    let trial = Trial::new(candidate, settings)?;
    let chosen = |id: &str| settings.only.is_empty() || settings.only.iter().any(|only| only == id);
    let mut clauses = Vec::new();
    for clause in CLAUSES.iter().filter(|clause| chosen(clause.id)) {
        let started = Instant::now();
        let verdict = match (clause.judge)(&trial) {
            Ok(how) => Verdict::Passed(how),
            Err(Stop::Failed(evidence)) => Verdict::Failed(evidence),
            Err(Stop::Skipped(why)) => Verdict::Skipped(why),
            Err(Stop::Broken(error)) => {
                return Err(error.context(format!("the clause `{}` could not be tried", clause.id)));
            }
        };
        trial.clean_up()?;
        let judged = Judged {
            id: clause.id,
            title: clause.title,
            verdict,
            time: started.elapsed(),
        };
        told(&judged);
        clauses.push(judged);
    }
    Ok(Report::new(candidate, &trial.queue.items, clauses))
}

/// What is known while clauses are tried.
#[derive(Debug)]
pub(crate) struct Trial<'a> {
    pub(crate) candidate: &'a Candidate,
    pub(crate) settings: &'a Settings,
    pub(crate) queue: Queue,
    root: tempfile::TempDir,
    sandboxes: Cell<u32>,
    plain: OnceCell<Plain>,
    steady: OnceCell<Option<Evidence>>,
    breaking: OnceCell<Option<Torn>>,
}

/// A run that nothing disturbs, the measure of all others.
#[derive(Debug)]
pub(crate) struct Plain {
    pub(crate) ended: Ended,
    pub(crate) started: Instant,
    pub(crate) tree: Tree,
    pub(crate) manifest: Value,
    /// How the input was touched, if it was.
    pub(crate) touched: Option<String>,
    /// What was left beside the output, if anything was.
    pub(crate) left: Option<String>,
}

/// An item over which the candidate fails when it is torn, and how it does.
#[derive(Clone, Debug)]
pub(crate) struct Torn {
    pub(crate) item: String,
    pub(crate) ended: Ended,
    /// What the dead letters say.
    pub(crate) letters: String,
}

impl<'a> Trial<'a> {
    fn new(candidate: &'a Candidate, settings: &'a Settings) -> anyhow::Result<Self> {
        Ok(Self {
            candidate,
            settings,
            queue: Queue::open(settings.input.as_deref())?,
            root: tempfile::Builder::new().prefix("conform-").tempdir()?,
            sandboxes: Cell::new(0),
            plain: OnceCell::new(),
            steady: OnceCell::new(),
            breaking: OnceCell::new(),
        })
    }

    /// A directory of its own with a copy of the input.
    pub(crate) fn sandbox(&self) -> anyhow::Result<Sandbox<'_>> {
        self.sandbox_with(|queue, directory| queue.copy(directory))
    }

    /// The same with a copy that is made in some way.
    pub(crate) fn sandbox_with(
        &self,
        copy: impl FnOnce(&Queue, &Path) -> anyhow::Result<Copy>,
    ) -> anyhow::Result<Sandbox<'_>> {
        let number = self.sandboxes.get();
        self.sandboxes.set(number + 1);
        let directory = self.root.path().join(number.to_string());
        let input = copy(&self.queue, &directory.join("in"))?;
        let raw = !self.queue.has_manifest();
        Sandbox::new(self.candidate, self.settings.limit, raw, &directory, input)
    }

    /// Removes the sandboxes of a clause but for the first, in which the plain run's output is.
    fn clean_up(&self) -> std::io::Result<()> {
        for number in 1..self.sandboxes.get() {
            let directory = self.root.path().join(number.to_string());
            if directory.exists() {
                fs_err::remove_dir_all(directory)?;
            }
        }
        Ok(())
    }

    /// A run that nothing disturbs, however it ends.
    pub(crate) fn plain_run(&self) -> anyhow::Result<&Plain> {
        if let Some(plain) = self.plain.get() {
            return Ok(plain);
        }
        let sandbox = self.sandbox()?;
        let before = (Tree::of(sandbox.input.path())?, sandbox.beside()?);
        let started = Instant::now();
        let ended = sandbox.run(&[])?;
        let touched = before.0.touched(&Tree::of(sandbox.input.path())?);
        let mut beside = sandbox.beside()?;
        beside
            .files
            .retain(|name, _| !name.starts_with("out.partial/"));
        let manifest = fs_err::read(sandbox.output().join("_manifest.json")).unwrap_or_default();
        let plain = Plain {
            started,
            tree: sandbox.written()?,
            manifest: serde_json::from_slice(&manifest).unwrap_or_default(),
            touched: match touched {
                Some(touched) => Some(touched),
                None => self.touches_alone()?,
            },
            left: before.1.difference(&beside),
            ended,
        };
        Ok(self.plain.get_or_init(|| plain))
    }

    /// How a foreign program touches its input when no `adapt` stands between.
    fn touches_alone(&self) -> anyhow::Result<Option<String>> {
        if self.candidate.is_native() {
            return Ok(None);
        }
        let sandbox = self.sandbox()?;
        self.keep_what_is_shown(&sandbox)?;
        let before = Tree::of(sandbox.input.path())?;
        let output = sandbox.path("alone");
        fs_err::create_dir(&output)?;
        sandbox.end(&sandbox.alone(&output))?;
        Ok(before.touched(&Tree::of(sandbox.input.path())?))
    }

    /// Leaves as many items in an input as a foreign program is shown at a time.
    pub(crate) fn keep_what_is_shown(&self, sandbox: &Sandbox<'_>) -> anyhow::Result<()> {
        if let Kind::Foreign {
            mode: Mode::Each, ..
        } = self.candidate.kind
        {
            for item in self.queue.items.iter().skip(1) {
                sandbox.input.remove(item)?;
            }
        }
        Ok(())
    }

    /// The plain run, which must have ended well: without it nothing else can be judged.
    pub(crate) fn plain(&self) -> Result<&Plain, Stop> {
        let plain = self.plain_run()?;
        if plain.ended.status == 0 && !plain.tree.items().is_empty() {
            return Ok(plain);
        }
        skipped(NO_PLAIN_RUN)
    }

    /// Why two runs alike do not give the same bytes, if they do not.
    pub(crate) fn unsteady(&self) -> Result<Option<&Evidence>, Stop> {
        if let Some(evidence) = self.steady.get() {
            return Ok(evidence.as_ref());
        }
        let plain = self.plain()?;
        std::thread::sleep(ANOTHER_SECOND.saturating_sub(plain.started.elapsed()));
        let sandbox = self.sandbox()?;
        let did = "ran it twice, in different seconds";
        complete(&sandbox, &[], did)?;
        let difference = plain.tree.difference(&sandbox.written()?);
        let evidence = difference.map(|found| Evidence {
            did: did.to_owned(),
            expected: "the same bytes".to_owned(),
            found,
        });
        Ok(self.steady.get_or_init(|| evidence).as_ref())
    }

    /// Whether bytes may be compared at all: not if no two runs give the same.
    pub(crate) fn demand_steady(&self) -> Result<(), Stop> {
        match self.unsteady()? {
            None => Ok(()),
            Some(_) => skipped("its bytes are not the same every time"),
        }
    }

    /// The output must be that of an undisturbed run, if no more than that is asked of it.
    pub(crate) fn demand_undisturbed(&self, sandbox: &Sandbox<'_>, did: &str) -> Result<(), Stop> {
        if self.unsteady()?.is_some() {
            return Ok(());
        }
        let tree = &self.plain()?.tree;
        demand_same(tree, &sandbox.written()?, did, "the same bytes")
    }

    /// Whether it works item by item: not with the whole queue at once.
    pub(crate) fn demand_items(&self) -> Result<(), Stop> {
        let inputs = self.plain()?.manifest["inputs"].as_array();
        if inputs.is_some_and(|inputs| !inputs.is_empty()) {
            return skipped("it works on the whole queue at once");
        }
        Ok(())
    }

    /// Whether it learns from all items before it processes each.
    pub(crate) fn learns(&self) -> Result<bool, Stop> {
        let fit = self.plain()?.manifest["fit"].as_array();
        Ok(fit.is_some_and(|fit| !fit.is_empty()))
    }

    /// An item over which the candidate fails when it is torn; none where it takes any bytes.
    pub(crate) fn breaking(&self) -> Result<Option<&Torn>, Stop> {
        const ITEMS_MAX: usize = 4;
        if let Some(found) = self.breaking.get() {
            return Ok(found.as_ref());
        }
        let mut found = None;
        for item in self.queue.likely_items().into_iter().take(ITEMS_MAX) {
            let sandbox = self.sandbox()?;
            sandbox.input.tear(item)?;
            let ended = sandbox.run(&["--retries", "0"])?;
            if ended.status != 0 {
                let letters = letters(&sandbox.partial().join("_failed"))?;
                found = Some(Torn {
                    item: item.to_owned(),
                    ended,
                    letters,
                });
                break;
            }
        }
        Ok(self.breaking.get_or_init(|| found).as_ref())
    }
}

/// The texts of all dead letters in a folder.
fn letters(folder: &Path) -> anyhow::Result<String> {
    let mut text = String::new();
    for name in Tree::of(folder)?.files.keys() {
        text += &fs_err::read_to_string(folder.join(name))?;
    }
    Ok(text)
}

/// Runs the candidate; it must end with 0.
pub(crate) fn complete(sandbox: &Sandbox<'_>, options: &[&str], did: &str) -> Result<Ended, Stop> {
    let ended = sandbox.run(options)?;
    if ended.status == 0 {
        return Ok(ended);
    }
    failed(did, "status 0", ended.told())
}

/// The output must be the same as that of another run.
pub(crate) fn demand_same(
    expected: &Tree,
    found: &Tree,
    did: &str,
    wanted: &str,
) -> Result<(), Stop> {
    match expected.difference(found) {
        Some(difference) => failed(did, wanted, difference),
        None => Ok(()),
    }
}
