//! Other tools read every queue as it is, and other trainers' models and ours are the same model.

use waystation_tests::{Command, Project, python_or_skip, repository};

#[test]
fn pandas_polars_duckdb_and_pyarrow_read_every_queue() {
    let Some(python) = python_or_skip("reading queues with Python") else {
        return;
    };
    let project = Project::with("models");
    let ended = Command::new(&python)
        .path(repository().join("tests/python/read_queues.py"))
        .path(project.directory())
        .expect(0);
    let found: serde_json::Value = serde_json::from_str(&ended.stdout).unwrap();
    for queue in ["validated", "cleaned", "features", "splits"] {
        let manifest = project.json(&format!("{queue}/_manifest.json"));
        let rows = &manifest["counts"]["written"];
        assert!(rows.as_u64().unwrap() > 0);
        for reader in ["pandas", "polars", "duckdb", "pyarrow"] {
            assert_eq!(&found[queue][reader], rows, "{reader} of {queue}\n{ended}");
        }
    }
}
