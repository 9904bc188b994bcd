//! Receipts, manifests and dead letters: what a queue says of itself.

use std::io::Write;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::digest::Digest;
use crate::entry::Definition;
use crate::fault::{Blame, Fault};
use crate::layout;
use crate::output::{Counts, Written};

/// The version of all that is on disk. A change of it changes every key.
pub(crate) const CONTRACT: u32 = 1;

/// Which part of a stage's work a receipt is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    /// One item's share of what is learnt.
    Fit,
    /// One item's outputs.
    Item,
    /// The whole queue at once.
    Queue,
}

impl Phase {
    /// The phase's name, in keys and files.
    pub fn word(self) -> &'static str {
        match self {
            Self::Fit => "fit",
            Self::Item => "item",
            Self::Queue => "queue",
        }
    }
}

/// The record that one piece of work was done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Receipt {
    /// The item; `queue` for a whole queue.
    pub item: String,
    /// Digest of all that the result depends on.
    pub key: Digest,
    /// Digest of the item's content; of all items together for a whole queue.
    pub input: Digest,
    /// Digest of that share of what was fitted on which this item depends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fitted: Option<Digest>,
    /// The files written.
    pub outputs: Vec<Written>,
    /// The size in bytes of the part that lies in `_parts.bin`, in the order of receipts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part: Option<u64>,
    /// Rows in and out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counts: Option<Counts>,
}

/// Digests of what all keys of a run have in common.
#[derive(Clone, Debug)]
pub(crate) struct Keys {
    pub(crate) stage: String,
    pub(crate) program: Digest,
    pub(crate) settings: Digest,
}

impl Keys {
    /// The program is given by the digests of its files.
    pub(crate) fn new(definition: &Definition, program: &[Digest]) -> Self {
        Self {
            stage: definition.name.clone(),
            program: digest_of_program(program),
            settings: Digest::of(definition.settings.to_string().as_bytes()),
        }
    }

    /// The key of one piece of work.
    pub(crate) fn key(
        &self,
        phase: Phase,
        item: &str,
        input: Digest,
        fitted: Option<Digest>,
    ) -> Digest {
        let fitted = fitted.map(|digest| digest.to_string()).unwrap_or_default();
        let parts = [
            CONTRACT.to_string(),
            self.stage.clone(),
            self.program.to_string(),
            self.settings.to_string(),
            phase.word().to_owned(),
            item.to_owned(),
            input.to_string(),
            fitted,
        ];
        Digest::of_parts(parts.iter().map(String::as_bytes))
    }
}

/// The digest of a program's files: of the one, or of all together.
pub fn program_digest(files: &[PathBuf]) -> std::io::Result<Digest> {
    let digests = files
        .iter()
        .map(|file| Digest::of_file(file))
        .collect::<std::io::Result<Vec<_>>>()?;
    Ok(digest_of_program(&digests))
}

fn digest_of_program(files: &[Digest]) -> Digest {
    if let [file] = files {
        return *file;
    }
    let digests: Vec<String> = files.iter().map(Digest::to_string).collect();
    Digest::of_parts(digests.iter().map(String::as_bytes))
}

/// All receipts of a complete queue. Deterministic.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// The version of all that is on disk.
    pub contract: u32,
    /// The stage's name.
    pub stage: String,
    /// Digest of the program.
    pub program: Digest,
    /// The settings, with all defaults.
    pub settings: serde_json::Value,
    /// Rows in and out, of all items.
    #[serde(default)]
    pub counts: Option<Counts>,
    /// Files about the queue as a whole.
    #[serde(default)]
    pub outputs: Vec<Written>,
    /// What a whole-queue stage read: items and the digests of their content.
    #[serde(default)]
    pub inputs: Vec<(String, Digest)>,
    /// Items it does without.
    #[serde(default)]
    pub failed: Vec<DeadLetter>,
    /// What each item contributed to what was fitted.
    #[serde(default)]
    pub fit: Vec<Receipt>,
    /// Items, or the whole queue.
    pub items: Vec<Receipt>,
}

impl Manifest {
    /// The manifest of the queue in a directory; `None` where there is none.
    pub fn read(directory: &Path) -> Result<Option<Self>, Fault> {
        let path = directory.join(layout::MANIFEST);
        let text = match fs_err::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        Self::parse(&text, &path.display().to_string()).map(Some)
    }

    pub(crate) fn parse(text: &[u8], place: &str) -> Result<Self, Fault> {
        let manifest = match serde_json::from_slice::<Self>(text) {
            Ok(manifest) if manifest.contract == CONTRACT => manifest,
            // Another version may have other fields: that is what is to be said, and not which field is strange.
            parsed => {
                let version = serde_json::from_slice(text).map(|version: Version| version.contract);
                return Err(match (parsed, version) {
                    (Err(error), Ok(CONTRACT) | Err(_)) => torn(place, &error),
                    (_, Ok(version)) => foreign(place, version),
                    (Ok(manifest), _) => foreign(place, manifest.contract),
                });
            }
        };
        let edited = |what: &str| {
            Fault::message(Blame::Data, format!("{place}: {what}"))
                .hint("it was edited by hand: delete the queue it is in and run again")
        };
        if let Some(name) = manifest.written().find_map(Written::escape) {
            return Err(edited(&outside(name)));
        }
        if !manifest.packs_its_parts() {
            let what = format!("`{}` has not the size of all parts", layout::PACK);
            return Err(edited(&what));
        }
        Ok(manifest)
    }

    /// Whether the small parts of all items are just what the file that holds them has room for.
    fn packs_its_parts(&self) -> bool {
        let receipts = self.fit.iter().chain(&self.items);
        let sizes = receipts.filter_map(|receipt| receipt.part);
        let all = sizes.map(u128::from).reduce(|a, b| a + b);
        let packs = self.outputs.iter();
        let packed = packs.filter(|written| written.name == layout::PACK);
        all == packed.map(|written| u128::from(written.bytes)).next()
    }

    /// All receipts, by phase, in the order in which their parts are packed.
    pub(crate) fn receipts(&self) -> [(Phase, &[Receipt]); 2] {
        let whole = !self.inputs.is_empty();
        let phase = if whole { Phase::Queue } else { Phase::Item };
        [(Phase::Fit, &self.fit), (phase, &self.items)]
    }

    /// All files that are items for who reads the queue.
    pub fn item_files(&self) -> impl Iterator<Item = &Written> {
        self.written()
            .filter(|written| !written.name.split('/').any(layout::is_hidden))
    }

    /// All files the manifest speaks of.
    pub fn written(&self) -> impl Iterator<Item = &Written> {
        let receipts = self.fit.iter().chain(&self.items);
        self.outputs
            .iter()
            .chain(receipts.flat_map(|receipt| &receipt.outputs))
    }

    /// JSON with a line for each receipt, so that two manifests can be compared line by line.
    pub(crate) fn to_json(&self) -> Result<Vec<u8>, Fault> {
        let mut text = Vec::with_capacity(512 + 512 * self.items.len());
        let mut write = || -> std::io::Result<()> {
            writeln!(text, "{{\"contract\":{},", self.contract)?;
            field(&mut text, "stage", &self.stage)?;
            field(&mut text, "program", &self.program)?;
            field(&mut text, "settings", &self.settings)?;
            field(&mut text, "counts", &self.counts)?;
            lines(&mut text, "outputs", &self.outputs, ",")?;
            lines(&mut text, "inputs", &self.inputs, ",")?;
            lines(&mut text, "failed", &self.failed, ",")?;
            lines(&mut text, "fit", &self.fit, ",")?;
            lines(&mut text, "items", &self.items, "}")
        };
        write()?;
        Ok(text)
    }
}

impl Written {
    /// The name, if it leads out of the queue.
    pub(crate) fn escape(&self) -> Option<&str> {
        (!layout::is_inside(&self.name)).then_some(self.name.as_str())
    }
}

/// What is said of a name that leads out of the queue.
pub(crate) fn outside(name: &str) -> String {
    format!("`{name}` is not the name of a file in the queue")
}

#[derive(Deserialize)]
struct Version {
    contract: u32,
}

fn torn(place: &str, error: &serde_json::Error) -> Fault {
    let message = format!("{place}:{}: not a manifest: {error}", error.line());
    Fault::message(Blame::Data, message).hint("delete the queue it is in and run again")
}

fn foreign(place: &str, version: u32) -> Fault {
    let message = format!("{place}: expected contract version {CONTRACT}, found {version}");
    Fault::message(Blame::Data, message)
        .hint("it was written by another version of waystation: use that one, or delete the queue")
}

fn field(text: &mut Vec<u8>, name: &str, value: &impl Serialize) -> std::io::Result<()> {
    write!(text, "\"{name}\":")?;
    serde_json::to_writer(&mut *text, value)?;
    text.extend_from_slice(b",\n");
    Ok(())
}

fn lines(
    text: &mut Vec<u8>,
    name: &str,
    values: &[impl Serialize],
    end: &str,
) -> std::io::Result<()> {
    write!(text, "\"{name}\":[")?;
    for (index, value) in values.iter().enumerate() {
        text.extend_from_slice(if index == 0 { b"\n" } else { b",\n" });
        serde_json::to_writer(&mut *text, value)?;
    }
    writeln!(text, "]{end}")
}

/// An item set aside after its tries, with its reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeadLetter {
    /// The item.
    pub item: String,
    /// What was done with it.
    pub phase: Phase,
    /// Whose fault it was.
    pub cause: Cause,
    /// What happened.
    pub reason: String,
    /// What to do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// How often it was tried.
    pub tries: u32,
    /// What the result would have depended on; where it is the same, trying again is in vain.
    pub key: Option<Digest>,
}

/// Why an item failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Cause {
    /// Its content: not tried again until something it depends on changes.
    Item,
    /// The machine: tried again in the next run.
    Machine,
    /// The process died over it, each time: not tried again until something it depends on changes.
    Poison,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest() -> Manifest {
        let written = Written {
            name: "a.parquet".to_owned(),
            bytes: 3,
            digest: Digest(1),
        };
        let receipt = Receipt {
            item: "a.csv".to_owned(),
            key: Digest(2),
            input: Digest(3),
            fitted: None,
            outputs: vec![written],
            part: None,
            counts: Some(Counts {
                read: 2,
                written: 1,
                rejected: 1,
                ..Counts::default()
            }),
        };
        Manifest {
            contract: CONTRACT,
            stage: "clean".to_owned(),
            settings: serde_json::json!({"b": 1, "a": 2}),
            items: vec![receipt],
            ..Manifest::default()
        }
    }

    #[test]
    fn a_manifest_has_a_line_for_each_receipt() {
        let text = String::from_utf8(manifest().to_json().unwrap()).unwrap();
        insta::assert_snapshot!(text, @r#"
        {"contract":1,
        "stage":"clean",
        "program":"00000000000000000000000000000000",
        "settings":{"a":2,"b":1},
        "counts":null,
        "outputs":[],
        "inputs":[],
        "failed":[],
        "fit":[],
        "items":[
        {"item":"a.csv","key":"00000000000000000000000000000002","input":"00000000000000000000000000000003","outputs":[{"name":"a.parquet","bytes":3,"digest":"00000000000000000000000000000001"}],"counts":{"read":2,"written":1,"rejected":1}}]}
        "#);
        let again = Manifest::parse(text.as_bytes(), "m").unwrap();
        assert_eq!(again.to_json().unwrap(), text.as_bytes());
    }

    #[track_caller]
    fn check_refused(manifest: &Manifest, expected: &str) {
        let fault = Manifest::parse(&manifest.to_json().unwrap(), "q/_manifest.json").unwrap_err();
        assert_eq!(fault.to_string(), expected);
        assert_eq!(fault.blame, Blame::Data);
    }

    #[test]
    fn a_newer_contract_is_refused() {
        check_refused(
            &Manifest {
                contract: 2,
                ..manifest()
            },
            "q/_manifest.json: expected contract version 1, found 2",
        );
    }

    #[test]
    fn a_name_that_leaves_the_queue_is_refused() {
        let mut hostile = manifest();
        hostile.items[0].outputs[0].name = "../../x".to_owned();
        check_refused(
            &hostile,
            "q/_manifest.json: `../../x` is not the name of a file in the queue",
        );
    }

    #[test]
    fn parts_that_do_not_fill_their_file_are_refused() {
        let mut edited = manifest();
        edited.items[0].part = Some(u64::MAX);
        edited.items.push(edited.items[0].clone());
        check_refused(
            &edited,
            "q/_manifest.json: `_parts.bin` has not the size of all parts",
        );
    }

    #[test]
    fn every_component_changes_the_key() {
        let keys = Keys {
            stage: "clean".to_owned(),
            program: Digest(1),
            settings: Digest(2),
        };
        let key = keys.key(Phase::Item, "a", Digest(3), None);
        let others = [
            keys.key(Phase::Fit, "a", Digest(3), None),
            keys.key(Phase::Item, "b", Digest(3), None),
            keys.key(Phase::Item, "a", Digest(4), None),
            keys.key(Phase::Item, "a", Digest(3), Some(Digest(0))),
            Keys {
                program: Digest(9),
                ..keys.clone()
            }
            .key(Phase::Item, "a", Digest(3), None),
            Keys {
                settings: Digest(9),
                ..keys.clone()
            }
            .key(Phase::Item, "a", Digest(3), None),
            Keys {
                stage: "split".to_owned(),
                ..keys
            }
            .key(Phase::Item, "a", Digest(3), None),
        ];
        assert!(others.iter().all(|other| *other != key));
    }
}
