//! The one atomic act after which the new queue is there.

use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use rustix::fs::{CWD, RenameFlags, renameat_with};
use rustix::io::Errno;

use crate::durable::sync_directory;
use crate::fault::{Blame, Fault};
use crate::layout;
use crate::parallel;

/// Puts the partial in the place of the output. All in it must be durable already.
pub(crate) fn commit(output: &Path) -> Result<(), Fault> {
    let partial = layout::partial(output);
    let cannot = |error: io::Error| {
        let context = format!(
            "cannot put `{}` in the place of `{}`",
            partial.display(),
            output.display()
        );
        Fault::new(Blame::Output, anyhow::Error::from(error).context(context))
    };
    if !output.exists() {
        fs_err::rename(&partial, output).map_err(cannot)?;
        return Ok(sync_directory(parent(output))?);
    }
    match renameat_with(CWD, &partial, CWD, output, RenameFlags::EXCHANGE) {
        Ok(()) => {}
        Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => {
            exchange_by_renames(output).map_err(cannot)?
        }
        Err(error) => return Err(cannot(error.into())),
    }
    sync_directory(parent(output))?;
    // What was the last good output a moment ago now lies under the name of the partial.
    for leftover in [partial, layout::previous(output)] {
        remove_queue(&leftover)?;
    }
    Ok(())
}

/// Two renames, for file systems that cannot exchange. In between there is no output; [`recover`] ends what a
/// crash leaves there.
fn exchange_by_renames(output: &Path) -> io::Result<()> {
    let previous = layout::previous(output);
    fs_err::rename(output, &previous)?;
    sync_directory(parent(output))?;
    fs_err::rename(layout::partial(output), output)
}

/// Ends a commit by two renames that a crash cut short: the partial was whole, so it takes its place.
pub(crate) fn recover(output: &Path) -> io::Result<()> {
    let previous = layout::previous(output);
    if !previous.exists() {
        return Ok(());
    }
    if !output.exists() {
        let partial = layout::partial(output);
        let whole = partial.join(layout::MANIFEST).exists();
        fs_err::rename(if whole { &partial } else { &previous }, output)?;
        sync_directory(parent(output))?;
    }
    remove_queue(&previous)
}

/// Removes a queue or a partial, if it is there. What shows that a stage has worked there goes last: a run that is
/// killed in between leaves something that the next one knows as its own.
pub(crate) fn remove_queue(path: &Path) -> io::Result<()> {
    match empty(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => remove_tree(path),
    }
}

/// From so many bytes on that no other name leads to, two threads remove files: the kernel takes a millisecond for three
/// megabytes.
const MANY_BYTES: u64 = 4 << 20;

fn empty(queue: &Path) -> io::Result<()> {
    let (mut files, mut bytes) = (Vec::new(), 0);
    for entry in fs_err::read_dir(queue)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            remove_tree(&entry.path())?;
        } else if !layout::shows_a_stage(&entry.file_name().to_string_lossy()) {
            let metadata = entry.metadata()?;
            if metadata.nlink() == 1 {
                bytes += metadata.len();
            }
            files.push(entry.path());
        }
    }
    let threads = if bytes < MANY_BYTES { 1 } else { 2 };
    let removed = parallel::map(threads, 1, &files, |file| fs_err::remove_file(file));
    removed.into_iter().collect()
}

/// Removes a directory and all in it, if it is there.
pub(crate) fn remove_tree(path: &Path) -> io::Result<()> {
    match fs_err::remove_dir_all(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// The directory a path is in.
pub(crate) fn parent(path: &Path) -> &Path {
    path.parent()
        .filter(|parent| !parent.as_os_str().is_empty())
        .unwrap_or(Path::new("."))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn queue(path: &Path, content: &str) {
        fs_err::create_dir_all(path).unwrap();
        fs_err::write(path.join(layout::MANIFEST), content).unwrap();
    }

    #[track_caller]
    fn check(output: &Path, expected: &str) {
        let content = fs_err::read_to_string(output.join(layout::MANIFEST)).unwrap();
        assert_eq!(content, expected);
        assert!(!layout::partial(output).exists() && !layout::previous(output).exists());
    }

    #[test]
    fn the_new_queue_takes_the_place_of_the_old() {
        let project = tempfile::tempdir().unwrap();
        let output = project.path().join("features");
        for content in ["first", "second"] {
            queue(&layout::partial(&output), content);
            commit(&output).unwrap();
            check(&output, content);
        }
    }

    #[test]
    fn what_shows_that_a_queue_is_one_goes_last() {
        let project = tempfile::tempdir().unwrap();
        let output = project.path().join("features");
        queue(&output, "{}");
        for name in ["a.parquet", layout::RUN, layout::PACK, "z.parquet"] {
            fs_err::write(output.join(name), "").unwrap();
        }
        fs_err::create_dir(output.join("train")).unwrap();
        empty(&output).unwrap();
        let left = fs_err::read_dir(&output).unwrap();
        let mut left: Vec<_> = left.map(|entry| entry.unwrap().file_name()).collect();
        left.sort();
        assert_eq!(left, [layout::MANIFEST, layout::RUN]);
        remove_queue(&output).unwrap();
        assert!(!output.exists());
        remove_queue(&output).unwrap();
    }

    #[test]
    fn a_crash_between_two_renames_is_ended_by_the_next_run() {
        let project = tempfile::tempdir().unwrap();
        let output = project.path().join("features");
        queue(&layout::previous(&output), "old");
        queue(&layout::partial(&output), "new");
        recover(&output).unwrap();
        check(&output, "new");
    }

    #[test]
    fn a_crash_after_two_renames_leaves_only_rubbish() {
        let project = tempfile::tempdir().unwrap();
        let output = project.path().join("features");
        queue(&output, "old");
        queue(&layout::partial(&output), "new");
        exchange_by_renames(&output).unwrap();
        recover(&output).unwrap();
        check(&output, "new");
    }
}
