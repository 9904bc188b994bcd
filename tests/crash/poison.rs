//! Items that bring down whoever touches them, here through foreign programs. (The stages' own form of dying, and of
//! eating all memory, is tried in the tests of `stage`.)

use waystation_tests::{Command, Project, binary, day, rows};

use crate::scene::tiny;

/// A program that passes items on but comes to grief over one of them.
fn adapt(project: &Project, trouble: &str, options: &[&str]) -> Command {
    let program = format!(
        "for item in \"$1\"/*; do case $item in *{poison}*) {trouble};; esac; cp \"$item\" \"$2\"/; done",
        poison = day(2)
    );
    Command::new(&binary("adapt"))
        .args(["--each", "--raw", "--retries", "1", "--backoff", "1ms"])
        .args(options)
        .path(project.path("raw"))
        .path(project.path("out"))
        .args(["--", "sh", "-c", &program, "sh"])
}

/// The item is set aside with a reason, all others get done, and once it is healed a plain run ends well.
#[track_caller]
fn check(trouble: &str, options: &[&str], reason: &str) {
    let project = tiny([1, 2, 3]);
    let command = adapt(
        &project,
        &format!("grep -q healed \"$item\" || {{ {trouble}; }}"),
        options,
    );
    let ended = command.expect(1);
    let letters = project.tree("out.partial/_failed");
    assert_eq!(letters.names(), [format!("{}.json", day(2))], "{ended}");
    let letter = project.read(&format!("out.partial/_failed/{}.json", day(2)));
    assert!(letter.contains(reason), "{letter}");
    for number in [1, 3] {
        assert!(
            project.has(&format!("out.partial/{}", day(number))),
            "{ended}"
        );
    }
    project.write(
        &format!("raw/{}", day(2)),
        &format!("{}healed", rows(2, 8, 1)),
    );
    command.expect(0);
    assert_eq!(project.tree("out").items().len(), 3);
}

#[test]
fn an_item_over_which_the_program_aborts_is_set_aside() {
    check("kill -ABRT $$", &[], "SIGABRT");
}

#[test]
fn an_item_over_which_the_program_eats_all_memory_is_set_aside() {
    let trouble = "ulimit -v 50000; s=xxxxxxxx; while :; do s=$s$s; done";
    check(trouble, &[], "status 2");
}

#[test]
fn an_item_over_which_the_program_hangs_is_set_aside() {
    check("sleep 1000", &["--timeout", "1s"], "1s");
}
