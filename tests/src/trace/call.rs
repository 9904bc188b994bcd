//! One system call that changes the file system.

use std::path::{Component, Path, PathBuf};

use nix::libc::user_regs_struct;
use nix::unistd::Pid;

use super::memory;
use super::table::{TABLE, Target, may_change, open_flags};

/// A system call that changes something below the watched directory.
#[derive(Clone, Debug)]
pub struct Call {
    pid: Pid,
    /// Its name, as in the manual.
    pub name: &'static str,
    /// What it changes: a path, or two for a rename or a link.
    pub paths: Vec<PathBuf>,
    arguments: [u64; 6],
}

/// What a call writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// These bytes, at this place or at the file's own.
    Bytes(Option<u64>, Vec<u8>),
    /// Whatever another file holds.
    File,
}

impl Call {
    /// The call a thread is about to make, if it changes something below a directory.
    pub(super) fn changing(pid: Pid, registers: &user_regs_struct, below: &Path) -> Option<Self> {
        let number = registers.orig_rax.cast_signed();
        let (_, name, targets) = TABLE.iter().find(|row| row.0 == number)?;
        let call = Self {
            pid,
            name,
            paths: Vec::new(),
            arguments: [
                registers.rdi,
                registers.rsi,
                registers.rdx,
                registers.r10,
                registers.r8,
                registers.r9,
            ],
        };
        if open_flags(name).is_some_and(|place| !may_change(call.arguments[place])) {
            return None;
        }
        let paths: Vec<PathBuf> = targets
            .iter()
            .filter_map(|target| call.path(*target))
            .collect();
        let inside = paths.iter().any(|path| path.starts_with(below));
        inside.then_some(Self { paths, ..call })
    }

    fn path(&self, target: Target) -> Option<PathBuf> {
        let (base, place) = match target {
            Target::Descriptor(place) => {
                return memory::path_of(self.pid, self.arguments[place]);
            }
            Target::Path(place) => (
                std::fs::read_link(format!("/proc/{}/cwd", self.pid)).ok()?,
                place,
            ),
            Target::At(directory, place) => {
                (memory::path_of(self.pid, self.arguments[directory])?, place)
            }
        };
        // Without a path, the descriptor itself is meant.
        if self.arguments[place] == 0 {
            return Some(base);
        }
        Some(plain(
            &base.join(memory::read_path(self.pid, self.arguments[place])),
        ))
    }

    /// The thread that makes it.
    pub fn thread(&self) -> i32 {
        self.pid.as_raw()
    }

    /// An argument.
    pub fn argument(&self, place: usize) -> u64 {
        self.arguments[place]
    }

    /// Where in the file a write goes; `None` at its end.
    pub fn position(&self) -> Option<usize> {
        const APPEND: u32 = 0o2000;
        let descriptor = self.arguments[0];
        let about =
            std::fs::read_to_string(format!("/proc/{}/fdinfo/{descriptor}", self.pid)).ok()?;
        let field = |name: &str| {
            let line = about.lines().find(|line| line.starts_with(name))?;
            line.split_whitespace().nth(1)
        };
        let flags = u32::from_str_radix(field("flags:")?, 8).ok()?;
        if flags & APPEND != 0 {
            return None;
        }
        field("pos:")?.parse().ok()
    }

    /// What it writes, if it writes.
    pub fn content(&self) -> Option<Content> {
        let [_, address, count, offset, ..] = self.arguments;
        let bytes =
            |address, count| memory::read(self.pid, address, usize::try_from(count).unwrap_or(0));
        match self.name {
            "write" => Some(Content::Bytes(None, bytes(address, count))),
            "pwrite64" => Some(Content::Bytes(Some(offset), bytes(address, count))),
            "writev" => {
                let vectors = (0..count).map(|index| {
                    let at = |offset| memory::read_number(self.pid, address + 16 * index + offset);
                    bytes(at(0).unwrap_or(0), at(8).unwrap_or(0))
                });
                Some(Content::Bytes(None, vectors.flatten().collect()))
            }
            "pwritev" | "pwritev2" | "sendfile" | "splice" | "copy_file_range" => {
                Some(Content::File)
            }
            _ => None,
        }
    }

    /// The name and the paths relative to a directory, to be shown.
    pub fn show(&self, below: &Path) -> String {
        let relative = |path: &PathBuf| {
            path.strip_prefix(below)
                .unwrap_or(path)
                .display()
                .to_string()
        };
        let paths: Vec<String> = self.paths.iter().map(relative).collect();
        format!("{} {}", self.name, paths.join(" "))
    }
}

/// Without `.` and `..`; links are left as they are.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => {
                plain.pop();
            }
            other => plain.push(other),
        }
    }
    plain
}
