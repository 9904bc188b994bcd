//! Where the line stopped: the first cause, not what follows from it, and what to type next.

use crate::model::{Failure, Stage, State, Stopped};
use crate::text::plural;

/// The first cause for which a line is not complete.
pub(crate) fn find(stages: &[Stage]) -> Option<Stopped> {
    let trouble = stages.iter().position(|stage| stage.state.is_trouble());
    let running = stages.iter().any(|stage| stage.state == State::Running);
    let unfinished = || {
        // While something runs, the rest waits its turn.
        let mut rest = stages.iter();
        let position = rest.position(|stage| stage.state != State::Complete);
        position.filter(|_| !running)
    };
    let at = trouble.or_else(unfinished)?;
    let stage = &stages[at];
    let also = stages[at + 1..]
        .iter()
        .filter(|stage| stage.state.is_trouble())
        .map(|stage| format!("{} {}: {}", stage.stage, stage.state.words(), stage.detail))
        .collect();
    let failure = match stage.state {
        State::Failed | State::Stopped => stage.failures.first().cloned(),
        _ => None,
    };
    Some(Stopped {
        stage: stage.stage.clone(),
        queue: stage.queue.clone(),
        state: stage.state,
        what: what(stage),
        hint: hint(stage, failure.as_ref()),
        failure,
        also,
    })
}

fn what(stage: &Stage) -> String {
    match stage.state {
        State::NeverRun => format!(
            "`{}` was never made; {} of `{}` wait",
            stage.output,
            plural(stage.items.total(), "item"),
            stage.input
        ),
        _ => stage.detail.clone(),
    }
}

fn hint(stage: &Stage, failure: Option<&Failure>) -> Option<String> {
    if let Some(hint) = failure.and_then(|failure| failure.hint.clone()) {
        return Some(hint);
    }
    let refused = stage.attempts.last().filter(|last| last.how == "refused");
    match (stage.state, failure) {
        (State::Stopped, _) => {
            Some("what is done is kept; the next run goes on from there".to_owned())
        }
        (State::Stalled, _) => {
            Some("look what holds it up, or end it: the next run goes on from there".to_owned())
        }
        (State::Damaged, _) => Some("remove the queue: the next run makes it anew".to_owned()),
        (State::Failed, Some(failure)) if failure.cause == "machine" => {
            Some("see to the machine; the next run tries these items again".to_owned())
        }
        (State::Failed, Some(failure)) if failure.is_of_queue() => None,
        (State::Failed, Some(_)) => Some(
            "mend the item, or go on without it by `--max-failed`; what is done is kept".to_owned(),
        ),
        (State::Failed, None) => refused.and_then(|last| last.hint.clone()),
        _ => None,
    }
}

/// What to type next.
pub(crate) fn next(stopped: &Stopped, stages: &[Stage]) -> Option<String> {
    let stage = stages.iter().find(|stage| stage.queue == stopped.queue)?;
    let command = stage.command.clone()?;
    match (stopped.state, &stage.run) {
        (State::Stalled, Some(run)) => {
            let here = run.host == stage::inspect::host();
            // One that is frozen hears nothing less.
            let kill = format!("kill -9 {}", run.pid);
            Some(if here {
                kill
            } else {
                format!("ssh {} {kill}", run.host)
            })
        }
        (State::Damaged, _) => {
            let queue = stage::inspect::quoted(&stage.output);
            Some(format!("rm -r {queue} && {command}"))
        }
        _ => Some(command),
    }
}
