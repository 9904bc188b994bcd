//! Runs any program as a stage.
fn main() {}
