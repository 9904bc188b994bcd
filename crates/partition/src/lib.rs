//! The pure function from a row's key to train, validation or test.
