//! The section `cloud`: the wire of the vendor-compatible API.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use yizhan_api::CloudSettings;

/// Signed requests of the vendor-compatible API.
#[derive(Debug, Clone, PartialEq, JsonSchema, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Cloud {
    /// Largest JSON body, in bytes.
    pub max_json_bytes: usize,
    /// Largest form of the older signatures, in bytes.
    pub max_form_bytes: usize,
    /// Largest query of a GET, in bytes; 65,000 at most.
    pub max_query_bytes: usize,
    /// Bytes of large requests that are held at once, for all clients together.
    pub max_receiving_bytes: usize,
    /// Seconds by which a client's clock may be wrong.
    pub clock_tolerance_s: u64,
    /// Signed requests that are remembered, so that whoever overhears one cannot use it again; 50 bytes each.
    pub replay_entries: usize,
}

impl Default for Cloud {
    fn default() -> Self {
        let wire = CloudSettings::default();
        Self {
            max_json_bytes: wire.max_json_bytes,
            max_form_bytes: wire.max_form_bytes,
            max_query_bytes: wire.max_query_bytes,
            max_receiving_bytes: wire.max_receiving_bytes,
            clock_tolerance_s: wire.signature_window.as_secs(),
            replay_entries: wire.replay_entries,
        }
    }
}

impl Cloud {
    /// The limits as the API takes them.
    pub fn settings(&self) -> CloudSettings {
        CloudSettings {
            max_json_bytes: self.max_json_bytes,
            max_form_bytes: self.max_form_bytes,
            max_query_bytes: self.max_query_bytes,
            // The largest body must fit, or it would wait forever.
            max_receiving_bytes: self
                .max_receiving_bytes
                .max(self.max_json_bytes)
                .max(self.max_form_bytes)
                .max(self.max_query_bytes),
            signature_window: Duration::from_secs(self.clock_tolerance_s),
            replay_entries: self.replay_entries,
        }
    }
}
