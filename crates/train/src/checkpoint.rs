//! When a checkpoint is due.

use std::time::{Duration, Instant};

/// How often a checkpoint is saved. It decides when, never what: the model is the same at any pace.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    every: Duration,
    rounds: u32,
}

impl Pace {
    /// After so much time or so many rounds, whichever comes first.
    pub(crate) fn new(every: Duration, rounds: u32) -> Self {
        Self { every, rounds }
    }

    /// Starts to count from this round.
    pub(crate) fn start(self, round: u32) -> Clock {
        Clock {
            pace: self,
            round,
            since: Instant::now(),
        }
    }
}

/// Rounds and time since the last checkpoint.
#[derive(Debug)]
pub(crate) struct Clock {
    pace: Pace,
    round: u32,
    since: Instant,
}

impl Clock {
    /// Whether a checkpoint is due after this round; then the count starts again.
    pub(crate) fn is_due(&mut self, round: u32) -> bool {
        let due = round >= self.round.saturating_add(self.pace.rounds)
            || self.since.elapsed() >= self.pace.every;
        if due {
            *self = self.pace.start(round);
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_or_time_make_a_checkpoint_due() {
        let mut by_rounds = Pace::new(Duration::MAX, 3).start(10);
        let due: Vec<bool> = (11..=16).map(|round| by_rounds.is_due(round)).collect();
        assert_eq!(due, [false, false, true, false, false, true]);
        assert!(Pace::new(Duration::ZERO, 1000).start(0).is_due(1));
    }
}
