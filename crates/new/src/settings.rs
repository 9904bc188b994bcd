//! The settings of a new project, one file for each stage.

use serde::Serialize;
use serde_json::{Value, json};
use stage::Fault;

use crate::guess::{As, Guess};
use crate::split::Rule;

#[derive(Serialize)]
struct Featurize<'a> {
    label: Label<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    time: Option<&'a str>,
    slice: &'a [String],
    drop: [&'a str; 0],
    features: Value,
}

#[derive(Serialize)]
struct Label<'a> {
    column: &'a str,
    r#as: As,
}

/// The files below `config/`, the schema excepted, each with its content.
pub(crate) fn files(guess: &Guess, title: &str) -> Result<[(&'static str, Vec<u8>); 5], Fault> {
    let time = match &guess.split {
        Rule::Time { column, .. } => Some(column.as_str()),
        Rule::Hash { .. } => None,
    };
    let featurize = Featurize {
        label: Label {
            column: &guess.label,
            r#as: guess.label_as,
        },
        time,
        slice: &guess.slice,
        drop: [],
        features: features(guess),
    };
    Ok([
        ("clean.json", pretty(&clean(guess))?),
        ("featurize.json", pretty(&featurize)?),
        ("split.json", pretty(&guess.split)?),
        ("train.json", pretty(&json!({"model": "trees"}))?),
        ("evaluate.json", pretty(&json!({"title": title}))?),
    ])
}

/// What `auto` picks, and with it the columns whose hash splits: else it would take them for names of rows.
fn features(guess: &Guess) -> Value {
    match &guess.split {
        Rule::Hash { columns, .. } if columns.len() > 1 => {
            let columns = std::iter::once("*").chain(columns.iter().map(String::as_str));
            json!([{"columns": columns.collect::<Vec<_>>(), "transforms": ["auto"]}])
        }
        _ => json!("auto"),
    }
}

fn clean(guess: &Guess) -> Value {
    let mut rules = vec![json!({"trim": {}})];
    if guess.unlabelled > 0 {
        let when = json!({"missing": guess.label});
        rules.push(json!({"drop_rows": {"when": when, "reason": "no label"}}));
    }
    json!({"rules": rules})
}

fn pretty(value: &impl Serialize) -> Result<Vec<u8>, Fault> {
    let mut text = serde_json::to_vec_pretty(value).map_err(anyhow::Error::from)?;
    text.push(b'\n');
    Ok(text)
}
