//! Small durable writes.

use std::io::{self, Write};
use std::path::Path;

/// Replaces a file so that a reader, now or after a power cut, sees the old or the new content, whole.
pub(crate) fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    replace_content(path, content)?;
    path.parent().map_or(Ok(()), sync_directory)
}

/// The same where the directory is synced later: until then a power cut may bring the old content back.
pub(crate) fn replace_content(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut name = path
        .file_name()
        .map(std::ffi::OsString::from)
        .unwrap_or_default();
    name.push(".new");
    let temporary = path.with_file_name(name);
    let mut file = fs_err::File::create(&temporary)?;
    file.write_all(content)?;
    file.sync_all()?;
    drop(file);
    fs_err::rename(&temporary, path)
}

/// Makes the names in a directory durable.
pub(crate) fn sync_directory(path: &Path) -> io::Result<()> {
    let path = if path.as_os_str().is_empty() {
        Path::new(".")
    } else {
        path
    };
    fs_err::File::open(path)?.sync_all()
}
