//! Turns cleaned columns into features, fitted on train rows only.
fn main() {}
