//! Scratch directories: where a try of some work may write whatever it likes, and nobody looks.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use crate::commit::remove_tree;
use crate::fault::Fault;
use crate::layout;

/// A directory in the partial for one try, on the same file system as the output. Goes when it is dropped.
#[derive(Debug)]
pub struct Scratch {
    path: PathBuf,
}

impl Scratch {
    /// A directory that was never there before: a program that outlived a killed run writes elsewhere.
    pub(crate) fn make(partial: &Path, made: &AtomicU64) -> Result<Self, Fault> {
        let name = format!(
            "{}-{}",
            std::process::id(),
            made.fetch_add(1, Ordering::Relaxed)
        );
        // Absolute, for a program that changes its directory.
        let path = std::path::absolute(partial.join(layout::SCRATCH).join(name))?;
        fs_err::create_dir_all(&path)?;
        Ok(Self { path })
    }

    /// Where it is; an absolute path.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What cannot be removed now goes with the next run, or with the partial.
        let _ = remove_tree(&self.path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scratch_directory_goes_with_all_that_is_in_it() {
        let partial = tempfile::tempdir().unwrap();
        let made = AtomicU64::new(0);
        let first = Scratch::make(partial.path(), &made).unwrap();
        let second = Scratch::make(partial.path(), &made).unwrap();
        assert_ne!(first.path(), second.path());
        fs_err::create_dir(first.path().join("folder")).unwrap();
        fs_err::write(first.path().join("folder/file"), "1").unwrap();
        let gone = first.path().to_owned();
        drop(first);
        assert!(!gone.exists() && second.path().is_dir());
    }
}
