//! Tables: items as record batches.
//!
//! Between stages an item is a Parquet file: [`Reader`] streams it as record batches, [`Writer`] writes it with
//! bytes that depend on the rows alone. What a column is for travels in its field's metadata ([`roles`]). Files as
//! they come from outside, delimited, JSON, Parquet or Arrow, are read by [`raw`]: cut into chunks in order, parsed
//! on all threads through [`ordered_map`].

pub mod columns;
mod digest;
mod io_error;
mod max_rejected;
pub mod memory;
mod normal;
mod parallel;
pub mod raw;
mod reader;
pub mod roles;
mod texts;
pub mod values;
mod writer;

pub use digest::digest_rows;
pub use max_rejected::MaxRejected;
pub use parallel::{both, map_columns, ordered_map};
pub use reader::Reader;
pub use texts::Texts;
pub use writer::Writer;

/// How many rows a record batch holds, the last one of an item excepted.
pub const BATCH_ROWS: usize = 65_536;
