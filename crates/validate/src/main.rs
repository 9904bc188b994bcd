//! Checks raw items against a table schema and writes them as Parquet.
fn main() {}
