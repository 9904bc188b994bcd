//! The foreign program: where it is and which files are it.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use stage::{Blame, Fault};

/// A program with its arguments.
#[derive(Clone, Debug)]
pub(crate) struct Program {
    /// The executable.
    pub(crate) executable: PathBuf,
    /// Its arguments, without INPUT and OUTPUT.
    pub(crate) arguments: Vec<String>,
    /// The files that are the program: the executable, each argument that names a file, and those given besides.
    pub(crate) files: Vec<PathBuf>,
}

impl Program {
    /// Finds the executable, as a shell would, and the files; all of them must be there.
    pub(crate) fn resolve(
        command: &[String],
        further: &[PathBuf],
        search_path: Option<&OsStr>,
    ) -> Result<Self, Fault> {
        let (name, arguments) = command
            .split_first()
            .ok_or_else(|| Fault::message(Blame::Usage, "PROGRAM is missing"))?;
        let executable = find(name, search_path).ok_or_else(|| {
            Fault::message(Blame::Usage, format!("`{name}` is not a program"))
                .hint("give a path, or a name that is on PATH")
        })?;
        let mut files = vec![executable.clone()];
        files.extend(arguments.iter().filter_map(|argument| file_in(argument)));
        for path in further {
            files.extend(sources(path)?);
        }
        Ok(Self {
            executable,
            arguments: arguments.to_vec(),
            files,
        })
    }

    /// The program's name for messages: `sort`, `python3 clean.py`.
    pub(crate) fn name(&self) -> String {
        let name = |path: &Path| {
            let name = path.file_name().unwrap_or_default();
            name.to_string_lossy().into_owned()
        };
        let script = self.arguments.first().and_then(|first| file_in(first));
        match script {
            Some(script) => format!("{} {}", name(&self.executable), name(&script)),
            None => name(&self.executable),
        }
    }
}

/// A file, or all files of a folder in the order of their names. Hidden ones, and what Python compiles, are no sources.
fn sources(path: &Path) -> Result<Vec<PathBuf>, Fault> {
    if path.is_file() {
        return Ok(vec![path.to_owned()]);
    }
    if !path.is_dir() {
        let message = format!("`{}` of `--program-file` is not there", path.display());
        return Err(Fault::message(Blame::Usage, message));
    }
    let mut entries = Vec::new();
    for entry in fs_err::read_dir(path)? {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if !name.starts_with('.') && name != "__pycache__" {
            entries.push(entry.path());
        }
    }
    entries.sort();
    let mut files = Vec::new();
    for entry in entries {
        files.extend(sources(&entry)?);
    }
    Ok(files)
}

/// `script.py` or `--model=model.txt`, where that file is there.
fn file_in(argument: &str) -> Option<PathBuf> {
    let value = argument
        .strip_prefix("--")
        .and_then(|option| option.split_once('='))
        .map(|(_, value)| value);
    [Some(argument), value]
        .into_iter()
        .flatten()
        .map(PathBuf::from)
        .find(|path| path.is_file())
}

fn find(name: &str, search_path: Option<&OsStr>) -> Option<PathBuf> {
    if name.contains('/') {
        return Some(PathBuf::from(name)).filter(|path| is_executable(path));
    }
    std::env::split_paths(search_path?)
        .map(|directory| directory.join(name))
        .find(|path| is_executable(path))
}

fn is_executable(path: &Path) -> bool {
    let access = rustix::fs::access(path, rustix::fs::Access::EXEC_OK);
    path.is_file() && access.is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolve(command: &[&str]) -> Result<Program, Fault> {
        let command: Vec<String> = command.iter().map(ToString::to_string).collect();
        Program::resolve(&command, &[], Some(OsStr::new("/nowhere:/bin")))
    }

    #[test]
    fn a_name_is_looked_up_on_the_path() {
        let program = resolve(&["sh", "-c", "true"]).unwrap();
        assert_eq!(program.executable, Path::new("/bin/sh"));
        assert_eq!(program.files, [Path::new("/bin/sh")]);
        assert_eq!(program.name(), "sh");
    }

    #[test]
    fn arguments_that_name_files_are_part_of_the_program() {
        let directory = tempfile::tempdir().unwrap();
        let script = directory.path().join("a b.py");
        fs_err::write(&script, "").unwrap();
        let plain = script.to_str().unwrap();
        let option = format!("--script={plain}");
        let program = resolve(&["/bin/sh", plain, &option, "--no=file"]).unwrap();
        assert_eq!(program.files[1..], [script.clone(), script]);
        assert_eq!(program.name(), "sh a b.py");
    }

    #[test]
    fn a_folder_of_sources_is_all_its_files() {
        let directory = tempfile::tempdir().unwrap();
        for name in ["b.py", "a/c.py", "__pycache__/b.pyc", ".git/x"] {
            let path = directory.path().join(name);
            fs_err::create_dir_all(path.parent().unwrap()).unwrap();
            fs_err::write(path, "").unwrap();
        }
        let found = sources(directory.path()).unwrap();
        assert_eq!(
            found,
            ["a/c.py", "b.py"].map(|name| directory.path().join(name))
        );
        assert!(sources(&directory.path().join("none")).is_err());
    }

    #[test]
    fn what_is_no_program_is_refused() {
        for name in ["no-such-program", "/bin", "/etc/passwd"] {
            let fault = resolve(&[name]).unwrap_err();
            assert_eq!(fault.blame, Blame::Usage);
            assert_eq!(fault.to_string(), format!("`{name}` is not a program"));
        }
    }
}
