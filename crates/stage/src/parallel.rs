//! The same small work on many things, on all threads, results in order.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// So many inputs that are done in a moment are worth a thread.
pub(crate) const MOMENTS: usize = 64;

/// Applies `f` to each input; a thread takes so many at a time, and no thread is started for fewer.
pub(crate) fn map<A: Sync, B: Send>(
    threads: usize,
    at_a_time: usize,
    inputs: &[A],
    f: impl Fn(&A) -> B + Sync,
) -> Vec<B> {
    let threads = threads.min(inputs.len().div_ceil(at_a_time));
    if threads <= 1 {
        return inputs.iter().map(f).collect();
    }
    let next = AtomicUsize::new(0);
    let results: Mutex<Vec<(usize, Vec<B>)>> = Mutex::default();
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let chunk = next.fetch_add(1, Ordering::Relaxed);
                    let Some(inputs) = inputs.chunks(at_a_time).nth(chunk) else {
                        return;
                    };
                    let outputs = inputs.iter().map(&f).collect();
                    results
                        .lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .push((chunk, outputs));
                }
            });
        }
    });
    let mut results = results.into_inner().unwrap_or_else(PoisonError::into_inner);
    results.sort_unstable_by_key(|(chunk, _)| *chunk);
    results
        .into_iter()
        .flat_map(|(_, outputs)| outputs)
        .collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn results_keep_the_order_of_inputs() {
        let inputs: Vec<u32> = (0..1000).collect();
        let expected: Vec<u32> = inputs.iter().map(|n| n * 2).collect();
        for threads in [1, 2, 7] {
            for at_a_time in [1, super::MOMENTS] {
                let found = super::map(threads, at_a_time, &inputs, |n| n * 2);
                assert_eq!(found, expected);
            }
        }
    }
}
