//! How the rows of a leaf are parted: by the codes of one feature, wherever they are read fastest.

use crate::bins::{GROUP, NARROW_BINS, Place};
use crate::bits;
use crate::code_set::{CodeSet, part_wide};
use crate::dataset::Dataset;
use crate::index::Index;
use crate::part::part;
use crate::tree::Rule;

/// Which rows of a dataset go left.
#[derive(Debug)]
pub(crate) enum Sides<'a> {
    /// By codes of a byte.
    Narrow {
        codes: Bytes<'a>,
        left: CodeSet,
        /// Of each code whether it does.
        goes_left: Box<[bool; NARROW_BINS]>,
    },
    /// By codes of 16 bits.
    Wide {
        codes: &'a [u16],
        index: &'a Index,
        /// The codes that go left, and of each whether it does.
        left: Vec<usize>,
        goes_left: Vec<bool>,
    },
    /// All of them, or none: the feature has one bin and no codes.
    Same(bool),
}

/// The codes of a feature, as they lie twice.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bytes<'a> {
    /// One behind the other.
    pub(crate) column: &'a [u8],
    /// Each with those of the row's other features, so many bytes after that of the row before.
    pub(crate) rows: &'a [u8],
    pub(crate) width: usize,
}

/// Where fewer rows than one in so many are wanted, each code lies in a cache line of its own, in the column too. Then those
/// lines are read that the sums of the children want next, or that were read for the parent's.
const SPARSE: usize = 24;

impl<'a> Bytes<'a> {
    fn of(data: &'a Dataset, group: usize, lane: usize) -> Self {
        let words = data.words().as_flattened();
        Self {
            column: &data.codes.narrow[group * GROUP + lane],
            rows: words.get(group * GROUP + lane..).unwrap_or_default(),
            width: data.bins().layout().words() * GROUP,
        }
    }

    /// Puts the rows that go left before all others; returns how many. The order stays.
    fn part(self, rows: &mut [u32], goes_left: &[bool; NARROW_BINS]) -> usize {
        let span = match rows {
            [first, .., last] => (*last - *first) as usize,
            _ => 0,
        };
        let Self {
            column,
            rows: bytes,
            width,
        } = self;
        if span > rows.len() * SPARSE {
            part(rows, |row| goes_left[usize::from(bytes[row * width])])
        } else {
            part(rows, |row| goes_left[usize::from(column[row])])
        }
    }
}

impl<'a> Sides<'a> {
    /// As the rule says of a feature's values.
    pub(crate) fn new(rule: &Rule, feature: usize, data: &'a Dataset) -> Self {
        let bins = data.bins().of(feature);
        let left = bins.left_codes(rule);
        match data.bins().layout().places[feature] {
            Some(Place::Narrow { group, lane }) => Self::Narrow {
                codes: Bytes::of(data, group, lane),
                left: CodeSet::new(&left, bins.count()),
                goes_left: {
                    let mut goes_left = Box::new([false; NARROW_BINS]);
                    left.iter().for_each(|code| goes_left[*code] = true);
                    goes_left
                },
            },
            Some(Place::Wide { column }) => {
                let mut goes_left = vec![false; bins.count()];
                left.iter().for_each(|code| goes_left[*code] = true);
                Self::Wide {
                    codes: &data.codes.wide[column],
                    index: &data.indexes[column],
                    left,
                    goes_left,
                }
            }
            None => Self::Same(!left.is_empty()),
        }
    }

    /// Puts the rows that go left before all others; returns how many. The order stays.
    pub(crate) fn part(&self, rows: &mut [u32]) -> usize {
        match self {
            Self::Narrow {
                codes, goes_left, ..
            } => codes.part(rows, goes_left),
            Self::Wide {
                codes, goes_left, ..
            } => part(rows, |row| goes_left[usize::from(codes[row])]),
            Self::Same(goes_left) => rows.len() * usize::from(*goes_left),
        }
    }

    /// Of `count` of all rows, a bit each, puts those that go left into `left`, which is empty; returns how many. `None` if
    /// there is no quicker way to know them than to look at the codes.
    pub(crate) fn look_up(
        &self,
        count: usize,
        rows: &mut [u64],
        left: &mut [u64],
    ) -> Option<usize> {
        match self {
            Self::Wide {
                index, left: codes, ..
            } if index.count(codes) < count => Some(index.part(codes, rows, left)),
            _ => None,
        }
    }

    /// Of rows from `first` on, a bit each, puts those that go left into `left`, which is empty; returns how many.
    pub(crate) fn part_bits(&self, first: usize, rows: &mut [u64], left: &mut [u64]) -> usize {
        match self {
            Self::Narrow {
                codes, left: set, ..
            } => set.part(&codes.column[first..], rows, left),
            Self::Wide {
                codes, goes_left, ..
            } => part_wide(&codes[first..], rows, left, goes_left),
            Self::Same(false) => 0,
            Self::Same(true) => {
                left.swap_with_slice(rows);
                bits::count(left)
            }
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::bins::FeatureBins;
    use crate::testing::{code, dataset, table, up_to};

    /// The rows whose code is in a set go left.
    pub(crate) fn sides(column: &[u8], goes_left: impl Fn(&usize) -> bool) -> Sides<'_> {
        let left: Vec<usize> = (0..NARROW_BINS).filter(&goes_left).collect();
        Sides::Narrow {
            codes: Bytes {
                column,
                rows: column,
                width: 1,
            },
            left: CodeSet::new(&left, NARROW_BINS),
            goes_left: Box::new(std::array::from_fn(|code| goes_left(&code))),
        }
    }

    /// However far apart rows are, they are parted by their own codes.
    #[test]
    fn few_rows_are_parted_like_many() {
        let data = dataset(&table(20_000), 1);
        for &(feature, place) in &data.bins().layout().used {
            let bins = data.bins().of(feature).count();
            let codes = (1..bins).step_by(2);
            let rule = match data.bins().of(feature) {
                FeatureBins::Number(of) => up_to(of.bounds[bins / 2 - 1]),
                FeatureBins::Category(of) => {
                    Rule::of_categories(codes.map(|code| of.categories[code - 1]))
                }
            };
            let sides = Sides::new(&rule, feature, &data);
            for step in [1, SPARSE + 1, 100] {
                let mut rows: Vec<u32> = (0..20_000).step_by(step).collect();
                let goes_left = |row: &u32| {
                    let code = code(&data, place, *row as usize);
                    rule.goes_left(data.bins().of(feature).value(code))
                };
                let (mut expected, right): (Vec<u32>, Vec<u32>) =
                    rows.iter().partition(|row| goes_left(row));
                let left = sides.part(&mut rows);
                assert_eq!(left, expected.len(), "{place:?} {step}");
                expected.extend(right);
                assert_eq!(rows, expected, "{place:?} {step}");
            }
        }
    }
}
