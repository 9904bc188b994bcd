//! `--check`: whether somebody has to look. It goes by age and progress, never by how the last run ended.

use crate::model::{Line, State};
use crate::text::age;

/// What has to be looked at, a line each; nothing where all is well.
pub(crate) fn alarms(line: &Line, max_age_seconds: Option<u64>) -> Vec<String> {
    let mut alarms = Vec::new();
    for stage in &line.stages {
        let at = format!("{} ({})", stage.stage, stage.output);
        if stage.state.is_trouble() {
            alarms.push(format!("{at} {}: {}", stage.state.words(), stage.detail));
        }
        let oldest = stage.oldest_waiting_seconds.filter(|_| {
            // An item that waits behind one that failed is no news of its own.
            stage.state == State::Running || !stage.state.is_trouble()
        });
        if let (Some(oldest), Some(most)) = (oldest, max_age_seconds)
            && oldest > most
        {
            let (oldest, most) = (age(oldest), age(most));
            alarms.push(format!(
                "{at}: an item has waited for {oldest}, more than {most}"
            ));
        }
    }
    alarms
}
