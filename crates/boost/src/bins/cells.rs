//! The bins of many numbers, looked up by where they lie between the least and the greatest bound.
//!
//! The span of the bounds is cut into cells of one width. A value's cell is a sum and a product away, and tells the bounds that are
//! below for certain; only those in the same cell are compared. The way to a cell is the same for values and for bounds and
//! never goes down where values go up, so that bins are exact, however it rounds.

use crate::bins::NARROW_BINS;
use crate::math::{ROUNDER, Vectored, vectored};

/// Some to each bound, so that most have a cell alone.
const CELLS: usize = 8 * NARROW_BINS;

/// Bounds in a cell from which on to halve all bounds, over and over, is quicker.
const CROWDED: usize = 5;

/// Values whose cells are found before any is looked up.
const BLOCK: usize = 1 << 8;

/// Where the cells are.
#[derive(Clone, Copy)]
struct Grid {
    least: f64,
    per_unit: f64,
}

impl Grid {
    /// The cell of a value; of NaN the first.
    fn cell(self, value: f64) -> usize {
        self.place(value) as usize % CELLS
    }

    /// The same, in the low bits.
    #[inline(always)]
    fn place(self, value: f64) -> u64 {
        const LAST: f64 = (CELLS - 1) as f64;
        let place = (value - self.least) * self.per_unit;
        // Comparisons that NaN fails.
        let place = if place > 0.0 { place } else { 0.0 };
        let place = if place < LAST { place } else { LAST };
        (place + ROUNDER).to_bits()
    }
}

/// Cells, and the bounds in them.
pub(super) struct Cells<'a> {
    /// Ascending.
    bounds: &'a [f64],
    grid: Grid,
    /// Of each cell, the number of bounds in the cells before it.
    before: [u8; CELLS],
    /// The most bounds that are in one.
    most: usize,
}

impl<'a> Cells<'a> {
    /// The cells of ascending bounds, of which there are fewer than [`NARROW_BINS`]; `None` if too many are in one.
    pub(super) fn new(bounds: &'a [f64]) -> Option<Self> {
        let (least, greatest) = (*bounds.first()?, *bounds.last()?);
        let per_unit = (CELLS - 1) as f64 / (greatest - least);
        let grid = Grid { least, per_unit };
        let mut before = [0; CELLS];
        let (mut number, mut from, mut most) = (0, 0, 0);
        for together in bounds.chunk_by(|a, b| grid.cell(*a) == grid.cell(*b)) {
            let cell = grid.cell(together[0]);
            before[from..=cell].fill(number as u8);
            (number, from) = (number + together.len(), cell + 1);
            most = most.max(together.len());
        }
        before[from..].fill(number as u8);
        (most < CROWDED).then_some(Self {
            bounds,
            grid,
            before,
            most,
        })
    }

    /// Appends for each value how many bounds are below it; for NaN `missing`.
    pub(super) fn encode(&self, values: &[f64], missing: u8, into: &mut Vec<u8>) {
        match self.most {
            1 => self.compare::<1>(values, missing, into),
            2 => self.compare::<2>(values, missing, into),
            3 => self.compare::<3>(values, missing, into),
            _ => self.compare::<CROWDED>(values, missing, into),
        }
    }

    fn compare<const MOST: usize>(&self, values: &[f64], missing: u8, into: &mut Vec<u8>) {
        // What is compared besides those in the cell is above.
        let mut bounds = [f64::INFINITY; NARROW_BINS + CROWDED];
        bounds[..self.bounds.len()].copy_from_slice(self.bounds);
        let mut places = [0; BLOCK];
        for values in values.chunks(BLOCK) {
            vectored(Places {
                grid: self.grid,
                values,
                places: &mut places,
            });
            into.extend(values.iter().zip(&places).map(|(value, place)| {
                let before = self.before[*place as usize % CELLS];
                let in_cell = &bounds[usize::from(before)..][..MOST];
                let below = in_cell.iter().map(|bound| u8::from(bound < value));
                let code = before + below.sum::<u8>();
                if value.is_nan() { missing } else { code }
            }));
        }
    }
}

struct Places<'a> {
    grid: Grid,
    values: &'a [f64],
    places: &'a mut [u64; BLOCK],
}

impl Vectored for Places<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        for (place, value) in self.places.iter_mut().zip(self.values) {
            *place = self.grid.place(*value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Bounds near and far, and such as are no numbers to calculate with.
    fn bounds() -> impl Strategy<Value = Vec<f64>> {
        let bound = prop_oneof![
            4 => -100.0..100.0_f64,
            1 => prop::sample::select(vec![-1e-35, 0.0, 1e-35, f64::MAX, -f64::MAX, 1e300]),
        ];
        prop::collection::vec(bound, 0..NARROW_BINS).prop_map(|mut bounds| {
            bounds.sort_unstable_by(f64::total_cmp);
            bounds.dedup();
            bounds
        })
    }

    proptest! {
        #[test]
        fn bins_are_those_of_a_search(bounds in bounds(), further in prop::collection::vec(any::<f64>(), 0..600)) {
            let near = bounds.iter().flat_map(|bound| [bound.next_down(), *bound, bound.next_up()]);
            let edges = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 0.0, -0.0];
            let values: Vec<f64> = near.chain(edges).chain(further).collect();
            if let Some(cells) = Cells::new(&bounds) {
                let mut found = vec![7];
                cells.encode(&values, 200, &mut found);
                for (value, found) in values.iter().zip(&found[1..]) {
                    let below = bounds.partition_point(|bound| bound < value);
                    let expected = if value.is_nan() { 200 } else { below as u8 };
                    prop_assert_eq!(*found, expected, "{}", value);
                }
            }
        }
    }

    #[test]
    fn bounds_have_cells_unless_they_crowd() {
        let even: Vec<f64> = (0..255).map(f64::from).collect();
        assert_eq!(Cells::new(&even).map(|cells| cells.most), Some(1));
        assert!(Cells::new(&[1.0]).is_some());
        assert!(Cells::new(&[]).is_none());
        let powers: Vec<f64> = (0..200).map(|power| 2.0_f64.powi(power)).collect();
        assert!(Cells::new(&powers).is_none());
        assert!(Cells::new(&[-f64::MAX, -1.0, 0.0, 1.0, 2.0, f64::MAX]).is_none());
    }
}
