//! What a program has written: found, assigned to its items, and taken over.

use std::os::unix::fs::MetadataExt;
use std::path::Path;

use stage::{Fault, Item, Output};

/// Takes over a file under its name.
pub(crate) fn adopt(root: &Path, name: &str, output: &Output) -> Result<(), Fault> {
    output.adopt(name, &root.join(name)).map_err(|mut fault| {
        // A name the contract forbids is the foreign program's doing.
        if fault.blame == stage::Blame::Program {
            fault.blame = stage::Blame::Item;
        }
        fault
    })
}

/// The item of a batch after which an output is named: outputs bear its stem, below a folder of extras perhaps, else
/// two items would write the same file. Of two stems the longer one.
pub(crate) fn owner<'a>(
    name: &str,
    batch: &'a [(Item, Output)],
) -> Result<&'a (Item, Output), Fault> {
    let owners = batch
        .iter()
        .filter(|(item, _)| is_named_after(name, item.stem()));
    if let Some(owner) = owners.max_by_key(|(item, _)| item.stem().len()) {
        return Ok(owner);
    }
    Err(match batch {
        [(item, _)] => Fault::item(format!(
            "the output `{name}` is not named after the item `{}`",
            item.name()
        ))
        .hint(format!(
            "name it `{}.parquet`, or run the program on the whole queue",
            item.stem()
        )),
        _ => Fault::item(format!(
            "the output `{name}` is not named after an item of the batch"
        )),
    })
}

fn is_named_after(name: &str, stem: &str) -> bool {
    let plain = match name.split_once('/') {
        Some((folder, rest)) if folder.starts_with('_') => rest,
        _ => name,
    };
    plain
        .strip_prefix(stem)
        .is_some_and(|after| after.is_empty() || after.starts_with(['.', '-', '/']))
}

/// The names of all files below a directory, sorted, with `/` between folders.
pub(crate) fn files_below(root: &Path) -> Result<Vec<String>, Fault> {
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

/// How many bytes lie below a directory. While they are being written the answer is a good guess.
pub(crate) fn bytes_below(root: &Path) -> u64 {
    let Ok(entries) = std::fs::read_dir(root) else {
        return 0;
    };
    let bytes = |entry: std::fs::DirEntry| match entry.metadata() {
        Ok(metadata) if metadata.is_dir() => bytes_below(&entry.path()),
        // What is behind a link is not written by the program; a file with holes is not what it seems.
        Ok(metadata) if metadata.is_file() => metadata.len().max(metadata.blocks() * 512),
        _ => 0,
    };
    entries.flatten().map(bytes).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outputs_are_named_after_their_item() {
        let cases = [
            ("a.parquet", true),
            ("a-00001.parquet", true),
            ("_rejected/a.jsonl", true),
            ("a", true),
            ("ab.parquet", false),
            ("out.parquet", false),
            ("_SUCCESS", false),
            ("other/a.parquet", false),
        ];
        for (name, accepted) in cases {
            assert_eq!(is_named_after(name, "a"), accepted, "{name}");
        }
        assert!(is_named_after("train/a.parquet", "train/a"));
    }

    #[test]
    fn outputs_are_listed_in_order_and_must_be_files() {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path();
        fs_err::create_dir_all(root.join("b/c")).unwrap();
        for name in ["z", "b/c/y", "a", "_x"] {
            fs_err::write(root.join(name), "12").unwrap();
        }
        assert!(bytes_below(root) >= 8);
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
