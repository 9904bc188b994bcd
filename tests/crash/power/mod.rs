//! A power cut: what was not synced may be gone. The steps of a run are recorded, every state is rebuilt in which a
//! disk may be left, and a plain run must end each of them well.

mod disk;
mod record;
mod states;

use waystation_tests::trace::watching_or_skip;
use waystation_tests::{Project, Random, Stage, say, slow};

use self::record::{Recorder, Step};
use self::states::states;
use crate::scene::{Before, Scene, idle_clean, stage};

/// Records an undisturbed run. Gives all states in which a power cut may leave the disk.
#[track_caller]
fn record(scene: &Scene) -> (usize, Vec<(String, disk::Disk)>) {
    let play = scene.set();
    let mut recorder = Recorder::new(play.directory());
    let before = recorder.live.clone();
    let ended = play.command().watched(play.directory(), &mut recorder);
    ended.assert(scene.status());
    let steps = recorder.steps;
    let syncs = steps
        .iter()
        .filter(|step| matches!(step, Step::Sync(_) | Step::SyncAll));
    let syncs = syncs.count();
    // The same nodes, also those that are made on the way.
    let before = before.with_room_for(&recorder.live);
    (syncs, states(&before, &steps))
}

/// Tries all states that a power cut in a scene may leave, or some.
#[track_caller]
fn check_scene(scene: &Scene, most: usize) {
    let (syncs, mut states) = record(scene);
    let all = states.len();
    let mut random = Random::new(5);
    while states.len() > most {
        let index = random.below(states.len() as u64);
        states.swap_remove(usize::try_from(index).unwrap());
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

#[track_caller]
fn check(stage: &Stage, scenes: &[Before]) {
    const SAMPLE: usize = 4;
    if !watching_or_skip("power cuts") {
        return;
    }
    let exhaustive = slow(&format!(
        "{}: every power cut instead of some",
        stage.binary
    ));
    let most = if exhaustive { usize::MAX } else { SAMPLE };
    for before in scenes {
        check_scene(&Scene::new(stage, *before), most);
    }
}

const BOTH: &[Before] = &[Before::Nothing, Before::OldQueue];
const ALL: &[Before] = &[
    Before::Nothing,
    Before::OldQueue,
    Before::IllItem,
    Before::StoppedRun,
];

#[test]
fn validate_survives_a_power_cut() {
    check(stage("validate"), BOTH);
}

#[test]
fn clean_survives_a_power_cut() {
    check(stage("clean"), ALL);
}

#[test]
fn clean_without_rules_survives_a_power_cut() {
    check(&idle_clean(), BOTH);
}

#[test]
fn featurize_survives_a_power_cut() {
    check(stage("featurize"), BOTH);
}

#[test]
fn split_survives_a_power_cut() {
    check(stage("split"), ALL);
}

#[test]
fn train_survives_a_power_cut() {
    check(stage("train"), BOTH);
}

#[test]
fn evaluate_survives_a_power_cut() {
    check(stage("evaluate"), BOTH);
}

#[test]
fn a_queue_of_many_items_survives_a_power_cut() {
    // There are thousands of states.
    const SAMPLE: usize = 150;
    let suite = "power cuts in a queue of many items";
    if !slow(suite) || !watching_or_skip(suite) {
        return;
    }
    // So many that the file system is synced instead of each file.
    let scene = Scene::of_days(stage("split"), Before::Nothing, 1..=28);
    check_scene(&scene, SAMPLE);
}
