//! Failed items, those with the same reason told once.

use stage::inspect::{Cause, DeadLetter};

use crate::model::{FIRST_MAX, Failure};

/// How many of a program's last lines are told.
const LAST_WORDS_MAX: usize = 8;

/// Failed items, the first of each reason with how many are like it. Those set aside for good come first, for what
/// the machine did may be gone by now.
pub(crate) fn grouped<'a>(letters: impl Iterator<Item = &'a DeadLetter>) -> Vec<Failure> {
    let mut groups: Vec<(Failure, String)> = Vec::new();
    let (machine, others): (Vec<_>, Vec<_>) =
        letters.partition(|letter| letter.cause == Cause::Machine);
    for letter in others.into_iter().chain(machine) {
        let failure = Failure::new(&letter.item, letter.cause, &letter.reason, letter.tries);
        let kind = failure.kind();
        if let Some((group, _)) = groups.iter_mut().find(|(_, known)| *known == kind) {
            group.alike += 1;
        } else if groups.len() < FIRST_MAX {
            let hint = letter.hint.clone();
            groups.push((Failure { hint, ..failure }, kind));
        }
    }
    groups.into_iter().map(|(failure, _)| failure).collect()
}

impl Failure {
    /// A failure from its parts: of a reason of many lines the first says what happened.
    fn new(item: &str, cause: Cause, reason: &str, tries: u32) -> Self {
        let mut lines = reason.lines();
        let first = lines.next().unwrap_or_default().to_owned();
        let rest: Vec<String> = lines.map(str::to_owned).collect();
        let surplus = rest.len().saturating_sub(LAST_WORDS_MAX);
        Self {
            item: item.to_owned(),
            cause: word(cause).to_owned(),
            reason: first,
            last_words: rest[surplus..].to_vec(),
            hint: None,
            tries,
            alike: 1,
        }
    }

    /// Whether a whole queue failed, as one piece of work.
    pub(crate) fn is_of_queue(&self) -> bool {
        self.item == "queue"
    }

    /// A failure of an attempt in the past.
    pub(crate) fn past(failure: &stage::inspect::Failure) -> Self {
        Self::new(&failure.item, failure.cause, &failure.reason, failure.tries)
    }

    /// The reason without what tells one item from the next: its name, and numbers.
    fn kind(&self) -> String {
        let stem = self.item.rsplit('/').next().unwrap_or_default();
        let nameless = self.reason.replace(&self.item, "").replace(stem, "");
        let mut kind: String = nameless
            .chars()
            .map(|c| if c.is_ascii_digit() { '0' } else { c })
            .collect();
        while kind.contains("00") {
            kind = kind.replace("00", "0");
        }
        // What was found, and last words, differ from item to item.
        match kind.split_once("found `") {
            Some((before, _)) => before.to_owned(),
            None => kind,
        }
    }
}

fn word(cause: Cause) -> &'static str {
    match cause {
        Cause::Item => "item",
        Cause::Machine => "machine",
        Cause::Poison => "poison",
    }
}

#[cfg(test)]
mod tests {
    use stage::inspect::Phase;

    use super::*;

    fn letter(item: &str, cause: Cause, reason: &str) -> DeadLetter {
        DeadLetter {
            item: item.to_owned(),
            phase: Phase::Item,
            cause,
            reason: reason.to_owned(),
            hint: None,
            tries: 1,
            key: None,
        }
    }

    #[test]
    fn failures_with_the_same_reason_are_told_once() {
        let letters = [
            letter("a.csv", Cause::Machine, "No space left on device"),
            letter(
                "b.csv",
                Cause::Item,
                "raw/b.csv:17: expected integer, found `x`",
            ),
            letter(
                "c.csv",
                Cause::Item,
                "raw/c.csv:9: expected integer, found `yy`",
            ),
            letter("d.csv", Cause::Item, "raw/d.csv: is empty"),
        ];
        let groups = grouped(letters.iter());
        let found: Vec<_> = groups
            .iter()
            .map(|group| (group.item.as_str(), group.alike))
            .collect();
        assert_eq!(found, [("b.csv", 2), ("d.csv", 1), ("a.csv", 1)]);
    }

    #[test]
    fn the_first_line_is_the_reason_and_the_last_are_last_words() {
        let said: String = (0..20).map(|line| format!("\nline {line}")).collect();
        let reason = format!("`python3` ended with status 1:{said}");
        let failure = &grouped([letter("queue", Cause::Item, &reason)].iter())[0];
        assert_eq!(failure.reason, "`python3` ended with status 1:");
        assert_eq!(failure.last_words.len(), LAST_WORDS_MAX);
        assert_eq!(failure.last_words[LAST_WORDS_MAX - 1], "line 19");
    }
}
