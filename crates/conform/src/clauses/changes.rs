//! What a change of the input leads to: what a fresh run would give, and no more work than needed.

use crate::queue::Copy;
use crate::sandbox::Sandbox;
use crate::tree::Tree;
use crate::trial::{Trial, complete, demand_same};
use crate::verdict::{Stop, Trying, failed, skipped};

/// How many items are tried until one is found that may be changed.
const ITEMS_MAX: usize = 4;

pub(crate) fn change(trial: &Trial<'_>) -> Trying {
    trial.demand_steady()?;
    let plain = trial.plain()?;
    for item in trial.queue.likely_items().into_iter().rev().take(ITEMS_MAX) {
        let sandbox = trial.sandbox()?;
        let Some(content) = sandbox.input.other_content(item)? else {
            continue;
        };
        let replace = |copy: &Copy| copy.replace(item, &content);
        let Some(fresh) = fresh(trial, &replace)? else {
            continue;
        };
        if plain.tree.difference(&fresh).is_none() {
            continue;
        }
        complete(&sandbox, &[], "ran it")?;
        let before = sandbox.written()?;
        replace(&sandbox.input)?;
        let did = format!("changed `{item}` and ran it again");
        complete(&sandbox, &[], &did)?;
        let after = sandbox.written()?;
        demand_same(&fresh, &after, &did, "what a fresh run gives")?;
        if trial.demand_items().is_err() {
            return Ok(String::new());
        }
        if trial.learns()? {
            return Ok("it learns from all items: only the bytes were compared".to_owned());
        }
        demand_untouched(&before, &after, &did)?;
        return Ok(String::new());
    }
    skipped("no item was found that may be changed")
}

/// Items whose outputs are the same must not have been written again.
fn demand_untouched(before: &Tree, after: &Tree, did: &str) -> Result<(), Stop> {
    for item in before.items() {
        let (Some(old), Some(new)) = (before.files.get(item), after.files.get(item)) else {
            continue;
        };
        if old.digest == new.digest && old.inode != new.inode {
            let found = format!("`{item}` was written again, though with the same bytes");
            return failed(did, "the other outputs untouched", found);
        }
    }
    Ok(())
}

pub(crate) fn retraction(trial: &Trial<'_>) -> Trying {
    trial.demand_steady()?;
    if trial.queue.items.len() < 2 {
        return skipped("the input has a single item");
    }
    for item in trial.queue.likely_items().into_iter().take(ITEMS_MAX) {
        let remove = |copy: &Copy| copy.remove(item);
        let Some(fresh) = fresh(trial, &remove)? else {
            continue;
        };
        let sandbox = trial.sandbox()?;
        complete(&sandbox, &[], "ran it")?;
        remove(&sandbox.input)?;
        let did = format!("removed `{item}` and ran it again");
        complete(&sandbox, &[], &did)?;
        demand_same(&fresh, &sandbox.written()?, &did, "what a fresh run gives")?;
        return Ok(String::new());
    }
    skipped("no item was found that may be missing")
}

/// What a fresh run gives on a changed input; none where the candidate does not take it.
fn fresh(
    trial: &Trial<'_>,
    change: &dyn Fn(&Copy) -> anyhow::Result<()>,
) -> Result<Option<Tree>, Stop> {
    let sandbox: Sandbox<'_> = trial.sandbox()?;
    change(&sandbox.input)?;
    let ended = sandbox.run(&["--retries", "0"])?;
    Ok(if ended.status == 0 {
        Some(sandbox.written()?)
    } else {
        None
    })
}
