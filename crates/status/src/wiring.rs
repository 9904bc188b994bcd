//! Which stages there are, what each reads and writes, and in which order they stand.
//!
//! Nobody but Make knows the line. It hands it over by `--stage`; without that, the commands that it left in
//! `PROJECT/.make` and the records of the queues tell of all stages that ever ran.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use stage::inspect::{RunRecord, quoted};
use stage::{Blame, Fault};

/// A stage, the queue it writes and the directory it reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wired {
    pub(crate) stage: String,
    pub(crate) input: PathBuf,
    pub(crate) output: PathBuf,
    /// The command by which Make would make the queue now.
    pub(crate) command: Option<String>,
    /// The command by which Make last made it.
    pub(crate) last_command: Option<String>,
}

impl Wired {
    /// The name of the queue.
    pub(crate) fn queue(&self) -> String {
        name_of(&self.output)
    }
}

/// The last part of a path.
pub(crate) fn name_of(path: &Path) -> String {
    let name = path.file_name().unwrap_or(path.as_os_str());
    name.to_string_lossy().into_owned()
}

/// All stages of a project, in line order.
pub(crate) fn find(project: &Path, commands: &[String]) -> Result<Vec<Wired>, Fault> {
    if !project.is_dir() {
        let message = format!("`{}` is not there", project.display());
        let hint = "name a project: a directory with raw files and queues";
        return Err(Fault::message(Blame::Input, message).hint(hint));
    }
    let made = made(project);
    let mut line = Vec::new();
    for command in commands {
        let Some(mut wired) = parse(command) else {
            let message = format!("`--stage {}` has no INPUT and OUTPUT", quoted(command));
            return Err(Fault::message(Blame::Usage, message));
        };
        let last = made.iter().find(|last| last.stage == wired.stage);
        wired.last_command = last.and_then(|last| last.last_command.clone());
        wired.command = Some(command.clone());
        line.push(wired);
    }
    let mut others = made;
    others.extend(queues(project)?);
    let mut found: Vec<Wired> = Vec::new();
    for other in others {
        let known = |wired: &Wired| same(&wired.output, &other.output);
        if !line.iter().any(known) && !found.iter().any(known) {
            found.push(other);
        }
    }
    line.extend(in_order(found));
    Ok(line)
}

/// A name in a directory, as one would type it: `raw` and not `./raw`.
fn inside(directory: &Path, name: &str) -> PathBuf {
    if directory == Path::new(".") {
        PathBuf::from(name)
    } else {
        directory.join(name)
    }
}

/// The stages that Make has run, by the commands it has left.
fn made(project: &Path) -> Vec<Wired> {
    let mut found = Vec::new();
    let entries = fs_err::read_dir(project.join(".make"));
    for entry in entries.into_iter().flatten().flatten() {
        let command = fs_err::read_to_string(entry.path()).unwrap_or_default();
        let command = command.trim_end().to_owned();
        let Some(wired) = parse(&command) else {
            continue;
        };
        // The command may have been given elsewhere, or the project moved since.
        let output = inside(project, &name_of(&wired.output));
        let sibling = wired.input.parent() == wired.output.parent();
        let input = if sibling {
            inside(project, &name_of(&wired.input))
        } else {
            wired.input
        };
        found.push(Wired {
            input,
            output,
            last_command: Some(command),
            ..wired
        });
    }
    found.sort_by(|a, b| a.output.cmp(&b.output));
    found
}

/// The queues that lie in a project, complete or not.
fn queues(project: &Path) -> Result<Vec<Wired>, Fault> {
    let mut outputs = Vec::new();
    for entry in fs_err::read_dir(project)? {
        let path = entry?.path();
        let name = name_of(&path);
        if name.starts_with('.') || !path.is_dir() {
            continue;
        }
        match name.strip_suffix(".partial") {
            Some(queue) => outputs.push(inside(project, queue)),
            None if path.join("_manifest.json").exists() => outputs.push(inside(project, &name)),
            None => {}
        }
    }
    outputs.sort();
    outputs.dedup();
    Ok(outputs.into_iter().map(recorded).collect())
}

/// What a queue's own record tells of its stage.
fn recorded(output: PathBuf) -> Wired {
    let partial = output.with_file_name(format!("{}.partial", name_of(&output)));
    let record = RunRecord::read(&partial).or_else(|| RunRecord::read(&output));
    let (stage, input) = match record {
        Some(record) => (record.stage.clone(), input_of(&record, &output)),
        None => (name_of(&output), PathBuf::new()),
    };
    Wired {
        stage,
        input,
        output,
        command: None,
        last_command: None,
    }
}

/// The input of a recorded run, also where project and all were moved since.
pub(crate) fn input_of(record: &RunRecord, output: &Path) -> PathBuf {
    let sibling = record.input.parent() == record.output.parent();
    match output.parent() {
        Some(project) if sibling => inside(project, &name_of(&record.input)),
        _ => record.input.clone(),
    }
}

/// `STAGE OPTIONS INPUT OUTPUT [-- PROGRAM…]`.
fn parse(command: &str) -> Option<Wired> {
    let words = shlex::split(command)?;
    let end = words.iter().position(|word| word == "--");
    let words = &words[..end.unwrap_or(words.len())];
    let [program, options @ .., input, output] = words else {
        return None;
    };
    let named = options.iter().position(|word| word == "--name");
    let named = named.and_then(|name| options.get(name + 1));
    let stage = named.cloned().unwrap_or_else(|| {
        let name = Path::new(program).file_name();
        name.unwrap_or(OsStr::new(program))
            .to_string_lossy()
            .into_owned()
    });
    Some(Wired {
        stage,
        input: PathBuf::from(input),
        output: PathBuf::from(output),
        command: None,
        last_command: None,
    })
}

/// Who is read comes before who reads; else in the order of names.
fn in_order(mut found: Vec<Wired>) -> Vec<Wired> {
    let mut line: Vec<Wired> = Vec::new();
    while !found.is_empty() {
        let waits = |wired: &Wired| found.iter().any(|other| same(&other.output, &wired.input));
        // In a circle, which no line is, the first by name.
        let next = found.iter().position(|wired| !waits(wired)).unwrap_or(0);
        line.push(found.remove(next));
    }
    line
}

/// Whether two paths name the same directory, there or not.
pub(crate) fn same(a: &Path, b: &Path) -> bool {
    let absolute = |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    absolute(a) == absolute(b)
}

/// Options that say how to run and not what to make.
const HOW: [&str; 6] = [
    "--jobs",
    "--retries",
    "--backoff",
    "--timeout",
    "--log-format",
    "--max-failed",
];

/// Whether two commands may make different queues: they differ in more than how to run.
pub(crate) fn differ(old: &str, new: &str) -> bool {
    what(old) != what(new)
}

fn what(command: &str) -> Vec<String> {
    let mut kept = Vec::new();
    let mut words = shlex::split(command).unwrap_or_default().into_iter();
    while let Some(word) = words.next() {
        match word.as_str() {
            "--" => {
                kept.push(word);
                kept.extend(words.by_ref());
            }
            "--quiet" | "-q" | "--force" => {}
            option if HOW.contains(&option) => {
                words.next();
            }
            option if HOW.iter().any(|how| is_joined(option, how)) => {}
            _ => kept.push(word),
        }
    }
    kept
}

/// Whether a word is this option with its value: `--jobs=4`.
fn is_joined(word: &str, option: &str) -> bool {
    word.strip_prefix(option)
        .is_some_and(|rest| rest.starts_with('='))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(command: &str, expected: Option<(&str, &str, &str)>) {
        let wired = parse(command);
        let found = wired.as_ref().map(|wired| {
            let path = |path: &Path| path.display().to_string();
            (wired.stage.clone(), path(&wired.input), path(&wired.output))
        });
        let found = found
            .as_ref()
            .map(|(a, b, c)| (a.as_str(), b.as_str(), c.as_str()));
        assert_eq!(found, expected, "{command}");
    }

    #[test]
    fn a_command_tells_stage_input_and_output() {
        check(
            "bin/clean --config c.json demo/validated demo/cleaned",
            Some(("clean", "demo/validated", "demo/cleaned")),
        );
        check(
            "bin/adapt --name train --each 'a b' c -- python3 train.py d e",
            Some(("train", "a b", "c")),
        );
        check("clean demo", None);
        check("", None);
    }

    #[test]
    fn who_is_read_comes_first() {
        let wired = |input: &str, output: &str| parse(&format!("x {input} {output}")).unwrap();
        let line = in_order(vec![wired("b", "a"), wired("c", "b"), wired("raw", "c")]);
        let queues: Vec<_> = line.iter().map(Wired::queue).collect();
        assert_eq!(queues, ["c", "b", "a"]);
    }

    #[test]
    fn how_to_run_makes_no_other_queue() {
        assert!(!differ("x a b", "x --jobs 4 --retries=2 --quiet a b"));
        assert!(differ("x a b", "x --rows-per-item 4 a b"));
        assert!(differ("adapt a b -- p", "adapt a b -- p --jobs"));
    }
}
