//! What is too much. A file beyond a limit is a dead letter instead of a machine without memory.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Most bytes of one row.
pub(crate) const ROW_BYTES_MAX: usize = 64 << 20;
/// Most bytes of one cell.
pub(crate) const CELL_BYTES_MAX: usize = 16 << 20;
/// Most columns.
pub(crate) const COLUMNS_MAX: usize = 16_384;
/// Most brackets within brackets in a JSON record.
pub(crate) const DEPTH_MAX: usize = 64;
/// Most bytes that one compressed byte may become.
pub(crate) const EXPANSION_MAX: u64 = 500;
/// Decompressed bytes below which expansion is not looked at, as small files of equal rows compress very well.
pub(crate) const EXPANSION_FREE_BYTES: u64 = 64 << 20;
/// Most decompressed bytes of a compressed file that must be held whole in memory (Parquet, Arrow).
pub(crate) const WHOLE_BYTES_MAX: u64 = 1 << 30;

/// What is too much for one file. Each limit can be raised where a file is honestly so large.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Most bytes of one row (a record, with all its lines). At most 1 GiB.
    pub row_bytes: usize,
    /// Most bytes of one cell.
    pub cell_bytes: usize,
    /// Most columns.
    pub columns: usize,
    /// Most brackets within brackets in a JSON record.
    pub depth: usize,
    /// Most bytes that one compressed byte may become, once a file is larger than 64 MiB.
    pub expansion: u64,
    /// Most decompressed bytes of a compressed Parquet or Arrow file, which is held whole in memory.
    pub whole_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            row_bytes: ROW_BYTES_MAX,
            cell_bytes: CELL_BYTES_MAX,
            columns: COLUMNS_MAX,
            depth: DEPTH_MAX,
            expansion: EXPANSION_MAX,
            whole_bytes: WHOLE_BYTES_MAX,
        }
    }
}
