//! `_failed/ITEM.json`: dead letters, a file each.

use std::io;
use std::path::{Path, PathBuf};

use crate::digest::Digest;
use crate::fault::Fault;
use crate::layout;
use crate::receipt::DeadLetter;

/// Writes a dead letter.
pub(crate) fn write(partial: &Path, letter: &DeadLetter) -> Result<(), Fault> {
    let path = path(partial, &letter.item);
    if let Some(folder) = path.parent() {
        fs_err::create_dir_all(folder)?;
    }
    let mut text = serde_json::to_vec_pretty(letter).map_err(io::Error::other)?;
    text.push(b'\n');
    Ok(fs_err::write(path, text)?)
}

/// Reads all dead letters. A torn one is none: its item is simply tried again.
pub(crate) fn read(partial: &Path) -> Result<Vec<DeadLetter>, Fault> {
    let mut letters = Vec::new();
    read_folder(&partial.join(layout::FAILED), &mut letters)?;
    Ok(letters)
}

fn read_folder(folder: &Path, letters: &mut Vec<DeadLetter>) -> Result<(), Fault> {
    let entries = match fs_err::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        other => other?,
    };
    for entry in entries {
        let path = entry?.path();
        if path.is_dir() {
            read_folder(&path, letters)?;
        } else if let Ok(letter) = serde_json::from_slice(&fs_err::read(&path)?) {
            letters.push(letter);
        }
    }
    Ok(())
}

/// The file of an item's dead letter. A name that would be too long with `.json` is cut and told apart by a digest.
fn path(partial: &Path, item: &str) -> PathBuf {
    const NAME_BYTES_MAX: usize = 255;
    let (folder, name) = item
        .rsplit_once('/')
        .map_or(("", item), |(folder, name)| (folder, name));
    let mut file = format!("{name}.json");
    if file.len() > NAME_BYTES_MAX {
        let digest = Digest::of(name.as_bytes());
        let cut = (0..=200)
            .rev()
            .find(|end| name.is_char_boundary(*end))
            .unwrap_or(0);
        file = format!("{}-{digest}.json", &name[..cut]);
    }
    partial.join(layout::FAILED).join(folder).join(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(item: &str, expected: &str) {
        assert_eq!(path(Path::new("q.partial"), item), Path::new(expected));
    }

    #[test]
    fn a_letter_is_named_after_its_item() {
        check("a.csv", "q.partial/_failed/a.csv.json");
        check("train/a.csv", "q.partial/_failed/train/a.csv.json");
    }

    #[test]
    fn a_name_too_long_is_cut() {
        let name = "ä".repeat(127);
        let file = path(Path::new("q.partial"), &name);
        let file = file.file_name().unwrap().to_str().unwrap();
        assert_eq!(file.len(), 200 + 1 + 32 + 5);
    }
}
