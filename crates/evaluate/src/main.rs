//! Judges predictions and writes metrics and a report.
fn main() {}
