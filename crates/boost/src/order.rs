//! An order of rows in which those of a leaf lie close together.
//!
//! The leaves of a tree have rows all over the data, and each is a wait for memory. One tree splits much as the next: rows in
//! the order of a tree's leaves are near each other in those of later trees, too. What is drawn for a row goes by the
//! number it came with, and sums of integers are the same in any order: so are the trees.

use rayon::prelude::*;

use crate::bits;
use crate::coded::CodedTree;
use crate::dataset::Dataset;
use crate::tree::Tree;

/// An order of rows, leaf after leaf.
#[derive(Debug)]
pub(crate) struct Order {
    /// For each place the row that comes there.
    pub(crate) rows: Vec<u32>,
    /// Where the rows of each leaf end.
    pub(crate) ends: Vec<usize>,
}

impl Order {
    /// Leaf after leaf, neighbours in the tree side by side; the rows of a leaf as they were.
    pub(crate) fn by_leaf(tree: &Tree, data: &Dataset) -> Self {
        let mut order = Self {
            rows: Vec::with_capacity(data.num_rows()),
            ends: Vec::with_capacity(tree.leaves.len()),
        };
        let all = bits::all(data.num_rows());
        CodedTree::new(tree, data.bins()).run(&data.codes, 0, all, |_, rows| {
            order.rows.extend(bits::list(rows, bits::count(rows)));
            order.ends.push(order.rows.len());
        });
        order
    }

    /// Puts the items of columns, in each one per row, in this order. The memory of a column is used again for the next.
    pub(crate) fn apply<'a, T>(&self, columns: impl IntoIterator<Item = &'a mut Vec<T>>)
    where
        T: Copy + Send + Sync + 'a,
    {
        let mut spare = Vec::new();
        for items in columns {
            self.write(items, &mut spare);
            std::mem::swap(items, &mut spare);
        }
    }

    /// Writes items in this order, in place of what was there.
    pub(crate) fn write<T: Copy + Send + Sync>(&self, items: &[T], into: &mut Vec<T>) {
        let rows = self.rows.par_iter();
        rows.map(|row| items[*row as usize]).collect_into_vec(into);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gradient::Gradients;
    use crate::testing::{ByRow, code, dataset, node, table, tree, up_to};

    /// Two splits of numbers: three leaves, of which the first in the tree is not the first by its number.
    fn three_leaves() -> Tree {
        let nodes = vec![node(0, up_to(0.0), 1, !0), node(2, up_to(10.0), !1, !2)];
        tree(nodes, [1.0, 2.0, 3.0])
    }

    #[test]
    fn rows_of_a_leaf_become_neighbours_and_stay_what_they_are() {
        let rows = 20_000;
        let mut data = dataset(&table(rows), 1);
        data.label = (0..rows).map(|row| row as f64).collect();
        data.weight = Some(data.label.clone());
        let before = dataset(&table(rows), 1);
        let tree = three_leaves();
        let order = Order::by_leaf(&tree, &data);
        data.reorder(&order);
        let mut sorted = order.rows.clone();
        sorted.sort_unstable();
        assert!(sorted.iter().copied().eq(0..rows as u32));
        for (place, row) in order.rows.iter().map(|row| *row as usize).enumerate() {
            for &(_, codes) in &data.bins().layout().used {
                assert_eq!(code(&data, codes, place), code(&before, codes, row));
            }
            assert_eq!(data.label[place], row as f64);
        }
        assert_eq!(data.weight, Some(data.label.clone()));
        let mut ends = Vec::new();
        CodedTree::new(&tree, data.bins()).run(&data.codes, 0, bits::all(rows), |_, leaf| {
            let mut numbers = Vec::new();
            bits::for_each(leaf, 0, |row| numbers.push(row));
            let first = ends.last().copied().unwrap_or(0);
            ends.push(first + numbers.len());
            assert!(numbers.into_iter().eq(first..ends[ends.len() - 1]));
        });
        assert_eq!(ends.len(), 3);
        assert_eq!(ends, order.ends);
    }

    #[test]
    fn gradients_go_with_their_rows() {
        let data = dataset(&table(10_000), 1);
        let order = Order::by_leaf(&three_leaves(), &data);
        let derivatives = |row: u32| (row as f32 * 1e-4, 1.0 / (1.0 + row as f32));
        let mut gradients = Gradients::new(10_000, 1);
        gradients.fill(0, 7, &ByRow(|row| derivatives(row as u32)));
        let before = gradients.words.clone();
        let rows = order.rows.clone();
        gradients.reorder(order);
        gradients.fill(0, 7, &ByRow(|place| derivatives(rows[place])));
        assert_eq!(gradients.changed.count(), 0);
        for (word, row) in gradients.words.iter().zip(&rows) {
            assert_eq!(*word, before[*row as usize]);
        }
    }
}
