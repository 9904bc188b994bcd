//! Applies fixed rules to rows, one by one.
fn main() {}
