//! Where a foreign program works: a directory of links to read, an empty one to write.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use stage::{Fault, Output};

/// The folder in the partial, which holds the lock on all of it. Begins with `_`, so no reader takes it for items.
const FOLDER: &str = "_scratch";

/// All scratch directories of a run.
#[derive(Debug)]
pub(crate) struct Scratches {
    folder: PathBuf,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    made: u64,
    alive: u64,
}

impl Scratches {
    /// Those of the run that writes this queue.
    pub(crate) fn new(output: &Path) -> Result<Self, Fault> {
        let mut name = output.file_name().unwrap_or_default().to_owned();
        name.push(".partial");
        // Absolute, for a program that changes its directory.
        let partial = std::path::absolute(output.with_file_name(name))?;
        Ok(Self {
            folder: partial.join(FOLDER),
            state: Mutex::default(),
        })
    }

    /// A scratch directory that was never there before: a program that outlived a killed run writes elsewhere.
    pub(crate) fn make<'a>(
        &self,
        items: impl IntoIterator<Item = (&'a str, &'a Path)>,
    ) -> Result<Scratch<'_>, Fault> {
        let scratch = self.begin()?;
        fs_err::create_dir(scratch.output())?;
        fs_err::create_dir(scratch.input())?;
        for (name, target) in items {
            let link = scratch.input().join(name);
            if let Some(folder) = link.parent() {
                fs_err::create_dir_all(folder)?;
            }
            fs_err::os::unix::fs::symlink(fs_err::canonicalize(target)?, link)?;
        }
        Ok(scratch)
    }

    fn begin(&self) -> Result<Scratch<'_>, Fault> {
        let mut state = self.lock();
        if state.made == 0 {
            // The partial's lock is ours, so whatever is here is of a run that is gone.
            remove_tree(&self.folder)?;
        }
        let name = format!("{}-{}", std::process::id(), state.made);
        let path = self.folder.join(name);
        fs_err::create_dir_all(&path)?;
        state.made += 1;
        state.alive += 1;
        Ok(Scratch {
            scratches: self,
            path,
        })
    }

    /// What is made and removed is so under this lock: else one thread would remove the folder in which another
    /// is about to make a directory.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn remove_tree(path: &Path) -> io::Result<()> {
    match fs_err::remove_dir_all(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// One program's scratch directory. Goes when it is dropped.
#[derive(Debug)]
pub(crate) struct Scratch<'a> {
    scratches: &'a Scratches,
    path: PathBuf,
}

impl Scratch<'_> {
    /// Links to the items.
    pub(crate) fn input(&self) -> PathBuf {
        self.path.join("input")
    }

    /// What the program writes.
    pub(crate) fn output(&self) -> PathBuf {
        self.path.join("output")
    }

    /// Takes over all files the program has written. `accept` looks at each name first.
    pub(crate) fn take_over(
        &self,
        output: &Output,
        accept: impl Fn(&str) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        let root = self.output();
        for name in files_below(&root)? {
            accept(&name)?;
            let mut source = fs_err::File::open(root.join(&name))?;
            let mut file = output.create(&name).map_err(|mut fault| {
                // A name the contract forbids is the foreign program's doing.
                if fault.blame == stage::Blame::Program {
                    fault.blame = stage::Blame::Item;
                }
                fault
            })?;
            io::copy(&mut source, &mut file)?;
            file.finish()?;
        }
        Ok(())
    }
}

impl Drop for Scratch<'_> {
    fn drop(&mut self) {
        // What cannot be removed now goes with the next run, or with the partial.
        let _ = remove_tree(&self.path);
        let mut state = self.scratches.lock();
        state.alive -= 1;
        if state.alive == 0 {
            let _ = fs_err::remove_dir(&self.scratches.folder);
        }
    }
}

/// The names of all files below a directory, sorted, with `/` between folders.
fn files_below(root: &Path) -> Result<Vec<String>, Fault> {
    let mut names = Vec::new();
    let mut folders = vec![String::new()];
    while let Some(folder) = folders.pop() {
        for entry in fs_err::read_dir(root.join(&folder))? {
            let entry = entry?;
            let name = entry
                .file_name()
                .into_string()
                .map_err(|name| Fault::item(format!("the output's name {name:?} is not UTF-8")))?;
            let name = if folder.is_empty() {
                name
            } else {
                format!("{folder}/{name}")
            };
            if entry.file_type()?.is_dir() {
                folders.push(name);
            } else if entry.path().is_file() {
                // A link to a file counts as the file: a program may pass an item on as it is.
                names.push(name);
            } else {
                return Err(Fault::item(format!("the output `{name}` is not a file")));
            }
        }
    }
    names.sort();
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_are_links_in_their_folders() {
        let directory = tempfile::tempdir().unwrap();
        let target = directory.path().join("a.csv");
        fs_err::write(&target, "1").unwrap();
        let scratches = Scratches::new(&directory.path().join("out")).unwrap();
        let scratch = scratches.make([("train/a.csv", target.as_path())]).unwrap();
        let link = scratch.input().join("train/a.csv");
        assert_eq!(fs_err::read_to_string(&link).unwrap(), "1");
        assert!(link.is_symlink());
        assert!(
            scratch
                .path
                .starts_with(directory.path().join("out.partial/_scratch"))
        );
        let gone = scratch.path.clone();
        drop(scratch);
        assert!(!gone.exists());
    }

    #[test]
    fn scratch_directories_come_and_go_side_by_side() {
        let directory = tempfile::tempdir().unwrap();
        let scratches = Scratches::new(&directory.path().join("out")).unwrap();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..50 {
                        assert!(scratches.make([]).unwrap().output().is_dir());
                    }
                });
            }
        });
        assert!(!scratches.folder.exists());
    }

    #[test]
    fn left_overs_of_a_killed_run_go() {
        let directory = tempfile::tempdir().unwrap();
        let old = directory.path().join("out.partial/_scratch/1-0");
        fs_err::create_dir_all(&old).unwrap();
        let scratches = Scratches::new(&directory.path().join("out")).unwrap();
        let _scratch = scratches.make([]).unwrap();
        assert!(!old.exists());
    }

    #[test]
    fn outputs_are_listed_in_order_and_must_be_files() {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path();
        fs_err::create_dir_all(root.join("b/c")).unwrap();
        for name in ["z", "b/c/y", "a", "_x"] {
            fs_err::write(root.join(name), "").unwrap();
        }
        fs_err::os::unix::fs::symlink(root.join("a"), root.join("link")).unwrap();
        assert_eq!(
            files_below(root).unwrap(),
            ["_x", "a", "b/c/y", "link", "z"]
        );
        fs_err::os::unix::fs::symlink(root.join("b"), root.join("loop")).unwrap();
        let fault = files_below(root).unwrap_err();
        assert_eq!(fault.to_string(), "the output `loop` is not a file");
    }
}
