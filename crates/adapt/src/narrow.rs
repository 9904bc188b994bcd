//! Which items are to blame when the program fails on the whole queue.

use stage::{Blame, Fault, Item, Output, Queue, Scratch};

use crate::environment::Told;
use crate::view::View;
use crate::work::{Adapted, told};

/// How many items are named that fail alone.
const NAMED_MAX: usize = 10;

impl Adapted<'_> {
    /// After a failure of the whole queue: over which items the program fails alone, if that is asked for.
    pub(crate) fn look_closer(
        &self,
        queue: &Queue,
        output: &Output,
        fault: Fault,
    ) -> Result<Fault, Fault> {
        let narrows = matches!(fault.blame, Blame::Item | Blame::Crash);
        if !narrows || queue.items().len() < 2 {
            return Ok(fault);
        }
        if !self.narrow {
            let hint = "`--narrow` finds out whether single items are to blame";
            return Ok(Fault {
                hint: fault.hint.or(Some(hint.to_owned())),
                ..fault
            });
        }
        queue.note("the program failed; trying it on each item alone");
        let mut failed = Vec::new();
        for item in queue.items() {
            if let Some(fault) = self.fails_on(queue, item, output.scratch()?)? {
                failed.push((item.name(), fault));
            }
        }
        Ok(narrowed(&fault, &failed, queue.items().len()))
    }

    /// Why the program fails on this item alone, if it does. What it writes is thrown away.
    fn fails_on(
        &self,
        queue: &Queue,
        item: &Item,
        scratch: Scratch,
    ) -> Result<Option<Fault>, Fault> {
        let view = View::make(scratch, [item])?;
        // Not the queue's own: what is found here must not be taken for progress there.
        let checkpoint = view.output().with_file_name("checkpoint");
        fs_err::create_dir(&checkpoint)?;
        let told = Told {
            checkpoint: Some(checkpoint),
            ..told(queue)
        };
        match self.run_on(&view, &told, &item.log(), || queue.check()) {
            Ok(()) => Ok(None),
            Err(fault) if matches!(fault.blame, Blame::Signal(_)) => Err(fault),
            Err(fault) => Ok(Some(fault)),
        }
    }
}

/// A failure of the whole queue with what was found out about its items.
fn narrowed(fault: &Fault, failed: &[(&str, Fault)], items: usize) -> Fault {
    let reason = fault.to_string();
    let (first, rest) = reason.split_once('\n').unwrap_or((&reason, ""));
    let found = match failed {
        [] => "on each item alone it does not fail".to_owned(),
        [(item, _)] => format!("of {items} items it fails on `{item}` alone"),
        _ if failed.len() == items => format!("it fails on each of {items} items alone"),
        _ => format!("it fails on {} of {items} items alone", failed.len()),
    };
    let named = failed.iter().take(NAMED_MAX).map(|(item, fault)| {
        let fault = fault.to_string();
        format!("{item}: {}", fault.lines().next().unwrap_or_default())
    });
    let lines: Vec<String> = [format!("{first}; {found}")]
        .into_iter()
        .chain(named)
        .chain((!rest.is_empty()).then(|| rest.to_owned()))
        .collect();
    Fault::message(fault.blame, lines.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_is_narrowed_to_the_items_that_fail_alone() {
        let whole = || Fault::item("`sh` ended with status 1: b\na\nb");
        let check = |failed: &[&str], expected: &str| {
            let failed: Vec<_> = failed
                .iter()
                .map(|item| (*item, Fault::item("torn\nmore")))
                .collect();
            assert_eq!(narrowed(&whole(), &failed, 3).to_string(), expected);
        };
        check(
            &[],
            "`sh` ended with status 1: b; on each item alone it does not fail\na\nb",
        );
        check(
            &["x.csv"],
            "`sh` ended with status 1: b; of 3 items it fails on `x.csv` alone\nx.csv: torn\na\nb",
        );
        check(
            &["x", "y"],
            "`sh` ended with status 1: b; it fails on 2 of 3 items alone\nx: torn\ny: torn\na\nb",
        );
    }
}
