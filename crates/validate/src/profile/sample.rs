//! Which rows quantiles and frequent values are taken from.

/// Up to which line of a file one of how many rows is taken.
const STEPS: [(u64, u64); 3] = [(2_048, 1), (16_384, 8), (u64::MAX, 64)];

/// The rows of a batch that are in the sample, each for `weight` rows.
#[derive(Debug)]
pub(crate) struct Sample {
    rows: Rows,
    /// For how many rows one of them stands.
    pub(crate) weight: u64,
}

#[derive(Debug)]
enum Rows {
    All(usize),
    Some(Vec<usize>),
}

impl Sample {
    /// Picks by line number: all rows of a batch that begins early in its file, later fewer. Which ones is as good as
    /// chance, so that no rhythm in the data (every eighth hour) meets that of the sample; it is a function of the line,
    /// so that it is the same in every run.
    pub(crate) fn new(rows: usize, line: impl Fn(usize) -> u64) -> Self {
        let first = if rows == 0 { 0 } else { line(0) };
        let step = STEPS.iter().find(|(last, _)| first <= *last);
        let weight = step.map_or(1, |(_, weight)| *weight);
        if weight == 1 {
            return Self {
                rows: Rows::All(rows),
                weight,
            };
        }
        let picked = |row: &usize| scatter(line(*row)) < u64::MAX / weight;
        Self {
            rows: Rows::Some((0..rows).filter(picked).collect()),
            weight,
        }
    }

    /// How many rows are in the sample.
    pub(crate) fn len(&self) -> usize {
        match &self.rows {
            Rows::All(rows) => *rows,
            Rows::Some(rows) => rows.len(),
        }
    }

    /// The rows, in order.
    pub(crate) fn rows(&self) -> impl Iterator<Item = usize> + '_ {
        let (all, some): (usize, &[usize]) = match &self.rows {
            Rows::All(rows) => (*rows, &[]),
            Rows::Some(rows) => (0, rows),
        };
        (0..all).chain(some.iter().copied())
    }
}

/// The finalizer of SplitMix64.
fn scatter(value: u64) -> u64 {
    let value = value.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(first: u64, weight: u64) {
        let sample = Sample::new(80_000, |row| first + row as u64);
        assert_eq!(sample.weight, weight);
        let share = sample.len() as u64 * weight;
        assert!((74_000..86_000).contains(&share), "{share}");
        let every_eighth = sample.rows().filter(|row| row % 8 == 0).count() as u64 * weight * 8;
        assert!((64_000..96_000).contains(&every_eighth), "{every_eighth}");
    }

    #[test]
    fn early_rows_are_all_in_and_fewer_of_later_ones() {
        check(2, 1);
        check(10_000, 8);
        check(1_000_000, 64);
        assert_eq!(Sample::new(0, |_| 1).len(), 0);
    }
}
