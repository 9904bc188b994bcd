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
        if let Some(missing) = further.iter().find(|file| !file.is_file()) {
            let message = format!("`{}` of `--program-file` is not a file", missing.display());
            return Err(Fault::message(Blame::Usage, message));
        }
        let mut files = vec![executable.clone()];
        files.extend(arguments.iter().filter_map(|argument| file_in(argument)));
        files.extend_from_slice(further);
        Ok(Self {
            executable,
            arguments: arguments.to_vec(),
            files,
        })
    }

    /// The program's own name, for messages: `python3`.
    pub(crate) fn name(&self) -> String {
        let name = self.executable.file_name().unwrap_or_default();
        name.to_string_lossy().into_owned()
    }
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
