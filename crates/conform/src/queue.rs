//! The input queue on which a candidate is tried, and what can happen to it.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use serde_json::Value;

use crate::tree::Tree;

const MANIFEST: &str = "_manifest.json";

/// A tiny raw queue for candidates that read lines or CSV.
const BUILT_IN: [(&str, &str); 3] = [
    (
        "2024-01-01.csv",
        "id,city,amount\n1,Portland,12.50\n2,Seattle,8.25\n3,Portland,\n4,Tacoma,3.75\n",
    ),
    (
        "2024-01-02.csv",
        "id,city,amount\n5,Seattle,0.50\n6,Québec,19.00\n7,Portland,4.25\n",
    ),
    (
        "2024-01-03.csv",
        "id,city,amount\n8,Tacoma,7.75\n9,Seattle,\n10,Portland,2.00\n11,Tacoma,1.25\n",
    ),
];

/// An input queue, as it was given; every trial works on a copy.
#[derive(Debug)]
pub(crate) struct Queue {
    directory: PathBuf,
    /// Its items, in the order of their names.
    pub(crate) items: Vec<String>,
    /// Where the built-in queue is kept.
    _own: Option<tempfile::TempDir>,
}

impl Queue {
    /// The queue in a directory, or the built-in one.
    pub(crate) fn open(directory: Option<&Path>) -> anyhow::Result<Self> {
        let Some(directory) = directory else {
            return Self::built_in();
        };
        let tree = Tree::of(directory)?;
        let items: Vec<String> = tree.items().into_iter().map(str::to_owned).collect();
        if items.is_empty() {
            bail!("`{}` has no items", directory.display());
        }
        Ok(Self {
            directory: directory.to_owned(),
            items,
            _own: None,
        })
    }

    fn built_in() -> anyhow::Result<Self> {
        let own = tempfile::tempdir()?;
        for (name, content) in BUILT_IN {
            fs_err::write(own.path().join(name), content)?;
        }
        Ok(Self {
            directory: own.path().to_owned(),
            items: BUILT_IN
                .iter()
                .map(|(name, _)| (*name).to_owned())
                .collect(),
            _own: Some(own),
        })
    }

    /// Whether it is a complete queue, and not just files.
    pub(crate) fn has_manifest(&self) -> bool {
        self.directory.join(MANIFEST).exists()
    }

    /// A copy of it in `to`.
    pub(crate) fn copy(&self, to: &Path) -> anyhow::Result<Copy> {
        fs_err::create_dir_all(to)?;
        copy(&self.directory, to, &mut |_| {})?;
        Ok(Copy(to.to_owned()))
    }

    /// A copy whose files are made in another order and bear other times: nothing of that is content.
    pub(crate) fn copy_otherwise(&self, to: &Path) -> anyhow::Result<Copy> {
        fs_err::create_dir_all(to)?;
        copy(&self.directory, to, &mut |entries| entries.reverse())?;
        let old = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000_000);
        for name in Tree::of(to)?.files.keys() {
            let file = fs_err::OpenOptions::new().write(true).open(to.join(name))?;
            file.set_modified(old)?;
        }
        Ok(Copy(to.to_owned()))
    }

    /// Items worth tearing or changing, the likeliest to hold data first.
    pub(crate) fn likely_items(&self) -> Vec<&str> {
        const DATA: [&str; 9] = [
            ".csv", ".tsv", ".parquet", ".jsonl", ".json", ".txt", ".arrow", ".gz", ".zst",
        ];
        let rank = |name: &str| {
            let known = DATA.iter().position(|suffix| name.ends_with(suffix));
            known.map_or(2, |place| usize::from(place > 2))
        };
        let mut items: Vec<&str> = self.items.iter().map(String::as_str).collect();
        items.sort_by_key(|name| rank(name));
        items
    }
}

fn copy(from: &Path, to: &Path, order: &mut impl FnMut(&mut Vec<PathBuf>)) -> anyhow::Result<()> {
    let mut entries = Vec::new();
    for entry in fs_err::read_dir(from)? {
        entries.push(entry?.path());
    }
    entries.sort();
    order(&mut entries);
    for entry in entries {
        let Some(name) = entry.file_name() else {
            continue;
        };
        let target = to.join(name);
        if entry.is_dir() {
            fs_err::create_dir(&target)?;
            copy(&entry, &target, order)?;
        } else {
            fs_err::copy(&entry, &target)?;
        }
    }
    Ok(())
}

/// A copy of a queue, which may be changed as a stage upstream would change it: its manifest, where there is one, goes
/// along with it.
#[derive(Clone, Debug)]
pub(crate) struct Copy(pub(crate) PathBuf);

impl Copy {
    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// Takes an item away.
    pub(crate) fn remove(&self, item: &str) -> anyhow::Result<()> {
        fs_err::remove_file(self.0.join(item))?;
        self.edit(|written| {
            written.retain(|file| file["name"] != item);
        })
    }

    /// Gives an item other content.
    pub(crate) fn replace(&self, item: &str, content: &[u8]) -> anyhow::Result<()> {
        fs_err::write(self.0.join(item), content)?;
        self.edit(|written| {
            for file in written.iter_mut().filter(|file| file["name"] == item) {
                file["bytes"] = content.len().into();
            }
        })
    }

    /// Gives an item another name.
    pub(crate) fn rename(&self, item: &str, name: &str) -> anyhow::Result<()> {
        fs_err::rename(self.0.join(item), self.0.join(name))?;
        self.edit(|written| {
            for file in written.iter_mut().filter(|file| file["name"] == item) {
                file["name"] = name.into();
            }
        })
    }

    /// Puts as many bytes of nonsense in the place of an item, as a failing disk might.
    pub(crate) fn tear(&self, item: &str) -> anyhow::Result<()> {
        fs_err::rename(self.0.join(item), self.aside())?;
        let bytes = fs_err::metadata(self.aside())?.len();
        fs_err::write(self.0.join(item), vec![0xff; usize::try_from(bytes)?])?;
        Ok(())
    }

    /// Puts the item that was torn back in its place, the same file as before.
    pub(crate) fn heal(&self, item: &str) -> anyhow::Result<()> {
        Ok(fs_err::rename(self.aside(), self.0.join(item))?)
    }

    /// Where an item is while it is torn.
    fn aside(&self) -> PathBuf {
        self.0.with_extension("whole")
    }

    /// Other content for an item that is likely to be as good: a line less, or what another item holds.
    pub(crate) fn other_content(&self, item: &str) -> anyhow::Result<Option<Vec<u8>>> {
        let content = fs_err::read(self.0.join(item))?;
        if let Ok(text) = std::str::from_utf8(&content)
            && text.lines().count() > 2
            && let Some((kept, _)) = text.trim_end().rsplit_once('\n')
        {
            return Ok(Some(format!("{kept}\n").into_bytes()));
        }
        let folder = |name: &str| name.rsplit_once('/').map(|(folder, _)| folder.to_owned());
        let suffix = |name: &str| name.rsplit_once('.').map(|(_, suffix)| suffix.to_owned());
        for other in Tree::of(&self.0)?.items() {
            let alike = folder(other) == folder(item) && suffix(other) == suffix(item);
            let content_of_other = fs_err::read(self.0.join(other))?;
            if alike && content_of_other != content {
                return Ok(Some(content_of_other));
            }
        }
        Ok(None)
    }

    /// Edits the files of which the manifest speaks.
    fn edit(&self, change: impl Fn(&mut Vec<Value>)) -> anyhow::Result<()> {
        let path = self.0.join(MANIFEST);
        if !path.exists() {
            return Ok(());
        }
        let text = fs_err::read(&path)?;
        let mut manifest: Value = serde_json::from_slice(&text)
            .with_context(|| format!("`{}` is not a manifest", path.display()))?;
        let list = |value: &mut Value| value.get_mut("outputs")?.as_array_mut().map(&change);
        list(&mut manifest);
        for phase in ["fit", "items"] {
            let receipts = manifest.get_mut(phase).and_then(Value::as_array_mut);
            for receipt in receipts.into_iter().flatten() {
                list(receipt);
            }
        }
        fs_err::write(path, serde_json::to_vec(&manifest)?)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_manifest_goes_along_with_what_happens_to_items() {
        let given = tempfile::tempdir().unwrap();
        let file = |name: &str| format!(r#"{{"outputs":[{{"name":"{name}","bytes":2}}]}}"#);
        let manifest = format!(r#"{{"items":[{},{},{}]}}"#, file("a"), file("b"), file("c"));
        for (name, content) in [
            ("a", "1\n"),
            ("b", "2\n"),
            ("c", "3\n"),
            (MANIFEST, &manifest),
        ] {
            fs_err::write(given.path().join(name), content).unwrap();
        }
        let queue = Queue::open(Some(given.path())).unwrap();
        assert_eq!(queue.items, ["a", "b", "c"]);
        let to = tempfile::tempdir().unwrap();
        let copy = queue.copy(&to.path().join("in")).unwrap();
        copy.remove("a").unwrap();
        copy.replace("b", b"longer").unwrap();
        copy.rename("c", "d").unwrap();
        let manifest = fs_err::read_to_string(copy.path().join(MANIFEST)).unwrap();
        insta::assert_snapshot!(manifest, @r#"{"items":[{"outputs":[]},{"outputs":[{"bytes":6,"name":"b"}]},{"outputs":[{"bytes":2,"name":"d"}]}]}"#);
        assert_eq!(Tree::of(copy.path()).unwrap().items(), ["b", "d"]);
    }

    #[test]
    fn other_content_is_a_line_less_or_another_items() {
        let queue = Queue::open(None).unwrap();
        let to = tempfile::tempdir().unwrap();
        let copy = queue.copy(&to.path().join("in")).unwrap();
        let other = copy.other_content("2024-01-02.csv").unwrap().unwrap();
        let expected = "id,city,amount\n5,Seattle,0.50\n6,Québec,19.00\n";
        assert_eq!(String::from_utf8(other).unwrap(), expected);
        copy.replace("2024-01-02.csv", b"\xff").unwrap();
        let other = copy.other_content("2024-01-02.csv").unwrap().unwrap();
        assert_eq!(other, BUILT_IN[0].1.as_bytes());
    }
}
