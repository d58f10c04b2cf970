//! Reason codes of MQTT 5 (§2.4) and how the older protocols express them.
//!
//! The rest of the server speaks in MQTT 5 codes; [`connack_code`] and [`suback_code`] translate at the edge.

use crate::protocol::Version;

/// Success; also normal disconnection and granted QoS 0.
pub const SUCCESS: u8 = 0x00;
/// DISCONNECT that asks for the will to be published.
pub const DISCONNECT_WITH_WILL: u8 = 0x04;
/// The message was taken, but nobody subscribes.
pub const NO_MATCHING_SUBSCRIBERS: u8 = 0x10;
/// UNSUBACK: there was no such subscription.
pub const NO_SUBSCRIPTION_EXISTED: u8 = 0x11;
/// AUTH goes on.
pub const CONTINUE_AUTHENTICATION: u8 = 0x18;
/// AUTH starts anew.
pub const REAUTHENTICATE: u8 = 0x19;
/// No closer reason.
pub const UNSPECIFIED_ERROR: u8 = 0x80;
/// The bytes are not a packet.
pub const MALFORMED_PACKET: u8 = 0x81;
/// The packet is well formed but not allowed here.
pub const PROTOCOL_ERROR: u8 = 0x82;
/// The server's own reasons.
pub const IMPLEMENTATION_SPECIFIC: u8 = 0x83;
/// CONNACK: protocol name or level.
pub const UNSUPPORTED_PROTOCOL_VERSION: u8 = 0x84;
/// CONNACK: client identifier.
pub const CLIENT_IDENTIFIER_NOT_VALID: u8 = 0x85;
/// CONNACK: credentials.
pub const BAD_USER_NAME_OR_PASSWORD: u8 = 0x86;
/// Not allowed.
pub const NOT_AUTHORIZED: u8 = 0x87;
/// CONNACK: not now.
pub const SERVER_UNAVAILABLE: u8 = 0x88;
/// Too much to do.
pub const SERVER_BUSY: u8 = 0x89;
/// CONNACK: banned.
pub const BANNED: u8 = 0x8A;
/// The server stops.
pub const SERVER_SHUTTING_DOWN: u8 = 0x8B;
/// Enhanced authentication is not offered.
pub const BAD_AUTHENTICATION_METHOD: u8 = 0x8C;
/// Nothing came for one and a half times the keep-alive.
pub const KEEP_ALIVE_TIMEOUT: u8 = 0x8D;
/// A newer connection uses the same client identifier.
pub const SESSION_TAKEN_OVER: u8 = 0x8E;
/// The topic filter is not accepted.
pub const TOPIC_FILTER_INVALID: u8 = 0x8F;
/// The topic name is not accepted.
pub const TOPIC_NAME_INVALID: u8 = 0x90;
/// The packet identifier is in use.
pub const PACKET_IDENTIFIER_IN_USE: u8 = 0x91;
/// The packet identifier is not known.
pub const PACKET_IDENTIFIER_NOT_FOUND: u8 = 0x92;
/// More unacknowledged publications than the receive maximum.
pub const RECEIVE_MAXIMUM_EXCEEDED: u8 = 0x93;
/// The topic alias is zero or above the maximum.
pub const TOPIC_ALIAS_INVALID: u8 = 0x94;
/// The packet is larger than the receiver takes.
pub const PACKET_TOO_LARGE: u8 = 0x95;
/// Too many messages.
pub const MESSAGE_RATE_TOO_HIGH: u8 = 0x96;
/// A limit was reached.
pub const QUOTA_EXCEEDED: u8 = 0x97;
/// An operator acted.
pub const ADMINISTRATIVE_ACTION: u8 = 0x98;
/// The payload is not what its format indicator says.
pub const PAYLOAD_FORMAT_INVALID: u8 = 0x99;
/// Retained messages are not offered.
pub const RETAIN_NOT_SUPPORTED: u8 = 0x9A;
/// The QoS is above the maximum the server announced.
pub const QOS_NOT_SUPPORTED: u8 = 0x9B;
/// Use another server for now.
pub const USE_ANOTHER_SERVER: u8 = 0x9C;
/// The server moved.
pub const SERVER_MOVED: u8 = 0x9D;
/// Shared subscriptions are not offered.
pub const SHARED_SUBSCRIPTIONS_NOT_SUPPORTED: u8 = 0x9E;
/// Too many connections in too short a time.
pub const CONNECTION_RATE_EXCEEDED: u8 = 0x9F;
/// The connection lasted as long as it may.
pub const MAXIMUM_CONNECT_TIME: u8 = 0xA0;
/// Subscription identifiers are not offered.
pub const SUBSCRIPTION_IDENTIFIERS_NOT_SUPPORTED: u8 = 0xA1;
/// Wildcards are not offered.
pub const WILDCARD_SUBSCRIPTIONS_NOT_SUPPORTED: u8 = 0xA2;

/// Whether a code means that the request failed.
pub const fn is_error(code: u8) -> bool {
    code >= 0x80
}

/// The byte a CONNACK carries for `reason`: MQTT 3.x knows five refusals only.
pub const fn connack_code(version: Version, reason: u8) -> u8 {
    if version.is_v5() {
        return reason;
    }
    match reason {
        SUCCESS => 0,
        UNSUPPORTED_PROTOCOL_VERSION => 1,
        CLIENT_IDENTIFIER_NOT_VALID => 2,
        BAD_USER_NAME_OR_PASSWORD | BAD_AUTHENTICATION_METHOD => 4,
        NOT_AUTHORIZED | BANNED => 5,
        _ => 3,
    }
}

/// The byte a SUBACK carries for `reason`: MQTT 3.x knows one failure only.
pub const fn suback_code(version: Version, reason: u8) -> u8 {
    if version.is_v5() || !is_error(reason) { reason } else { 0x80 }
}
