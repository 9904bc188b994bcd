//! The README of a new project: what was guessed, why, and what to change.

use stage::inspect::thousands;

use crate::guess::{As, Guess};
use crate::profile::Profile;
use crate::split::Rule;

/// What was guessed, a line each, for the terminal and the README.
pub(crate) fn guesses(guess: &Guess) -> Vec<String> {
    let kind = match guess.label_as {
        As::Value => "a value",
        As::Classes => "classes",
    };
    let mut lines = vec![format!(
        "`{}` is predicted as {kind}: {}",
        guess.label, guess.label_why
    )];
    lines.push(match &guess.split {
        Rule::Time {
            column,
            validation_from,
            test_from,
        } => format!(
            "validation begins at `{column}` {}, test at {}: {}",
            bare(validation_from),
            bare(test_from),
            guess.split_why
        ),
        Rule::Hash { columns, .. } => format!(
            "70 % of the rows train, 15 % validate, 15 % test, by the hash of {}: {}",
            columns
                .iter()
                .map(|column| format!("`{column}`"))
                .collect::<Vec<_>>()
                .join(", "),
            guess.split_why
        ),
    });
    if guess.unlabelled > 0 {
        let text = format!(
            "{} rows without a label are dropped",
            thousands(guess.unlabelled)
        );
        lines.push(text);
    }
    lines
}

fn bare(value: &serde_json::Value) -> String {
    value.as_str().map_or(value.to_string(), str::to_owned)
}

/// The whole README.
pub(crate) fn page(name: &str, profile: &Profile, guess: &Guess, make: &str) -> String {
    let guesses: Vec<_> = guesses(guess)
        .iter()
        .map(|line| format!("- {line}"))
        .collect();
    format!(
        "\
# {name}

Predicts `{label}` from {columns} columns of {rows} rows.

```
{make}              # raw files to reports/report.html
{make} features     # only as far as the features
{make} status       # where did it stop?
```

What was guessed:

{guesses}

## What to look at, and change

| file | says | change it when |
|---|---|---|
| `config/validate.json` | what each column must look like (a [Table Schema](https://specs.frictionlessdata.io/table-schema/)) | a type is wrong, or rows should be refused: add `constraints` |
| `config/clean.json` | what is mended, row by row | values want trimming, replacing, parsing; rows should go |
| `config/featurize.json` | the label and the features | **a column knows the answer: name it in `drop`**. `\"as\"` of the label is `\"value\"`, `\"classes\"` or `{{\"above\": 15}}` |
| `config/split.json` | which rows are held back | rows of one customer or machine must stay together: `{{\"rule\": \"group\", …}}`; the future must not be seen: `{{\"rule\": \"time\", …}}` |
| `config/train.json` | the model | `\"model\"` is `\"trees\"`, `\"linear\"` or `\"baseline\"`, each with its settings |
| `config/evaluate.json` | the report | the title, the threshold |

Every stage prints what its settings may be with `--config-schema`, and refuses what it does not know.

A score that is too good is a leak more often than a discovery: look at the importance of the features in the report. One
that towers over the others is often the answer in disguise, known only after the fact.
",
        label = guess.label,
        columns = profile.columns.len() - 1,
        rows = thousands(profile.rows),
        guesses = guesses.join("\n"),
    )
}
