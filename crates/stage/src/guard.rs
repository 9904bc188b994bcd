//! A panic in a stage's work is caught and told, like any other fault.

use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};

use crate::fault::Fault;

thread_local! {
    /// While a stage's work is guarded on this thread: where it panicked.
    static PANIC: RefCell<Option<String>> = const { RefCell::new(None) };
    static GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// A panic in guarded work is told by its dead letter, and not also by the runtime.
pub(crate) fn hush_guarded_panics() {
    let before = take_hook();
    set_hook(Box::new(move |info| {
        if GUARDED.get() {
            let place = info
                .location()
                .map(|at| format!(" at {}:{}", at.file(), at.line()));
            PANIC.set(place);
        } else {
            before(info);
        }
    }));
}

/// A panic in a stage is that item's fault: the others are still to be done.
pub(crate) fn guarded(work: impl FnOnce() -> Result<(), Fault>) -> Result<(), Fault> {
    GUARDED.set(true);
    let ended = catch_unwind(AssertUnwindSafe(work));
    GUARDED.set(false);
    ended.unwrap_or_else(|panic| {
        let what = panic
            .downcast_ref::<&str>()
            .map(|text| (*text).to_owned())
            .or_else(|| panic.downcast_ref::<String>().cloned())
            .unwrap_or_else(|| "no message".to_owned());
        let place = PANIC.take().unwrap_or_default();
        let fault = Fault::item(format!("the stage panicked{place}: {what}"));
        Err(fault.hint("this is an error in the stage; please report it"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fault::Blame;

    #[test]
    fn a_panic_is_the_items_fault() {
        hush_guarded_panics();
        let line = line!() + 1;
        let fault = guarded(|| panic!("index out of bounds")).unwrap_err();
        assert_eq!(fault.blame, Blame::Item);
        let place = format!("{}:{line}", file!());
        let expected = format!("the stage panicked at {place}: index out of bounds");
        assert_eq!(fault.to_string(), expected);
    }
}
