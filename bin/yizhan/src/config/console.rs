//! Settings of the web console.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The web console.
#[derive(Debug, Clone, PartialEq, JsonSchema, Serialize, Deserialize, Default)]
#[serde(default, deny_unknown_fields)]
pub struct Console {
    /// A folder whose files are shown in place of those in the program, such as `web/dist`: for work on the console.
    pub assets_dir: String,
}

impl Console {
    /// Where the console's files come from.
    pub fn files(&self) -> yizhan_console::Console {
        let folder = (!self.assets_dir.is_empty()).then(|| PathBuf::from(&self.assets_dir));
        yizhan_console::Console::new(folder)
    }
}
