//! What a stage leaves behind, wherever it is stopped and whatever fails: nobody has ever seen half a queue, the old
//! one is intact or the new one whole, and a plain rerun ends well with the bytes of an undisturbed run.
//!
//! With WAYSTATION_SLOW=1 every point is tried; else a sample of them, drawn from a seed.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![cfg(all(target_os = "linux", target_arch = "x86_64", target_env = "gnu"))]

mod beside;
mod clocks;
mod disks;
mod fault;
mod hostile;
mod names;
mod points;
mod poison;
mod power;
mod reader;
mod scene;
