//! A power cut: what was not synced may be gone. The steps of a run are recorded, every state is rebuilt in which a
//! disk may be left, and a plain run must end each of them well.

mod disk;
mod record;
mod states;

use waystation_tests::trace::watching_or_skip;
use waystation_tests::{Project, Random, Stage, say, slow};

use self::record::{Recorder, Step};
use self::states::states;
use crate::scene::{Before, Scene, stage};

/// Records an undisturbed run. Gives all states in which a power cut may leave the disk.
#[track_caller]
fn record(scene: &Scene) -> (usize, Vec<(String, disk::Disk)>) {
    let play = scene.set();
    let mut recorder = Recorder::new(play.directory());
    let before = recorder.live.clone();
    play.command()
        .watched(play.directory(), &mut recorder)
        .assert(0);
    let steps = recorder.steps;
    let syncs = steps
        .iter()
        .filter(|step| matches!(step, Step::Sync(_) | Step::SyncAll));
    let syncs = syncs.count();
    // The same nodes, also those that are made on the way.
    let before = before.with_room_for(&recorder.live);
    (syncs, states(&before, &steps))
}

#[track_caller]
fn check(stage: &Stage) {
    const SAMPLE: usize = 8;
    if !watching_or_skip("power cuts") {
        return;
    }
    let exhaustive = slow(&format!(
        "{}: every power cut instead of some",
        stage.binary
    ));
    for before in [Before::Nothing, Before::OldQueue] {
        let scene = Scene::new(stage, before);
        let (syncs, mut states) = record(&scene);
        let all = states.len();
        if !exhaustive {
            let mut random = Random::new(5);
            while states.len() > SAMPLE {
                let index = random.below(states.len() as u64);
                states.swap_remove(usize::try_from(index).unwrap());
            }
        }
        for (cut, disk) in &states {
            let project = Project::in_memory();
            disk.write(project.directory());
            scene.left(project).end_well(cut, None);
        }
        say(&format!(
            "power cut: {}: {syncs} syncs, {} of {all} states tried",
            scene.name(),
            states.len()
        ));
    }
}

#[test]
fn validate_survives_a_power_cut() {
    check(stage("validate"));
}

#[test]
fn clean_survives_a_power_cut() {
    check(stage("clean"));
}

#[test]
fn featurize_survives_a_power_cut() {
    check(stage("featurize"));
}

#[test]
fn split_survives_a_power_cut() {
    check(stage("split"));
}

#[test]
fn train_survives_a_power_cut() {
    check(stage("train"));
}

#[test]
fn evaluate_survives_a_power_cut() {
    check(stage("evaluate"));
}
