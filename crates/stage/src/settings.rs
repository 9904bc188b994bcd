//! Settings: strict JSON, refused before any data is read, with the place and the nearest valid name.

use std::path::Path;
use std::sync::Mutex;

use schemars::JsonSchema;
use serde::de::DeserializeOwned;

use crate::fault::{Blame, Fault};
use crate::record::SettingsFile;
use crate::workers::lock;

/// All files of settings that this process has read, for `_run.json`.
static READ: Mutex<Vec<SettingsFile>> = Mutex::new(Vec::new());

/// Reads settings of type `T` from a JSON file.
pub fn read<T: DeserializeOwned>(path: &Path) -> Result<T, Fault> {
    let text = fs_err::read(path).map_err(|error| Fault::new(Blame::Settings, error))?;
    let settings = parse(&text, &path.display().to_string())?;
    let file = SettingsFile {
        path: std::path::absolute(path)?,
        content: serde_json::from_slice(&text).unwrap_or_default(),
    };
    let mut files = lock(&READ);
    files.retain(|known| known.path != file.path);
    files.push(file);
    Ok(settings)
}

/// The files of settings that this process has read.
pub(crate) fn files() -> Vec<SettingsFile> {
    lock(&READ).clone()
}

/// Parses settings; `place` names where they come from.
pub fn parse<T: DeserializeOwned>(text: &[u8], place: &str) -> Result<T, Fault> {
    let mut deserializer = serde_json::Deserializer::from_slice(text);
    let settings = serde_path_to_error::deserialize(&mut deserializer)
        .map_err(|error| explain(place, &error.path().to_string(), error.inner()))?;
    deserializer
        .end()
        .map_err(|error| explain(place, ".", &error))?;
    Ok(settings)
}

/// ``config/clean.json:3: `rules[0].trimm`: unknown field `trimm` `` and, as a hint, the nearest valid name.
fn explain(place: &str, path: &str, error: &serde_json::Error) -> Fault {
    let message = error.to_string();
    let message = message
        .rfind(" at line ")
        .map_or(message.as_str(), |end| &message[..end]);
    // The parser calls a place it knows no more of `?`.
    let path = path.trim_end_matches(".?").trim_matches('?');
    let key = match path {
        "" | "." => String::new(),
        path => format!("`{path}`: "),
    };
    let line = error.line();
    let place = if line > 0 {
        format!("{place}:{line}")
    } else {
        place.to_owned()
    };
    let fault = Fault::settings(format!(
        "{place}: {}",
        in_one_line(&format!("{key}{message}"))
    ));
    match nearest(message) {
        Some(name) => fault.hint(format!("did you mean `{name}`?")),
        None => fault,
    }
}

/// Names in settings may hold line breaks and what moves a terminal's cursor; a message is one line.
fn in_one_line(message: &str) -> String {
    let plain = |c: char| {
        if c.is_control() {
            c.escape_default().collect()
        } else {
            String::from(c)
        }
    };
    message.chars().map(plain).collect()
}

/// From serde's ``unknown field `trimm`, expected one of `trim`, `case` `` the nearest of the expected names.
fn nearest(message: &str) -> Option<&str> {
    let (_, rest) = message.split_once("unknown ")?;
    let mut quoted = rest.split('`').skip(1).step_by(2);
    let unknown = quoted.next()?;
    nearest_name(unknown, quoted)
}

/// The candidate that is most like a misspelt name, if any is like it at all.
pub fn nearest_name<'a>(
    unknown: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    candidates
        .into_iter()
        .map(|name| {
            (
                strsim::jaro_winkler(&unknown.to_lowercase(), &name.to_lowercase()),
                name,
            )
        })
        .filter(|(similarity, _)| *similarity > 0.75)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, name)| name)
}

/// The JSON Schema of settings, for editors.
pub(crate) fn schema<T: JsonSchema>() -> String {
    let schema = schemars::schema_for!(T);
    serde_json::to_string_pretty(&schema).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only parsed")]
    struct Rule {
        trim: bool,
        #[serde(default)]
        case: Option<String>,
    }

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let fault = parse::<Vec<Rule>>(text.as_bytes(), "clean.json").unwrap_err();
        assert_eq!(fault.blame, Blame::Settings);
        let hint = fault.hint.as_deref().unwrap_or("-");
        assert_eq!(format!("{fault} | {hint}"), expected);
    }

    #[test]
    fn errors_name_place_key_and_nearest_name() {
        check(
            "[{\"trim\": true},\n{\"trimm\": true}]",
            "clean.json:2: `[1].trimm`: unknown field `trimm`, expected `trim` or `case` | did you mean `trim`?",
        );
        check(
            "[{\"trim\": 3}]",
            "clean.json:1: `[0].trim`: invalid type: integer `3`, expected a boolean | -",
        );
        check(
            "[{\"trim\": true}] x",
            "clean.json:1: trailing characters | -",
        );
        check(
            r#"[{"two\nlines": true}]"#,
            r"clean.json:1: `[0].two\nlines`: unknown field `two\nlines`, expected `trim` or `case` | -",
        );
        check("[{", "clean.json:1: `[0]`: EOF while parsing an object | -");
    }
}
