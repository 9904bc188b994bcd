//! A reader of the output queue that looks on while the candidate writes: it must never see a half one.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;

use serde_json::Value;

/// What is wrong with a queue to a reader who comes by: nothing where there is none, or a whole one.
pub(crate) fn look(queue: &Path) -> Option<String> {
    // Opened once: the queue may be exchanged for another between two looks by name.
    let directory = fs_err::File::open(queue).ok()?;
    let root = PathBuf::from(format!(
        "/proc/self/fd/{}",
        std::os::fd::AsRawFd::as_raw_fd(&directory)
    ));
    let root = if root.exists() {
        root
    } else {
        queue.to_owned()
    };
    let manifest = std::fs::read(root.join("_manifest.json"));
    // A queue taken away meanwhile was the old one, and is nobody's any more.
    let gone =
        || !root.exists() || std::fs::read_dir(&root).is_ok_and(|mut all| all.next().is_none());
    let name = queue.file_name().unwrap_or_default().to_string_lossy();
    let manifest: Value = match manifest.map(|text| serde_json::from_slice(&text)) {
        Ok(Ok(manifest)) => manifest,
        Ok(Err(error)) => return Some(format!("`{name}/_manifest.json` is torn: {error}")),
        Err(_) if gone() => return None,
        Err(_) => return Some(format!("`{name}` is there without `_manifest.json`")),
    };
    for file in written(&manifest) {
        let (Some(file_name), bytes) = (file["name"].as_str(), file["bytes"].as_u64()) else {
            continue;
        };
        match std::fs::metadata(root.join(file_name)) {
            Ok(metadata) if Some(metadata.len()) == bytes => {}
            // The old queue is being removed: who holds it open sees it go.
            _ if !is_at(queue, &directory) => return None,
            Ok(_) => {
                return Some(format!(
                    "`{name}/{file_name}` is not as long as its manifest says"
                ));
            }
            Err(_) => return Some(format!("`{name}/{file_name}` of its manifest is not there")),
        }
    }
    None
}

fn is_at(queue: &Path, directory: &fs_err::File) -> bool {
    use std::os::unix::fs::MetadataExt;
    let (Ok(now), Ok(then)) = (std::fs::metadata(queue), directory.metadata()) else {
        return false;
    };
    (now.dev(), now.ino()) == (then.dev(), then.ino())
}

/// The files of which a manifest speaks.
pub(crate) fn written(manifest: &Value) -> impl Iterator<Item = &Value> {
    let direct = manifest["outputs"].as_array().into_iter().flatten();
    let receipts = ["fit", "items"]
        .into_iter()
        .filter_map(|phase| manifest[phase].as_array())
        .flatten();
    direct.chain(
        receipts
            .filter_map(|receipt| receipt["outputs"].as_array())
            .flatten(),
    )
}

/// A thread that looks again and again.
#[derive(Debug)]
pub(crate) struct Reader {
    stop: Arc<AtomicBool>,
    looks: Arc<AtomicU64>,
    thread: JoinHandle<Option<String>>,
}

impl Reader {
    pub(crate) fn start(queue: &Path) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let looks = Arc::new(AtomicU64::new(0));
        let (queue, ended, counted) = (queue.to_owned(), Arc::clone(&stop), Arc::clone(&looks));
        let thread = std::thread::spawn(move || {
            while !ended.load(Ordering::Relaxed) {
                if let Some(half) = look(&queue) {
                    return Some(half);
                }
                counted.fetch_add(1, Ordering::Relaxed);
            }
            None
        });
        Self {
            stop,
            looks,
            thread,
        }
    }

    /// How often it looked, or the half queue it saw.
    pub(crate) fn end(self) -> Result<u64, String> {
        self.stop.store(true, Ordering::Relaxed);
        match self.thread.join() {
            Ok(None) => Ok(self.looks.load(Ordering::Relaxed)),
            Ok(Some(half)) => Err(half),
            Err(_) => Err("the reader panicked".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_half_queue_is_seen() {
        let directory = tempfile::tempdir().unwrap();
        let queue = directory.path().join("q");
        assert_eq!(look(&queue), None);
        fs_err::create_dir(&queue).unwrap();
        fs_err::write(queue.join("a"), "12").unwrap();
        assert_eq!(
            look(&queue).unwrap(),
            "`q` is there without `_manifest.json`"
        );
        let manifest = r#"{"items":[{"outputs":[{"name":"a","bytes":2}]}]}"#;
        fs_err::write(queue.join("_manifest.json"), manifest).unwrap();
        assert_eq!(look(&queue), None);
        fs_err::write(queue.join("a"), "1").unwrap();
        assert_eq!(
            look(&queue).unwrap(),
            "`q/a` is not as long as its manifest says"
        );
        fs_err::remove_file(queue.join("a")).unwrap();
        assert_eq!(look(&queue).unwrap(), "`q/a` of its manifest is not there");
    }
}
