//! The binaries together.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod contract;
mod demo;
mod install;
mod leak;
mod make;
mod memory;
mod new;
mod readers;
mod swap;
