//! Looks at all directories of a line at once, and says how each stage stands.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use stage::Fault;
use stage::inspect::{Evidence, ItemFile};

use crate::assess::assess;
use crate::digests::list;
use crate::model::{Line, Stage, State, VERSION};
use crate::stopped;
use crate::wiring::{self, Wired, same};

/// Where to look, and when what is not there yet is too late.
#[derive(Clone, Debug)]
pub(crate) struct Question {
    pub(crate) project: PathBuf,
    /// The commands of the stages, in line order.
    pub(crate) commands: Vec<String>,
    /// How queues are made: `make PROJECT=demo`.
    pub(crate) make: Option<String>,
    pub(crate) stalled_after: Duration,
}

/// A directory of the line.
#[derive(Debug)]
pub(crate) struct Directory {
    pub(crate) path: PathBuf,
    pub(crate) evidence: Result<Evidence, Fault>,
    pub(crate) items: Vec<ItemFile>,
}

/// All directories of the line.
#[derive(Debug)]
pub(crate) struct Survey {
    pub(crate) wired: Vec<Wired>,
    directories: Vec<Directory>,
    pub(crate) now: SystemTime,
}

impl Survey {
    /// Looks at everything.
    pub(crate) fn take(question: &Question) -> Result<Self, Fault> {
        let wired = wiring::find(&question.project, &question.commands)?;
        let mut paths: Vec<PathBuf> = Vec::new();
        for path in wired.iter().flat_map(|wired| [&wired.input, &wired.output]) {
            if !paths.iter().any(|known| same(known, path)) {
                paths.push(path.clone());
            }
        }
        let directories = std::thread::scope(|scope| {
            let look = |path: PathBuf| {
                scope.spawn(move || Directory {
                    evidence: Evidence::read(&path),
                    // What cannot be listed is told by the stage that reads it.
                    items: list(&path).unwrap_or_default(),
                    path,
                })
            };
            let threads: Vec<_> = paths.into_iter().map(look).collect();
            let looks = threads.into_iter().map(std::thread::ScopedJoinHandle::join);
            looks.filter_map(Result::ok).collect()
        });
        Ok(Self {
            wired,
            directories,
            now: SystemTime::now(),
        })
    }

    /// What is known of a directory.
    pub(crate) fn directory(&self, path: &Path) -> Option<&Directory> {
        self.directories
            .iter()
            .find(|directory| same(&directory.path, path))
    }

    /// How each stage stands.
    pub(crate) fn assess(&self, question: &Question) -> Vec<Stage> {
        let mut assessed: Vec<Stage> = Vec::new();
        for wired in &self.wired {
            let upstream = self.wired.iter().zip(&assessed);
            let upstream: Option<State> = upstream
                .filter(|(before, _)| same(&before.output, &wired.input))
                .map(|(_, assessed)| assessed.state)
                .next();
            assessed.push(assess(self, wired, upstream, question));
        }
        assessed
    }
}

/// The whole answer.
pub(crate) fn line(question: &Question) -> Result<Line, Fault> {
    let survey = Survey::take(question)?;
    let stages = survey.assess(question);
    let stopped = stopped::find(&stages);
    let at = stopped.as_ref();
    let next = at.and_then(|at| stopped::next(at, &stages));
    Ok(Line {
        version: VERSION,
        project: question.project.display().to_string(),
        time: humantime::format_rfc3339_seconds(survey.now).to_string(),
        stages,
        stopped,
        next,
    })
}
