//! The sums of gradients over blocks of neighbouring rows, kept from tree to tree.
//!
//! From one tree to the next most words stay what they were, so that the sums over a block cost little to keep. As rows are
//! in the [order](crate::order) of a tree's leaves, which lie close together in those of later trees, a leaf has many blocks
//! whole or nearly so: its sums are those of these blocks, less those of the rows that it has not, and with those of the
//! rows that it has elsewhere. Fewer rows are summed up, by a third on the numeric task of the bench, and as sums of integers are
//! the same in any order, to the same bits.

use std::ops::Range;

use rayon::prelude::*;

use crate::bins::Layout;
use crate::bits::{self, WORD_ROWS};
use crate::dataset::Dataset;
use crate::gradient::{Gradients, Negated};
use crate::histogram::Histogram;
use crate::rows::{Part, Rows};

/// How much less it must be to add the sums over a block than those of its rows.
const LEAST: usize = 24;

/// Blocks that all rows are in, and the sums over each.
#[derive(Debug, Default)]
pub(crate) struct Blocks {
    /// The rows of each, from a whole word of them on; none where there would be one.
    spans: Vec<Range<usize>>,
    /// The sums over each.
    sums: Vec<Histogram>,
    /// The sums over all rows; `None` if no sums are known.
    whole: Option<Histogram>,
}

/// Rows as blocks, but for some.
struct Cover<'a> {
    blocks: Vec<&'a Histogram>,
    /// The rows that they have besides, and those that they lack; a bit for each row of the data.
    more: Vec<u64>,
    less: Vec<u64>,
}

impl Blocks {
    /// Blocks of leaves that end at these rows, of which small ones go together.
    pub(crate) fn of_leaves(ends: &[usize], data: &Dataset) -> Self {
        let least = LEAST * cost(data.bins().layout());
        let mut spans: Vec<Range<usize>> = Vec::new();
        for end in ends {
            let start = spans.last().map_or(0, |span| span.end);
            let end = end / WORD_ROWS * WORD_ROWS;
            if end >= start + least {
                spans.push(start..end);
            }
        }
        match spans.as_mut_slice() {
            // One alone would be all rows, whose sums are kept anyway.
            [] | [_] => spans.clear(),
            [.., last] => last.end = data.num_rows(),
        }
        Self {
            spans,
            ..Self::default()
        }
    }

    /// Brings the sums to the words of all rows as they are now: where not much has changed, by what has. To be called once for
    /// each time that the gradients are filled, or [`forget`](Self::forget). (Words are added, whatever their units.)
    pub(crate) fn update(&mut self, data: &Dataset, gradients: &Gradients) {
        let layout = data.bins().layout();
        let whole = self.whole.take();
        let known = whole.is_some();
        let all = Rows::all(data.num_rows());
        let update = |sums: &mut Histogram, span: Range<usize>| {
            let changed = gradients.changed.within(span.clone());
            if known && changed.count() < span.len() / 2 {
                sums.add(data, gradients.changes(), changed);
            } else {
                sums.build(data, gradients.words.as_slice(), all.within(span));
            }
        };
        let blocks = self.spans.len();
        self.sums.resize_with(blocks, || Histogram::new(layout));
        let each = self.sums.par_iter_mut().zip(&self.spans);
        each.for_each(|(sums, span)| update(sums, span.clone()));
        let mut whole = whole.unwrap_or_else(|| Histogram::new(layout));
        if blocks == 0 || (known && gradients.changed.count() < blocks * cost(layout)) {
            update(&mut whole, 0..data.num_rows());
        } else {
            whole.sum(&self.sums.iter().collect::<Vec<_>>());
        }
        self.whole = Some(whole);
    }

    /// Lets go of all sums.
    pub(crate) fn forget(&mut self) {
        self.whole = None;
    }

    /// Sums up the words of a leaf's rows.
    pub(crate) fn sum(&self, into: &mut Histogram, data: &Dataset, words: &[u64], rows: &Rows) {
        let whole = self.whole.as_ref();
        if let Some(whole) = whole.filter(|_| rows.count() == data.num_rows()) {
            into.sum(&[whole]);
        } else if let Some(Cover { blocks, more, less }) = self.cover(data, rows) {
            let part = |words| Part::Bits { first: 0, words };
            into.sum(&blocks);
            into.add(data, words, part(&more));
            into.add(data, Negated(words), part(&less));
        } else {
            into.build(data, words, rows.as_part());
        }
    }

    /// The blocks whose sums make those of some rows with the least work, if there are any. Of few rows there are none.
    fn cover(&self, data: &Dataset, rows: &Rows) -> Option<Cover<'_>> {
        let Part::Bits { words, .. } = rows.as_part() else {
            return None;
        };
        self.whole.as_ref()?;
        let cost = cost(data.bins().layout());
        let mut cover: Option<Cover<'_>> = None;
        for (sums, span) in self.sums.iter().zip(&self.spans) {
            let at = span.start / WORD_ROWS..span.end.div_ceil(WORD_ROWS);
            let count = bits::count(&words[at.clone()]);
            if count <= span.len() - count + cost {
                continue;
            }
            let cover = cover.get_or_insert_with(|| Cover {
                blocks: Vec::new(),
                more: words.to_vec(),
                less: vec![0; words.len()],
            });
            cover.blocks.push(sums);
            cover.less[at.clone()].copy_from_slice(&bits::all(span.len()));
            let parts = cover.less[at.clone()].iter_mut().zip(&mut cover.more[at]);
            for (less, more) in parts {
                *less &= !std::mem::take(more);
            }
        }
        cover
    }
}

/// To how many rows it comes to add the sums over a block.
fn cost(layout: &Layout) -> usize {
    layout.bins() / layout.used.len().max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{ByRow, dataset, table};

    /// Rows of the data: no whole number of words.
    const ROWS: usize = 60_010;

    /// Their sums by blocks and by rows.
    #[track_caller]
    fn check(blocks: &Blocks, data: &Dataset, gradients: &Gradients, used: usize, rows: &Rows) {
        let cover = blocks.cover(data, rows);
        assert_eq!(cover.map_or(0, |cover| cover.blocks.len()), used);
        let [mut found, mut expected] = [(); 2].map(|()| Histogram::new(data.bins().layout()));
        blocks.sum(&mut found, data, &gradients.words, rows);
        expected.build(data, gradients.words.as_slice(), rows.as_part());
        for (_, place) in &data.bins().layout().used {
            assert_eq!(found.of(*place), expected.of(*place));
        }
    }

    #[test]
    fn small_leaves_go_together() {
        let data = dataset(&table(ROWS), 2);
        let least = LEAST * cost(data.bins().layout());
        let spans = |ends: &[usize]| Blocks::of_leaves(ends, &data).spans;
        assert_eq!(spans(&[]), []);
        assert_eq!(spans(&[100, ROWS]), []);
        let end = (least + 130) / WORD_ROWS * WORD_ROWS;
        let ends = [
            least - 1,
            least + 130,
            least + 200,
            3 * least,
            ROWS - 200,
            ROWS,
        ];
        let last = 3 * least / WORD_ROWS * WORD_ROWS;
        assert_eq!(spans(&ends), [0..end, end..last, last..ROWS]);
        assert_eq!(spans(&ends[..4]), [0..end, end..ROWS]);
    }

    #[test]
    fn sums_by_blocks_are_those_of_the_rows() {
        let data = dataset(&table(ROWS), 2);
        let mut blocks = Blocks::of_leaves(&[16_000, 30_000, 43_000, ROWS], &data);
        let mut gradients = Gradients::new(ROWS, 1);
        // All, none and some words of a block change.
        for step in [1, 1, 40, 3] {
            let derive = |row: usize| {
                let moved = row.is_multiple_of(step) && row < 36_000;
                (if moved { -0.5 } else { 0.3 }, (row % 9) as f32)
            };
            gradients.fill(0, 7, &ByRow(derive));
            blocks.update(&data, &gradients);
            let check = |used, taken: &(dyn Fn(usize) -> bool + Sync)| {
                check(&blocks, &data, &gradients, used, &Rows::taken(ROWS, taken));
            };
            check(4, &|_| true);
            check(0, &|row| row.is_multiple_of(2));
            check(2, &|row| row % 50 > 0 && row < 30_003);
            check(2, &|row| row > 30_050 || row.is_multiple_of(7));
            check(0, &|row| row.is_multiple_of(100));
        }
        blocks.forget();
        check(&blocks, &data, &gradients, 0, &Rows::all(ROWS));
    }
}
