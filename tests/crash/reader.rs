//! A reader of a queue who does not know when it is replaced.

use std::os::fd::AsRawFd;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use waystation_tests::digest;

/// Looks at a queue again and again.
#[derive(Debug)]
pub(crate) struct Reader {
    ended: Arc<AtomicBool>,
    thread: JoinHandle<u32>,
}

impl Reader {
    /// Begins to look at a queue that is there.
    pub(crate) fn start(queue: &Path) -> Self {
        let ended = Arc::new(AtomicBool::new(false));
        let (end, queue) = (Arc::clone(&ended), queue.to_owned());
        let thread = std::thread::spawn(move || {
            let mut looks = 0;
            while !end.load(Ordering::SeqCst) {
                looks += u32::from(look(&queue));
            }
            looks
        });
        Self { ended, thread }
    }

    /// Stops looking. Gives the number of looks at a whole queue; fails if one of them found half of one.
    #[track_caller]
    pub(crate) fn end(self) -> u32 {
        self.ended.store(true, Ordering::SeqCst);
        self.thread.join().unwrap()
    }
}

/// Opens the queue's directory and reads all that its manifest names. Gives false when the queue was replaced
/// meanwhile: then a reader begins anew.
fn look(queue: &Path) -> bool {
    // There was a queue before, so there always is one.
    let directory = fs_err::File::open(queue).unwrap();
    let inside = PathBuf::from(format!("/proc/self/fd/{}", directory.as_raw_fd()));
    let result = verify(&inside);
    let (opened, now) = (
        directory.metadata().unwrap(),
        fs_err::metadata(queue).unwrap(),
    );
    let replaced = opened.ino() != now.ino();
    assert!(replaced || result.is_ok(), "{result:?}");
    !replaced
}

/// Whether a queue is just what its manifest says.
pub(crate) fn verify(queue: &Path) -> Result<(), String> {
    let read = |name: &str| fs_err::read(queue.join(name)).map_err(|error| error.to_string());
    let manifest: serde_json::Value =
        serde_json::from_slice(&read("_manifest.json")?).map_err(|error| error.to_string())?;
    let lists = ["outputs", "fit", "items"].map(|list| manifest[list].as_array());
    let mut named = Vec::new();
    for entry in lists.into_iter().flatten().flatten() {
        let written = entry["outputs"].as_array();
        for written in written.map_or_else(|| vec![entry], |all| all.iter().collect()) {
            let name = written["name"].as_str().ok_or("no name")?;
            let content = read(name)?;
            if written["digest"] != digest(&content) {
                return Err(format!("`{name}` is not what the manifest says"));
            }
            named.push(name.to_owned());
        }
    }
    let mut items = Vec::new();
    list(queue, "", &mut items).map_err(|error| error.to_string())?;
    let stray = items.into_iter().find(|item| !named.contains(item));
    stray.map_or(Ok(()), |stray| {
        Err(format!("`{stray}` is not in the manifest"))
    })
}

/// The names of all items below a directory.
fn list(directory: &Path, prefix: &str, items: &mut Vec<String>) -> std::io::Result<()> {
    for entry in fs_err::read_dir(directory)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with(['_', '.']) {
            continue;
        }
        let name = format!("{prefix}{name}");
        if entry.file_type()?.is_dir() {
            list(&entry.path(), &format!("{name}/"), items)?;
        } else {
            items.push(name);
        }
    }
    Ok(())
}
