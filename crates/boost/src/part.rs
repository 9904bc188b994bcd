//! Parting rows in two.

use std::cell::RefCell;

use crate::lanes::MOST_LANES;

thread_local! {
    /// Rows that go right, until it is known how many go left.
    static SPARE: RefCell<Vec<u32>> = const { RefCell::new(Vec::new()) };
}

/// Puts those that go left before all others; returns how many. The order stays.
#[inline]
pub(crate) fn part(rows: &mut [u32], goes_left: impl Fn(usize) -> bool) -> usize {
    SPARE.with_borrow_mut(|spare| {
        // Vectors are written whole, with some numbers behind the last that counts.
        let room = rows.len() + MOST_LANES;
        if spare.len() < room {
            spare.resize(room, 0);
        }
        let left = part_to(rows, &mut spare[..room], goes_left);
        let count = rows.len() - left;
        rows[left..].copy_from_slice(&spare[..count]);
        left
    })
}

/// Puts those that go left to the beginning, the others into `spare`; returns how many go left.
#[inline]
fn part_to(rows: &mut [u32], spare: &mut [u32], goes_left: impl Fn(usize) -> bool) -> usize {
    #[cfg(target_arch = "x86_64")]
    if let Some(lanes) = pulp::x86::V4::try_new() {
        return by_vectors::part(lanes, rows, spare, goes_left);
    } else if let Some(lanes) = pulp::x86::V3::try_new() {
        return by_vectors::part(lanes, rows, spare, goes_left);
    }
    part_from(0, (0, 0), rows, spare, goes_left)
}

/// Parts the rows from a place on, so many having gone left and right before.
#[inline(always)]
fn part_from(
    start: usize,
    (mut left, mut right): (usize, usize),
    rows: &mut [u32],
    spare: &mut [u32],
    goes_left: impl Fn(usize) -> bool,
) -> usize {
    for at in start..rows.len() {
        let row = rows[at];
        let goes = goes_left(row as usize);
        // Both are written, one of them counts: no branch to guess.
        rows[left] = row;
        spare[right] = row;
        left += usize::from(goes);
        right += usize::from(!goes);
    }
    left
}

#[cfg(target_arch = "x86_64")]
mod by_vectors {
    //! Some rows at a time: those that go one way are brought together in a register.

    use pulp::NullaryFnOnce;

    use super::part_from;
    use crate::lanes::Lanes;

    #[inline]
    pub(super) fn part<const COUNT: usize>(
        lanes: impl Lanes<COUNT>,
        rows: &mut [u32],
        spare: &mut [u32],
        goes_left: impl Fn(usize) -> bool,
    ) -> usize {
        lanes.vectorize(Part {
            lanes,
            rows,
            spare,
            goes_left,
        })
    }

    struct Part<'a, L, F, const COUNT: usize> {
        lanes: L,
        rows: &'a mut [u32],
        spare: &'a mut [u32],
        goes_left: F,
    }

    impl<L, F, const COUNT: usize> NullaryFnOnce for Part<'_, L, F, COUNT>
    where
        L: Lanes<COUNT>,
        F: Fn(usize) -> bool,
    {
        type Output = usize;

        #[inline(always)]
        fn call(self) -> usize {
            let Self {
                lanes,
                rows,
                spare,
                goes_left,
            } = self;
            let (mut left, mut right) = (0, 0);
            let whole = rows.len() - rows.len() % COUNT;
            for at in (0..whole).step_by(COUNT) {
                let mut block = [0; COUNT];
                block.copy_from_slice(&rows[at..at + COUNT]);
                let mut set = 0;
                for row in block.iter().rev() {
                    set = 2 * set + usize::from(goes_left(*row as usize));
                }
                // What is written behind the last that counts was read before, or is written over.
                rows[left..left + COUNT].copy_from_slice(&lanes.first(block, set));
                spare[right..right + COUNT].copy_from_slice(&lanes.first(block, !set));
                let count = set.count_ones() as usize;
                left += count;
                right += COUNT - count;
            }
            part_from(whole, (left, right), rows, spare, goes_left)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// By the vectors of eight, also where there are greater ones.
    fn part_by_eight(
        rows: &mut [u32],
        spare: &mut [u32],
        goes_left: impl Fn(usize) -> bool,
    ) -> usize {
        #[cfg(target_arch = "x86_64")]
        if let Some(lanes) = pulp::x86::V3::try_new() {
            return by_vectors::part(lanes, rows, spare, goes_left);
        }
        part_to(rows, spare, goes_left)
    }

    proptest! {
        /// By vectors and row by row: parting is filtering, in order.
        #[test]
        fn rows_are_parted_in_order(sides in prop::collection::vec(any::<bool>(), 0..100)) {
            let rows: Vec<u32> = (0..sides.len() as u32).collect();
            let (left, right): (Vec<u32>, Vec<u32>) =
                rows.iter().partition(|row| sides[**row as usize]);
            let goes_left = |row| sides[row];
            let mut found = rows.clone();
            prop_assert_eq!(part(&mut found, goes_left), left.len());
            prop_assert_eq!(&found, &[left.clone(), right.clone()].concat());
            type Way<'a> = &'a dyn Fn(&mut [u32], &mut [u32]) -> usize;
            let ways: [Way<'_>; 3] = [
                &|rows, spare| part_to(rows, spare, goes_left),
                &|rows, spare| part_by_eight(rows, spare, goes_left),
                &|rows, spare| part_from(0, (0, 0), rows, spare, goes_left),
            ];
            for way in ways {
                let mut found = rows.clone();
                let mut spare = vec![0; rows.len() + MOST_LANES];
                prop_assert_eq!(way(&mut found, &mut spare), left.len());
                prop_assert_eq!(&found[..left.len()], &left);
                prop_assert_eq!(&spare[..right.len()], &right);
            }
        }
    }
}
