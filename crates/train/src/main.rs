//! Trains a model on the train partition and predicts validation and test.
fn main() {}
