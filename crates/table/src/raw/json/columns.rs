//! The columns of a JSON file.

use std::collections::HashMap;
use std::sync::Arc;

use memchr::memrchr;
use stage::Fault;

use super::{Cut, Values, is_blank, parse};
use crate::raw::feed::Feed;
use crate::raw::options::Options;
use crate::raw::plan::{Plan, Syntax, grow};

/// The columns of a JSON file: those told, then the keys of the first records. Takes the bracket that opens an array
/// from the feed.
pub(crate) fn columns(
    feed: &mut Feed,
    plan: &mut Plan,
    options: &Options,
    array: bool,
) -> Result<Vec<String>, Fault> {
    if array {
        open_array(feed)?;
    }
    let names = options.names.clone().unwrap_or_default();
    plan.columns = Arc::new(names);
    plan.positions = positions(&plan.columns);
    let values = Values { array, first: true };
    loop {
        let sample = &feed.pending;
        let line = feed.line;
        let end = match plan.syntax {
            Syntax::JsonLines if feed.ended => sample.len(),
            Syntax::JsonLines => memrchr(b'\n', sample).map_or(0, |end| end + 1),
            _ => match values.cut(sample, feed.ended, &plan.limits, &plan.place, line)? {
                Cut::Whole(end) | Cut::Last(end) => end,
            },
        };
        if end > 0 || feed.ended {
            let batch = parse(sample[..end].to_vec(), line, plan)?;
            return Ok(batch.columns().to_vec());
        }
        grow(feed, &options.limits)?;
    }
}

fn open_array(feed: &mut Feed) -> Result<(), Fault> {
    let start = feed.pending.iter().position(|byte| !is_blank(*byte));
    match start {
        Some(at) if feed.pending[at] == b'[' => {
            feed.skip(at + 1);
            Ok(())
        }
        _ => {
            let fault = Fault::item("expected `[`, the beginning of a JSON array");
            Err(feed.place().fault_at(feed.line, fault))
        }
    }
}

/// Where each column is.
pub(crate) fn positions(columns: &[String]) -> HashMap<String, u32> {
    let numbered = columns.iter().zip(0..);
    numbered.map(|(name, at)| (name.clone(), at)).collect()
}
