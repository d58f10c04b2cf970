//! Writes the packets a server sends, for each protocol version.
//!
//! Reasons are always given as MQTT 5 codes; what an older protocol cannot say is translated or left out. What must
//! stay true: the acknowledgements of 3.x have exactly their two-byte body, because vendor SDKs rely on it (device
//! protocol §1.7), and nothing is written that a strict decoder would refuse.

mod publish;

use bytes::{BufMut, BytesMut};

pub use publish::{PublishFields, TooLarge, publish, publish_size};

use crate::decode::properties as property;
use crate::message::UserProperty;
use crate::protocol::{PacketId, QoS, Version};
use crate::reason;

/// What a server announces in an MQTT 5 CONNACK. The default announces nothing, which means that every feature is
/// there and nothing is limited.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ConnAckProperties {
    /// The session expiry interval the server uses, if not the one asked for.
    pub session_expiry_s: Option<u32>,
    /// QoS 1 and 2 messages the server takes at once.
    pub receive_maximum: Option<u16>,
    /// The highest QoS the server takes; written only when below 2.
    pub maximum_qos: Option<QoS>,
    /// Retained messages are not offered.
    pub no_retain: bool,
    /// The largest packet the server takes.
    pub max_packet_size: Option<u32>,
    /// The client identifier the server chose.
    pub assigned_client_id: Option<Box<str>>,
    /// Topic aliases the server takes.
    pub topic_alias_maximum: u16,
    /// For people who debug the client.
    pub reason_string: Option<Box<str>>,
    /// Free pairs.
    pub user_properties: Vec<UserProperty>,
    /// Wildcard subscriptions are not offered.
    pub no_wildcards: bool,
    /// Subscription identifiers are not offered.
    pub no_subscription_ids: bool,
    /// Shared subscriptions are not offered.
    pub no_shared: bool,
    /// The keep-alive the client must use instead of its own.
    pub server_keep_alive_s: Option<u16>,
    /// For building response topics.
    pub response_information: Option<Box<str>>,
    /// Another server.
    pub server_reference: Option<Box<str>>,
    /// Enhanced authentication method.
    pub authentication_method: Option<Box<str>>,
    /// Enhanced authentication data.
    pub authentication_data: Option<bytes::Bytes>,
}

/// CONNACK. 3.x clients get the nearest of their six codes and no properties.
pub fn connack(
    version: Version,
    session_present: bool,
    code: u8,
    properties: Option<&ConnAckProperties>,
    out: &mut BytesMut,
) {
    let session_present = session_present && !reason::is_error(code);
    let mut body = BytesMut::new();
    if version.is_v5() {
        let mut section = BytesMut::new();
        if let Some(properties) = properties {
            connack_section(properties, &mut section);
        }
        put_section(&section, &mut body);
    }
    out.put_u8(0x20);
    put_variable(2 + body.len(), out);
    // MQTT 3.1 has no session present flag; its byte is reserved.
    out.put_u8(u8::from(session_present && version != Version::V31));
    out.put_u8(reason::connack_code(version, code));
    out.extend_from_slice(&body);
}

fn connack_section(properties: &ConnAckProperties, out: &mut BytesMut) {
    if let Some(seconds) = properties.session_expiry_s {
        put_u32(property::SESSION_EXPIRY, seconds, out);
    }
    if let Some(maximum) = properties.receive_maximum {
        put_u16(property::RECEIVE_MAXIMUM, maximum.max(1), out);
    }
    if let Some(qos @ (QoS::AtMostOnce | QoS::AtLeastOnce)) = properties.maximum_qos {
        put_u8(property::MAXIMUM_QOS, qos.into(), out);
    }
    if let Some(size) = properties.max_packet_size {
        put_u32(property::MAXIMUM_PACKET_SIZE, size.max(1), out);
    }
    put_optional_text(property::ASSIGNED_CLIENT_ID, properties.assigned_client_id.as_deref(), out);
    if properties.topic_alias_maximum > 0 {
        put_u16(property::TOPIC_ALIAS_MAXIMUM, properties.topic_alias_maximum, out);
    }
    put_optional_text(property::REASON_STRING, properties.reason_string.as_deref(), out);
    for (name, value) in &properties.user_properties {
        put_pair(name, value, out);
    }
    for (id, missing) in [
        (property::RETAIN_AVAILABLE, properties.no_retain),
        (property::WILDCARD_AVAILABLE, properties.no_wildcards),
        (property::SUBSCRIPTION_IDS_AVAILABLE, properties.no_subscription_ids),
        (property::SHARED_AVAILABLE, properties.no_shared),
    ] {
        if missing {
            put_u8(id, 0, out);
        }
    }
    if let Some(seconds) = properties.server_keep_alive_s {
        put_u16(property::SERVER_KEEP_ALIVE, seconds, out);
    }
    put_optional_text(property::RESPONSE_INFORMATION, properties.response_information.as_deref(), out);
    put_optional_text(property::SERVER_REFERENCE, properties.server_reference.as_deref(), out);
    put_optional_text(property::AUTHENTICATION_METHOD, properties.authentication_method.as_deref(), out);
    if let Some(data) = &properties.authentication_data {
        put_binary(property::AUTHENTICATION_DATA, data, out);
    }
}

/// PUBACK. 3.x clients get the two-byte body whatever the reason.
pub fn puback(version: Version, id: PacketId, code: u8, out: &mut BytesMut) {
    acknowledgement(0x40, version, id, code, out);
}

/// PUBREC. 3.x clients get the two-byte body whatever the reason.
pub fn pubrec(version: Version, id: PacketId, code: u8, out: &mut BytesMut) {
    acknowledgement(0x50, version, id, code, out);
}

/// PUBREL.
pub fn pubrel(version: Version, id: PacketId, code: u8, out: &mut BytesMut) {
    acknowledgement(0x62, version, id, code, out);
}

/// PUBCOMP.
pub fn pubcomp(version: Version, id: PacketId, code: u8, out: &mut BytesMut) {
    acknowledgement(0x70, version, id, code, out);
}

fn acknowledgement(first_byte: u8, version: Version, id: PacketId, code: u8, out: &mut BytesMut) {
    let [high, low] = id.get().to_be_bytes();
    if version.is_v5() && code != reason::SUCCESS {
        out.extend_from_slice(&[first_byte, 3, high, low, code]);
    } else {
        out.extend_from_slice(&[first_byte, 2, high, low]);
    }
}

/// SUBACK with one code a filter: the granted QoS or a reason of failure.
pub fn suback(version: Version, id: PacketId, codes: &[u8], out: &mut BytesMut) {
    out.put_u8(0x90);
    put_variable(2 + usize::from(version.is_v5()) + codes.len(), out);
    out.put_u16(id.get());
    if version.is_v5() {
        out.put_u8(0);
    }
    out.extend(codes.iter().map(|&code| reason::suback_code(version, code)));
}

/// UNSUBACK with one code a filter; 3.x clients get none.
pub fn unsuback(version: Version, id: PacketId, codes: &[u8], out: &mut BytesMut) {
    out.put_u8(0xB0);
    if version.is_v5() {
        put_variable(3 + codes.len(), out);
        out.put_u16(id.get());
        out.put_u8(0);
        out.extend_from_slice(codes);
    } else {
        put_variable(2, out);
        out.put_u16(id.get());
    }
}

/// PINGRESP.
pub fn pingresp(out: &mut BytesMut) {
    out.extend_from_slice(&[0xD0, 0]);
}

/// DISCONNECT; writes nothing for 3.x, whose servers just close.
pub fn disconnect(version: Version, code: u8, reason_string: Option<&str>, out: &mut BytesMut) {
    if !version.is_v5() {
        return;
    }
    let Some(text) = reason_string else {
        out.extend_from_slice(&[0xE0, 1, code]);
        return;
    };
    let mut section = BytesMut::new();
    put_optional_text(property::REASON_STRING, Some(text), &mut section);
    let mut body = BytesMut::new();
    put_section(&section, &mut body);
    out.put_u8(0xE0);
    put_variable(1 + body.len(), out);
    out.put_u8(code);
    out.extend_from_slice(&body);
}

/// AUTH (MQTT 5 only).
pub fn auth(code: u8, method: &str, data: Option<&[u8]>, out: &mut BytesMut) {
    let mut section = BytesMut::new();
    put_optional_text(property::AUTHENTICATION_METHOD, Some(method), &mut section);
    if let Some(data) = data {
        put_binary(property::AUTHENTICATION_DATA, data, &mut section);
    }
    let mut body = BytesMut::new();
    put_section(&section, &mut body);
    out.put_u8(0xF0);
    put_variable(1 + body.len(), out);
    out.put_u8(code);
    out.extend_from_slice(&body);
}

/// Bytes a variable byte integer takes.
pub(crate) const fn variable_size(value: usize) -> usize {
    match value {
        0..=0x7F => 1,
        0x80..=0x3FFF => 2,
        0x4000..=0x1F_FFFF => 3,
        _ => 4,
    }
}

/// Writes a variable byte integer; the caller has made sure that it fits into four bytes.
pub(crate) fn put_variable(mut value: usize, out: &mut BytesMut) {
    loop {
        let [low, ..] = value.to_le_bytes();
        value >>= 7;
        if value == 0 {
            out.put_u8(low & 0x7F);
            return;
        }
        out.put_u8(low | 0x80);
    }
}

fn put_section(section: &[u8], out: &mut BytesMut) {
    put_variable(section.len(), out);
    out.extend_from_slice(section);
}

fn put_u8(id: u8, value: u8, out: &mut BytesMut) {
    out.extend_from_slice(&[id, value]);
}

fn put_u16(id: u8, value: u16, out: &mut BytesMut) {
    out.put_u8(id);
    out.put_u16(value);
}

fn put_u32(id: u8, value: u32, out: &mut BytesMut) {
    out.put_u8(id);
    out.put_u32(value);
}

fn put_optional_text(id: u8, text: Option<&str>, out: &mut BytesMut) {
    if let Some(text) = text {
        out.put_u8(id);
        put_text(text, out);
    }
}

fn put_binary(id: u8, data: &[u8], out: &mut BytesMut) {
    out.put_u8(id);
    put_prefixed(data, out);
}

fn put_pair(name: &str, value: &str, out: &mut BytesMut) {
    out.put_u8(property::USER_PROPERTY);
    put_text(name, out);
    put_text(value, out);
}

/// Writes a text with its length; one that is too long is cut at a character.
fn put_text(text: &str, out: &mut BytesMut) {
    put_prefixed(&text.as_bytes()[..text.floor_char_boundary(usize::from(u16::MAX))], out);
}

fn put_prefixed(bytes: &[u8], out: &mut BytesMut) {
    let bytes = &bytes[..bytes.len().min(usize::from(u16::MAX))];
    out.put_u16(u16::try_from(bytes.len()).unwrap_or(u16::MAX));
    out.extend_from_slice(bytes);
}
