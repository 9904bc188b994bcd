//! Mergeable one-pass statistics of columns.
