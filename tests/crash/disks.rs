//! Other disks: full ones, read-only ones, several at once, and one that cannot exchange two directories.

use waystation_tests::trace::{Call, Error, Verdict, Watcher, watching_or_skip};
use waystation_tests::{Command, Ended, Tree, copy, say, slow};

use crate::fault::{Fault, Injector};
use crate::scene::{Before, Play, Scene, stage};

/// Runs a script that may mount file systems, which go with it. `None` where that is not permitted.
fn mounting(script: &str, arguments: &[&str]) -> Option<Ended> {
    const MOUNT: &str = "mount -t tmpfs -o size=64k none /mnt";
    // Through a shell, which says by its status that there is no such program.
    let unshared = |way: &str, script: &str| {
        let unshare = format!("exec unshare --mount {way} sh -ec \"$@\"");
        Command::new("sh").args(["-c", &unshare, "sh", script, "sh"])
    };
    let ways = ["", "--user --map-root-user"];
    let way = ways
        .into_iter()
        .find(|way| unshared(way, MOUNT).run().status == 0)?;
    Some(unshared(way, script).args(arguments).run())
}

fn mounting_or_skip(suite: &str) -> bool {
    let permitted = mounting("true", &[]).is_some();
    if !permitted {
        say(&format!(
            "skipped: {suite} (file systems cannot be mounted here)"
        ));
    }
    permitted
}

/// `$1` is the project, `$2` the queue, `$3` and `$4` what room is left on the disk, in kilobytes and in files; after
/// them comes the stage's command without OUTPUT. Prints how the run on the full disk ended, makes room, and runs
/// again.
const FULL: &str = r#"
project=$1 queue=$2 room=$3 files=$4; shift 4
mkdir "$project/disk"
mount -t tmpfs -o size=64m none "$project/disk"
if [ -d "$project/$queue" ]; then cp -a "$project/$queue" "$project/disk/"; fi
used() { df --output="$1" "$project/disk" | tail -n 1; }
size=$(($(used used) + room))k nr_inodes=$(($(used iused) + files))
mount -o "remount,size=$size,nr_inodes=$nr_inodes" "$project/disk"
"$@" "$project/disk/$queue" && status=0 || status=$?
mkdir "$project/seen"
if [ -d "$project/disk/$queue" ]; then cp -a "$project/disk/$queue" "$project/seen/"; fi
mount -o remount,size=64m,nr_inodes=10000 "$project/disk"
"$@" "$project/disk/$queue"
mkdir "$project/done"
cp -a "$project/disk/." "$project/done"
echo "status $status"
"#;

/// Runs a stage onto a disk with so little room, and again when there is more. Gives how the first run ended.
#[track_caller]
fn fill(scene: &Scene, room: u32, files: u32) -> i32 {
    let play = scene.set();
    let (project, stage) = (play.project(), play.stage());
    let expected = scene.finished().tree(stage.writes);
    let mut words = vec![
        project.directory().display().to_string(),
        stage.writes.to_owned(),
        room.to_string(),
        files.to_string(),
    ];
    let nowhere = std::path::Path::new("");
    let command = stage
        .command_between(project.directory(), &project.path(stage.reads), nowhere)
        .options(["--jobs", "1", "--retries", "1", "--backoff", "1ms"]);
    words.extend(
        command
            .words()
            .iter()
            .filter(|word| !word.is_empty())
            .cloned(),
    );
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let ended = mounting(FULL, &words).unwrap();
    let what = format!(
        "{}: room for {room} kB, {files} files\n{ended}",
        scene.name()
    );
    assert_eq!(ended.status, 0, "{what}");
    let status: i32 = ended
        .stdout
        .trim()
        .rsplit(' ')
        .next()
        .unwrap()
        .parse()
        .unwrap();
    assert!([0, 1, 73, 74].contains(&status), "{what}");
    play.assert_good(&project.path("seen").join(stage.writes), &what);
    let done = project.path("done");
    Tree::of(&done.join(stage.writes)).assert_same(&expected, &what);
    assert_eq!(fs_err::read_dir(&done).unwrap().count(), 1, "{what}");
    status
}

#[test]
fn a_full_disk_costs_nothing_but_room() {
    if !mounting_or_skip("full disks") {
        return;
    }
    let step = if slow("disks of every size instead of some") {
        1
    } else {
        7
    };
    for (name, before) in [
        ("validate", Before::Nothing),
        ("validate", Before::OldQueue),
        ("featurize", Before::OldQueue),
        ("train", Before::Nothing),
    ] {
        let scene = Scene::new(stage(name), before);
        let mut tried = 0;
        let mut fits = |room: &dyn Fn(u32) -> (u32, u32)| {
            let through = (0..200).step_by(step).find(|count| {
                let (bytes, files) = room(*count);
                tried += 1;
                fill(&scene, bytes, files) == 0
            });
            assert!(
                through.is_some(),
                "{}: no disk is large enough",
                scene.name()
            );
        };
        // A limit of nothing would be none.
        fits(&|pages| (4 * (pages + 1), 1000));
        fits(&|files| (1000, files));
        say(&format!("full disk: {}: {tried} disks", scene.name()));
    }
}

/// Reads from a file system that cannot be written to.
const READ_ONLY: &str = r#"
input=$1; shift
mount --bind "$input" "$input"
mount -o remount,ro,bind "$input"
if touch "$input/probe" 2>/dev/null; then exit 99; fi
"$@"
"#;

#[test]
fn a_read_only_input_is_enough() {
    if !mounting_or_skip("read-only inputs") {
        return;
    }
    for name in ["validate", "clean", "train"] {
        let scene = Scene::new(stage(name), Before::OldQueue);
        let play = scene.set();
        let input = play
            .project()
            .path(play.stage().reads)
            .display()
            .to_string();
        let command = play.command();
        let words: Vec<&str> = std::iter::once(input.as_str())
            .chain(command.words().iter().map(String::as_str))
            .collect();
        let ended = mounting(READ_ONLY, &words).unwrap();
        assert_eq!(ended.status, 0, "{ended}");
        play.assert_done(name);
    }
}

#[test]
fn an_output_on_another_file_system_is_as_good() {
    let scene = Scene::new(stage("clean"), Before::OldQueue);
    let play = scene.set();
    // The scene is in memory, where there is such a file system; this is on a disk.
    let disk = tempfile::tempdir_in(waystation_tests::repository().join("target")).unwrap();
    let output = disk.path().join("cleaned");
    copy(&play.project().path("cleaned"), &output);
    let stage = play.stage();
    let run = |status| {
        let input = play.project().path(stage.reads);
        stage
            .command_between(play.directory(), &input, &output)
            .expect(status)
    };
    run(0);
    Tree::of(&output).assert_same(&scene.finished().tree("cleaned"), "on another disk");
    run(0).said("nothing to do");
}

/// A file system without an exchange of two names, on which something else may happen too.
struct NoExchange<'a>(Injector<'a>, bool);

impl Watcher for NoExchange<'_> {
    fn before(&mut self, call: &Call) -> Verdict {
        let verdict = self.0.before(call);
        if verdict == Verdict::Go && call.name == "renameat2" {
            self.1 = true;
            return Verdict::Fail(Error::EINVAL);
        }
        verdict
    }
}

/// Kills a run on such a file system, or fails its nth call. Gives false when the run got through before.
#[track_caller]
fn survives_without_exchange(play: &Play<'_>, fault: Fault, nth: u32) -> bool {
    let mut watcher = NoExchange(Injector::new(play, Some(fault), nth), false);
    let ended = play.command().watched(play.directory(), &mut watcher);
    let NoExchange(injector, refused) = watcher;
    let Some(hit) = injector.hit else {
        ended.assert(0);
        assert!(refused, "it asked for no exchange");
        play.assert_done("without an exchange");
        return false;
    };
    play.end_well(&format!("{fault:?} at {nth} (`{hit}`)"), Some(&ended));
    true
}

#[test]
fn two_renames_do_where_nothing_can_be_exchanged() {
    if !watching_or_skip("file systems without an exchange") {
        return;
    }
    let exhaustive = slow("kills without an exchange at every call instead of the last ones");
    for name in ["validate", "train"] {
        let scene = Scene::new(stage(name), Before::OldQueue);
        let mut points = 0;
        let calls = scene.calls();
        for fault in [Fault::Kill, Fault::Once(Error::EIO)] {
            // The commit is at the end.
            let first = if exhaustive { 1 } else { calls - 12 };
            let through = (first..1000).find(|nth| {
                !survives_without_exchange(&scene.set().without_exchange(), fault, *nth)
            });
            points += through.unwrap() - first;
        }
        say(&format!(
            "without an exchange: {}: {points} points",
            scene.name()
        ));
    }
}
