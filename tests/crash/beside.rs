//! What others do while a stage runs: a second run, a reader, somebody who changes the input.

use std::time::Duration;

use waystation_tests::trace::{Call, Verdict, watching_or_skip};
use waystation_tests::{Ended, Project, Random, Tree, day, rows, say, slow};

use crate::reader::Reader;
use crate::scene::{Before, Play, Scene, stage, tiny};

/// Does something once, at the nth call of a run.
#[track_caller]
fn interrupt(play: &Play<'_>, nth: u32, mut act: impl FnMut()) -> (Ended, bool) {
    let mut seen = 0;
    let ended = play.command().watched(play.directory(), &mut |_: &Call| {
        seen += 1;
        if seen == nth {
            act();
        }
        Verdict::Go
    });
    (ended, seen >= nth)
}

/// The moments of a run at which something is tried: each call, or some of them.
#[track_caller]
fn moments(scene: &Scene, suite: &str) -> Vec<u32> {
    const SAMPLE: u64 = 3;
    let calls = scene.calls();
    if slow(&format!("{suite} at every call instead of some")) {
        return (1..=calls).collect();
    }
    let mut random = Random::new(7);
    let draw = |_| 1 + u32::try_from(random.below(u64::from(calls))).unwrap();
    (0..SAMPLE).map(draw).collect()
}

#[test]
fn a_second_run_at_any_moment_is_refused_or_finds_all_done() {
    if !watching_or_skip("a second run at any moment") {
        return;
    }
    for before in [Before::Nothing, Before::OldQueue] {
        let scene = Scene::new(stage("clean"), before);
        let moments = moments(&scene, "a second run");
        for nth in &moments {
            let play = scene.set();
            let mut second = None;
            let (first, _) = interrupt(&play, *nth, || second = Some(play.rerun()));
            let second = second.unwrap();
            let what = format!("at call {nth}\n{first}{second}");
            assert!(matches!(second.status, 0 | 75), "{what}");
            // Only before it had the lock can the first have lost its work to the second.
            let refused = first.status == 75 && second.status == 0;
            assert!(first.status == 0 || refused, "{what}");
            play.end_well(&what, None);
        }
        say(&format!(
            "a second run: {}: {} moments",
            scene.name(),
            moments.len()
        ));
    }
}

#[test]
fn of_two_runs_at_once_one_works() {
    let scene = Scene::new(stage("featurize"), Before::OldQueue);
    for _ in 0..8 {
        let play = scene.set();
        let runs = [play.command().start(), play.command().start()];
        let ended = runs.map(waystation_tests::Running::wait);
        let what = format!("{}{}", ended[0], ended[1]);
        assert!(
            ended.iter().all(|run| matches!(run.status, 0 | 75)),
            "{what}"
        );
        assert!(ended.iter().any(|run| run.status == 0), "{what}");
        play.assert_done(&what);
    }
}

#[test]
fn a_reader_during_commits_never_finds_half_a_queue() {
    let project = tiny([1, 2, 5, 6]);
    let validate = project.stage(stage("validate"));
    validate.expect(0);
    let reader = Reader::start(&project.path("validated"));
    for seed in 0..15 {
        project.write(&format!("raw/{}", day(2)), &rows(2, 8, seed));
        validate.expect(0);
    }
    let looks = reader.end();
    assert!(looks > 15, "only {looks} looks");
}

/// A project whose stage's input changes at some moment of the run, and what must come of the new input.
#[track_caller]
fn check_change(name: &str, change: impl Fn(&Project)) {
    let stage = stage(name);
    for before in [Before::Nothing, Before::OldQueue] {
        let scene = Scene::new(stage, before);
        let changed = scene.set();
        change(changed.project());
        changed.rerun().assert(0);
        let expected = changed.project().tree("");
        let moments = moments(&scene, &format!("{name}: another input"));
        let mut again = 0;
        for nth in &moments {
            let play = scene.set();
            let (first, _) = interrupt(&play, *nth, || change(play.project()));
            let what = format!("{}: changed at call {nth}\n{first}", scene.name());
            assert!(matches!(first.status, 0 | 1 | 75), "{what}");
            again += u32::from(first.status != 0);
            assert_input_is_newer(&play, first.status, &what);
            let second = play.rerun();
            let what = format!("{what}\nthe rerun: {second}");
            assert_eq!(second.status, 0, "{what}");
            play.project().tree("").assert_same(&expected, &what);
        }
        say(&format!(
            "another input: {}: {} moments, {again} runs asked to be run again",
            scene.name(),
            moments.len()
        ));
    }
}

/// Else Make would rest. A commit that took in the change already may be older than it.
#[track_caller]
fn assert_input_is_newer(play: &Play<'_>, status: i32, what: &str) {
    let modified = |name: &str| {
        let metadata = fs_err::metadata(play.project().path(name)).unwrap();
        metadata.modified().unwrap()
    };
    let stage = play.stage();
    if status == 0 {
        let input = match stage.reads {
            "raw" => format!("raw/{}", day(6)),
            queue => format!("{queue}/_manifest.json"),
        };
        let output = format!("{}/_manifest.json", stage.writes);
        assert!(modified(&input) >= modified(&output), "{what}");
    }
}

#[test]
fn an_item_that_changes_at_any_moment_is_never_half_taken() {
    if !watching_or_skip("items that change during a run") {
        return;
    }
    check_change("validate", |project| {
        project.write(&format!("raw/{}", day(6)), &rows(6, 9, 4));
    });
}

#[test]
fn an_item_that_goes_at_any_moment_takes_its_rows_with_it() {
    if !watching_or_skip("items that go during a run") {
        return;
    }
    let stage = stage("validate");
    let scene = Scene::new(stage, Before::Nothing);
    let gone = format!("raw/{}", day(6));
    let expected: Tree = {
        let play = scene.set();
        play.project().remove(&gone);
        play.rerun().assert(0);
        play.project().tree("")
    };
    for nth in moments(&scene, "an item that goes") {
        let play = scene.set();
        let (first, _) = interrupt(&play, nth, || play.project().remove(&gone));
        let second = play.rerun();
        let what = format!("gone at call {nth}\n{first}{second}");
        assert_eq!(second.status, 0, "{what}");
        play.project().tree("").assert_same(&expected, &what);
    }
}

#[test]
fn what_a_killed_run_left_is_not_taken_for_the_answer_to_another_input() {
    if !watching_or_skip("input that changes after a kill") {
        return;
    }
    let change = |project: &Project| {
        project.write(&format!("raw/{}", day(6)), &rows(6, 9, 4));
        project.write(&format!("raw/{}", day(1)), &rows(1, 7, 4));
    };
    for before in [Before::Nothing, Before::OldQueue] {
        let scene = Scene::new(stage("validate"), before);
        let expected = {
            let play = scene.set();
            change(play.project());
            play.rerun().assert(0);
            play.project().tree("")
        };
        for nth in moments(&scene, "kills before another input") {
            let play = scene.set();
            let mut seen = 0;
            let ended = play.command().watched(play.directory(), &mut |_: &Call| {
                seen += 1;
                if seen == nth {
                    Verdict::Kill
                } else {
                    Verdict::Go
                }
            });
            change(play.project());
            let second = play.rerun();
            let what = format!("killed at call {nth}\n{ended}{second}");
            assert_eq!(second.status, 0, "{what}");
            play.project().tree("").assert_same(&expected, &what);
            assert!(!play.project().has("validated.partial"), "{what}");
        }
    }
}

#[test]
fn a_queue_that_is_replaced_at_any_moment_is_read_again() {
    if !watching_or_skip("queues that are replaced during a run") {
        return;
    }
    for name in ["clean", "train"] {
        let reads = stage(name).reads;
        check_change(name, |project| {
            // As another run of the stage before would do it, which takes longer.
            let new = tiny([1, 3, 4, 5, 6]);
            new.run_to(reads);
            let (old, new) = (project.path(reads), new.path(reads));
            fs_err::rename(&old, project.path(".old")).unwrap();
            waystation_tests::copy(&new, &old);
            fs_err::remove_dir_all(project.path(".old")).unwrap();
        });
    }
}

#[test]
fn eight_workers_killed_at_once_leave_a_partial_that_is_taken_up() {
    if !watching_or_skip("eight workers killed") {
        return;
    }
    for name in ["validate", "featurize"] {
        let scene = Scene::of_days(stage(name), Before::Nothing, 1..=20);
        let mut random = Random::new(11);
        for _ in 0..8 {
            let play = scene.set();
            let (mut seen, nth) = (0, 1 + random.below(150));
            let command = play.command().options(["--jobs", "8"]);
            let ended = command.watched(play.directory(), &mut |_: &Call| {
                seen += 1;
                if seen == nth {
                    Verdict::Kill
                } else {
                    Verdict::Go
                }
            });
            play.end_well(&format!("killed at call {nth}"), Some(&ended));
        }
    }
}

#[test]
fn a_run_that_is_killed_again_and_again_ends_well() {
    const KILLS: u32 = 8;
    if !watching_or_skip("runs killed again and again") {
        return;
    }
    // A little further each time, so that what is taken up was itself taken up.
    for name in ["validate", "featurize", "train"] {
        let scene = Scene::new(stage(name), Before::OldQueue);
        let play = scene.set();
        for kill in 1..=KILLS {
            let mut seen = 0;
            let command = play.command().options(["--retries", "100"]);
            let ended = command.watched(play.directory(), &mut |_: &Call| {
                seen += 1;
                if seen == 7 * kill {
                    Verdict::Kill
                } else {
                    Verdict::Go
                }
            });
            play.look(&format!("after kill {kill}\n{ended}"));
        }
        // Commits that were cut short are ended, however many.
        std::thread::sleep(Duration::from_millis(1));
        play.end_well("killed again and again", None);
    }
}
