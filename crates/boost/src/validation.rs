//! What validation data says of the trees of a round, found while the next is grown.
//!
//! In most of growing there are leaves for all threads to split, but not always. To run validation data down the trees can wait,
//! and is many small pieces: a thread that has nothing else to do takes one.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::bits;
use crate::coded::CodedTree;
use crate::dataset::Dataset;
use crate::metric;
use crate::parameters::Metric;
use crate::scores::Scores;
use crate::tree::Tree;

/// Validation data and the scores of its rows.
#[derive(Debug)]
pub(crate) struct Validation {
    pub(crate) data: Dataset,
    pub(crate) scores: Scores,
    metric: Metric,
}

/// The trees of a round on their way into the scores.
pub(crate) struct Pending<'a> {
    data: &'a Dataset,
    metric: Metric,
    /// One per class.
    trees: Vec<CodedTree<'a>>,
    pieces: Vec<Mutex<Piece<'a>>>,
    /// The piece that comes next.
    next: AtomicUsize,
}

/// A chunk of rows.
struct Piece<'a> {
    /// Class by class.
    scores: Vec<&'a mut [f64]>,
    /// The sum over its rows, once it is done.
    loss: f64,
}

impl Validation {
    pub(crate) fn new(data: Dataset, scores: Scores, metric: Metric) -> Self {
        Self {
            data,
            scores,
            metric,
        }
    }

    /// Begins to add the trees of a round. The first ones have the starting values folded in.
    pub(crate) fn add<'a>(&'a mut self, trees: &'a [Tree], first: bool) -> Pending<'a> {
        let Self {
            data,
            scores,
            metric,
        } = self;
        if first {
            (0..trees.len()).for_each(|class| scores.clear(class));
        }
        let coded = |tree| CodedTree::new(tree, data.bins());
        let piece = |scores| Mutex::new(Piece { scores, loss: 0.0 });
        Pending {
            trees: trees.iter().map(coded).collect(),
            pieces: scores.chunks_mut(metric::CHUNK).map(piece).collect(),
            next: AtomicUsize::new(0),
            data,
            metric: *metric,
        }
    }

    /// The metric of the scores, of which this is the loss, chunk by chunk.
    pub(crate) fn measure(&self, losses: &[f64]) -> f64 {
        metric::finish(self.metric, losses, &self.scores, &self.data)
    }
}

impl Pending<'_> {
    /// Does a piece, if there is one left.
    pub(crate) fn piece(&self) -> bool {
        // Asked over and over, by threads that wait.
        if self.next.load(Ordering::Relaxed) >= self.pieces.len() {
            return false;
        }
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let Some(piece) = self.pieces.get(number) else {
            return false;
        };
        let mut piece = piece.lock().unwrap_or_else(PoisonError::into_inner);
        let Piece { scores, loss } = &mut *piece;
        let start = number * metric::CHUNK;
        for (scores, tree) in scores.iter_mut().zip(&self.trees) {
            let rows = bits::all(scores.len());
            tree.add(&self.data.codes, start, rows, scores, 1);
        }
        let scores: Vec<&[f64]> = scores.iter().map(|scores| &**scores).collect();
        *loss = metric::loss(self.metric, &scores, self.data, start);
        true
    }

    /// Does what is left, on all threads. Returns the loss of each chunk.
    pub(crate) fn finish(self) -> Vec<f64> {
        let left = self
            .pieces
            .len()
            .saturating_sub(self.next.load(Ordering::Relaxed));
        if left > 1 {
            rayon::broadcast(|_| while self.piece() {});
        } else {
            self.piece();
        }
        let pieces = self.pieces.into_iter();
        let pieces = pieces.map(|piece| piece.into_inner().unwrap_or_else(PoisonError::into_inner));
        pieces.map(|piece| piece.loss).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pool::Pool;
    use crate::testing::{dataset, node, table, tree, up_to};

    /// A tree of one split for each class.
    fn trees() -> Vec<Tree> {
        let of = |class: f64| {
            let split = node(0, up_to(class - 1.0), !0, !1);
            tree(vec![split], [0.25, class / 4.0])
        };
        [0.0, 1.0, 2.0].map(of).to_vec()
    }

    /// However many pieces were done before the end: scores and metric are those of the trees so far, of the first ones without
    /// the starting values.
    #[test]
    fn pieces_make_what_all_trees_make() {
        let table = table(3 * metric::CHUNK + 100);
        let trees = trees();
        for (rounds, before, threads) in [(1, 0, 1), (2, 3, 1), (3, 9, 3)] {
            let scores = Scores::new(&[7.0; 3], table.columns[0].len());
            let mut validation = Validation::new(dataset(&table, 1), scores, Metric::MultiLogloss);
            let all: Vec<Tree> = (0..rounds).flat_map(|_| trees.clone()).collect();
            let found = (0..rounds).map(|round| {
                let pending = validation.add(&trees, round == 0);
                let taken = (0..before).filter(|_| pending.piece()).count();
                assert_eq!(taken, before.min(4));
                let pool = Pool::new(threads).unwrap();
                let losses = pool.install(|| pending.finish());
                validation.measure(&losses)
            });
            let found = found.last().unwrap();
            let mut expected = Scores::new(&[7.0; 3], table.columns[0].len());
            expected.replay(&all, &validation.data);
            assert_eq!(validation.scores.by_row(), expected.by_row());
            let metric = metric::measure(Metric::MultiLogloss, &expected, &validation.data);
            assert_eq!(found, metric);
        }
    }
}
