//! Which rows of which items repeat an earlier row.
//!
//! Every item leaves the digest of each of its rows, 16 bytes a row, 0 for a row that other rules had taken away.
//! Most digests stand alone, and a sort of their first halves finds those that may not: 8 bytes a row in memory.
//! Only these are then looked at whole, in item order, so that the first of equal rows stays. Very many rows are
//! taken in several passes, each over one part of all digests, so memory has a bound.

use std::collections::{BTreeMap, HashSet};
use std::hash::{BuildHasherDefault, Hasher};
use std::io::{BufReader, Read};
use std::sync::Arc;

use stage::{Fault, Part};

/// How many rows one pass holds in memory: 64 MiB.
const ROWS_PER_PASS: u64 = 1 << 23;

/// How many bytes a row's digest has.
const DIGEST_BYTES: usize = 16;

/// For each item that has any, the numbers of its rows that repeat an earlier row, ascending, from 1.
pub(crate) type Repeated = BTreeMap<String, Arc<[u64]>>;

/// The digests of a batch, as they stand in an item's part.
pub(crate) fn to_bytes(digests: &[u128]) -> Vec<u8> {
    digests
        .iter()
        .flat_map(|digest| digest.to_le_bytes())
        .collect()
}

/// Finds the rows that repeat an earlier row of the same item or of an item before it.
pub(crate) fn find(parts: &[Part]) -> Result<Repeated, Fault> {
    find_in_passes(parts, ROWS_PER_PASS)
}

fn find_in_passes(parts: &[Part], rows_per_pass: u64) -> Result<Repeated, Fault> {
    let mut bytes = 0;
    for part in parts {
        bytes += part.bytes()?;
    }
    let passes = (bytes / DIGEST_BYTES as u64).div_ceil(rows_per_pass).max(1);
    let mut repeated = BTreeMap::<&str, Vec<u64>>::new();
    for pass in 0..passes {
        let candidates = candidates(parts, |half| half % passes == pass)?;
        if candidates.is_empty() {
            continue;
        }
        let mut seen = HashSet::<u128, Ready>::default();
        for part in parts {
            let mut rows = Vec::new();
            for_each_digest(part, |row, digest| {
                if candidates.contains(&half(digest)) && !seen.insert(digest) {
                    rows.push(row);
                }
            })?;
            if !rows.is_empty() {
                repeated.entry(part.item()).or_default().extend(rows);
            }
        }
    }
    let sorted = repeated.into_iter().map(|(item, mut rows)| {
        rows.sort_unstable();
        (item.to_owned(), rows.into())
    });
    Ok(sorted.collect())
}

/// The first halves that more than one digest has.
fn candidates(parts: &[Part], ours: impl Fn(u64) -> bool) -> Result<HashSet<u64, Ready>, Fault> {
    let mut halves = Vec::new();
    for part in parts {
        for_each_digest(part, |_, digest| {
            if ours(half(digest)) {
                halves.push(half(digest));
            }
        })?;
    }
    halves.sort_unstable();
    let equal = halves.chunk_by(|a, b| a == b);
    Ok(equal
        .filter(|run| run.len() > 1)
        .map(|run| run[0])
        .collect())
}

fn half(digest: u128) -> u64 {
    (digest >> 64) as u64
}

/// Calls back with each row's number, from 1, and digest, the rows left out that have none.
fn for_each_digest(part: &Part, mut found: impl FnMut(u64, u128)) -> Result<(), Fault> {
    let mut file = BufReader::with_capacity(1 << 18, part.open()?);
    let mut bytes = [0; DIGEST_BYTES];
    let mut row = 0;
    loop {
        match file.read_exact(&mut bytes) {
            Ok(()) => {}
            Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => return Ok(()),
            Err(error) => return Err(error.into()),
        }
        row += 1;
        match u128::from_le_bytes(bytes) {
            0 => {}
            digest => found(row, digest),
        }
    }
}

/// A hasher for what is hashed already.
type Ready = BuildHasherDefault<Passed>;

#[derive(Default)]
struct Passed(u64);

impl Hasher for Passed {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, value: u64) {
        self.0 = value;
    }

    fn write_u128(&mut self, value: u128) {
        // The first halves of candidates are often equal, the second ones are not.
        self.0 = value as u64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: u128 = 1 << 100;
    const B: u128 = 2 << 100;
    /// Shares its first half with A.
    const C: u128 = A + 1;

    #[track_caller]
    fn check(items: &[&[u128]], expected: &[(&str, &[u64])]) {
        let part = |(index, digests): (usize, &&[u128])| {
            let item = format!("{}.parquet", char::from(b'a' + index as u8));
            Part::new(item, to_bytes(digests))
        };
        let parts: Vec<_> = items.iter().enumerate().map(part).collect();
        let expected: Repeated = expected
            .iter()
            .map(|(item, rows)| (format!("{item}.parquet"), Arc::from(*rows)))
            .collect();
        for rows_per_pass in [1, 2, 1000] {
            let found = find_in_passes(&parts, rows_per_pass).unwrap();
            assert_eq!(found, expected, "{rows_per_pass} rows a pass");
        }
    }

    #[test]
    fn the_first_of_equal_rows_stays() {
        check(
            &[&[A, B, A], &[C, B], &[A]],
            &[("a", &[3]), ("b", &[2]), ("c", &[1])],
        );
    }

    #[test]
    fn rows_that_differ_in_one_half_only_are_two_rows() {
        check(&[&[A, C], &[B]], &[]);
    }

    #[test]
    fn rows_without_a_digest_are_never_equal() {
        check(&[&[0, A, 0], &[0, A]], &[("b", &[2])]);
        check(&[&[], &[]], &[]);
    }
}
