//! The section `backups`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Backups that the server makes in its data directory, when somebody asks for one in the console.
#[derive(Debug, Clone, PartialEq, JsonSchema, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Backups {
    /// Backups that may lie there; a further one is refused until one is deleted.
    pub max_files: usize,
    /// Bytes that they may have before a further one is refused; 0 means no limit.
    pub max_bytes: u64,
}

impl Default for Backups {
    fn default() -> Self {
        Self { max_files: 10, max_bytes: 0 }
    }
}
