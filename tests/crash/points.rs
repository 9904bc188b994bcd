//! After SQLite's method: the process is killed at the 1st, 2nd, … nth call that changes the file system, and
//! separately that call fails, until a run gets through untouched.

use std::collections::BTreeMap;

use waystation_tests::trace::watching_or_skip;
use waystation_tests::{FOREIGN, Random, Stage, Unit, say, slow};

use crate::fault::{FAULTS, Fault, Injector};
use crate::scene::{Before, Scene, idle_clean, stage};

/// How a run may end in which one call failed: well, with failed items, unable to write, or asking to be run again.
const STATUSES: [i32; 5] = [0, 1, 73, 74, 75];

/// Tries one point. Gives false when the run got through before it came to it.
#[track_caller]
fn survives(scene: &Scene, fault: Fault, nth: u32) -> bool {
    let play = scene.set();
    let mut injector = Injector::new(&play, Some(fault), nth);
    let ended = play.command().watched(play.directory(), &mut injector);
    let Some(hit) = injector.hit else {
        ended.assert(scene.status());
        play.end_well("untouched", Some(&ended));
        return false;
    };
    let when = format!("{fault:?} at {nth} (`{hit}`)");
    let expected = match fault {
        Fault::Kill => ended.status == 137,
        _ => STATUSES.contains(&ended.status) && !ended.stderr.contains("panicked"),
    };
    assert!(expected, "{}: {when}\n{ended}", scene.name());
    if ended.status == 0 {
        play.assert_done(&format!("{}: {when}\n{ended}", scene.name()));
    }
    play.end_well(&when, Some(&ended));
    true
}

/// How many calls a fault can hit in an undisturbed run.
#[track_caller]
fn count(scene: &Scene, fault: Fault) -> u32 {
    let play = scene.set();
    let mut injector = Injector::new(&play, Some(fault), u32::MAX);
    let ended = play.command().watched(play.directory(), &mut injector);
    ended.assert(scene.status());
    injector.seen
}

/// Tries every point of a scene. Gives their number.
#[track_caller]
fn exhaust(scene: &Scene, fault: Fault) -> u32 {
    const END: u32 = 2000;
    let through = (1..END).find(|nth| !survives(scene, fault, *nth));
    through.map_or_else(
        || panic!("{}: {fault:?}: no run ever gets through", scene.name()),
        |nth| nth - 1,
    )
}

/// Tries some points of a scene. Gives their number.
#[track_caller]
fn sample(scene: &Scene, fault: Fault, random: &mut Random) -> u32 {
    let all = u64::from(count(scene, fault));
    let most = if fault == Fault::Kill { 2 } else { 1 };
    for _ in 0..most {
        let nth = 1 + random.below(all);
        survives(scene, fault, u32::try_from(nth).unwrap());
    }
    most
}

#[track_caller]
fn check(stage: &Stage) {
    if !watching_or_skip("stages killed at each call") {
        return;
    }
    let exhaustive = slow(&format!("{}: every call instead of some", stage.binary));
    let scenes: &[(Before, &[Fault])] = &[
        (Before::Nothing, &FAULTS),
        (Before::OldQueue, &FAULTS),
        (Before::IllItem, &FAULTS[..2]),
        (Before::StoppedRun, &FAULTS[..2]),
    ];
    // Where the queue is done at once, nothing is done when an item is ill.
    let scenes = &scenes[..if stage.unit == Unit::Queue { 2 } else { 4 }];
    for (before, faults) in scenes {
        let scene = Scene::new(stage, *before);
        let mut random = Random::new(3);
        let mut tried = BTreeMap::new();
        // One error stands for all where not every point is tried.
        let other = 1 + usize::try_from(random.below(faults.len() as u64 - 1)).unwrap();
        for (index, fault) in faults.iter().copied().enumerate() {
            if !exhaustive && ![0, other].contains(&index) {
                continue;
            }
            let points = if exhaustive {
                exhaust(&scene, fault)
            } else {
                sample(&scene, fault, &mut random)
            };
            tried.insert(format!("{fault:?}"), points);
        }
        let all: u32 = tried.values().sum();
        say(&format!("crash: {}: {all} points: {tried:?}", scene.name()));
    }
}

#[test]
fn validate_survives_every_call() {
    check(stage("validate"));
}

#[test]
fn clean_survives_every_call() {
    check(stage("clean"));
}

#[test]
fn clean_without_rules_survives_every_call() {
    check(&idle_clean());
}

#[test]
fn featurize_survives_every_call() {
    check(stage("featurize"));
}

#[test]
fn split_survives_every_call() {
    check(stage("split"));
}

#[test]
fn train_survives_every_call() {
    check(stage("train"));
}

#[test]
fn evaluate_survives_every_call() {
    check(stage("evaluate"));
}

/// A foreign program that wastes no time, and passes on what is not torn.
fn foreign(stage: &Stage) -> Stage {
    Stage {
        program: &[
            "sh",
            "-c",
            r#"for item in "$1"/*; do grep -q ^id, "$item" && cp "$item" "$2"/ || exit 1; done"#,
            "sh",
        ],
        ..*stage
    }
}

#[test]
fn a_foreign_program_for_each_item_survives_every_call() {
    check(&foreign(&FOREIGN[0]));
}

#[test]
fn a_foreign_program_for_the_queue_survives_every_call() {
    check(&foreign(&FOREIGN[1]));
}
