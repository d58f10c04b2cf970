//! Every way in which a client's bytes can fail to be a packet.

use crate::filter::TopicError;
use crate::reason;

/// Why a packet was refused. The connection ends with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// [MQTT-3.1.0-1]
    #[error("the first packet must be CONNECT")]
    NotConnect,
    /// [MQTT-3.1.0-2]
    #[error("CONNECT may be sent only once")]
    SecondConnect,
    /// The remaining length has more than four bytes [MQTT-1.5.5-1].
    #[error("the remaining length has more than four bytes")]
    MalformedLength,
    /// Declared larger than the limit.
    #[error("a packet of {size} bytes is larger than the limit of {max}")]
    PacketTooLarge {
        /// The whole packet.
        size: usize,
        /// The limit.
        max: u32,
    },
    /// A type that does not exist, or that only servers send.
    #[error("packet type {0} does not come from a client of this version")]
    UnexpectedPacketType(u8),
    /// [MQTT-2.1.3-1]
    #[error("the flags of the fixed header {0:#04x} are reserved")]
    ReservedFlags(u8),
    /// A field reaches beyond the packet.
    #[error("the packet ends inside a field")]
    Truncated,
    /// Bytes behind the last field.
    #[error("there are bytes behind the last field")]
    TrailingBytes,
    /// [MQTT-1.5.4-1]
    #[error("a text is not UTF-8")]
    InvalidUtf8,
    /// [MQTT-1.5.4-2]
    #[error("a text contains U+0000")]
    NullCharacter,
    /// [MQTT-3.1.2-1]
    #[error("the protocol name is neither MQTT nor MQIsdp")]
    ProtocolName,
    /// [MQTT-3.1.2-2]
    #[error("protocol level {0} is not supported; use 3 with MQIsdp, 4 or 5 with MQTT")]
    UnsupportedVersion(u8),
    /// [MQTT-3.1.2-3]
    #[error("the reserved CONNECT flag is set")]
    ReservedConnectFlag,
    /// [MQTT-3.1.2-11, MQTT-3.1.2-13]
    #[error("will QoS or will retain without a will")]
    WillFlagsWithoutWill,
    /// [MQTT-3.1.2-12, MQTT-3.3.1-4, MQTT-3.8.3-5]
    #[error("QoS 3 does not exist")]
    InvalidQos,
    /// MQTT 3.1.1 [MQTT-3.1.2-22]
    #[error("a password without a user name")]
    PasswordWithoutUserName,
    /// MQTT 3.1.1 [MQTT-3.1.3-8]
    #[error("an empty client identifier needs a clean session")]
    ClientIdRefused,
    /// [MQTT-3.3.1-2]
    #[error("DUP at QoS 0")]
    DupAtQosZero,
    /// [MQTT-2.2.1-3]
    #[error("packet identifier 0")]
    PacketIdZero,
    /// [MQTT-3.3.2-1, MQTT-3.3.2-2]
    #[error("the topic name is not valid: {0}")]
    TopicName(TopicError),
    /// [MQTT-4.7.1-1, MQTT-4.7.1-2]
    #[error("the topic filter is not valid: {0}")]
    TopicFilter(TopicError),
    /// [MQTT-3.8.3-2, MQTT-3.10.3-2]
    #[error("at least one topic filter is needed")]
    NoFilters,
    /// [MQTT-3.8.3-5]
    #[error("reserved bits or retain handling 3 in subscription options {0:#04x}")]
    ReservedOptions(u8),
    /// [MQTT-3.8.3-4]
    #[error("No Local on a shared subscription")]
    NoLocalOnShared,
    /// A property of another packet, or one that does not exist [MQTT-2.2.2-2].
    #[error("property {0:#04x} does not belong here")]
    UnexpectedProperty(u8),
    /// A property that may appear once only.
    #[error("property {0:#04x} appears twice")]
    DuplicateProperty(u8),
    /// A value the property does not allow.
    #[error("the value of property {0:#04x} is not allowed")]
    PropertyValue(u8),
    /// [MQTT-3.3.2-8]
    #[error("topic alias 0")]
    TopicAliasZero,
    /// A reason code that clients do not send in this packet.
    #[error("reason code {0:#04x} does not belong here")]
    UnexpectedReason(u8),
    /// Authentication data without a method.
    #[error("authentication data without a method")]
    NoAuthenticationMethod,
}

impl DecodeError {
    /// The MQTT 5 reason code for DISCONNECT, or for CONNACK while no CONNECT was accepted.
    pub const fn reason(&self) -> u8 {
        match self {
            Self::MalformedLength
            | Self::ReservedFlags(_)
            | Self::Truncated
            | Self::TrailingBytes
            | Self::InvalidUtf8
            | Self::NullCharacter
            | Self::ReservedConnectFlag
            | Self::WillFlagsWithoutWill
            | Self::InvalidQos
            | Self::DupAtQosZero
            | Self::ReservedOptions(_)
            | Self::UnexpectedReason(_) => reason::MALFORMED_PACKET,
            Self::NotConnect
            | Self::SecondConnect
            | Self::UnexpectedPacketType(_)
            | Self::PacketIdZero
            | Self::NoFilters
            | Self::NoLocalOnShared
            | Self::UnexpectedProperty(_)
            | Self::DuplicateProperty(_)
            | Self::PropertyValue(_)
            | Self::PasswordWithoutUserName
            | Self::NoAuthenticationMethod => reason::PROTOCOL_ERROR,
            Self::PacketTooLarge { .. } => reason::PACKET_TOO_LARGE,
            Self::ProtocolName | Self::UnsupportedVersion(_) => reason::UNSUPPORTED_PROTOCOL_VERSION,
            Self::ClientIdRefused => reason::CLIENT_IDENTIFIER_NOT_VALID,
            Self::TopicName(_) => reason::TOPIC_NAME_INVALID,
            Self::TopicFilter(_) => reason::TOPIC_FILTER_INVALID,
            Self::TopicAliasZero => reason::TOPIC_ALIAS_INVALID,
        }
    }

    /// Whether a refused CONNECT is answered at all: 3.x has codes for two of these only, and the standard wants
    /// the connection closed without an answer otherwise.
    pub const fn deserves_connack(&self, version: crate::Version) -> bool {
        match self {
            Self::UnsupportedVersion(_) | Self::ClientIdRefused => true,
            Self::NotConnect | Self::SecondConnect | Self::ProtocolName => false,
            _ => version.is_v5(),
        }
    }
}
