//! The binaries together.

mod contract;
mod make;
