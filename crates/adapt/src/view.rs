//! What a program sees: a directory of links to read, an empty one to write.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use stage::{Blame, Fault, Item, Scratch};

use crate::outputs::files_below;

/// What one program sees, for one try. Goes when it is dropped.
#[derive(Debug)]
pub(crate) struct View {
    scratch: Scratch,
    links: Vec<Link>,
}

/// A link to an item, and what the item was like when it was made.
#[derive(Debug)]
struct Link {
    name: String,
    target: PathBuf,
    stamp: Stamp,
}

/// Size, inode and time of a file's content.
type Stamp = (u64, u64, i64, i64);

impl View {
    /// Links to these items, in the folders in which they are.
    pub(crate) fn make<'a>(
        scratch: Scratch,
        items: impl IntoIterator<Item = &'a Item>,
    ) -> Result<Self, Fault> {
        let mut view = Self {
            scratch,
            links: Vec::new(),
        };
        fs_err::create_dir(view.output())?;
        fs_err::create_dir(view.input())?;
        for item in items {
            let link = view.input().join(item.name());
            if let Some(folder) = link.parent() {
                fs_err::create_dir_all(folder)?;
            }
            let target = fs_err::canonicalize(item.path())?;
            let stamp = stamp(&target)?;
            fs_err::os::unix::fs::symlink(&target, link)?;
            view.links.push(Link {
                name: item.name().to_owned(),
                target,
                stamp,
            });
        }
        view.links.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(view)
    }

    /// Links to the items.
    pub(crate) fn input(&self) -> PathBuf {
        self.scratch.path().join("input")
    }

    /// What the program writes.
    pub(crate) fn output(&self) -> PathBuf {
        self.scratch.path().join("output")
    }

    /// The file of row counts.
    pub(crate) fn counts(&self) -> PathBuf {
        self.scratch.path().join("counts.jsonl")
    }

    /// How the program's lines are to be read by somebody to whom the queues are these.
    pub(crate) fn words(&self, input: &Path, output: &Path) -> Words {
        let text = |path: &Path| path.display().to_string();
        Words(vec![
            (text(&self.input()), text(input)),
            (text(&self.output()), text(output)),
        ])
    }

    /// Whether the program left INPUT and the items behind the links as they were. Permissions cannot see to it:
    /// the items are its user's own.
    pub(crate) fn check_untouched(&self, program: &str) -> Result<(), Fault> {
        let hint = "a stage reads INPUT and writes OUTPUT only";
        let seen = files_below(&self.input()).unwrap_or_default();
        let known = |name: &String| self.links.iter().any(|link| link.name == *name);
        if let Some(stray) = seen.iter().find(|name| !known(name)) {
            let message = format!("`{program}` has written `{stray}` into INPUT");
            return Err(Fault::item(message).hint(hint));
        }
        for link in &self.links {
            let path = self.input().join(&link.name);
            if fs_err::read_link(path).ok().as_ref() != Some(&link.target) {
                let message = format!("`{program}` has taken `{}` from INPUT", link.name);
                return Err(Fault::item(message).hint(hint));
            }
            if stamp(&link.target).ok() != Some(link.stamp) {
                // Nobody knows by whom: it may have been a producer who still copies it in.
                let message = format!("`{}` changed while `{program}` was at work", link.name);
                return Err(Fault::message(Blame::Machine, message).hint(hint));
            }
        }
        Ok(())
    }
}

/// What the program calls the queues, and what they are.
#[derive(Clone, Debug)]
pub(crate) struct Words(Vec<(String, String)>);

impl Words {
    /// A line with the queues' own names in place of the scratch directories: a place in it can be found, also when
    /// these are gone.
    pub(crate) fn translate(&self, line: &str) -> String {
        let mut line = line.to_owned();
        for (seen, meant) in &self.0 {
            line = line.replace(seen, meant);
        }
        line
    }
}

fn stamp(path: &Path) -> std::io::Result<Stamp> {
    let metadata = fs_err::metadata(path)?;
    Ok((
        metadata.len(),
        metadata.ino(),
        metadata.mtime(),
        metadata.mtime_nsec(),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_told_with_the_names_of_the_queues() {
        let words = Words(vec![
            ("/q.partial/_scratch/1-0/input".to_owned(), "raw".to_owned()),
            ("/q.partial/_scratch/1-0/output".to_owned(), "q".to_owned()),
        ]);
        assert_eq!(
            words.translate("/q.partial/_scratch/1-0/input/a.csv:3: bad"),
            "raw/a.csv:3: bad"
        );
    }
}
