//! The stage: one item read, sifted and written, and what is left for the whole queue.

mod parts;
mod sink;

use std::num::NonZeroU64;
use std::sync::{Mutex, PoisonError};

use serde::Serialize;
use stage::{Definition, Fault, Finished, Item, ItemStage, Options, Output, Part, Reads};
use table::raw::RawBatch;

use crate::convert::{self, Sifted};
use crate::profile::{Glances, Profile, Sample};
use crate::schema::{Checked, TableSchema};
use crate::source::Mapping;
use crate::unique::{self, Digests};
use sink::Sink;

/// Profiles that one thread merges at a time; a constant, so that the number of threads makes no difference.
const MERGED_PARTS: usize = 5;

/// Runs the stage.
pub(crate) fn run(
    options: &Options,
    schema: &TableSchema,
    rows_per_item: Option<NonZeroU64>,
) -> Result<(), Fault> {
    let place = match &options.config {
        Some(path) => path.display().to_string(),
        None => "settings".to_owned(),
    };
    schema
        .waystation
        .read
        .check()
        .map_err(|fault| fault.context(place.clone()))?;
    let work = Validate {
        checked: schema.check(&place)?,
        rows_per_item,
        threads: options.threads(),
    };
    let settings = Settings {
        schema: &schema.essence(),
        rows_per_item,
    };
    let definition = Definition::new(env!("CARGO_BIN_NAME"), Reads::Raw, &settings);
    stage::items(options, &definition, &work)
}

/// All that the result depends on besides input and program.
#[derive(Serialize)]
struct Settings<'a> {
    schema: &'a TableSchema,
    #[serde(skip_serializing_if = "Option::is_none")]
    rows_per_item: Option<NonZeroU64>,
}

struct Validate {
    checked: Checked,
    rows_per_item: Option<NonZeroU64>,
    /// For what is left to do when all items are done.
    threads: usize,
}

/// A batch as a worker leaves it.
struct Done {
    raw: RawBatch,
    sifted: Sifted,
    digests: Digests,
    glances: Glances,
}

impl ItemStage for Validate {
    fn process(&self, item: &Item, output: &Output) -> Result<(), Fault> {
        let checked = &self.checked;
        let path = item.path().display().to_string();
        let reader = table::raw::open_item(item, &checked.read)?;
        item.note(&format!("read as {}", reader.source()));
        let mapping = Mapping::new(checked, &reader, &path)?;
        let mut profile = Profile::new(checked);
        // Apart from the profile, and locked no longer than to copy it: no worker may wait for another, or until something
        // is added.
        let many = Mutex::new(profile.many());
        let many = || many.lock().unwrap_or_else(PoisonError::into_inner);
        let look = |raw: &RawBatch, sifted: &Sifted| {
            let many = many().clone();
            look(raw, sifted, &many)
        };
        let mut sink = Sink::new(checked, item, output, self.rows_per_item);
        table::ordered_map(
            reader,
            item.threads(),
            |chunk| {
                item.check()?;
                let raw = chunk.parse()?;
                mapping.check_batch(checked, &raw, &path)?;
                let sifted = convert::sift(checked, &mapping, &raw)?;
                let digests = unique::digests(checked, &sifted.batch)?;
                let glances = look(&raw, &sifted);
                Ok(Done {
                    raw,
                    sifted,
                    digests,
                    glances,
                })
            },
            |mut done| {
                if sink.reject_repeated(&mut done)? {
                    done.glances = look(&done.raw, &done.sifted);
                }
                profile.add(&done.glances);
                *many() = profile.many();
                sink.write(&done)
            },
        )?;
        // One thread writes the profile, the others the last rows.
        let (part, finished) =
            table::both(item.threads(), || profile.write(), || sink.finish(&path));
        finished?;
        output.part(&part?)
    }

    fn finish(&self, queue: &Finished, output: &Output) -> Result<(), Fault> {
        let mut profile = Profile::new(&self.checked);
        table::ordered_map(
            queue.parts().chunks(MERGED_PARTS).map(Ok),
            self.threads,
            merge,
            |some| profile.merge(&some),
        )?;
        output.write("_profile.json", &profile.page(self.threads)?)
    }
}

/// Reads some profiles and merges them. The memory of one is used again for the next.
fn merge(parts: &[Part]) -> Result<Profile, Fault> {
    let mut parts = parts.iter().map(|part| Profile::read(&part.read()?));
    let first = parts.next().transpose()?.unwrap_or_default();
    parts.try_fold(first, |mut some, part| {
        some.merge(&part?)?;
        Ok(some)
    })
}

fn look(raw: &RawBatch, sifted: &Sifted, many: &[bool]) -> Glances {
    let rows = sifted.batch.num_rows();
    let sample = Sample::new(rows, |row| raw.line(sifted.raw_row(row)));
    Glances::of(&sifted.batch, &sample, many)
}
