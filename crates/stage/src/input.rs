//! The input queue: which items there are, and whether they may be read.

use std::collections::HashMap;
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use rustix::io::Errno;

use crate::digest::Digest;
use crate::entry::{Definition, Reads};
use crate::fault::{Blame, Fault};
use crate::layout;
use crate::output::Written;
use crate::receipt::Manifest;
use crate::record::RunRecord;
use crate::stat::{Stat, StatCache};

/// An item as the directory lists it.
#[derive(Clone, Debug)]
pub(crate) struct Listed {
    pub(crate) name: String,
    pub(crate) path: PathBuf,
    pub(crate) kind: Kind,
}

/// What stands under an item's name.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    /// A file, with its stat.
    File(Stat),
    /// A pipe, a socket, a device: nothing that can be read twice.
    Special,
    /// A symbolic link that leads nowhere.
    Dangling,
    /// All items together, for a whole-queue stage, which looks at each of them itself.
    Queue,
}

/// Up to this size an item's content is held from when it is digested until it is done, so that it is read once.
const HELD_BYTES_MAX: u64 = 64 << 10;

/// An item as it was read.
#[derive(Debug)]
pub(crate) struct Reading {
    pub(crate) stat: Stat,
    pub(crate) digest: Digest,
    /// Of a small item.
    pub(crate) content: Option<Arc<[u8]>>,
}

/// The input queue as it was when the run started.
#[derive(Debug)]
pub(crate) struct Input {
    pub(crate) directory: PathBuf,
    pub(crate) items: Vec<Listed>,
    manifest: Option<Stat>,
    /// What the stage that wrote the queue told of its files. Read when it is wanted.
    told: OnceLock<Told>,
}

/// What the stage that wrote a queue told of its files.
#[derive(Debug, Default)]
struct Told {
    /// By the manifest.
    digests: HashMap<String, Digest>,
    stats: StatCache,
    /// When the stats were kept.
    kept: i64,
}

impl Told {
    fn read(directory: &Path) -> Self {
        let path = directory.join(layout::STAT);
        // What cannot be read is no reason to fail: the items are read instead.
        let (Ok(Some(manifest)), Ok(stat)) = (Manifest::read(directory), Stat::of_path(&path))
        else {
            return Self::default();
        };
        let digest = |written: &Written| (written.name.clone(), written.digest);
        Self {
            digests: manifest.item_files().map(digest).collect(),
            stats: StatCache::read(&path),
            kept: stat.mtime,
        }
    }
}

impl Input {
    /// Lists the items, in the order of their names. Refuses a queue that is not complete, unless the stage reads raw.
    pub(crate) fn open(directory: &Path, definition: &Definition) -> Result<Self, Fault> {
        if !directory.is_dir() {
            return Err(incomplete(directory, "is not there"));
        }
        let manifest = Stat::of_path(&directory.join(layout::MANIFEST)).ok();
        if manifest.is_none() && definition.reads == Reads::Queue {
            return Err(incomplete(
                directory,
                "is not a complete queue: it has no `_manifest.json`",
            ));
        }
        let mut items = Vec::new();
        list(directory, "", &mut items)?;
        items.sort_by(|a, b| a.name.cmp(&b.name));
        let input = Self {
            directory: directory.to_owned(),
            items,
            manifest,
            told: OnceLock::new(),
        };
        if input.manifest.is_some() {
            input.compare_with_manifest()?;
        }
        if input.items.is_empty() {
            let message = format!("`{}` has no items", directory.display());
            let hint = "put files there; names beginning with `_` or `.` do not count";
            return Err(Fault::message(Blame::Input, message).hint(hint));
        }
        Ok(input)
    }

    /// The digest that the manifest of a complete queue tells of an item, if the item surely is what was written then.
    pub(crate) fn told(&self, listed: &Listed) -> Option<(Stat, Digest)> {
        self.manifest?;
        let Kind::File(stat) = listed.kind else {
            return None;
        };
        let told = self.told.get_or_init(|| Told::read(&self.directory));
        let digest = told.digests.get(&listed.name)?;
        (told.stats.output(&listed.name, &stat, told.kept)? == *digest).then_some((stat, *digest))
    }

    /// Whether another complete queue has taken this one's place since.
    pub(crate) fn was_replaced(&self) -> bool {
        let now = Stat::of_path(&self.directory.join(layout::MANIFEST)).ok();
        match (self.manifest, now) {
            (Some(then), Some(now)) => then.inode != now.inode || then.bytes != now.bytes,
            (None, None) => false,
            _ => true,
        }
    }

    /// A queue holds what its manifest says, no more and no less.
    fn compare_with_manifest(&self) -> Result<(), Fault> {
        let Some(manifest) = Manifest::read(&self.directory)? else {
            return Ok(());
        };
        let mut expected: Vec<_> = manifest
            .item_files()
            .map(|written| (written.name.as_str(), written.bytes))
            .collect();
        expected.sort_unstable();
        let found = self.items.iter().map(|item| {
            let bytes = if let Kind::File(stat) = item.kind {
                stat.bytes
            } else {
                0
            };
            (item.name.as_str(), bytes)
        });
        if expected.iter().copied().eq(found.clone()) {
            return Ok(());
        }
        let found: Vec<_> = found.collect();
        let missing = expected
            .iter()
            .find(|item| found.binary_search(item).is_err());
        let stray = found
            .iter()
            .find(|item| expected.binary_search(item).is_err());
        let what = match (missing, stray) {
            (Some((name, _)), Some((other, _))) if name == other => {
                format!("`{name}` has another size")
            }
            (Some((name, _)), _) => format!("`{name}` is gone"),
            (None, Some((name, _))) => format!("`{name}` is not of it"),
            (None, None) => "an item is listed twice".to_owned(),
        };
        let message = format!(
            "`{}` is not as its manifest says: {what}",
            self.directory.display()
        );
        Err(Fault::message(Blame::Data, message).hint(completing_command(&self.directory)))
    }
}

/// The digest of all items of a queue together.
pub(crate) fn digest_of_all<'a>(items: impl IntoIterator<Item = (&'a str, Digest)>) -> Digest {
    let parts: Vec<String> = items
        .into_iter()
        .flat_map(|(name, digest)| [name.to_owned(), digest.to_string()])
        .collect();
    Digest::of_parts(parts.iter().map(String::as_bytes))
}

fn incomplete(directory: &Path, what: &str) -> Fault {
    let partial = layout::partial(directory);
    let message = if partial.is_dir() {
        format!(
            "`{}` {what}; its last run stopped in `{}`",
            directory.display(),
            partial.display()
        )
    } else {
        format!("`{}` {what}", directory.display())
    };
    Fault::message(Blame::Input, message).hint(completing_command(directory))
}

/// The command that would complete a queue: the one that wrote, or began to write it, else Make's.
fn completing_command(directory: &Path) -> String {
    let record =
        RunRecord::read(&layout::partial(directory)).or_else(|| RunRecord::read(directory));
    match record {
        Some(record) => format!("run `{}`", record.command_line()),
        None => {
            let name = directory.file_name().unwrap_or_default().to_string_lossy();
            format!("`make {name}` would complete it")
        }
    }
}

/// Lists the items below a directory, in no order.
pub(crate) fn list(directory: &Path, prefix: &str, items: &mut Vec<Listed>) -> Result<(), Fault> {
    for entry in fs_err::read_dir(directory)? {
        let entry = entry?;
        let path = entry.path();
        let file_name = entry.file_name();
        let Some(name) = file_name.to_str() else {
            let message = format!("`{}`: the name is not UTF-8", path.display());
            return Err(Fault::message(Blame::Data, message).hint("rename the file"));
        };
        if layout::is_hidden(name) {
            continue;
        }
        let name = format!("{prefix}{name}");
        let kind = match fs_err::metadata(&path) {
            Ok(metadata) if metadata.is_dir() => {
                // A link to a folder above would be walked for ever.
                if entry.file_type()?.is_symlink() {
                    Kind::Special
                } else {
                    list(&path, &format!("{name}/"), items)?;
                    continue;
                }
            }
            Ok(metadata) if metadata.is_file() => Kind::File(Stat::of(&metadata)),
            Ok(_) => Kind::Special,
            Err(error) if leads_nowhere(&path, &error) => {
                if !entry.file_type()?.is_symlink() {
                    // Gone since it was listed.
                    continue;
                }
                Kind::Dangling
            }
            Err(error) => return Err(error.into()),
        };
        items.push(Listed { name, path, kind });
    }
    Ok(())
}

/// Whether there is nothing, or only a circle, at the end of a path.
fn leads_nowhere(path: &Path, error: &io::Error) -> bool {
    let is_gone = matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory);
    // A circle has no stable kind of its own.
    is_gone || matches!(rustix::fs::stat(path), Err(Errno::LOOP))
}

impl Listed {
    /// The stat of a file; for anything else, why it cannot be an item.
    pub(crate) fn stat(&self) -> Result<Stat, Fault> {
        let what = match self.kind {
            Kind::File(stat) => return Ok(stat),
            Kind::Special => "not a regular file",
            Kind::Dangling => "a symbolic link that leads nowhere",
            Kind::Queue => "a directory",
        };
        Err(Fault::item(format!("{}: {what}", self.path.display()))
            .hint("remove it, or put a regular file in its place"))
    }

    /// Digests the content, and makes sure that it did not change meanwhile.
    pub(crate) fn digest(&self) -> Result<(Stat, Digest), Fault> {
        let reading = self.read()?;
        self.unchanged_since(&reading.stat)?;
        Ok((reading.stat, reading.digest))
    }

    /// Reads and digests the content, for a caller who makes sure later that it did not change.
    pub(crate) fn read(&self) -> Result<Reading, Fault> {
        self.stat()?;
        let mut file = fs_err::File::open(&self.path)?;
        let stat = Stat::of(&file.metadata()?);
        if !(1..=HELD_BYTES_MAX).contains(&stat.bytes) {
            return Ok(Reading {
                stat,
                digest: Digest::of_open(&mut file)?,
                content: None,
            });
        }
        // Not more than the stat told, which spares looking for the end: a file that has grown is not unchanged.
        let mut content = Vec::with_capacity(usize::try_from(stat.bytes).unwrap_or(0));
        file.take(stat.bytes).read_to_end(&mut content)?;
        Ok(Reading {
            stat,
            digest: Digest::of(&content),
            content: Some(content.into()),
        })
    }

    /// Fails, by the machine's fault, when the file is not what it was: a producer may still be copying it in.
    pub(crate) fn unchanged_since(&self, before: &Stat) -> Result<(), Fault> {
        if matches!(self.kind, Kind::Queue) {
            return Ok(());
        }
        let now = Stat::of_path(&self.path)?;
        if now == *before {
            return Ok(());
        }
        let message = format!("{}: changed while it was read", self.path.display());
        Err(Fault::message(Blame::Machine, message))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(content: &[u8], held: bool) {
        let directory = tempfile::tempdir().unwrap();
        fs_err::write(directory.path().join("a"), content).unwrap();
        let mut items = Vec::new();
        list(directory.path(), "", &mut items).unwrap();
        let reading = items[0].read().unwrap();
        assert_eq!(reading.digest, Digest::of(content));
        assert_eq!(reading.stat.bytes, content.len() as u64);
        assert_eq!(reading.content.as_deref(), held.then_some(content));
    }

    #[test]
    fn a_small_item_is_held_when_it_is_read() {
        let most = HELD_BYTES_MAX as usize;
        check(b"", false);
        check(b"1", true);
        check(&vec![1; most], true);
        check(&vec![1; most + 1], false);
    }
}
