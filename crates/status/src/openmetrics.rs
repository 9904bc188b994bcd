//! `--openmetrics FILE`: a text file for a node exporter. OpenMetrics with gauges only, which is Prometheus' older format too.

use std::fmt::Write;
use std::path::Path;

use stage::{Blame, Fault};

use crate::model::{Line, Stage, State};

/// A metric: its name, its unit or nothing, what it means, and its samples of a stage (further label, value).
type Metric = (
    &'static str,
    &'static str,
    &'static str,
    fn(&Stage) -> Vec<(String, f64)>,
);

const METRICS: [Metric; 6] = [
    (
        "waystation_items",
        "",
        "Items of the stage's input, by what has become of them.",
        |stage| {
            let items = stage.items;
            let counts = [
                ("waiting", items.waiting),
                ("running", items.running),
                ("done", items.done),
                ("retrying", items.retrying),
                ("dead", items.dead),
            ];
            let sample = |(fate, count): (&str, u64)| (format!(",fate=\"{fate}\""), count as f64);
            counts.into_iter().map(sample).collect()
        },
    ),
    (
        "waystation_rejected_rows",
        "",
        "Rows set aside with their reason.",
        |stage| vec![(String::new(), stage.rejected_rows as f64)],
    ),
    (
        "waystation_oldest_waiting_seconds",
        "seconds",
        "How long the oldest waiting item has waited; 0 where none waits.",
        |stage| {
            let oldest = stage.oldest_waiting_seconds.unwrap_or(0);
            vec![(String::new(), oldest as f64)]
        },
    ),
    (
        "waystation_progress_age_seconds",
        "seconds",
        "How long ago something was last done; absent where nothing ever was.",
        |stage| {
            let seconds = stage.progress_seconds.into_iter();
            seconds
                .map(|seconds| (String::new(), seconds as f64))
                .collect()
        },
    ),
    (
        "waystation_state",
        "",
        "1 for the state the stage is in.",
        |stage| {
            let sample = |state: State| {
                let name = state.words().replace(' ', "_");
                let value = f64::from(u8::from(state == stage.state));
                (format!(",state=\"{name}\""), value)
            };
            State::ALL.into_iter().map(sample).collect()
        },
    ),
    (
        "waystation_items_per_second",
        "",
        "How fast the run under way is; absent where there is none.",
        |stage| {
            let rate = stage.run.as_ref().and_then(|run| run.per_second);
            rate.into_iter().map(|rate| (String::new(), rate)).collect()
        },
    ),
];

/// Replaces the file, so that a reader sees the old or the new one, whole.
pub(crate) fn write(line: &Line, path: &Path) -> Result<(), Fault> {
    let cannot = |error: std::io::Error| Fault::new(Blame::Output, error);
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    // A node exporter takes up every `*.prom`: this one is not to be taken up.
    let new = path.with_file_name(format!(".{name}.{}.new", std::process::id()));
    fs_err::write(&new, text(line)).map_err(cannot)?;
    fs_err::rename(&new, path).map_err(cannot)
}

fn text(line: &Line) -> String {
    let mut text = String::new();
    for (name, unit, help, samples) in METRICS {
        // Writing to a string does not fail.
        let _ = writeln!(text, "# TYPE {name} gauge");
        if !unit.is_empty() {
            let _ = writeln!(text, "# UNIT {name} {unit}");
        }
        let _ = writeln!(text, "# HELP {name} {help}");
        for stage in &line.stages {
            for (label, value) in samples(stage) {
                let (project, stage) = (escaped(&line.project), escaped(&stage.stage));
                let labels = format!("project=\"{project}\",stage=\"{stage}\"{label}");
                let _ = writeln!(text, "{name}{{{labels}}} {value}");
            }
        }
    }
    text + "# EOF\n"
}

/// A label's value: backslash, quote and line feed are escaped.
fn escaped(value: &str) -> String {
    value
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n")
}
