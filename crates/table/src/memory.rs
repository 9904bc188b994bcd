//! The allocator of every program that works on tables.

use std::ffi::c_long;

/// Batches are large blocks that come and go; most allocators give each back to the kernel and fetch the next one page by
/// page, which takes a quarter of the time of `clean` and `featurize`.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// How long freed memory waits to be used again before the kernel gets it back. Left at mimalloc's 10 ms, `validate` takes a
/// tenth longer, as memory that a batch has left goes and comes again, page by page and each of them cleared.
const KEPT_MS: c_long = 1000;

/// The number of the option in mimalloc 2 (`mi_option_purge_delay`), which the binding has no name for.
const PURGE_DELAY: libmimalloc_sys::mi_option_t = 15;

/// Has freed memory kept for a while. To be called first of all in `main`, while there is one thread; without it a program
/// is slower and nothing else. Who sets `MIMALLOC_PURGE_DELAY` is heard.
pub fn keep() {
    #[expect(
        unsafe_code,
        reason = "there is no safe way to set an option, and it pays; see above"
    )]
    // SAFETY: the function only stores a number in the table of options, of which this is one; it must not run beside others
    // that read or write options, and before a second thread has been started there is none.
    unsafe {
        libmimalloc_sys::mi_option_set_default(PURGE_DELAY, KEPT_MS);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A number that is none of the option's would change something else.
    #[test]
    fn the_option_is_that_of_ten_milliseconds() {
        #[expect(unsafe_code, reason = "there is no safe way to look at an option")]
        // SAFETY: reads a number from the table of options; tests set none.
        let delay = unsafe { libmimalloc_sys::mi_option_get(PURGE_DELAY) };
        assert_eq!(delay, 10);
    }
}
