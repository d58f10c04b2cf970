//! The application message as it travels through the server, independent of the protocol version.
//!
//! A clone costs reference counts only: one message may go to thousands of sessions.

use std::sync::Arc;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::protocol::QoS;

/// A name and value pair that MQTT 5 passes through unchanged.
pub type UserProperty = (Box<str>, Box<str>);

/// One application message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Where it was published.
    pub topic: Arc<str>,
    /// What was published; never a slice of a connection's read buffer, so that keeping it keeps nothing else.
    pub payload: Bytes,
    /// Quality of service of the publication.
    pub qos: QoS,
    /// Whether the publisher set the retain flag.
    pub retain: bool,
    /// What MQTT 5 adds; shared between receivers.
    pub properties: Option<Arc<MessageProperties>>,
    /// When the message loses its use, in milliseconds since 1970.
    pub expires_at: Option<i64>,
}

/// What MQTT 5 lets a publisher say beside the payload; passed on unchanged.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct MessageProperties {
    /// The publisher says that the payload is UTF-8 text.
    pub payload_is_utf8: bool,
    /// Describes the payload.
    pub content_type: Option<Box<str>>,
    /// Where an answer is expected.
    pub response_topic: Option<Box<str>>,
    /// What the answer shall carry.
    pub correlation_data: Option<Bytes>,
    /// Free pairs, in the order received.
    pub user_properties: Vec<UserProperty>,
}

impl Message {
    /// A message of the server's own, without properties or expiry.
    pub fn new(topic: impl Into<Arc<str>>, payload: impl Into<Bytes>, qos: QoS) -> Self {
        Self {
            topic: topic.into(),
            payload: payload.into(),
            qos,
            retain: false,
            properties: None,
            expires_at: None,
        }
    }

    /// What the message weighs in a queue: its bytes plus the bookkeeping of one entry.
    pub fn weight(&self) -> usize {
        const ENTRY: usize = 160;
        ENTRY + self.topic.len() + self.payload.len() + self.properties.as_ref().map_or(0, |p| p.weight())
    }

    /// Whether the expiry lies at or before `wall_ms`.
    pub fn is_expired(&self, wall_ms: i64) -> bool {
        self.expires_at.is_some_and(|at| at <= wall_ms)
    }

    /// The message expiry interval to send at `wall_ms`: the seconds left, rounded up, at least one.
    pub fn remaining_expiry_s(&self, wall_ms: i64) -> Option<u32> {
        let left_ms = self.expires_at?.saturating_sub(wall_ms).max(1);
        let left_s = left_ms / 1000 + i64::from(left_ms % 1000 != 0);
        Some(u32::try_from(left_s).unwrap_or(u32::MAX))
    }

    /// Whether the payload is what its format indicator says; a server may refuse it with reason 0x99.
    pub fn payload_format_is_valid(&self) -> bool {
        !self.properties.as_ref().is_some_and(|p| p.payload_is_utf8)
            || std::str::from_utf8(&self.payload).is_ok()
    }
}

impl MessageProperties {
    /// Whether there is nothing to send.
    pub fn is_empty(&self) -> bool {
        !self.payload_is_utf8
            && self.content_type.is_none()
            && self.response_topic.is_none()
            && self.correlation_data.is_none()
            && self.user_properties.is_empty()
    }

    fn weight(&self) -> usize {
        self.content_type.as_ref().map_or(0, |text| text.len())
            + self.response_topic.as_ref().map_or(0, |text| text.len())
            + self.correlation_data.as_ref().map_or(0, Bytes::len)
            + self.user_properties.iter().map(|(name, value)| 32 + name.len() + value.len()).sum::<usize>()
    }
}

/// The moment at which a message received at `wall_ms` with this interval expires.
pub(crate) fn expires_at(interval_s: Option<u32>, wall_ms: i64) -> Option<i64> {
    interval_s.map(|seconds| wall_ms.saturating_add(i64::from(seconds) * 1000))
}
