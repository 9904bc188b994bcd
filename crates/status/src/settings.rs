//! Which settings changed: the files as a run read them, against the files as they are.

use std::path::{Path, PathBuf};

use serde_json::Value;
use stage::inspect::RunRecord;

use crate::model::Stale;

/// How long a value may be shown.
const VALUE_CHARS_MAX: usize = 60;

/// What changed in the settings since the run of this record, and in which files.
pub(crate) fn changes(record: &RunRecord, output: &Path) -> Vec<Stale> {
    let mut changes = Vec::new();
    for file in &record.settings_files {
        let path = moved(&file.path, record, output);
        let shown = shown(&path);
        let text = match fs_err::read(&path) {
            Ok(text) => text,
            Err(_) => {
                let problem = format!("`{shown}` is gone");
                changes.push(Stale::Settings { problem });
                continue;
            }
        };
        match serde_json::from_slice::<Value>(&text) {
            Ok(now) => compare(&shown, "", &file.content, &now, &mut changes),
            Err(error) => {
                let problem = format!("{shown}:{}: not JSON: {error}", error.line());
                changes.push(Stale::Settings { problem });
            }
        }
    }
    changes
}

/// The files of settings of a record, where they are now.
pub(crate) fn files(record: &RunRecord, output: &Path) -> Vec<PathBuf> {
    let files = record.settings_files.iter();
    files
        .map(|file| moved(&file.path, record, output))
        .collect()
}

/// Where a file of the project is, if the project was moved since.
fn moved(path: &Path, record: &RunRecord, output: &Path) -> PathBuf {
    let (Some(then), Some(now)) = (record.output.parent(), output.parent()) else {
        return path.to_owned();
    };
    match path.strip_prefix(then) {
        Ok(inside) => now.join(inside),
        Err(_) => path.to_owned(),
    }
}

/// A path as one would type it here.
fn shown(path: &Path) -> String {
    let here = std::env::current_dir().unwrap_or_default();
    let path = path.strip_prefix(here).unwrap_or(path);
    let path = path.strip_prefix(".").unwrap_or(path);
    path.display().to_string()
}

fn compare(file: &str, key: &str, old: &Value, new: &Value, changes: &mut Vec<Stale>) {
    if old == new {
        return;
    }
    match (old, new) {
        (Value::Object(old), Value::Object(new)) => {
            let added = new.keys().filter(|name| !old.contains_key(*name));
            for name in old.keys().chain(added) {
                let key = if key.is_empty() {
                    name.clone()
                } else {
                    format!("{key}.{name}")
                };
                member(file, &key, old.get(name), new.get(name), changes);
            }
        }
        (Value::Array(old), Value::Array(new)) => {
            for index in 0..old.len().max(new.len()) {
                let key = format!("{key}[{index}]");
                member(file, &key, old.get(index), new.get(index), changes);
            }
        }
        _ => member_changed(file, key, Some(old), Some(new), changes),
    }
}

fn member(
    file: &str,
    key: &str,
    old: Option<&Value>,
    new: Option<&Value>,
    changes: &mut Vec<Stale>,
) {
    match (old, new) {
        (Some(old), Some(new)) => compare(file, key, old, new, changes),
        _ => member_changed(file, key, old, new, changes),
    }
}

fn member_changed(
    file: &str,
    key: &str,
    old: Option<&Value>,
    new: Option<&Value>,
    changes: &mut Vec<Stale>,
) {
    let text = |value: &Value| crate::text::cut(&value.to_string(), VALUE_CHARS_MAX);
    changes.push(Stale::Setting {
        file: file.to_owned(),
        key: key.to_owned(),
        old: old.map(text),
        new: new.map(text),
    });
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(old: &Value, new: &Value, expected: &[(&str, Option<&str>, Option<&str>)]) {
        let mut changes = Vec::new();
        compare("c.json", "", old, new, &mut changes);
        let found: Vec<_> = changes
            .iter()
            .map(|change| match change {
                Stale::Setting { key, old, new, .. } => {
                    (key.as_str(), old.as_deref(), new.as_deref())
                }
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn changed_settings_are_named_with_old_and_new_value() {
        check(&json!({"a": 1}), &json!({"a": 1}), &[]);
        let old = json!({"rules": [{"max": 10}, {"min": 0}], "seed": 1});
        let new = json!({"rules": [{"max": 12}], "trim": true, "seed": 1});
        let expected = [
            ("rules[0].max", Some("10"), Some("12")),
            ("rules[1]", Some("{\"min\":0}"), None),
            ("trim", None, Some("true")),
        ];
        check(&old, &new, &expected);
        check(
            &json!({"a": []}),
            &json!({"a": {}}),
            &[("a", Some("[]"), Some("{}"))],
        );
    }
}
