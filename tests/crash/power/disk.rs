//! A file system in memory: what a disk holds at one moment.

use std::collections::{BTreeMap, HashMap};
use std::ffi::{OsStr, OsString};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// A file, a directory or a symbolic link.
pub(crate) type Node = usize;

/// The directory all others are in.
pub(crate) const ROOT: Node = 0;

/// What a node is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Content {
    File(Vec<u8>),
    Directory(BTreeMap<OsString, Node>),
    Link(PathBuf),
}

/// All nodes, also those that no directory leads to any more.
#[derive(Clone, Debug, Default)]
pub(crate) struct Disk(Vec<Content>);

impl Disk {
    /// What a directory holds now.
    pub(crate) fn read(root: &Path) -> Self {
        let mut disk = Self::default();
        disk.read_node(root, &mut HashMap::new());
        disk
    }

    fn read_node(&mut self, path: &Path, known: &mut HashMap<u64, Node>) -> Node {
        let metadata = fs_err::symlink_metadata(path).unwrap();
        if let Some(node) = known.get(&metadata.ino()) {
            return *node;
        }
        let node = self.add(Content::Directory(BTreeMap::new()));
        known.insert(metadata.ino(), node);
        let content = if metadata.is_dir() {
            let entries = fs_err::read_dir(path).unwrap().map(|entry| {
                let entry = entry.unwrap();
                (entry.file_name(), self.read_node(&entry.path(), known))
            });
            Content::Directory(entries.collect())
        } else if metadata.is_symlink() {
            Content::Link(fs_err::read_link(path).unwrap())
        } else {
            Content::File(fs_err::read(path).unwrap())
        };
        self.0[node] = content;
        node
    }

    /// Adds a node that no directory leads to yet.
    pub(crate) fn add(&mut self, content: Content) -> Node {
        self.0.push(content);
        self.0.len() - 1
    }

    /// The same, with new nodes of the kinds that another disk has beyond these.
    pub(crate) fn with_room_for(mut self, other: &Self) -> Self {
        let new = other
            .0
            .iter()
            .skip(self.0.len())
            .map(|content| match content {
                Content::File(_) => Content::File(Vec::new()),
                Content::Directory(_) => Content::Directory(BTreeMap::new()),
                Content::Link(target) => Content::Link(target.clone()),
            });
        self.0.extend(new);
        self
    }

    /// The node a directory has under a name.
    pub(crate) fn entry(&self, directory: Node, name: &OsStr) -> Option<Node> {
        match &self.0[directory] {
            Content::Directory(entries) => entries.get(name).copied(),
            _ => None,
        }
    }

    /// The node at a relative path.
    pub(crate) fn find(&self, path: &Path) -> Option<Node> {
        path.iter()
            .try_fold(ROOT, |directory, name| self.entry(directory, name))
    }

    /// Puts a node under a name, or takes the name away.
    pub(crate) fn set_entry(&mut self, directory: Node, name: &OsStr, node: Option<Node>) {
        if let Content::Directory(entries) = &mut self.0[directory] {
            match node {
                Some(node) => entries.insert(name.to_owned(), node),
                None => entries.remove(name),
            };
        }
    }

    /// A file's bytes; none of what is no file.
    pub(crate) fn bytes(&self, node: Node) -> &[u8] {
        match &self.0[node] {
            Content::File(bytes) => bytes,
            _ => &[],
        }
    }

    pub(crate) fn bytes_mut(&mut self, node: Node) -> Option<&mut Vec<u8>> {
        match &mut self.0[node] {
            Content::File(bytes) => Some(bytes),
            _ => None,
        }
    }

    /// The same for the same tree, however it came about.
    pub(crate) fn fingerprint(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.hash_node(ROOT, &mut hasher);
        hasher.finish()
    }

    fn hash_node(&self, node: Node, hasher: &mut DefaultHasher) {
        match &self.0[node] {
            Content::Directory(entries) => {
                entries.len().hash(hasher);
                for (name, node) in entries {
                    name.hash(hasher);
                    self.hash_node(*node, hasher);
                }
            }
            other => other.hash(hasher),
        }
    }

    /// Writes all that can be reached into an empty directory; files with several names are hard links.
    pub(crate) fn write(&self, root: &Path) {
        self.write_entries(ROOT, root, &mut HashMap::new());
    }

    fn write_entries(&self, node: Node, path: &Path, written: &mut HashMap<Node, PathBuf>) {
        let Content::Directory(entries) = &self.0[node] else {
            return;
        };
        for (name, node) in entries {
            let path = path.join(name);
            match (&self.0[*node], written.get(node)) {
                (Content::Directory(_), _) => {
                    fs_err::create_dir(&path).unwrap();
                    self.write_entries(*node, &path, written);
                }
                (Content::Link(target), _) => fs_err::os::unix::fs::symlink(target, &path).unwrap(),
                (Content::File(_), Some(first)) => fs_err::hard_link(first, &path).unwrap(),
                (Content::File(bytes), None) => {
                    fs_err::write(&path, bytes).unwrap();
                    written.insert(*node, path);
                }
            }
        }
    }
}
