//! The peak memory of an item stage depends on batches and threads, not on the size of an item.

use std::io::{BufWriter, Write};

use waystation_tests::{LINE, Project, Stage, Unit, rows, slow};

/// Rows of the smaller item: enough that as many batches are in flight as there may be, and that each partition has
/// filled some row groups. With a quarter of them a stage has not yet come to its peak.
const ROWS: u32 = 2_000_000;
/// How much larger the other one is.
const TIMES: u32 = 4;
/// What the peaks may differ by: what an allocator keeps, and how many batches happen to be in flight. A stage that kept
/// but five bytes a row would be above it.
const ALLOWED: f64 = 1.5;

/// A project with one item of `rows` rows over six days.
fn project(rows_in_all: u32) -> Project {
    let project = Project::empty();
    // Duplicates are found by 8 bytes a row in memory, up to 64 MiB.
    let settings = project.read("config/clean.json");
    let settings = settings.replace(",\n    {\"drop_duplicates\": {}}", "");
    assert!(!settings.contains("drop_duplicates"));
    project.write("config/clean.json", &settings);
    let file = fs_err::File::create(project.path("raw/a.csv")).unwrap();
    let mut file = BufWriter::new(file);
    // Written part by part: this process should stay small too.
    let part = 50_000;
    for number in 0..rows_in_all / part {
        let text = rows(number % 6 + 1, part, u64::from(number));
        let skipped = if number == 0 { 0 } else { 1 };
        for (row, line) in text.lines().enumerate().skip(skipped) {
            // Keys as in one long table.
            match line.split_once(',').filter(|_| row > 0) {
                Some((_, rest)) => writeln!(file, "{},{rest}", number * part + row as u32),
                None => writeln!(file, "{line}"),
            }
            .unwrap();
        }
    }
    file.flush().unwrap();
    project
}

/// The peak of a stage in bytes.
fn peak(project: &Project, stage: &Stage) -> u64 {
    let (ended, peak) = project.stage(stage).options(["--jobs", "2"]).peak_memory();
    ended.assert(0);
    peak
}

#[test]
fn the_peak_memory_of_an_item_stage_does_not_grow_with_the_item() {
    if !cfg!(target_os = "linux") || !slow("flat memory") {
        return;
    }
    let [small, large] = [ROWS, ROWS * TIMES].map(project);
    for stage in LINE.iter().take_while(|stage| stage.unit != Unit::Queue) {
        let [few, many] = [&small, &large].map(|project| peak(project, stage));
        let name = stage.binary;
        assert!(few > 0, "{name}: no peak was seen");
        assert!(
            many as f64 <= few as f64 * ALLOWED,
            "{name}: {few} bytes at the peak for {ROWS} rows, {many} for {TIMES} times as many"
        );
        println!("{name}: {} MB, {} MB", few >> 20, many >> 20);
    }
}
