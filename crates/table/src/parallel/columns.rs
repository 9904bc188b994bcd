//! The columns of a batch, side by side. There are few of them and each is soon done, so no thread ever waits for another:
//! whoever has done a column sinks what is ready.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use stage::Fault;

use super::caught;

/// A thread costs as much as so many cells.
const CELLS_PER_THREAD: usize = 1 << 14;

/// Maps columns of so many rows on as many of the threads as pays for them; gives the results in the order of the
/// columns, or the first error in this order, whatever the number of threads. A panic becomes an error.
pub fn map_columns<A: Send, B: Send>(
    columns: impl ExactSizeIterator<Item = A> + Send,
    rows: usize,
    threads: usize,
    f: impl Fn(A) -> Result<B, Fault> + Sync,
) -> Result<Vec<B>, Fault> {
    let mut results = Vec::with_capacity(columns.len());
    sink_columns(columns, rows, threads, f, |result| {
        results.push(result);
        Ok(())
    })?;
    Ok(results)
}

/// As [`map_columns`], but gives each result to `sink`, in order and on any of the threads, as soon as it can.
pub(crate) fn sink_columns<A: Send, B: Send>(
    columns: impl ExactSizeIterator<Item = A> + Send,
    rows: usize,
    threads: usize,
    f: impl Fn(A) -> Result<B, Fault> + Sync,
    sink: impl FnMut(B) -> Result<(), Fault> + Send,
) -> Result<(), Fault> {
    let helpers = pays(threads, rows, columns.len()) - 1;
    let line = Line(Mutex::new(State {
        columns: columns.enumerate(),
        ready: BTreeMap::new(),
        sunk: 0,
        sink: Some(sink),
        fault: None,
    }));
    std::thread::scope(|scope| {
        for _ in 0..helpers {
            scope.spawn(|| line.work(&f));
        }
        line.work(&f);
    });
    let state = line.0.into_inner().unwrap_or_else(PoisonError::into_inner);
    state.fault.map_or(Ok(()), Err)
}

/// How many of so many threads pay for columns of so many rows; at least one.
pub(crate) fn pays(threads: usize, rows: usize, columns: usize) -> usize {
    let cells = rows.saturating_mul(columns);
    threads.min(columns).min(cells / CELLS_PER_THREAD).max(1)
}

struct Line<I, B, S>(Mutex<State<I, B, S>>);

struct State<I, B, S> {
    columns: I,
    ready: BTreeMap<usize, Result<B, Fault>>,
    sunk: usize,
    /// Taken out while a thread sinks, and for good after a fault.
    sink: Option<S>,
    fault: Option<Fault>,
}

impl<A, B, I, S> Line<I, B, S>
where
    I: Iterator<Item = (usize, A)>,
    S: FnMut(B) -> Result<(), Fault>,
{
    fn lock(&self) -> MutexGuard<'_, State<I, B, S>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn work(&self, f: &impl Fn(A) -> Result<B, Fault>) {
        while let Some((number, column)) = self.draw() {
            let result = caught(|| f(column));
            self.deliver(number, result);
        }
    }

    fn draw(&self) -> Option<(usize, A)> {
        let mut state = self.lock();
        if state.fault.is_some() {
            return None;
        }
        state.columns.next()
    }

    /// Sinks all that is ready in order, unless another thread is at it, which then sinks this too.
    fn deliver(&self, number: usize, result: Result<B, Fault>) {
        let mut state = self.lock();
        state.ready.insert(number, result);
        let Some(mut sink) = state.sink.take() else {
            return;
        };
        loop {
            let next = state.sunk;
            let Some(result) = state.ready.remove(&next) else {
                state.sink = Some(sink);
                return;
            };
            state.sunk += 1;
            drop(state);
            let sunk = result.and_then(|result| caught(|| sink(result)));
            state = self.lock();
            if let Err(fault) = sunk {
                state.fault = Some(fault);
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use super::*;

    const ROWS: usize = 10 * CELLS_PER_THREAD;

    #[test]
    fn results_come_in_order_though_the_first_is_the_last_done() {
        for threads in [1, 2, 8, 100] {
            let slow = |column: usize| {
                std::thread::sleep(Duration::from_millis(20 - column.min(19) as u64));
                Ok(column * 2)
            };
            let found = map_columns(0..30, ROWS, threads, slow).unwrap();
            assert!(found.into_iter().eq((0..30).map(|column| column * 2)));
        }
    }

    #[test]
    fn the_first_error_in_order_is_told_and_nothing_behind_it_sunk() {
        for threads in [1, 2, 8] {
            let mut sunk = Vec::new();
            let work = |column: usize| match column {
                // The later error comes first.
                7 => {
                    std::thread::sleep(Duration::from_millis(20));
                    Err(Fault::item("seven"))
                }
                8 => panic!("eight"),
                _ => Ok(column),
            };
            let sink = |column| {
                sunk.push(column);
                Ok(())
            };
            let fault = sink_columns(0..30, ROWS, threads, work, sink).unwrap_err();
            assert_eq!(fault.to_string(), "seven");
            assert!(sunk.into_iter().eq(0..7));
        }
    }

    #[test]
    fn a_fault_of_the_sink_ends_the_work() {
        let begun = AtomicUsize::new(0);
        let work = |column: usize| {
            begun.fetch_add(1, Ordering::Relaxed);
            std::thread::sleep(Duration::from_millis(1));
            Ok(column)
        };
        let sink = |column| match column {
            3 => Err(Fault::item("full")),
            _ => Ok(()),
        };
        let fault = sink_columns(0..10_000, ROWS, 4, work, sink).unwrap_err();
        assert_eq!(fault.to_string(), "full");
        assert!(begun.into_inner() < 5_000);
    }

    #[test]
    fn a_panic_is_an_error() {
        let fault = map_columns(0..3, ROWS, 2, |_| -> Result<(), Fault> { panic!("no") });
        assert_eq!(fault.unwrap_err().to_string(), "panicked: no");
    }

    #[test]
    fn few_cells_are_left_to_one_thread() {
        assert_eq!(pays(8, 0, 0), 1);
        assert_eq!(pays(8, CELLS_PER_THREAD, 1), 1);
        assert_eq!(pays(8, CELLS_PER_THREAD, 3), 3);
        assert_eq!(pays(2, CELLS_PER_THREAD, 3), 2);
        assert_eq!(pays(8, CELLS_PER_THREAD / 8, 30), 3);
        let caller = std::thread::current().id();
        let alone = |_| Ok(std::thread::current().id() == caller);
        assert!(
            map_columns(0..3, 100, 8, alone)
                .unwrap()
                .into_iter()
                .all(|alone| alone)
        );
    }
}
