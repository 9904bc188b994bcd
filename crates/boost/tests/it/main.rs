//! The crate as its callers see it.

mod data;
mod learns;
mod python;
mod same_bits;
