//! Growing one tree, leaf by leaf: always the split that lowers the loss most (Ke et al. 2017).
//!
//! One leaf after the other leaves threads without work: most leaves have too few rows to share. So the leaves that come
//! next if nothing better turns up are split ahead, a leaf to each idle thread. The tree takes them in as their turn comes,
//! by gain alone, and is the same for any number of threads; what was split ahead in vain stays a leaf.

mod ground;
#[cfg(test)]
mod tests;

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use rayon::Scope;

use crate::bins::Bins;
use crate::histogram::Histogram;
use crate::rows::Rows;
use crate::split::Split;
use crate::tree::{Node, Tree};
pub(crate) use ground::Ground;
use ground::{Children, Extent, Sprout};

/// Grows trees; keeps what they need besides the data from one to the next.
#[derive(Debug, Default)]
pub(crate) struct Grower {
    histograms: Histograms,
    /// The sums over all rows, if the tree before was grown on all.
    whole: Option<Histogram>,
}

/// A tree, and the rows of each of its leaves.
#[derive(Debug)]
pub(crate) struct Grown {
    /// `None` if no split lowers the loss.
    pub(crate) tree: Option<Tree>,
    /// Rows and the number of their leaf. A leaf may come twice.
    pub(crate) leaves: Vec<(usize, Rows)>,
}

impl Grower {
    /// Grows a tree on some rows. To be called once for each time that the gradients are filled: the sums over all rows are
    /// those of the tree before and what has changed.
    pub(crate) fn grow(&mut self, ground: &Ground<'_>, rows: Rows) -> Grown {
        let root = ground.root(&self.histograms, &mut self.whole, rows);
        let root = Leaf::new(root, None);
        let mut state = State {
            leaves: Vec::new(),
            nodes: Vec::new(),
            order: BTreeSet::new(),
            most_leaves: ground.parameters.parameters().num_leaves as usize,
            working: 0,
        };
        state.push(root);
        let growth = Growth {
            ground,
            histograms: &self.histograms,
            state: Mutex::new(state),
        };
        rayon::scope(|scope| growth.advance(scope));
        let state = growth.state.into_inner();
        let state = state.unwrap_or_else(PoisonError::into_inner);
        state.finish(ground, &self.histograms)
    }
}

/// Histograms that are not in use.
#[derive(Debug, Default)]
struct Histograms(Mutex<Vec<Histogram>>);

impl Histograms {
    fn take(&self, bins: &Bins) -> Histogram {
        let idle = lock(&self.0).pop();
        idle.unwrap_or_else(|| Histogram::new(bins.layout()))
    }

    fn put(&self, histogram: Option<Histogram>) {
        lock(&self.0).extend(histogram);
    }

    /// Takes back the histogram of a leaf that stays one.
    fn release(&self, leaf: &mut Sprout) {
        if leaf.best.is_none() {
            self.put(leaf.histogram.take());
        }
    }
}

/// A panic while it was held has ended the training already.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A tree that is being grown by all threads.
struct Growth<'a> {
    ground: &'a Ground<'a>,
    histograms: &'a Histograms,
    state: Mutex<State>,
}

/// The tree so far.
struct State {
    leaves: Vec<Leaf>,
    nodes: Vec<Node>,
    /// The leaves with a split, best first.
    order: BTreeSet<Rank>,
    most_leaves: usize,
    /// Leaves that are being split.
    working: usize,
}

/// Gains are above zero, so that their bits have their order. Of equal ones the first leaf comes first.
type Rank = (Reverse<u64>, usize);

/// A leaf of the tree so far.
struct Leaf {
    extent: Extent,
    /// The node it hangs on, and whether to its left.
    parent: Option<(usize, bool)>,
    next: Next,
}

/// What is known of a leaf's split.
enum Next {
    /// Nothing yet; without a best split the leaf stays one.
    Waiting(Sprout),
    /// A thread is at it.
    Working,
    /// All.
    Split(Split, Box<Children>),
}

/// A leaf to split.
struct Task {
    number: usize,
    leaf: Sprout,
    split: Split,
    /// Whether the children might be split in turn.
    search: bool,
}

impl<'a> Growth<'a> {
    /// Takes in all splits whose turn has come, and sets idle threads to those that come next.
    fn advance<'s>(&'s self, scope: &Scope<'s>) {
        let mut state = lock(&self.state);
        while state.commit(self.ground) {}
        let tasks = state.tasks(rayon::current_num_threads());
        drop(state);
        for task in tasks {
            scope.spawn(move |scope| {
                let Task {
                    number,
                    leaf,
                    split,
                    search,
                } = task;
                let children = self.ground.split(self.histograms, leaf, &split, search);
                let mut state = lock(&self.state);
                state.leaves[number].next = Next::Split(split, Box::new(children));
                state.working -= 1;
                drop(state);
                self.advance(scope);
            });
        }
    }
}

impl Leaf {
    fn new(sprout: Sprout, parent: Option<(usize, bool)>) -> Self {
        Self {
            extent: sprout.extent,
            parent,
            next: Next::Waiting(sprout),
        }
    }
}

impl State {
    /// Adds a leaf; returns its number.
    fn push(&mut self, leaf: Leaf) {
        self.rank(self.leaves.len(), &leaf);
        self.leaves.push(leaf);
    }

    fn rank(&mut self, number: usize, leaf: &Leaf) {
        if let Next::Waiting(Sprout {
            best: Some(split), ..
        }) = &leaf.next
        {
            self.order.insert((Reverse(split.gain.to_bits()), number));
        }
    }

    /// Makes the leaf of the best split a node, if its children are known: they become leaves, the left one by its number,
    /// the right one by the next.
    fn commit(&mut self, ground: &Ground<'_>) -> bool {
        let Some(&best) = self.order.first() else {
            return false;
        };
        let (_, number) = best;
        if self.leaves.len() == self.most_leaves
            || !matches!(self.leaves[number].next, Next::Split(..))
        {
            return false;
        }
        self.order.remove(&best);
        let (node, new) = (self.nodes.len(), self.leaves.len());
        let leaf = &mut self.leaves[number];
        let Next::Split(split, children) = std::mem::replace(&mut leaf.next, Next::Working) else {
            return false;
        };
        let Children { rule, left, right } = *children;
        if let Some((parent, is_left)) = leaf.parent {
            let parent = &mut self.nodes[parent];
            let child = match is_left {
                true => &mut parent.left,
                false => &mut parent.right,
            };
            *child = node as i32;
        }
        self.nodes.push(Node {
            feature: split.feature,
            rule,
            gain: split.gain,
            left: !(number as i32),
            right: !(new as i32),
            answer: ground.answer(&leaf.extent),
        });
        let left = Leaf::new(left, Some((node, true)));
        self.rank(number, &left);
        self.leaves[number] = left;
        self.push(Leaf::new(right, Some((node, false))));
        true
    }

    /// Leaves to split for as many threads as have nothing to do. Only those that are split if nothing better turns up.
    fn tasks(&mut self, threads: usize) -> Vec<Task> {
        let splits = self.most_leaves - self.leaves.len();
        let mut tasks = Vec::new();
        for (place, (_, number)) in self.order.iter().take(splits).enumerate() {
            if self.working == threads {
                break;
            }
            let next = &mut self.leaves[*number].next;
            match std::mem::replace(next, Next::Working) {
                Next::Waiting(mut leaf) => {
                    let Some(split) = leaf.best.take() else {
                        continue;
                    };
                    self.working += 1;
                    tasks.push(Task {
                        number: *number,
                        leaf,
                        split,
                        // At its turn at least `place` others have had theirs.
                        search: place + 1 < splits,
                    });
                }
                other => *next = other,
            }
        }
        tasks
    }

    /// The tree, and the rows of its leaves.
    fn finish(self, ground: &Ground<'_>, histograms: &Histograms) -> Grown {
        let mut answers = Vec::with_capacity(self.leaves.len());
        let mut leaves = Vec::with_capacity(self.leaves.len());
        for (number, leaf) in self.leaves.into_iter().enumerate() {
            answers.push(ground.answer(&leaf.extent));
            let sprouts = match leaf.next {
                Next::Waiting(sprout) => vec![sprout],
                Next::Working => Vec::new(),
                Next::Split(_, children) => vec![children.left, children.right],
            };
            for sprout in sprouts {
                leaves.push((number, sprout.rows));
                histograms.put(sprout.histogram);
            }
        }
        let tree = Tree {
            nodes: self.nodes,
            leaves: answers,
            shrinkage: 1.0,
        };
        Grown {
            tree: (!tree.nodes.is_empty()).then_some(tree),
            leaves,
        }
    }
}
