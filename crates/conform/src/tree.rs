//! A directory as names and digests, to compare, and where two of them differ.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use stage::Digest;

/// What is not deterministic by design.
const BESIDE: [&str; 3] = ["_run.json", "_stat.json", "_history.jsonl"];
/// How many differing files are named.
const NAMED_MAX: usize = 3;
/// How many bytes of a difference are shown.
const SHOWN_BYTES: usize = 24;

/// A file of a tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) digest: Digest,
    pub(crate) bytes: u64,
    pub(crate) inode: u64,
    /// Seconds and nanoseconds.
    modified: (i64, i64),
}

/// The files of a directory by name.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tree {
    root: PathBuf,
    pub(crate) files: BTreeMap<String, Found>,
}

impl Tree {
    /// All files below a directory; an empty tree where there is none.
    pub(crate) fn of(root: &Path) -> io::Result<Self> {
        let mut tree = Self {
            root: root.to_owned(),
            files: BTreeMap::new(),
        };
        tree.walk("")?;
        Ok(tree)
    }

    fn walk(&mut self, prefix: &str) -> io::Result<()> {
        let entries = match fs_err::read_dir(self.root.join(prefix)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            other => other?,
        };
        for entry in entries {
            let entry = entry?;
            let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
            let metadata = fs_err::symlink_metadata(entry.path())?;
            if metadata.is_dir() {
                self.walk(&format!("{name}/"))?;
                continue;
            }
            let digest = if metadata.is_file() {
                Digest::of_file(&entry.path())?
            } else {
                Digest::default()
            };
            let found = Found {
                digest,
                bytes: metadata.len(),
                inode: metadata.ino(),
                modified: (metadata.mtime(), metadata.mtime_nsec()),
            };
            self.files.insert(name, found);
        }
        Ok(())
    }

    /// A queue's files but for those that are not deterministic by design.
    pub(crate) fn of_queue(root: &Path) -> io::Result<Self> {
        let mut tree = Self::of(root)?;
        tree.files
            .retain(|name, _| !BESIDE.contains(&name.as_str()));
        Ok(tree)
    }

    /// The names of the items, with `/` between folders.
    pub(crate) fn items(&self) -> Vec<&str> {
        let hidden = |name: &&str| name.split('/').any(|part| part.starts_with(['_', '.']));
        let names = self.files.keys().map(String::as_str);
        names.filter(|name| !hidden(name)).collect()
    }

    /// The first files that are not the same, with the bytes where they part.
    pub(crate) fn difference(&self, other: &Self) -> Option<String> {
        self.unlike(other, |a, b| a.digest == b.digest)
    }

    /// The first files that were touched, even if they have the same bytes.
    pub(crate) fn touched(&self, other: &Self) -> Option<String> {
        self.unlike(other, |a, b| a == b)
    }

    fn unlike(&self, other: &Self, same: impl Fn(&Found, &Found) -> bool) -> Option<String> {
        let names: BTreeSet<&String> = self.files.keys().chain(other.files.keys()).collect();
        let differs = |name: &&String| match (self.files.get(*name), other.files.get(*name)) {
            (Some(a), Some(b)) => !same(a, b),
            _ => true,
        };
        let mut names: Vec<&String> = names.into_iter().filter(differs).collect();
        if names.len() > 1 {
            // It only says that the others differ.
            names.retain(|name| *name != "_manifest.json");
        }
        let mut lines = Vec::new();
        let mut more = 0;
        for name in names {
            let line = match (self.files.get(name), other.files.get(name)) {
                (Some(a), Some(b)) if a.digest == b.digest => format!("`{name}` was written again"),
                (Some(_), Some(_)) => self.parting(other, name),
                (Some(_), None) => format!("`{name}` is gone"),
                (None, _) => format!("`{name}` is new"),
            };
            if lines.len() < NAMED_MAX {
                lines.push(line);
            } else {
                more += 1;
            }
        }
        if more > 0 {
            lines.push(format!("and {more} more"));
        }
        (!lines.is_empty()).then(|| lines.join("\n"))
    }

    /// Where two files of a name part.
    fn parting(&self, other: &Self, name: &str) -> String {
        let read = |tree: &Self| fs_err::read(tree.root.join(name));
        let (Ok(a), Ok(b)) = (read(self), read(other)) else {
            return format!("`{name}` differs");
        };
        let at = a.iter().zip(&b).take_while(|(a, b)| a == b).count();
        format!(
            "`{name}` differs from byte {at} on: `{}`, then `{}`",
            excerpt(&a, at),
            excerpt(&b, at)
        )
    }
}

/// The bytes around a place as text.
fn excerpt(bytes: &[u8], at: usize) -> String {
    let from = at.saturating_sub(SHOWN_BYTES / 2).min(bytes.len());
    let end = bytes.len().min(from + SHOWN_BYTES);
    bytes[from..end].escape_ascii().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_is_told_with_the_bytes_where_files_part() {
        let (a, b) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        for (root, name, content) in [
            (&a, "same", "1"),
            (&b, "same", "1"),
            (&a, "x", "made at 12:00:01"),
            (&b, "x", "made at 12:00:02"),
            (&a, "gone", ""),
            (&b, "new", ""),
            (&a, "_run.json", "1"),
        ] {
            fs_err::write(root.path().join(name), content).unwrap();
        }
        let tree = |root: &tempfile::TempDir| Tree::of_queue(root.path()).unwrap();
        insta::assert_snapshot!(tree(&a).difference(&tree(&b)).unwrap(), @r"
        `gone` is gone
        `new` is new
        `x` differs from byte 15 on: `e at 12:00:01`, then `e at 12:00:02`
        ");
        assert_eq!(tree(&a).difference(&tree(&a)), None);
        let before = tree(&a);
        fs_err::write(a.path().join("same.new"), "1").unwrap();
        fs_err::rename(a.path().join("same.new"), a.path().join("same")).unwrap();
        let touched = before.touched(&tree(&a)).unwrap();
        assert_eq!(touched, "`same` was written again");
    }
}
