//! Growing one tree, leaf by leaf: always the split that lowers the loss most (Ke et al. 2017).
//!
//! One leaf after the other leaves threads without work: most leaves have few rows to share. So the leaves that come
//! next if nothing better turns up are split ahead, and what comes of them in turn, a leaf to each idle thread. The tree takes
//! them in as their turn comes, by gain alone, and is the same for any number of threads; what was split ahead in vain stays a
//! leaf. The gains of the tree before tell what is likely to be split; a thread that finds nothing likely helps the others.

mod ground;
mod state;
#[cfg(test)]
mod tests;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::blocks::Blocks;
use crate::dataset::Dataset;
use crate::histogram::Histogram;
use crate::order::Order;
use crate::pool::{help, help_once};
use crate::rows::Rows;
use crate::tree::Tree;
pub(crate) use ground::Ground;
use ground::Sprout;
use state::{State, Task};

/// Rows below which a tree is not worth a second thread.
pub(crate) const ALONE_ROWS: usize = 1 << 12;

/// Grows trees; keeps what they need besides the data from one to the next.
#[derive(Debug, Default)]
pub(crate) struct Grower {
    histograms: Histograms,
}

/// Does a piece of other work, if there is any: what threads are at that have nothing to grow.
pub(crate) type Meanwhile<'a> = &'a (dyn Fn() -> bool + Sync);

/// A tree, and the rows of each of its leaves.
#[derive(Debug)]
pub(crate) struct Grown {
    /// `None` if no split lowers the loss.
    pub(crate) tree: Option<Tree>,
    /// Rows and the number of their leaf. A leaf may come twice.
    pub(crate) leaves: Vec<(usize, Rows)>,
}

impl Grower {
    /// Learns that the rows are in another order.
    pub(crate) fn reorder(&mut self, order: &Order, data: &Dataset) {
        self.histograms.blocks = Blocks::of_leaves(&order.ends, data);
    }

    /// Grows a tree on some rows. To be called once for each time that the gradients are filled: the sums over blocks are those
    /// of the tree before and what has changed.
    pub(crate) fn grow(
        &mut self,
        ground: &Ground<'_>,
        rows: Rows,
        meanwhile: Meanwhile<'_>,
    ) -> Grown {
        let count = rows.count();
        let blocks = &mut self.histograms.blocks;
        match count == ground.data.num_rows() {
            true => blocks.update(ground.data, ground.gradients),
            false => blocks.forget(),
        }
        let root = ground.root(&self.histograms, rows);
        let most_leaves = ground.parameters.parameters().num_leaves as usize;
        let state = State::new(root, most_leaves);
        let growth = Growth {
            ground,
            histograms: &self.histograms,
            meanwhile,
            state: Mutex::new(state),
            arrived: AtomicUsize::new(0),
            ended: AtomicUsize::new(0),
        };
        if count < ALONE_ROWS {
            growth.advance();
        } else {
            rayon::broadcast(|context| {
                growth.gather(context.num_threads());
                growth.advance();
            });
        }
        let state = growth.state.into_inner();
        let state = state.unwrap_or_else(PoisonError::into_inner);
        state.finish(ground, &self.histograms)
    }
}

/// Where histograms come from.
#[derive(Debug, Default)]
struct Histograms {
    /// Those that are not in use.
    idle: Mutex<Vec<Histogram>>,
    blocks: Blocks,
}

impl Histograms {
    /// The histogram of some rows.
    fn of(&self, ground: &Ground<'_>, rows: &Rows) -> Histogram {
        let idle = lock(&self.idle).pop();
        let data = ground.data;
        let mut histogram = idle.unwrap_or_else(|| Histogram::new(data.bins().layout()));
        let words = &ground.gradients.words;
        self.blocks.sum(&mut histogram, data, words, rows);
        histogram
    }

    fn put(&self, histogram: Option<Histogram>) {
        lock(&self.idle).extend(histogram);
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
    meanwhile: Meanwhile<'a>,
    state: Mutex<State>,
    /// How many threads have come.
    arrived: AtomicUsize,
    /// How many splits threads have ended: whether there may be more to do is seen without taking the state.
    ended: AtomicUsize,
}

impl Growth<'_> {
    /// Waits until all threads have come. One that came later might by then be at a piece of another's split, and come while it
    /// waits for a piece of that: it would [help](Self::help) until the split ends, which waits for it.
    fn gather(&self, threads: usize) {
        self.arrived.fetch_add(1, Ordering::Release);
        while self.arrived.load(Ordering::Acquire) < threads {
            help_once();
        }
    }

    /// The part of a thread: takes in all splits whose turn has come and makes those that come next, until there are none.
    fn advance(&self) {
        loop {
            let mut state = lock(&self.state);
            while state.commit(self.ground) {}
            let task = state.task(self.ground);
            let done = state.working == 0;
            let ended = self.ended.load(Ordering::Relaxed);
            drop(state);
            match task {
                Some(task) => self.split(task),
                None if done => return,
                None => self.help(ended),
            }
        }
    }

    fn split(&self, task: Task) {
        let Task {
            site,
            leaf,
            split,
            search,
        } = task;
        let given_up = GivenUp(self);
        let children = self.ground.split(self.histograms, leaf, &split, search);
        std::mem::forget(given_up);
        self.end(|state| state.enter(site, split, children));
    }

    /// Takes in how a thread has ended its split.
    fn end(&self, enter: impl FnOnce(&mut State)) {
        let mut state = lock(&self.state);
        enter(&mut state);
        self.ended.fetch_add(1, Ordering::Release);
    }

    /// Helps other threads until there is more to do. Who went to sleep for so short a time would be woken too late.
    fn help(&self, ended: usize) {
        while self.ended.load(Ordering::Acquire) == ended {
            if !help() && !(self.meanwhile)() {
                std::thread::yield_now();
            }
        }
    }
}

/// Dropped by a panic: ends the growth, as the others would wait for ever for what this thread was at.
struct GivenUp<'a>(&'a Growth<'a>);

impl Drop for GivenUp<'_> {
    fn drop(&mut self) {
        self.0.end(State::give_up);
    }
}
