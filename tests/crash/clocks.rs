//! Clocks that stand still or are wrong: they tell when something was, never what it is.

use waystation_tests::trace::{Call, Clock, Verdict, watching_or_skip};
use waystation_tests::{LINE, day};

use crate::scene::{Before, Scene, stage};

const HOUR: i64 = 3600;

/// A line of clocks, each with its name.
fn clocks() -> [(&'static str, Clock); 3] {
    [
        ("stopped", Clock::stopped()),
        ("an hour ahead", Clock::wrong(HOUR)),
        ("an hour behind", Clock::wrong(-HOUR)),
    ]
}

#[test]
fn no_clock_reaches_an_output() {
    if !watching_or_skip("wrong clocks") {
        return;
    }
    for stage in LINE {
        let scene = Scene::new(stage, Before::OldQueue);
        for (name, clock) in clocks() {
            let play = scene.set();
            let go = &mut |_: &Call| Verdict::Go;
            let ended = play.command().watched_by_clock(play.directory(), clock, go);
            let what = format!("{}: {name}\n{ended}", scene.name());
            assert_eq!(ended.status, 0, "{what}");
            play.assert_done(&what);
        }
    }
}

#[test]
fn a_wrong_clock_is_seen_in_the_record_of_the_run() {
    if !watching_or_skip("wrong clocks") {
        return;
    }
    // Else the other tests here would prove nothing.
    let scene = Scene::new(stage("validate"), Before::Nothing);
    let play = scene.set();
    let go = &mut |_: &Call| Verdict::Go;
    let clock = Clock::stopped();
    play.command()
        .watched_by_clock(play.directory(), clock, go)
        .assert(0);
    let record = play.project().json("validated/_run.json");
    for time in ["started", "heartbeat"] {
        let time = record[time].as_str().unwrap();
        assert!(time.starts_with("2027-01-15T08:00:00"), "{time}");
    }
}

#[test]
fn a_change_is_seen_by_any_clock() {
    if !watching_or_skip("wrong clocks") {
        return;
    }
    let scene = Scene::new(stage("validate"), Before::Nothing);
    for (first, before) in clocks() {
        for (second, after) in clocks() {
            let play = scene.set();
            let run = |clock: &Clock| {
                let go = &mut |_: &Call| Verdict::Go;
                let command = play.command();
                command.watched_by_clock(play.directory(), clock.clone(), go)
            };
            run(&before).assert(0);
            // As many bytes, at once.
            let name = format!("raw/{}", day(1));
            let text = play.project().read(&name);
            let changed = text.replacen("2024-01-01", "2024-01-04", 1);
            play.project().write(&name, &changed);
            let ended = run(&after);
            let what = format!("{first}, then {second}\n{ended}");
            ended.assert(0);
            assert!(!ended.stderr.contains("nothing to do"), "{what}");
            let expected = play.project().copy();
            fs_err::remove_dir_all(expected.path("validated")).unwrap();
            expected.run_to("validated");
            let tree = play.project().tree("validated");
            tree.assert_same(&expected.tree("validated"), &what);
        }
    }
}
