//! The binaries together.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod contract;
mod demo;
mod leak;
mod make;
mod memory;
mod readers;
mod swap;
