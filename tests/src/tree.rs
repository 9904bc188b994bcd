//! A directory as names and digests, to compare.

use std::collections::BTreeMap;
use std::path::Path;

use xxhash_rust::xxh3::xxh3_128;

/// What is not deterministic by design, and Make's notes, which hold the project's path.
const BESIDE: [&str; 4] = ["_run.json", "_stat.json", "_history.jsonl", ".make"];

/// The files of a directory by name, each with the digest of its content.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tree(BTreeMap<String, u128>);

impl Tree {
    /// All files below a directory; an empty tree where there is none.
    #[track_caller]
    pub fn of(directory: &Path) -> Self {
        let mut files = BTreeMap::new();
        if let Err(error) = walk(directory, "", &mut files) {
            panic!("{error}");
        }
        Self(files)
    }

    /// The names of all files.
    pub fn names(&self) -> Vec<&str> {
        self.0.keys().map(String::as_str).collect()
    }

    /// The names of all items.
    pub fn items(&self) -> Vec<&str> {
        let hidden = |name: &&str| name.split('/').any(|part| part.starts_with(['_', '.']));
        self.names()
            .into_iter()
            .filter(|name| !hidden(name))
            .collect()
    }

    /// Without the files in whose names one of these texts is.
    #[must_use]
    pub fn without(mut self, texts: &[&str]) -> Self {
        self.0
            .retain(|name, _| !texts.iter().any(|text| name.contains(text)));
        self
    }

    /// Panics, naming the files that differ.
    #[track_caller]
    pub fn assert_same(&self, other: &Self, what: &str) {
        let all = self.0.keys().chain(other.0.keys());
        let mut different: Vec<_> = all
            .filter(|name| self.0.get(*name) != other.0.get(*name))
            .collect();
        different.sort();
        different.dedup();
        assert!(different.is_empty(), "{what}: these differ: {different:?}");
    }
}

/// The digest of some bytes, as a manifest has it.
pub fn digest(bytes: &[u8]) -> String {
    format!("{:032x}", xxh3_128(bytes))
}

fn walk(directory: &Path, prefix: &str, files: &mut BTreeMap<String, u128>) -> std::io::Result<()> {
    let entries = match fs_err::read_dir(directory) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        other => other?,
    };
    for entry in entries {
        let entry = entry?;
        let file_name = entry.file_name().to_string_lossy().into_owned();
        // A new one is written beside the old, and takes its name.
        let lasting = file_name.strip_suffix(".new").unwrap_or(&file_name);
        if BESIDE.contains(&lasting) {
            continue;
        }
        let name = format!("{prefix}{file_name}");
        if entry.path().is_dir() {
            walk(&entry.path(), &format!("{name}/"), files)?;
        } else {
            files.insert(name, xxh3_128(&fs_err::read(entry.path())?));
        }
    }
    Ok(())
}
