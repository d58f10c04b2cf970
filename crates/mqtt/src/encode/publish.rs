//! PUBLISH towards a client. Its size is known before anything is written, so that the receiver's maximum packet
//! size can be kept.

use bytes::{BufMut, BytesMut};

use super::{property, variable_size};
use super::{put_binary, put_optional_text, put_pair, put_text, put_u8, put_u16, put_u32, put_variable};
use crate::message::MessageProperties;
use crate::protocol::{MAX_REMAINING_LENGTH, PacketId, QoS, Version};

/// What goes into one PUBLISH.
#[derive(Debug, Clone, Copy)]
pub struct PublishFields<'a> {
    /// Topic name; empty when `topic_alias` already stands for it.
    pub topic: &'a str,
    /// Payload.
    pub payload: &'a [u8],
    /// Quality of service.
    pub qos: QoS,
    /// Retain flag.
    pub retain: bool,
    /// Sent before.
    pub dup: bool,
    /// Present exactly at QoS 1 and 2.
    pub packet_id: Option<PacketId>,
    /// The publisher's properties; left out for 3.x.
    pub properties: Option<&'a MessageProperties>,
    /// Message expiry interval; left out for 3.x.
    pub expiry_interval_s: Option<u32>,
    /// Topic alias; left out for 3.x.
    pub topic_alias: Option<u16>,
    /// Subscription identifiers; left out for 3.x.
    pub subscription_ids: &'a [u32],
}

/// The message cannot be expressed in one packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the message does not fit into one MQTT packet")]
pub struct TooLarge;

/// The size of the whole packet.
pub fn publish_size(version: Version, fields: &PublishFields<'_>) -> Result<usize, TooLarge> {
    let body = body_size(version, fields)?;
    Ok(1 + variable_size(body) + body)
}

/// Appends the packet to `out`, or nothing when it does not fit.
pub fn publish(version: Version, fields: &PublishFields<'_>, out: &mut BytesMut) -> Result<(), TooLarge> {
    let body = body_size(version, fields)?;
    out.reserve(5 + body);
    let flags = u8::from(fields.retain) | (u8::from(fields.qos) << 1) | (u8::from(fields.dup) << 3);
    out.put_u8(0x30 | flags);
    put_variable(body, out);
    put_text(fields.topic, out);
    if let Some(id) = fields.packet_id {
        out.put_u16(id.get());
    }
    if version.is_v5() {
        put_variable(section_size(fields)?, out);
        put_section(fields, out);
    }
    out.extend_from_slice(fields.payload);
    Ok(())
}

fn body_size(version: Version, fields: &PublishFields<'_>) -> Result<usize, TooLarge> {
    let mut size = prefixed(fields.topic.len())? + fields.payload.len();
    if fields.packet_id.is_some() {
        size += 2;
    }
    if version.is_v5() {
        let section = section_size(fields)?;
        size += variable_size(section) + section;
    }
    if size > MAX_REMAINING_LENGTH { Err(TooLarge) } else { Ok(size) }
}

fn prefixed(length: usize) -> Result<usize, TooLarge> {
    if length > usize::from(u16::MAX) { Err(TooLarge) } else { Ok(2 + length) }
}

fn section_size(fields: &PublishFields<'_>) -> Result<usize, TooLarge> {
    let mut size = 0;
    if fields.expiry_interval_s.is_some() {
        size += 5;
    }
    if fields.topic_alias.is_some() {
        size += 3;
    }
    for &id in fields.subscription_ids {
        size += 1 + variable_size(id as usize);
    }
    if let Some(properties) = fields.properties {
        if properties.payload_is_utf8 {
            size += 2;
        }
        for text in [&properties.content_type, &properties.response_topic].into_iter().flatten() {
            size += 1 + prefixed(text.len())?;
        }
        if let Some(data) = &properties.correlation_data {
            size += 1 + prefixed(data.len())?;
        }
        for (name, value) in &properties.user_properties {
            size += 1 + prefixed(name.len())? + prefixed(value.len())?;
        }
    }
    if size > MAX_REMAINING_LENGTH { Err(TooLarge) } else { Ok(size) }
}

fn put_section(fields: &PublishFields<'_>, out: &mut BytesMut) {
    if let Some(seconds) = fields.expiry_interval_s {
        put_u32(property::MESSAGE_EXPIRY, seconds, out);
    }
    if let Some(alias) = fields.topic_alias {
        put_u16(property::TOPIC_ALIAS, alias, out);
    }
    for &id in fields.subscription_ids {
        out.put_u8(property::SUBSCRIPTION_ID);
        put_variable(id as usize, out);
    }
    let Some(properties) = fields.properties else { return };
    if properties.payload_is_utf8 {
        put_u8(property::PAYLOAD_FORMAT, 1, out);
    }
    put_optional_text(property::CONTENT_TYPE, properties.content_type.as_deref(), out);
    put_optional_text(property::RESPONSE_TOPIC, properties.response_topic.as_deref(), out);
    if let Some(data) = &properties.correlation_data {
        put_binary(property::CORRELATION_DATA, data, out);
    }
    for (name, value) in &properties.user_properties {
        put_pair(name, value, out);
    }
}
