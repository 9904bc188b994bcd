//! Every state a stage can be in, and where the screen says that the line stopped.

use std::time::Duration;

use waystation_tests::Signal;

use crate::line::Line;

#[test]
fn a_line_that_never_ran() {
    let line = Line::new();
    insta::assert_snapshot!(line.screen(&[]), @r#"
    $DIR                  waiting running   done retry  dead rejected oldest moved
    first       never run       3       ·      ·     ·     ·        ·     #s     ·
    second      never run       ·       ·      ·     ·     ·        ·      ·     ·

    where it stopped: first (one) never run
      `one` was never made; 3 items of `raw` wait
    next: make one
    "#);
}

#[test]
fn a_line_that_is_complete() {
    let line = Line::made();
    insta::assert_snapshot!(line.screen(&[]), @r#"
    $DIR                  waiting running   done retry  dead rejected oldest moved
    first       complete        ·       ·      3     ·     ·        ·      ·    #s
    second      complete        ·       ·      3     ·     ·        ·      ·    #s
    "#);
}

#[test]
fn an_item_that_failed_with_the_last_words_of_the_program() {
    let line = Line::new();
    line.write("raw/b.txt", "sick");
    line.run("first", 1);
    insta::assert_snapshot!(line.screen(&[]), @r#"
    $DIR                  waiting running   done retry  dead rejected oldest moved
    first       failed          ·       ·      2     ·     1        ·      ·    #s
    second      never run       ·       ·      ·     ·     ·        ·      ·     ·

    where it stopped: first (one) failed
      b.txt:
      `sh work.sh` ended with status 1: ValueError: could not convert
      │ reading
      │ ValueError: could not convert
      the item's fault, tried once
      hint: mend the item, or go on without it by `--max-failed`; what is done is
      kept
    next: make one
    "#);
    // Failed again and again, it is told once.
    line.run("first", 1);
    assert!(line.screen(&[]).contains("the same 2 times in the last"));
    // Mended, it waits.
    line.write("raw/b.txt", "well");
    assert_eq!(line.json(&[])["stages"][0]["items"]["waiting"], 1);
}

#[test]
fn a_failed_attempt_is_shown_when_the_next_one_went_wrong_in_another_way() {
    let line = Line::new();
    line.write("raw/b.txt", "sick");
    line.run("first", 1);
    line.write("raw/b.txt", "slow");
    let running = line.start_until("b.txt");
    running.signal(Signal::TERM);
    running.wait().assert(143);
    insta::assert_snapshot!(line.screen(&[]), @r#"
    $DIR                  waiting running   done retry  dead rejected oldest moved
    first       stopped         1       ·      2     ·     ·        ·     #s    #s
    second      never run       ·       ·      ·     ·     ·        ·      ·     ·

    where it stopped: first (one) stopped
      stopped by SIGTERM
      hint: what is done is kept; the next run goes on from there
      before: failed #s ago: b.txt: `sh work…status 1: ValueError: could not convert
    next: make one
    "#);
}

#[test]
fn a_run_that_was_killed() {
    let line = Line::new();
    line.write("raw/b.txt", "slow");
    let running = line.start_until("b.txt");
    running.signal(Signal::KILL);
    running.wait().assert(137);
    insta::assert_snapshot!(line.screen(&[]), @r#"
    $DIR                  waiting running   done retry  dead rejected oldest moved
    first       stopped         3       ·      ·     ·     ·        ·     #s    #s
    second      never run       ·       ·      ·     ·     ·        ·      ·     ·

    where it stopped: first (one) stopped
      process $PID was killed, or crashed, with `b.txt` in hand
      hint: what is done is kept; the next run goes on from there
    next: make one
    "#);
    // The machine was restarted since: the process is not to blame.
    let record = line.read("one.partial/_run.json");
    let boot = stage::inspect::boot();
    line.write("one.partial/_run.json", &record.replace(&boot, "another"));
    let what = &line.json(&[])["stopped"]["what"];
    assert!(
        what.as_str()
            .unwrap()
            .starts_with("the machine was restarted"),
        "{what}"
    );
}

#[test]
fn a_run_under_way_then_frozen_then_asked_to_stop() {
    let line = Line::new();
    line.write("raw/b.txt", "slow");
    let running = line.start_until("b.txt");
    running.until("how far it is", || {
        line.screen(&[]).contains("1 of 3 items, #/s, #s left")
    });
    insta::assert_snapshot!(line.screen(&[]), @r#"
    $DIR                  waiting running   done retry  dead rejected oldest moved
    first       running         1       1      1     ·     ·        ·     #s    #s
      └ process $PID; 1 of 3 items, #/s, #s left
    second      never run       ·       ·      ·     ·     ·        ·      ·     ·
    "#);
    running.signal(Signal::STOP);
    running.sleep(Duration::from_millis(2500));
    insta::assert_snapshot!(line.screen(&["--stalled-after", "1s"]), @r#"
    $DIR                  waiting running   done retry  dead rejected oldest moved
    first       stalled         1       1      1     ·     ·        ·     #s    #s
    second      never run       ·       ·      ·     ·     ·        ·      ·     ·

    where it stopped: first (one) stalled
      process $PID, not heard of for #s; 1 of 3 items, #/s, #s left
      hint: look what holds it up, or end it: the next run goes on from there
    next: kill -9 $PID
    "#);
    running.signal(Signal::CONT);
    running.signal(Signal::TERM);
    running.wait().assert(143);
    insta::assert_snapshot!(line.screen(&[]), @r#"
    $DIR                  waiting running   done retry  dead rejected oldest moved
    first       stopped         2       ·      1     ·     ·        ·     #s    #s
    second      never run       ·       ·      ·     ·     ·        ·      ·     ·

    where it stopped: first (one) stopped
      stopped by SIGTERM
      hint: what is done is kept; the next run goes on from there
    next: make one
    "#);
}

#[test]
fn a_setting_that_changed() {
    let line = Line::made();
    line.write("settings.json", r#"{"rate":0.1,"depth":3}"#);
    assert_eq!(
        line.states(),
        ["complete", "complete"],
        "the same in other words"
    );
    line.write("settings.json", r#"{"rate":0.2,"depth":3}"#);
    insta::assert_snapshot!(line.screen(&[]), @r#"
    $DIR                  waiting running   done retry  dead rejected oldest moved
    first       stale           3       ·      ·     ·     ·        ·     #s    #s
    second      stale           3       ·      ·     ·     ·        ·     #s    #s
      └ because settings.json: `rate` was 0.1, is 0.2, and 1 more

    where it stopped: first (one) stale
      because settings.json: `rate` was 0.1, is 0.2
    next: make one
    "#);
}

#[test]
fn a_program_that_changed() {
    let line = Line::made();
    let script = line.read("work.sh");
    line.write("work.sh", &format!("{script}\n# other"));
    assert_eq!(line.states(), ["stale", "stale"]);
    let stale = &line.json(&[])["stages"][0]["stale"][0];
    assert_eq!(stale["because"], "program");
    line.write("work.sh", &script);
    assert_eq!(line.states(), ["complete", "complete"]);
}

#[test]
fn raw_files_that_came_and_went() {
    let line = Line::made();
    line.write("raw/d.txt", "new");
    line.remove("raw/a.txt");
    // Touched only.
    line.write("raw/b.txt", "well\n");
    insta::assert_snapshot!(line.screen(&[]), @r#"
    $DIR                  waiting running   done retry  dead rejected oldest moved
    first       stale           1       ·      2     ·     ·        ·     #s    #s
    second      stale           ·       ·      3     ·     ·        ·      ·    #s
      └ because `one` is stale

    where it stopped: first (one) stale
      because of 1 new item (`d.txt`), 1 removed item (`a.txt`)
    next: make one
    "#);
    line.run("first", 0);
    assert_eq!(line.states(), ["complete", "stale"]);
}

#[test]
fn a_manifest_that_cannot_be_read() {
    let line = Line::made();
    line.write("one/_manifest.json", "{\"contract\":1,");
    insta::assert_snapshot!(line.screen(&[]), @r#"
    $DIR                  waiting running   done retry  dead rejected oldest moved
    first       damaged         ·       ·      ·     ·     ·        ·      ·     ·
    second      stale           ·       ·      3     ·     ·        ·      ·    #s
      └ because `one` is damaged

    where it stopped: first (one) damaged
      one/_manifest.json:1: not a manifest: EOF while parsing a value at line 1
      column 14
      hint: remove the queue: the next run makes it anew
    next: rm -r one && make one
    "#);
    line.remove("one/_manifest.json");
    assert_eq!(line.states(), ["damaged", "stale"]);
}

#[test]
fn a_file_of_a_queue_that_is_gone() {
    let line = Line::made();
    line.remove("one/b.txt");
    let stale = &line.json(&[])["stages"][0]["stale"];
    assert_eq!(stale[0]["because"], "output", "{stale}");
}

#[test]
fn a_run_that_was_refused() {
    let line = Line::made();
    line.write("settings.json", "{\"depth\": 3,,}");
    line.run("first", 78);
    insta::assert_snapshot!(line.screen(&[]), @r#"
    $DIR                  waiting running   done retry  dead rejected oldest moved
    first       failed          3       ·      ·     ·     ·        ·     #s    #s
    second      stale           3       ·      ·     ·     ·        ·     #s    #s
      └ because settings.json:1: not JSON: key must be a string at line 1 column 13,
        and 1 more

    where it stopped: first (one) failed
      the last run was refused: settings.json:1: key must be a string
    next: make one
    "#);
    line.write("settings.json", r#"{"depth": 3, "rate": 0.1}"#);
    assert_eq!(line.states(), ["complete", "complete"]);
}

#[test]
fn a_fault_of_the_machine_is_tried_again_by_the_next_run() {
    let line = Line::new();
    line.write("raw/b.txt", "busy");
    line.run("first", 1);
    let items = &line.json(&[])["stages"][0]["items"];
    assert_eq!((&items["retrying"], &items["dead"]), (&1.into(), &0.into()));
}

#[test]
fn a_queue_without_the_items_that_may_fail() {
    let line = Line::new();
    line.write("raw/b.txt", "sick");
    line.stage("first").options(["--max-failed", "1"]).expect(0);
    let stage = &line.json(&[])["stages"][0];
    assert_eq!(stage["state"], "complete");
    assert_eq!(
        stage["detail"],
        "without 1 item that failed (`--max-failed`)"
    );
    assert_eq!(stage["items"]["dead"], 1);
}

#[test]
fn a_line_in_another_place_stands_as_it_stood() {
    let line = Line::made();
    assert_eq!(line.copied().states(), ["complete", "complete"]);
    line.write("raw/b.txt", "sick");
    line.run("first", 1);
    let there = line.copied();
    assert_eq!(there.states(), ["failed", "stale"]);
    let items = &there.json(&[])["stages"][0]["items"];
    assert_eq!((&items["done"], &items["dead"]), (&2.into(), &1.into()));
}

#[test]
fn what_a_crash_left_after_the_commit_is_no_stopped_run() {
    let line = Line::made();
    let old = line.copied();
    line.write("raw/b.txt", "other");
    line.run("first", 0);
    fs_err::rename(old.path("one"), line.path("one.partial")).unwrap();
    assert_eq!(line.states(), ["complete", "stale"]);
    // Before the commit, it is one.
    fs_err::remove_dir_all(line.path("one.partial")).unwrap();
    fs_err::rename(line.path("one"), line.path("one.partial")).unwrap();
    assert_eq!(line.states(), ["stopped", "stale"]);
}
