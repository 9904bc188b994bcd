//! A stage about to run: on a queue it has never seen, or over the output of an earlier run.

use std::path::Path;

use waystation_tests::trace::{Call, Verdict};
use waystation_tests::{Command, Ended, LINE, Project, Stage, Tree, Unit, day, rows};

use crate::reader::verify;

/// The days before the run; the last two are for validation and for test.
const OLD: [u32; 4] = [1, 2, 5, 6];
/// The rows of a day.
const ROWS: u32 = 8;

/// What is there before a stage runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Before {
    /// No output.
    Nothing,
    /// The output of an earlier run: since then an item has come, one has changed, one is gone.
    OldQueue,
    /// The same, and one item is ill: the run does the others, makes them durable and ends with 1. It is healed after.
    IllItem,
    /// What such a run has left, and the item is healed.
    StoppedRun,
}

/// A stage about to run, and what must come of it.
#[derive(Debug)]
pub(crate) struct Scene {
    pub(crate) stage: Stage,
    pub(crate) before: Before,
    /// The project before the run.
    project: Project,
    /// The project after an undisturbed run.
    expected: Tree,
    old_queue: Option<Tree>,
    new_queue: Tree,
    /// The item that is ill, as it would be in health.
    ill: Option<(String, Vec<u8>)>,
}

impl Scene {
    /// Sets the scene.
    #[track_caller]
    pub(crate) fn new(stage: &Stage, before: Before) -> Self {
        Self::of_days(stage, before, OLD)
    }

    /// Sets the scene with raw items of these days.
    #[track_caller]
    pub(crate) fn of_days(
        stage: &Stage,
        before: Before,
        days: impl IntoIterator<Item = u32>,
    ) -> Self {
        let project = tiny(days);
        if before != Before::Nothing {
            project.run_to(stage.reads);
            project.stage(stage).expect(0);
            project.write(&format!("raw/{}", day(3)), &rows(3, ROWS, 1));
            project.write(&format!("raw/{}", day(5)), &rows(5, ROWS, 2));
            project.remove(&format!("raw/{}", day(2)));
        }
        project.run_to(stage.reads);
        let undisturbed = project.copy();
        undisturbed.stage(stage).expect(0);
        verify(&undisturbed.path(stage.writes)).unwrap();
        let ill = match before {
            Before::IllItem => Some(fall_ill(&project, stage)),
            Before::StoppedRun => {
                let (name, whole) = fall_ill(&project, stage);
                project.stage(stage).expect(1);
                fs_err::write(project.path(&name), whole).unwrap();
                None
            }
            Before::Nothing | Before::OldQueue => None,
        };
        Self {
            stage: *stage,
            before,
            old_queue: (before != Before::Nothing).then(|| project.tree(stage.writes)),
            new_queue: undisturbed.tree(stage.writes),
            expected: undisturbed.tree(""),
            ill,
            project,
        }
    }

    /// How an undisturbed run ends.
    pub(crate) fn status(&self) -> i32 {
        i32::from(self.ill.is_some())
    }

    /// The stage and what was there before.
    pub(crate) fn name(&self) -> String {
        let form = match (self.stage.program.is_empty(), self.stage.unit) {
            (true, _) => "",
            (false, Unit::Queue) => ", the queue at once",
            (false, _) => ", each item",
        };
        let before = match self.before {
            Before::Nothing => "first run",
            Before::OldQueue => "rerun",
            Before::IllItem => "rerun with an ill item",
            Before::StoppedRun => "rerun after one that stopped",
        };
        format!("{}{form}, {before}", self.stage.binary)
    }

    /// The scene once more, to be played.
    #[track_caller]
    pub(crate) fn set(&self) -> Play<'_> {
        Play {
            scene: self,
            project: self.project.copy(),
            can_exchange: true,
        }
    }

    /// How many calls of an undisturbed run change the file system.
    #[track_caller]
    pub(crate) fn calls(&self) -> u32 {
        let mut calls = 0;
        let play = self.set();
        let count = &mut |_: &Call| {
            calls += 1;
            Verdict::Go
        };
        let ended = play.command().watched(play.directory(), count);
        ended.assert(self.status());
        calls
    }

    /// The scene with whatever a run has left.
    pub(crate) fn left(&self, project: Project) -> Play<'_> {
        Play {
            scene: self,
            project,
            can_exchange: true,
        }
    }

    /// The project after an undisturbed run.
    #[track_caller]
    pub(crate) fn finished(&self) -> Project {
        let play = self.set();
        play.rerun().assert(0);
        play.project
    }
}

/// Overwrites the last item of a stage's input with nonsense. Gives its path in the project and what it held.
#[track_caller]
fn fall_ill(project: &Project, stage: &Stage) -> (String, Vec<u8>) {
    let tree = project.tree(stage.reads);
    let name = format!("{}/{}", stage.reads, tree.items().pop().unwrap());
    let path = project.path(&name);
    let whole = fs_err::read(&path).unwrap();
    fs_err::write(path, vec![0xff; whole.len()]).unwrap();
    (name, whole)
}

/// A tiny project with the raw items of these days.
#[track_caller]
pub(crate) fn tiny(days: impl IntoIterator<Item = u32>) -> Project {
    let project = Project::empty();
    let train = r#"{"model": "trees", "trees": {"num_iterations": 3, "num_leaves": 3, "min_data_in_leaf": 2}}"#;
    project.write("config/train.json", train);
    for number in days {
        project.write(&format!("raw/{}", day(number)), &rows(number, ROWS, 1));
    }
    project
}

/// A scene in a project of its own.
#[derive(Debug)]
pub(crate) struct Play<'a> {
    scene: &'a Scene,
    project: Project,
    can_exchange: bool,
}

impl Play<'_> {
    pub(crate) fn project(&self) -> &Project {
        &self.project
    }

    pub(crate) fn directory(&self) -> &Path {
        self.project.directory()
    }

    pub(crate) fn stage(&self) -> &Stage {
        &self.scene.stage
    }

    /// A plain run.
    #[track_caller]
    pub(crate) fn rerun(&self) -> Ended {
        self.project.stage(&self.scene.stage).run()
    }

    /// The stage's command, one item at a time, without long waits.
    pub(crate) fn command(&self) -> Command {
        let options = ["--jobs", "1", "--backoff", "1ms"];
        self.project.stage(&self.scene.stage).options(options)
    }

    /// On a file system without an exchange of two names, where for a moment there is no output.
    pub(crate) fn without_exchange(self) -> Self {
        Self {
            can_exchange: false,
            ..self
        }
    }

    /// Fails unless a reader would find the old queue, whole, or the new one, whole, or none where there was none.
    #[track_caller]
    pub(crate) fn look(&self, when: &str) {
        let output = self.project.path(self.scene.stage.writes);
        if !self.can_exchange && !output.exists() {
            let previous = self
                .project
                .path(&format!("{}.previous", self.scene.stage.writes));
            self.assert_good(&previous, when);
        } else {
            self.assert_good(&output, when);
        }
    }

    /// Fails unless a directory is the old queue, whole, or the new one, or is not there where there was none.
    #[track_caller]
    pub(crate) fn assert_good(&self, queue: &Path, when: &str) {
        let scene = self.scene;
        let found = queue.exists().then(|| Tree::of(queue));
        let good = found == scene.old_queue || found.as_ref() == Some(&scene.new_queue);
        assert!(
            good,
            "{}: {when}: a reader finds neither the old queue nor the new one, but {:?}",
            scene.name(),
            found.map(|tree| tree
                .names()
                .into_iter()
                .map(str::to_owned)
                .collect::<Vec<_>>())
        );
    }

    /// Heals the item that is ill, if there is one.
    #[track_caller]
    fn heal(&self) {
        if let Some((name, whole)) = &self.scene.ill {
            fs_err::write(self.project.path(name), whole).unwrap();
        }
    }

    /// A plain run must now end well, and everything be as after an undisturbed run.
    #[track_caller]
    pub(crate) fn end_well(&self, when: &str, disturbed: Option<&Ended>) {
        self.look(when);
        let scene = self.scene;
        self.heal();
        let rerun = self.rerun();
        let disturbed = disturbed.map(ToString::to_string).unwrap_or_default();
        let what = format!("{}: {when}\n{disturbed}\nthe rerun: {rerun}", scene.name());
        assert_eq!(rerun.status, 0, "{what}");
        self.assert_done(&what);
    }

    /// Fails unless everything is as after an undisturbed run.
    #[track_caller]
    pub(crate) fn assert_done(&self, what: &str) {
        self.project
            .tree("")
            .assert_same(&self.scene.expected, what);
        for leftover in [".partial", ".previous"] {
            let name = format!("{}{leftover}", self.scene.stage.writes);
            assert!(!self.project.has(&name), "{what}: `{name}` is left");
        }
    }
}

/// All stages of the line in both scenes.
pub(crate) fn stage(name: &str) -> &'static Stage {
    LINE.iter().find(|stage| stage.binary == name).unwrap()
}

/// `clean` without rules: each item is handed on as it is.
pub(crate) fn idle_clean() -> Stage {
    Stage {
        unit: Unit::Item,
        settings: &[],
        ..*stage("clean")
    }
}
