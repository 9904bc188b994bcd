//! `status lineage FILE`: from a model, a report or any item back to the raw files, by digest.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::Serialize;
use stage::inspect::{Manifest, RunRecord};
use stage::{Blame, Digest, Fault};

use crate::model::Names;
use crate::text::{plain, plural};
use crate::wiring::{input_of, name_of};

/// How many directories a line may have: a circle, which no line is, ends there.
const STEPS_MAX: usize = 100;

/// Where a file comes from.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Lineage {
    /// The file, as given.
    pub(crate) file: String,
    /// Whether every file on the way is as it was when the next was made from it.
    pub(crate) is_whole: bool,
    /// From the file back to the raw files.
    pub(crate) steps: Vec<Step>,
}

/// The files of one directory from which the step before was made; first, the file itself.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Step {
    /// The directory.
    pub(crate) directory: String,
    /// The stage that wrote it; absent for raw files.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) stage: Option<String>,
    /// Digest of the program that wrote it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) program: Option<String>,
    /// The files, the first of them.
    pub(crate) files: Names,
    /// Files that are other than they were then, or gone.
    pub(crate) other: Names,
}

/// Files of a directory with the digests they had.
type Wanted = BTreeMap<String, Digest>;

/// Follows a file back.
pub(crate) fn trace(file: &Path) -> Result<Lineage, Fault> {
    let (mut directory, name) = place(file)?;
    let manifest = read(&directory)?;
    let was = manifest.written().find(|written| written.name == name);
    let Some(was) = was.map(|written| written.digest) else {
        let message = format!("`{}` is of no receipt", file.display());
        let hint = format!(
            "`{}/_manifest.json` names all files that have one",
            directory.display()
        );
        return Err(Fault::message(Blame::Data, message).hint(hint));
    };
    let mut wanted = Wanted::from([(name, was)]);
    let mut steps = Vec::new();
    while !wanted.is_empty() && steps.len() < STEPS_MAX {
        let manifest = Manifest::read(&directory)?;
        let (step, next) = step(&directory, &wanted, manifest.as_ref())?;
        steps.push(step);
        if manifest.is_none() {
            break;
        }
        wanted = next;
        directory = input(&directory)?;
    }
    Ok(Lineage {
        file: file.display().to_string(),
        is_whole: steps.iter().all(|step| step.other.count == 0),
        steps,
    })
}

/// The queue a file is in, and its name there.
fn place(file: &Path) -> Result<(PathBuf, String), Fault> {
    let path = fs_err::canonicalize(file).map_err(|error| Fault::new(Blame::Input, error))?;
    let mut folders = file.ancestors().skip(1).zip(path.ancestors().skip(1));
    let queue = folders.find(|(_, folder)| folder.join("_manifest.json").exists());
    match queue {
        Some((shown, folder)) => {
            let name = path.strip_prefix(folder).unwrap_or(&path);
            Ok((shown.to_owned(), name.display().to_string()))
        }
        None => {
            let message = format!("`{}` is in no complete queue", file.display());
            let hint = "name a file that a stage has written: raw files come from nowhere";
            Err(Fault::message(Blame::Input, message).hint(hint))
        }
    }
}

fn read(directory: &Path) -> Result<Manifest, Fault> {
    let missing = || Fault::message(Blame::Input, format!("`{}` is gone", directory.display()));
    Manifest::read(directory)?.ok_or_else(missing)
}

/// What a queue was made from.
fn input(directory: &Path) -> Result<PathBuf, Fault> {
    let Some(record) = RunRecord::read(directory) else {
        let message = format!(
            "`{}` does not tell what it was made from",
            directory.display()
        );
        return Err(Fault::message(Blame::Data, message)
            .hint("its `_run.json` is gone: make the queue again"));
    };
    Ok(input_of(&record, directory))
}

/// Looks at the wanted files of a directory, and says from which files of its input they were made.
fn step(
    directory: &Path,
    wanted: &Wanted,
    manifest: Option<&Manifest>,
) -> Result<(Step, Wanted), Fault> {
    let mut files = Names::default();
    let mut other = Names::default();
    for (name, is_same) in compare(directory, wanted) {
        files.push(name);
        if !is_same {
            other.push(name);
        }
    }
    let next = manifest.map(|manifest| sources(manifest, wanted));
    let step = Step {
        directory: directory.display().to_string(),
        stage: manifest.map(|manifest| manifest.stage.clone()),
        program: manifest.map(|manifest| manifest.program.to_string()),
        files,
        other,
    };
    Ok((step, next.unwrap_or_default()))
}

/// Whether each file has the digest it had. Reads all of them, on all processors.
fn compare<'a>(directory: &Path, wanted: &'a Wanted) -> Vec<(&'a str, bool)> {
    let wanted: Vec<(&String, &Digest)> = wanted.iter().collect();
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let share = wanted.len().div_ceil(threads).max(1);
    std::thread::scope(|scope| {
        let threads: Vec<_> = wanted
            .chunks(share)
            .map(|share| {
                scope.spawn(move || {
                    let is_same = |(name, was): &(&'a String, &Digest)| {
                        let now = Digest::of_file(&directory.join(name));
                        (name.as_str(), now.is_ok_and(|now| now == **was))
                    };
                    share.iter().map(is_same).collect::<Vec<_>>()
                })
            })
            .collect();
        let shares = threads.into_iter().map(std::thread::ScopedJoinHandle::join);
        shares.filter_map(Result::ok).flatten().collect()
    })
}

/// The items from which these files of a queue were made, by their receipts. What is about the whole queue was made
/// from all.
fn sources(manifest: &Manifest, wanted: &Wanted) -> Wanted {
    if !manifest.inputs.is_empty() {
        return manifest.inputs.iter().cloned().collect();
    }
    let of_all = |name: &String| manifest.outputs.iter().any(|written| written.name == *name);
    let all = wanted.keys().any(of_all);
    manifest
        .items
        .iter()
        .chain(&manifest.fit)
        .filter(|receipt| {
            let mut outputs = receipt.outputs.iter();
            all || outputs.any(|written| wanted.contains_key(&written.name))
        })
        .map(|receipt| (receipt.item.clone(), receipt.input))
        .collect()
}

impl Lineage {
    /// The steps, a line each.
    pub(crate) fn in_words(&self) -> String {
        let mut text = String::new();
        for (index, step) in self.steps.iter().enumerate() {
            let files = match (index, step.files.first.as_slice()) {
                (_, [only]) if step.files.count == 1 => only.clone(),
                _ => plural(step.files.count, "file"),
            };
            let (files, directory) = (plain(&files), plain(&step.directory));
            let by = step.stage.as_deref().map(plain);
            let by = by.map_or_else(|| "raw".to_owned(), |stage| format!("by {stage}"));
            let arrow = if index == 0 { "  " } else { "← " };
            let verdict = match step.other.count {
                0 => "as it was".to_owned(),
                count if count == step.files.count => "OTHER than it was".to_owned(),
                count => format!("{} OTHER than then", plural(count, "file")),
            };
            text += &format!("{arrow}{directory}: {files} ({by}), {verdict}\n");
            if step.files.count > 1 {
                for name in &step.other.first {
                    text += &format!("    {}\n", plain(name));
                }
            }
        }
        text
    }

    /// An error where a file on the way is other than it was.
    pub(crate) fn check(&self) -> Result<(), Fault> {
        let broken = self.steps.iter().find(|step| step.other.count > 0);
        broken.map_or(Ok(()), |step| {
            let directory = name_of(Path::new(&step.directory));
            let message = format!(
                "`{}` cannot be made again from what is there: `{directory}` has changed since",
                self.file
            );
            Err(Fault::message(Blame::Failed, message))
        })
    }
}
