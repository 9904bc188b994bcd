//! What a run did to the disk, in order.

use std::collections::HashMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use waystation_tests::trace::{Call, Content as Written, Verdict, Watcher};

use super::disk::{Content, Disk, Node};

/// One step of a run.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// Names changed, all of them at once.
    Names(Vec<Change>),
    /// Bytes were written into a file.
    Bytes(Node, usize, Vec<u8>),
    /// A file was cut or lengthened.
    Length(Node, usize),
    /// A file, or the names in a directory, became durable.
    Sync(Node),
    /// Everything became durable.
    SyncAll,
}

/// A name in a directory leads somewhere else now, or nowhere.
#[derive(Clone, Debug)]
pub(crate) struct Change {
    pub(crate) directory: Node,
    pub(crate) name: OsString,
    pub(crate) node: Option<Node>,
}

/// Follows a run.
#[derive(Debug)]
pub(crate) struct Recorder {
    root: PathBuf,
    /// The disk as the process sees it.
    pub(crate) live: Disk,
    pub(crate) steps: Vec<Step>,
    /// Where each thread is about to write.
    pending: HashMap<i32, (Node, usize)>,
}

impl Recorder {
    /// Begins with what is there.
    pub(crate) fn new(root: &Path) -> Self {
        let root = fs_err::canonicalize(root).unwrap();
        Self {
            live: Disk::read(&root),
            root,
            steps: Vec::new(),
            pending: HashMap::new(),
        }
    }

    fn node(&self, path: &Path) -> Option<Node> {
        self.live.find(path.strip_prefix(&self.root).ok()?)
    }

    fn change(&self, path: &Path, node: Option<Node>) -> Option<Change> {
        Some(Change {
            directory: self.node(path.parent()?)?,
            name: path.file_name()?.to_owned(),
            node,
        })
    }

    fn names(&mut self, changes: impl IntoIterator<Item = Option<Change>>) {
        // A name in a directory that a foreign program made is of no account: nothing there is ever trusted.
        let changes: Vec<Change> = changes.into_iter().flatten().collect();
        let step = Step::Names(changes);
        apply(&mut self.live, &step);
        self.steps.push(step);
    }

    fn step(&mut self, step: Step) {
        apply(&mut self.live, &step);
        self.steps.push(step);
    }

    fn opened(&mut self, call: &Call, path: &Path) {
        const TRUNCATE: u64 = 0o1000;
        let flags = call.argument(if call.name == "open" { 1 } else { 2 });
        match self.node(path) {
            Some(node) if flags & TRUNCATE != 0 => self.step(Step::Length(node, 0)),
            Some(_) => {}
            None => {
                let node = self.live.add(Content::File(Vec::new()));
                let change = self.change(path, Some(node));
                self.names([change]);
            }
        }
    }

    fn wrote(&mut self, call: &Call, path: &Path, count: usize) {
        match call.content() {
            Some(Written::Bytes(_, bytes)) => {
                if let Some((node, at)) = self.pending.remove(&call.thread()) {
                    self.step(Step::Bytes(node, at, bytes[..count].to_vec()));
                }
            }
            _ => {
                if let (Some(node), Ok(whole)) = (self.node(path), fs_err::read(path)) {
                    self.step(Step::Bytes(node, 0, whole));
                }
            }
        }
    }

    fn renamed(&mut self, call: &Call) {
        const EXCHANGE: u64 = 2;
        let (from, to) = (&call.paths[0], &call.paths[1]);
        let (source, target) = (self.node(from), self.node(to));
        let left = if call.name == "renameat2" && call.argument(4) & EXCHANGE != 0 {
            target
        } else {
            None
        };
        let changes = [self.change(from, left), self.change(to, source)];
        self.names(changes);
    }

    fn made(&mut self, path: &Path, content: Content) {
        let node = self.live.add(content);
        let change = self.change(path, Some(node));
        self.names([change]);
    }

    fn synced(&mut self, path: &Path) {
        if let Some(node) = self.node(path) {
            self.steps.push(Step::Sync(node));
        }
    }
}

impl Watcher for Recorder {
    fn before(&mut self, call: &Call) -> Verdict {
        if let (Some(Written::Bytes(place, _)), Some(node)) =
            (call.content(), self.node(&call.paths[0]))
        {
            let end = self.live.bytes(node).len();
            let at = place.map_or_else(|| call.position(), |at| usize::try_from(at).ok());
            self.pending
                .insert(call.thread(), (node, at.unwrap_or(end)));
        }
        Verdict::Go
    }

    fn after(&mut self, call: &Call, result: i64) {
        let Ok(result) = usize::try_from(result) else {
            return;
        };
        let path = call.paths[0].clone();
        match call.name {
            "open" | "openat" => self.opened(call, &path),
            "write" | "pwrite64" | "writev" | "sendfile" | "copy_file_range" => {
                self.wrote(call, &path, result);
            }
            "ftruncate" => {
                let length = usize::try_from(call.argument(1)).unwrap();
                if let Some(node) = self.node(&path) {
                    self.step(Step::Length(node, length));
                }
            }
            "mkdir" | "mkdirat" => self.made(&path, Content::Directory(Default::default())),
            "symlink" | "symlinkat" => {
                let target = fs_err::read_link(&path).unwrap();
                self.made(&path, Content::Link(target));
            }
            "unlink" | "unlinkat" | "rmdir" => {
                let change = self.change(&path, None);
                self.names([change]);
            }
            "rename" | "renameat" | "renameat2" => self.renamed(call),
            "link" | "linkat" => {
                let change = self.change(&call.paths[1], self.node(&path));
                self.names([change]);
            }
            "fsync" | "fdatasync" => self.synced(&path),
            "syncfs" => self.steps.push(Step::SyncAll),
            // Times and locks are not content.
            "utimensat" | "flock" => {}
            other => panic!("what `{other}` does to a disk is not known here"),
        }
    }
}

/// Does a step to a disk.
pub(crate) fn apply(disk: &mut Disk, step: &Step) {
    match step {
        Step::Names(changes) => {
            for change in changes {
                disk.set_entry(change.directory, &change.name, change.node);
            }
        }
        Step::Bytes(node, at, bytes) => {
            if let Some(file) = disk.bytes_mut(*node) {
                let end = at + bytes.len();
                if file.len() < end {
                    file.resize(end, 0);
                }
                file[*at..end].copy_from_slice(bytes);
            }
        }
        Step::Length(node, length) => {
            if let Some(file) = disk.bytes_mut(*node) {
                file.resize(*length, 0);
            }
        }
        Step::Sync(_) | Step::SyncAll => {}
    }
}
