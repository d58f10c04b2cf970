//! PUBLISH (MQTT 5 §3.3): the hot packet. Topic and payload are copied out, everything else stays small.

use std::num::NonZeroU16;
use std::sync::Arc;

use bytes::Bytes;

use super::DecodeError;
use super::properties::{
    self, CONTENT_TYPE, CORRELATION_DATA, MESSAGE_EXPIRY, PAYLOAD_FORMAT, RESPONSE_TOPIC, TOPIC_ALIAS,
    USER_PROPERTY,
};
use super::reader::Reader;
use crate::filter::{TopicError, TopicName};
use crate::message::{Message, MessageProperties};
use crate::packet::Publish;
use crate::protocol::{QoS, Version};

const DUP: u8 = 0b1000;
const RETAIN: u8 = 0b0001;

/// Refuses QoS 3 and DUP at QoS 0 by the fixed header alone.
pub(super) fn check_flags(flags: u8) -> Result<(), DecodeError> {
    match qos_of(flags)? {
        QoS::AtMostOnce if flags & DUP != 0 => Err(DecodeError::DupAtQosZero),
        _ => Ok(()),
    }
}

fn qos_of(flags: u8) -> Result<QoS, DecodeError> {
    QoS::try_from((flags >> 1) & 0b11).map_err(|_| DecodeError::InvalidQos)
}

/// Reads the body; `flags` are those of the fixed header, already checked.
pub(super) fn read(version: Version, flags: u8, body: &mut Reader<'_>) -> Result<Publish, DecodeError> {
    let qos = qos_of(flags)?;
    let topic = body.text()?;
    let packet_id = if qos == QoS::AtMostOnce { None } else { Some(body.packet_id()?) };
    let mut found = Properties::default();
    if version.is_v5() {
        properties::read(body, |id, section| found.take(id, section))?;
    }
    match TopicName::check(topic) {
        Err(TopicError::Empty) if found.topic_alias.is_some() => {}
        checked => checked.map_err(DecodeError::TopicName)?,
    }
    let message = Message {
        topic: topic.into(),
        payload: Bytes::copy_from_slice(body.take_rest()),
        qos,
        retain: flags & RETAIN != 0,
        properties: found.message.share(),
        expires_at: None,
    };
    Ok(Publish {
        dup: flags & DUP != 0,
        packet_id,
        topic_alias: found.topic_alias,
        expiry_interval_s: found.expiry_interval_s,
        message,
    })
}

/// The properties of a PUBLISH as they are collected.
#[derive(Default)]
pub(super) struct Properties {
    pub(super) message: Collected,
    pub(super) expiry_interval_s: Option<u32>,
    topic_alias: Option<NonZeroU16>,
}

impl Properties {
    fn take(&mut self, id: u8, section: &mut Reader<'_>) -> Result<(), DecodeError> {
        match id {
            MESSAGE_EXPIRY => self.expiry_interval_s = Some(section.u32()?),
            TOPIC_ALIAS => {
                let alias = NonZeroU16::new(section.u16()?).ok_or(DecodeError::TopicAliasZero)?;
                self.topic_alias = Some(alias);
            }
            _ => self.message.take(id, section)?,
        }
        Ok(())
    }
}

/// The properties that belong to the message itself, in a PUBLISH as in a will.
#[derive(Default)]
pub(super) struct Collected(Option<Box<MessageProperties>>);

impl Collected {
    pub(super) fn take(&mut self, id: u8, section: &mut Reader<'_>) -> Result<(), DecodeError> {
        let out = self.0.get_or_insert_default();
        match id {
            PAYLOAD_FORMAT => out.payload_is_utf8 = properties::flag(id, section)?,
            CONTENT_TYPE => out.content_type = Some(section.owned_text()?),
            RESPONSE_TOPIC => {
                let topic = section.text()?;
                TopicName::check(topic).map_err(DecodeError::TopicName)?;
                out.response_topic = Some(topic.into());
            }
            CORRELATION_DATA => out.correlation_data = Some(section.owned_binary()?),
            USER_PROPERTY => out.user_properties.push(section.text_pair()?),
            other => return Err(DecodeError::UnexpectedProperty(other)),
        }
        Ok(())
    }

    /// What was collected, or nothing when it says nothing.
    pub(super) fn share(self) -> Option<Arc<MessageProperties>> {
        self.0.filter(|properties| !properties.is_empty()).map(|properties| Arc::new(*properties))
    }
}
