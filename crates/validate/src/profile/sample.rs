//! Which rows quantiles and frequent values are taken from.

/// All of the first lines of a file.
const ALL: u64 = 65_536;
/// Thereafter one line of so many.
const EVERY: u64 = 8;

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
    /// Picks by line number: all rows of a batch that begins early in its file, later one of eight. Which one is as good as
    /// chance, so that no rhythm in the data (every eighth hour) meets that of the sample; it is a function of the line,
    /// so that it is the same in every run.
    pub(crate) fn new(rows: usize, line: impl Fn(usize) -> u64) -> Self {
        if rows == 0 || line(0) <= ALL {
            return Self {
                rows: Rows::All(rows),
                weight: 1,
            };
        }
        let picked = |row: &usize| scatter(line(*row)) < u64::MAX / EVERY;
        Self {
            rows: Rows::Some((0..rows).filter(picked).collect()),
            weight: EVERY,
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

    #[test]
    fn early_rows_are_all_in_and_later_ones_one_of_eight() {
        assert_eq!(Sample::new(100, |row| row as u64).rows().count(), 100);
        let late = Sample::new(80_000, |row| 1_000_000 + row as u64);
        let share = late.rows().count() as u64 * late.weight;
        assert!((76_000..84_000).contains(&share), "{share}");
        let on_the_hour = late.rows().filter(|row| row % 8 == 0).count() as u64 * 64;
        assert!((72_000..88_000).contains(&on_the_hour), "{on_the_hour}");
    }
}
