//! The contract, tried on `examples/lines.rs` as a user would run it.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod failing;
mod fuzz;
mod history;
mod project;
mod resuming;
mod running;
