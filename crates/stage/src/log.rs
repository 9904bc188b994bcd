//! The log of a run, for what others say: the lines of a foreign program.

use std::sync::Arc;

use crate::progress::Progress;

/// Where a foreign program's lines go: past the bar on a terminal, as lines of JSON under `--log-format json`.
#[derive(Clone, Debug)]
pub struct Log {
    progress: Arc<Progress>,
    item: Option<String>,
}

impl Log {
    pub(crate) fn new(progress: &Arc<Progress>, item: Option<&str>) -> Self {
        Self {
            progress: Arc::clone(progress),
            item: item.map(str::to_owned),
        }
    }

    /// The same log for lines about no item in particular.
    #[must_use]
    pub fn about_all(self) -> Self {
        Self { item: None, ..self }
    }

    /// Passes on a line, as often as it is said.
    pub fn say(&self, line: &str) {
        self.progress.said(self.item.as_deref(), line);
    }
}
