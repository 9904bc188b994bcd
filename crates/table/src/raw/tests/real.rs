//! Real files of the world, where they are there.

use super::*;

const DATA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data");

/// Reads a real file: what it was taken for, columns, rows and row faults.
#[track_caller]
fn check(name: &str, options: &Options, expected: &str) {
    let path = Path::new(DATA).join(name);
    if !path.exists() {
        eprintln!("skipped: {} is not there", path.display());
        return;
    }
    for chunk_bytes in [1000, CHUNK_BYTES] {
        let reader = open_in_chunks(&path, options, Some(chunk_bytes)).unwrap();
        let head = format!("{}: {} columns", reader.source(), reader.columns().len());
        let (mut rows, mut faults, mut last) = (0, 0, 0);
        let read = ordered_map(reader, 2, RawChunk::parse, |batch| {
            rows += batch.num_rows();
            faults += batch.faults().len();
            if let Some(row) = batch.num_rows().checked_sub(1) {
                last = batch.line(row);
            }
            Ok(())
        });
        read.unwrap();
        let told = format!("{head}, {rows} rows, {faults} faults, last line {last}");
        assert_eq!(told, expected);
    }
}

#[test]
fn messy_files_are_read() {
    let plain = Options::default();
    let latin = Options {
        encoding: Some("windows-1252".to_owned()),
        ..Options::default()
    };
    let title = Options {
        skip_lines: 1,
        ..latin.clone()
    };
    let bare = Options {
        header: false,
        trim: true,
        ..Options::default()
    };
    check(
        "messy_csv/starwars_survey.csv",
        &latin,
        "CSV, comma, header, windows-1252: 38 columns, 1187 rows, 0 faults, last line 1188",
    );
    check(
        "messy_csv/escc_payments_2011q2.csv",
        &title,
        "CSV, comma, header, windows-1252: 6 columns, 5767 rows, 0 faults, last line 5769",
    );
    check(
        "messy_csv/bechdel_movies.csv",
        &plain,
        "CSV, comma, header: 15 columns, 1794 rows, 0 faults, last line 1795",
    );
    check(
        "messy_csv/comma_survey.csv",
        &plain,
        "CSV, comma, header: 13 columns, 1129 rows, 0 faults, last line 1130",
    );
    check(
        "messy_csv/nyc_311_animals.csv",
        &plain,
        "CSV, comma, header: 31 columns, 4969 rows, 0 faults, last line 4970",
    );
    check(
        "messy_csv/central_park_squirrels_2018.csv",
        &plain,
        "CSV, comma, header: 31 columns, 3023 rows, 0 faults, last line 3024",
    );
    check(
        "adult/adult-test.csv",
        &bare,
        "CSV, comma, no header: 15 columns, 16281 rows, 0 faults, last line 16281",
    );
    check(
        "wikiticker_jsonl/wikiticker-2015-09-12-sampled.json.gz",
        &plain,
        "JSON Lines, gzip: 20 columns, 39244 rows, 0 faults, last line 39244",
    );
    check(
        "lightgbm_binary/binary.test",
        &bare,
        "TSV, no header: 29 columns, 500 rows, 0 faults, last line 500",
    );
}
