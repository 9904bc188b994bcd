//! Work on all threads, results in order.

mod columns;

use std::any::Any;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use stage::{Blame, Fault};

pub use columns::map_columns;
pub(crate) use columns::{pays, sink_columns};

/// Inputs in flight per thread: enough that a slow one does not hold up the others, few enough to keep memory flat.
const WINDOW: usize = 3;

/// Maps inputs to results on so many threads and gives the results to `sink` in the order of the inputs.
///
/// The calling thread is one of the threads and the only one that runs `sink`. Not more than a few inputs per thread
/// are in flight, so memory does not grow with their number. The first error in the order of the inputs ends it,
/// whatever the number of threads; a panic becomes an error.
pub fn ordered_map<A, B>(
    inputs: impl Iterator<Item = Result<A, Fault>> + Send,
    threads: usize,
    f: impl Fn(A) -> Result<B, Fault> + Sync,
    mut sink: impl FnMut(B) -> Result<(), Fault>,
) -> Result<(), Fault>
where
    A: Send,
    B: Send,
{
    // None of more threads than there are inputs would have anything to do.
    let threads = threads.min(inputs.size_hint().1.unwrap_or(usize::MAX));
    let line = Line::new(inputs, threads);
    let f = |input| caught(|| f(input));
    std::thread::scope(|scope| {
        for _ in 1..threads {
            scope.spawn(|| {
                while let Some((number, input)) = line.draw() {
                    line.deliver(number, input.and_then(f));
                }
            });
        }
        let result = loop {
            match line.next() {
                Next::Sink(result) => {
                    if let Err(fault) = result.and_then(|result| caught(|| sink(result))) {
                        break Err(fault);
                    }
                }
                Next::Work(number, input) => line.deliver(number, input.and_then(f)),
                Next::Done => break Ok(()),
            }
        };
        line.stop();
        result
    })
}

/// Does two things side by side, if there is more than one thread for them.
pub fn both<A: Send, B>(
    threads: usize,
    one: impl FnOnce() -> A + Send,
    other: impl FnOnce() -> B,
) -> (A, B) {
    if threads < 2 {
        return (one(), other());
    }
    std::thread::scope(|scope| {
        let one = scope.spawn(one);
        let other = other();
        let one = one.join();
        (one.unwrap_or_else(|panic| resume_unwind(panic)), other)
    })
}

/// What the calling thread does next.
enum Next<A, B> {
    Sink(Result<B, Fault>),
    Work(usize, Result<A, Fault>),
    Done,
}

/// The inputs still to come and the results not yet sunk.
struct Line<I, B> {
    state: Mutex<State<I, B>>,
    changed: Condvar,
    window: usize,
}

struct State<I, B> {
    /// Taken out while a thread draws from it, and for good when there is no further input.
    inputs: Option<I>,
    exhausted: bool,
    drawn: usize,
    sunk: usize,
    ready: BTreeMap<usize, Result<B, Fault>>,
    stopped: bool,
}

impl<A, B, I: Iterator<Item = Result<A, Fault>>> Line<I, B> {
    fn new(inputs: I, threads: usize) -> Self {
        let state = State {
            inputs: Some(inputs),
            exhausted: false,
            drawn: 0,
            sunk: 0,
            ready: BTreeMap::new(),
            stopped: false,
        };
        Self {
            state: Mutex::new(state),
            changed: Condvar::new(),
            window: threads.max(1) * WINDOW,
        }
    }

    fn lock(&self) -> MutexGuard<'_, State<I, B>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'a>(&self, state: MutexGuard<'a, State<I, B>>) -> MutexGuard<'a, State<I, B>> {
        self.changed
            .wait(state)
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// The next input, for a helping thread; `None` when there is nothing more to do.
    fn draw(&self) -> Option<(usize, Result<A, Fault>)> {
        let mut state = self.lock();
        loop {
            if state.stopped || state.exhausted {
                return None;
            }
            if state.drawn - state.sunk < self.window
                && let Some(inputs) = state.inputs.take()
            {
                drop(state);
                if let Some(input) = self.advance(inputs) {
                    return Some(input);
                }
                state = self.lock();
                continue;
            }
            state = self.wait(state);
        }
    }

    /// For the calling thread: a result to sink before an input to work on.
    fn next(&self) -> Next<A, B> {
        let mut state = self.lock();
        loop {
            let sunk = state.sunk;
            if let Some(result) = state.ready.remove(&sunk) {
                state.sunk += 1;
                self.changed.notify_all();
                return Next::Sink(result);
            }
            if state.exhausted && state.drawn == state.sunk {
                return Next::Done;
            }
            if state.drawn - state.sunk < self.window
                && let Some(inputs) = state.inputs.take()
            {
                drop(state);
                if let Some((number, input)) = self.advance(inputs) {
                    return Next::Work(number, input);
                }
                state = self.lock();
                continue;
            }
            state = self.wait(state);
        }
    }

    /// Draws one input outside the lock, by the only thread that has the inputs.
    fn advance(&self, mut inputs: I) -> Option<(usize, Result<A, Fault>)> {
        let input = match caught(|| Ok(inputs.next())) {
            Ok(input) => input,
            Err(fault) => Some(Err(fault)),
        };
        let mut state = self.lock();
        if matches!(input, Some(Ok(_))) {
            state.inputs = Some(inputs);
        } else {
            state.exhausted = true;
        }
        let number = state.drawn;
        state.drawn += usize::from(input.is_some());
        self.changed.notify_all();
        input.map(|input| (number, input))
    }

    fn deliver(&self, number: usize, result: Result<B, Fault>) {
        self.lock().ready.insert(number, result);
        self.changed.notify_all();
    }

    fn stop(&self) {
        self.lock().stopped = true;
        self.changed.notify_all();
    }
}

/// Runs `f`; a panic in it is a fault of the program's.
pub(crate) fn caught<T>(f: impl FnOnce() -> Result<T, Fault>) -> Result<T, Fault> {
    catch_unwind(AssertUnwindSafe(f)).unwrap_or_else(|panic| {
        let message = format!("panicked: {}", panic_message(&*panic));
        Err(Fault::message(Blame::Program, message))
    })
}

/// Runs a reader of others' making on foreign bytes; should it panic on them, that is the item's fault.
pub(crate) fn caught_item<T>(f: impl FnOnce() -> Result<T, Fault>) -> Result<T, Fault> {
    catch_unwind(AssertUnwindSafe(f)).unwrap_or_else(|panic| {
        let message = panic_message(&*panic);
        Err(Fault::item(format!(
            "the content cannot be read: {message}"
        )))
    })
}

fn panic_message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message")
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use super::*;

    /// Runs `f` on 0..100 with each of several thread counts: what was sunk, and the fault.
    #[track_caller]
    fn check(f: impl Fn(u64) -> Result<u64, Fault> + Sync, sunk: &[u64], fault: &str) {
        for threads in [0, 1, 2, 3, 8] {
            let mut got = Vec::new();
            let result = ordered_map((0..100).map(Ok), threads, &f, |value| {
                got.push(value);
                Ok(())
            });
            assert_eq!(got, sunk, "{threads} threads");
            let told = result.err().map(|fault| fault.to_string());
            assert_eq!(told.unwrap_or_default(), fault, "{threads} threads");
        }
    }

    #[test]
    fn results_come_in_the_order_of_the_inputs() {
        let uneven = |input| {
            std::thread::sleep(Duration::from_micros(input * 37 % 101));
            Ok(input * 2)
        };
        let doubled: Vec<u64> = (0..100).map(|input| input * 2).collect();
        check(uneven, &doubled, "");
    }

    #[test]
    fn the_first_error_in_the_order_of_the_inputs_ends_it() {
        let f = |input| match input {
            3 => {
                std::thread::sleep(Duration::from_millis(5));
                Err(Fault::item("three"))
            }
            4 => Err(Fault::item("four")),
            other => Ok(other),
        };
        check(f, &[0, 1, 2], "three");
    }

    #[test]
    fn a_panic_becomes_a_fault() {
        let f = |input| {
            assert!(input < 2, "two is too many");
            Ok(input)
        };
        check(f, &[0, 1], "panicked: two is too many");
    }

    #[test]
    fn an_error_of_the_inputs_comes_after_the_results_before_it() {
        for threads in [1, 2, 4] {
            let inputs = (0..10).map(|number| match number {
                5 => Err(Fault::item("five")),
                other => Ok(other),
            });
            let mut got = Vec::new();
            let result = ordered_map(inputs, threads, Ok, |value| {
                got.push(value);
                Ok(())
            });
            assert_eq!(got, [0, 1, 2, 3, 4]);
            assert_eq!(result.unwrap_err().to_string(), "five");
        }
    }

    #[test]
    fn a_sink_that_fails_or_panics_ends_it() {
        for threads in [1, 2, 4] {
            let failing = ordered_map((0..50).map(Ok), threads, Ok, |value| {
                if value == 7 {
                    return Err(Fault::item("seven"));
                }
                Ok(())
            });
            assert_eq!(failing.unwrap_err().to_string(), "seven");
            let panicking = ordered_map((0..50).map(Ok), threads, Ok, |value: i32| {
                assert!(value < 7, "full");
                Ok(())
            });
            assert_eq!(panicking.unwrap_err().to_string(), "panicked: full");
        }
    }

    #[test]
    fn both_are_done_and_a_panic_is_not_lost() {
        for threads in [0, 1, 2, 8] {
            assert_eq!(both(threads, || 1, || "two"), (1, "two"));
            let panicking = || both(threads, || panic!("one too many"), || 2);
            let told = caught(|| Ok::<((), i32), _>(panicking()));
            assert_eq!(told.unwrap_err().to_string(), "panicked: one too many");
        }
    }

    #[test]
    fn few_inputs_are_in_flight() {
        let drawn = AtomicUsize::new(0);
        let sunk = AtomicUsize::new(0);
        let most = AtomicUsize::new(0);
        let inputs = (0..1000).map(|number| {
            let flight = drawn.fetch_add(1, Ordering::SeqCst) + 1 - sunk.load(Ordering::SeqCst);
            most.fetch_max(flight, Ordering::SeqCst);
            Ok(number)
        });
        let result = ordered_map(inputs, 4, Ok, |_| {
            sunk.fetch_add(1, Ordering::SeqCst);
            Ok(())
        });
        assert!(result.is_ok());
        assert!(most.load(Ordering::SeqCst) <= 4 * WINDOW + 1);
    }
}
