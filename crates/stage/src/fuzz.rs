//! What anybody may have edited, torn or made up is parsed here: the ways in for fuzzing, which `fuzz/` and the tests
//! share. Each must end without a panic and keep what it promises of whatever it accepts.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::journal::{Entry, History};
use crate::layout;
use crate::part::Pack;
use crate::receipt::Manifest;
use crate::settings;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only parsed")]
struct Settings {
    #[serde(default)]
    columns: Vec<String>,
    #[serde(default)]
    values: BTreeMap<String, Option<f64>>,
    #[serde(default)]
    rules: Vec<Rule>,
    #[serde(default)]
    rounds: Option<u32>,
    #[serde(default)]
    any: serde_json::Value,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[expect(dead_code, reason = "only parsed")]
enum Rule {
    Trim,
    Clip { min: Option<f64>, max: Option<f64> },
    Replace(BTreeMap<String, String>),
}

/// A manifest: what is accepted stays in its queue, and means the same when it is written and read again.
pub fn manifest(text: &[u8]) {
    let Ok(manifest) = Manifest::parse(text, "_manifest.json") else {
        return;
    };
    assert!(
        manifest
            .written()
            .all(|written| layout::is_inside(&written.name))
    );
    let pack = Pack::of(&manifest, Vec::new());
    for (phase, receipts) in manifest.receipts() {
        for receipt in receipts {
            let part = pack.get(phase, &receipt.item);
            assert!(part.is_none_or(|part| part.is_empty()));
        }
    }
    let written = manifest.to_json().unwrap_or_default();
    let again = Manifest::parse(&written, "_manifest.json").ok();
    let rewritten = again.and_then(|again| again.to_json().ok());
    assert_eq!(rewritten.as_deref(), Some(written.as_slice()));
}

/// A journal: what is accepted stays in its partial, and whole entries are written as they were read.
pub fn journal(text: &[u8]) {
    let mut history = History::default();
    if history.replay(text, "_journal.jsonl").is_err() {
        return;
    }
    for (_, receipt, _) in &history.receipts {
        let mut written = receipt.outputs.iter();
        assert!(written.all(|written| layout::is_inside(&written.name)));
    }
    for line in text.split(|byte| *byte == b'\n') {
        let Ok(entry) = serde_json::from_slice::<Entry>(line) else {
            continue;
        };
        let written = serde_json::to_vec(&entry).unwrap_or_default();
        assert_eq!(serde_json::from_slice::<Entry>(&written).ok(), Some(entry));
    }
}

/// Settings, of each kind that stages have: what is refused is told with its place, in one line.
pub fn settings(text: &[u8]) {
    if let Err(fault) = settings::parse::<Settings>(text, "settings.json") {
        let message = fault.to_string();
        assert!(message.starts_with("settings.json"), "{message}");
        assert!(!message.contains(['\n', '\r']), "{message}");
    }
}
