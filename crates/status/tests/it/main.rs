//! `status` on lines that stopped in every way, each made by real runs.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod line;
mod make;
mod outputs;
mod states;
mod why;
