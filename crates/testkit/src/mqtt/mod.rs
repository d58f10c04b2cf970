//! MQTT as a test sees it: exact bytes out, strictly checked packets in. Independent of the server's own codec, so
//! that the two can disagree.
//!
//! [`Body`] builds any packet, well-formed or not; [`Connect`], [`publish`](build::publish) and the others build
//! well-formed ones; [`Received`] is what came back, already checked against the rules that bind a server's packets;
//! [`RawClient`] puts both on a socket.

pub mod build;
mod client;
mod oracle;
pub mod property;
mod read;

pub use build::{Body, Connect, Publishing, Will};
pub use client::{Event, RawClient};
pub use property::{Properties, PropertyValue};
pub use read::{
    Ack, AuthPacket, ConnAck, Disconnect, Published, Received, SubAck, UnsubAck, parse, split_packet,
};

/// The protocol versions of the platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Version {
    /// 3.1, protocol name `MQIsdp`, level 3.
    V31,
    /// 3.1.1, protocol name `MQTT`, level 4.
    V311,
    /// 5.0, protocol name `MQTT`, level 5.
    V5,
}

impl Version {
    /// All of them, oldest first.
    pub const ALL: [Self; 3] = [Self::V31, Self::V311, Self::V5];

    /// The protocol name of the CONNECT.
    pub const fn protocol_name(self) -> &'static str {
        match self {
            Self::V31 => "MQIsdp",
            Self::V311 | Self::V5 => "MQTT",
        }
    }

    /// The protocol level of the CONNECT.
    pub const fn level(self) -> u8 {
        match self {
            Self::V31 => 3,
            Self::V311 => 4,
            Self::V5 => 5,
        }
    }
}
