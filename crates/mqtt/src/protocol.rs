//! The few numbers that every packet shares: protocol version, quality of service, packet identifier.

use serde::{Deserialize, Serialize};

/// A packet identifier; zero does not exist on the wire.
pub type PacketId = std::num::NonZeroU16;

/// The largest remaining length the standard can express.
pub const MAX_REMAINING_LENGTH: usize = 268_435_455;

/// Which of the three protocols a client speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Version {
    /// MQTT 3.1, protocol name `MQIsdp`.
    V31 = 3,
    /// MQTT 3.1.1.
    V311 = 4,
    /// MQTT 5.
    V5 = 5,
}

impl Version {
    /// Whether packets carry properties and reason codes.
    pub const fn is_v5(self) -> bool {
        matches!(self, Self::V5)
    }

    /// The stable text of this version, for logs and metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::V31 => "3.1",
            Self::V311 => "3.1.1",
            Self::V5 => "5",
        }
    }
}

/// Quality of service of one message or subscription.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "u8", try_from = "u8")]
#[repr(u8)]
pub enum QoS {
    /// Sent once, lost when the connection breaks.
    AtMostOnce = 0,
    /// Sent until acknowledged, may arrive twice.
    AtLeastOnce = 1,
    /// Arrives once.
    ExactlyOnce = 2,
}

/// A quality of service above 2.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("QoS {0} does not exist; use 0, 1 or 2")]
pub struct UnknownQoS(pub u8);

impl From<QoS> for u8 {
    fn from(qos: QoS) -> Self {
        qos as Self
    }
}

impl TryFrom<u8> for QoS {
    type Error = UnknownQoS;

    fn try_from(value: u8) -> Result<Self, UnknownQoS> {
        match value {
            0 => Ok(Self::AtMostOnce),
            1 => Ok(Self::AtLeastOnce),
            2 => Ok(Self::ExactlyOnce),
            other => Err(UnknownQoS(other)),
        }
    }
}
