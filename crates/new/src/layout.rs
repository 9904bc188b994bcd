//! A project on disk: written beside its place, then put there in one act.

use std::io::Write;
use std::path::{Path, PathBuf};

use stage::inspect::thousands;
use stage::{Blame, Fault, OrBlame};

use crate::guess::Guess;
use crate::profile::Profile;
use crate::{Arguments, readme, settings};

/// Lays out the project.
pub(crate) fn lay_out(arguments: &Arguments) -> Result<(), Fault> {
    let project = &arguments.project;
    let name = project.file_name().unwrap_or(project.as_os_str());
    let name = name.to_string_lossy().into_owned();
    if project.symlink_metadata().is_ok() {
        let message = format!("`{}` is there already", project.display());
        return Err(Fault::message(Blame::Output, message).hint("choose another directory"));
    }
    // Hidden, and beside its place, so that the rename at the end is within one file system.
    let draft = project.with_file_name(format!(".{name}.new-{}", std::process::id()));
    let laid_out = fill(arguments, &draft, &name).and_then(|told| {
        fs_err::rename(&draft, project).or_blame(Blame::Output)?;
        Ok(told)
    });
    match laid_out {
        Ok(told) => Ok(std::io::stdout().write_all(told.as_bytes())?),
        Err(fault) => {
            // What is left is hidden and says whose it is; the fault matters more.
            let _ = fs_err::remove_dir_all(&draft);
            Err(fault)
        }
    }
}

/// Writes all files, and says what was guessed.
fn fill(arguments: &Arguments, draft: &Path, name: &str) -> Result<String, Fault> {
    let raw = draft.join("raw");
    let config = draft.join("config");
    for folder in [&raw, &config] {
        fs_err::create_dir_all(folder).or_blame(Blame::Output)?;
    }
    for data in &arguments.data {
        take(data, &raw)?;
    }
    let validate = validate(arguments)?;
    let schema = config.join("validate.json");
    let inferred = run(&validate, &["--infer".as_ref(), raw.as_ref()], draft)?;
    fs_err::write(&schema, inferred)?;
    let profile = profile(&validate, draft)?;
    let guess = Guess::new(&profile, &arguments.label, arguments.r#as)?;
    for (file, content) in settings::files(&guess, name)? {
        fs_err::write(config.join(file), content)?;
    }
    let project = arguments.project.display();
    // As typed beside the project, and as its README has it.
    let (make, own) = match &arguments.pipeline {
        Some(pipeline) => {
            let pipeline = std::path::absolute(pipeline)?;
            fs_err::write(draft.join("Makefile"), makefile(&pipeline))?;
            (format!("make -C {project}"), "make".to_owned())
        }
        None => {
            let make = format!("make PROJECT={project}");
            (make.clone(), make)
        }
    };
    let page = readme::page(name, &profile, &guess, &own);
    fs_err::write(draft.join("README.md"), page)?;
    let lines = readme::guesses(&guess);
    Ok(format!(
        "{project}: {} rows, {} columns\n  {}\nread {project}/README.md, then run: {make}\n",
        thousands(profile.rows),
        profile.columns.len(),
        lines.join("\n  "),
    ))
}

fn makefile(pipeline: &Path) -> String {
    format!(
        "# `make` runs the line to reports/report.html; `make features` and the like run a part of it.\n\
         PROJECT := .\n\
         include {}\n",
        pipeline.display()
    )
}

/// Copies a file, or what a directory holds, into `raw`.
fn take(data: &Path, raw: &Path) -> Result<(), Fault> {
    let kind = fs_err::metadata(data).or_blame(Blame::Input)?;
    if kind.is_dir() {
        for entry in fs_err::read_dir(data).or_blame(Blame::Input)? {
            let entry = entry.or_blame(Blame::Input)?;
            let hidden = entry.file_name().to_string_lossy().starts_with(['.', '_']);
            if hidden {
                continue;
            }
            let folder = entry.path().is_dir();
            let target = if folder {
                raw.join(entry.file_name())
            } else {
                raw.to_owned()
            };
            fs_err::create_dir_all(&target).or_blame(Blame::Output)?;
            take(&entry.path(), &target)?;
        }
        return Ok(());
    }
    let name = data.file_name().unwrap_or(data.as_os_str());
    let target = raw.join(name);
    if target.exists() {
        let message = format!("`{}`: another file of that name was given", data.display());
        let hint = "give the directory above both, or rename one of them";
        return Err(Fault::message(Blame::Usage, message).hint(hint));
    }
    fs_err::copy(data, target).or_blame(Blame::Output)?;
    Ok(())
}

/// The binary that infers the schema and makes the profile.
fn validate(arguments: &Arguments) -> Result<PathBuf, Fault> {
    let own = std::env::current_exe()?;
    let own = own.parent().unwrap_or(Path::new("."));
    let validate = arguments.bin.as_deref().unwrap_or(own).join("validate");
    if !validate.is_file() {
        let message = format!("`{}` is not there", validate.display());
        let hint = "build it with `make build`, or say where it is with `--bin DIR`";
        return Err(Fault::message(Blame::Usage, message).hint(hint));
    }
    Ok(std::path::absolute(validate)?)
}

/// What stands in the columns, by the way a run would find it.
fn profile(validate: &Path, draft: &Path) -> Result<Profile, Fault> {
    let config = draft.join("config/validate.json");
    let (raw, queue) = (draft.join("raw"), draft.join("validated"));
    let words = [
        "--quiet".as_ref(),
        "--config".as_ref(),
        config.as_ref(),
        raw.as_ref(),
        queue.as_ref(),
    ];
    run(validate, &words, draft)?;
    let text = fs_err::read(queue.join("_profile.json"))?;
    let profile = serde_json::from_slice(&text).map_err(anyhow::Error::from)?;
    // It has the paths of the draft in it; a run makes it again in no time.
    fs_err::remove_dir_all(queue)?;
    Ok(profile)
}

/// Runs `validate`; what it says of a fault is the fault, with the place it will have.
fn run(validate: &Path, words: &[&std::ffi::OsStr], draft: &Path) -> Result<Vec<u8>, Fault> {
    let output = duct::cmd(validate, words)
        .stdin_null()
        .stdout_capture()
        .stderr_capture()
        .unchecked()
        .run()?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    let told = String::from_utf8_lossy(&output.stderr);
    let told = told.replace(&format!("{}/", draft.display()), "");
    let told = told.trim_end().trim_start_matches("validate: ");
    Err(Fault::message(Blame::Data, told))
}
