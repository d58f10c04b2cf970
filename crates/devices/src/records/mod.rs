//! What this crate writes into the journal: one module for each kind of body, each body starting with its version
//! so that any later release reads it. The hot path (content) is a compact binary form; all others are JSON.
//!
//! Sub-kinds of state records, 1 to 31, are ours and listed here.

pub(crate) mod connection;
pub(crate) mod content;
pub(crate) mod diagnostic;
pub(crate) mod event;
pub(crate) mod sniff;
pub(crate) mod state;

/// The version that every JSON body of this release carries in `v`.
pub(crate) const BODY_VERSION: u8 = 1;

/// What `report_info` said about the device.
pub(crate) const STATE_INFO: u8 = 1;
/// A `get_status` was answered with pending controls under the device's own token.
pub(crate) const STATE_STATUS_READ: u8 = 2;
/// Points of a report whose own time differs from the time of receipt.
pub(crate) const STATE_POINTS: u8 = 3;
