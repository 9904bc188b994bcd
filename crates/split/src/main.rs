//! Sends every row to train, validation or test.
fn main() {}
