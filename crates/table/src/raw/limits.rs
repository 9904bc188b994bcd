//! What is too much. A file beyond a limit is a dead letter instead of a machine without memory.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use stage::Fault;

/// Most bytes of one row.
pub(crate) const ROW_BYTES_MAX: usize = 64 << 20;
/// What `row_bytes` may be raised to, so that places within a chunk fit into 32 bits.
pub(crate) const ROW_BYTES_CEILING: usize = 512 << 20;
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

/// What is too much for one file. A limit can be raised where a file is honestly so large.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Most bytes of one row (a record, with all its lines). At most 512 MiB.
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

impl Limits {
    /// Refuses limits beyond which the reader cannot count.
    pub(crate) fn check(&self) -> Result<(), Fault> {
        if self.row_bytes > ROW_BYTES_CEILING {
            let message = format!(
                "`limits.row_bytes`: expected at most {ROW_BYTES_CEILING}, found {}",
                self.row_bytes
            );
            return Err(Fault::settings(message));
        }
        Ok(())
    }
}

/// The item's fault that a limit is exceeded, with the setting that raises it as the cure.
pub(crate) fn exceeded(message: impl std::fmt::Display, limit: &str) -> Fault {
    Fault::item(message).hint(format!(
        "if the file is honestly so large, raise `limits.{limit}`"
    ))
}
