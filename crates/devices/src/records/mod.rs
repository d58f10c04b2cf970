//! What this crate writes into the journal: one module for each kind of body, each body starting with its version
//! so that any later release reads it. The hot path (content) is a compact binary form; all others are JSON.
//!
//! Sub-kinds of state records, 1 to 31, are ours and listed here.

pub(crate) mod connection;
pub(crate) mod content;
pub(crate) mod device_log;
pub(crate) mod diagnostic;
pub(crate) mod event;
pub(crate) mod sniff;
pub(crate) mod state;

use serde::{Deserialize, Serialize};

/// The version of every body of this release but those of the content log.
pub(crate) const BODY_VERSION: u8 = 1;

/// The version in the `v` of a JSON body. A body of another version cannot be read as one of this, so that what a newer
/// release wrote is never misread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Version;

impl Serialize for Version {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u8(BODY_VERSION)
    }
}

impl<'de> Deserialize<'de> for Version {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match u8::deserialize(deserializer)? {
            BODY_VERSION => Ok(Self),
            other => Err(serde::de::Error::custom(format_args!("version {other} is not known here"))),
        }
    }
}

/// What `report_info` said about the device.
pub(crate) const STATE_INFO: u8 = 1;
/// A `get_status` was answered with pending controls under the device's own token.
pub(crate) const STATE_STATUS_READ: u8 = 2;
/// Points of a report whose own time differs from the time of receipt.
pub(crate) const STATE_POINTS: u8 = 3;
