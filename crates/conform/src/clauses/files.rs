//! What is read and written.

use serde_json::Value;

use crate::trial::{Trial, complete};
use crate::verdict::{Stop, Trying, failed, kept, skipped};

pub(crate) fn input_untouched(trial: &Trial<'_>) -> Trying {
    match &trial.plain_run()?.touched {
        Some(touched) => failed(
            "ran it and looked at its input before and after",
            "the same files, untouched",
            touched,
        ),
        None => kept(),
    }
}

pub(crate) fn one_directory(trial: &Trial<'_>) -> Trying {
    let plain = trial.plain_run()?;
    if plain.ended.status != 0 {
        if plain.touched.is_some() {
            return skipped("it writes into its input");
        }
        return failed("ran it", "status 0", plain.ended.told());
    }
    let items = plain.tree.items().len();
    if items == 0 {
        return failed("ran it", "items in its output", "none");
    }
    if !plain.tree.files.contains_key("_manifest.json") {
        return failed("ran it", "`_manifest.json` in its output", "none");
    }
    match &plain.left {
        Some(left) => failed("ran it and looked beside its output", "nothing new", left),
        None => Ok(format!("{} in, {items} out", trial.queue.items.len())),
    }
}

pub(crate) fn nothing_twice(trial: &Trial<'_>) -> Trying {
    trial.plain()?;
    let sandbox = trial.sandbox()?;
    complete(&sandbox, &[], "ran it")?;
    let mut before = sandbox.written()?;
    std::thread::sleep(std::time::Duration::from_millis(20));
    complete(&sandbox, &[], "ran it a second time")?;
    let mut after = sandbox.written()?;
    let did = "ran it a second time";
    // Freshened for Make, but not another file.
    let manifests = [&mut before, &mut after].map(|tree| tree.files.remove("_manifest.json"));
    if let [Some(old), Some(new)] = manifests {
        if (old.inode, old.digest) != (new.inode, new.digest) {
            return failed(did, "the same manifest", "it was written again");
        }
        if old == new {
            let found = "it is as old as before: Make would run it for ever";
            return failed(did, "a fresh time on its manifest", found);
        }
    }
    match before.touched(&after) {
        Some(touched) => failed(did, "the same files, untouched", touched),
        None => kept(),
    }
}

/// A name that careless programs stumble over, and a plain one; both come before all others.
const ODD: &str = "- it's 100% odd: naïve";
const PLAIN: &str = "0-plain";

pub(crate) fn any_name(trial: &Trial<'_>) -> Trying {
    trial.demand_steady()?;
    let Some(item) = trial.queue.likely_items().first().copied() else {
        return skipped("there is no item");
    };
    let (folder, file) = item
        .rsplit_once('/')
        .map_or(("", item), |(folder, file)| (&item[..=folder.len()], file));
    let suffix = file.find('.').map_or("", |dot| &file[dot..]);
    let mut contents = Vec::new();
    for name in [PLAIN, ODD] {
        let sandbox = trial.sandbox()?;
        let name = format!("{folder}{name}{suffix}");
        sandbox.input.rename(item, &name)?;
        let ended = sandbox.run(&["--retries", "0"])?;
        if ended.status != 0 && contents.is_empty() {
            return skipped("its items may not be renamed");
        }
        let did = format!("named an item `{name}`");
        if ended.status != 0 {
            return failed(did, "status 0", ended.told());
        }
        let tree = sandbox.written()?;
        let digest = |item| tree.files.get(item).map(|file| file.digest);
        let mut found: Vec<_> = tree.items().into_iter().map(digest).collect();
        if trial.demand_items().is_err() {
            // What is about the whole queue may well speak of names.
            found.fill(None);
        }
        found.sort_unstable();
        contents.push((did, found));
    }
    match contents.as_slice() {
        [(_, plain), (did, odd)] if plain != odd => failed(
            did,
            format!("the same {} outputs as under a plain name", plain.len()),
            format!("{} outputs, not the same", odd.len()),
        ),
        _ => kept(),
    }
}

pub(crate) fn counts(trial: &Trial<'_>) -> Trying {
    let manifest = &trial.plain()?.manifest;
    let items = manifest["items"].as_array().map(Vec::as_slice);
    let counted: Vec<&Value> = items
        .unwrap_or_default()
        .iter()
        .filter(|receipt| receipt["counts"].is_object())
        .collect();
    if counted.is_empty() {
        return skipped("it counts none");
    }
    let mut read = 0;
    for receipt in &counted {
        read += demand_reconciled(&receipt["counts"], &receipt["item"].to_string())?;
    }
    let total = demand_reconciled(&manifest["counts"], "the whole queue")?;
    if read != total {
        return failed(
            "added the rows read of all items in the manifest",
            format!("the {total} of the whole queue"),
            read,
        );
    }
    Ok(format!("{total} rows"))
}

/// Rows read, which must be rows written, rejected and dropped.
fn demand_reconciled(counts: &Value, of: &str) -> Result<u64, Stop> {
    let number = |name: &str| counts[name].as_u64().unwrap_or_default();
    let dropped = counts["dropped"].as_object();
    let dropped: u64 = dropped
        .into_iter()
        .flat_map(|reasons| reasons.values())
        .filter_map(Value::as_u64)
        .sum();
    let (read, out) = (
        number("read"),
        number("written") + number("rejected") + dropped,
    );
    if read == out {
        return Ok(read);
    }
    failed(
        format!("read the counts of {of} in the manifest"),
        "rows in = rows out + rejected + dropped",
        format!("{read} in, {out} out, rejected and dropped"),
    )
}
