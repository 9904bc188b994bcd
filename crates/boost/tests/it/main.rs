//! The crate as its callers see it.
#![cfg(test)]

mod data;
mod learns;
mod python;
mod same_bits;
