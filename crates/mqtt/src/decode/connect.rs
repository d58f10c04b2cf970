//! CONNECT (MQTT 5 §3.1, MQTT 3.1.1 §3.1, MQTT 3.1 §3.1).

use std::num::{NonZeroU16, NonZeroU32};

use bytes::Bytes;

use super::properties::{
    self, AUTHENTICATION_DATA, AUTHENTICATION_METHOD, MAXIMUM_PACKET_SIZE, MESSAGE_EXPIRY, RECEIVE_MAXIMUM,
    REQUEST_PROBLEM_INFORMATION, REQUEST_RESPONSE_INFORMATION, SESSION_EXPIRY, TOPIC_ALIAS_MAXIMUM,
    USER_PROPERTY, WILL_DELAY,
};
use super::reader::Reader;
use super::{DecodeError, publish};
use crate::filter::TopicName;
use crate::message::Message;
use crate::packet::{Connect, ConnectProperties, Will};
use crate::protocol::{QoS, Version};

const RESERVED: u8 = 0b0000_0001;
const CLEAN_START: u8 = 0b0000_0010;
const WILL: u8 = 0b0000_0100;
const WILL_QOS: u8 = 0b0001_1000;
const WILL_RETAIN: u8 = 0b0010_0000;
const PASSWORD: u8 = 0b0100_0000;
const USER_NAME: u8 = 0b1000_0000;

/// Reads protocol name and level, and notes the version the answer is to be written in.
pub(super) fn read_version(
    body: &mut Reader<'_>,
    known: &mut Option<Version>,
) -> Result<Version, DecodeError> {
    let name = body.binary()?;
    if name != b"MQTT" && name != b"MQIsdp" {
        return Err(DecodeError::ProtocolName);
    }
    let level = body.u8()?;
    let version = match (name, level) {
        (b"MQIsdp", 3) => Version::V31,
        (b"MQTT", 4) => Version::V311,
        (b"MQTT", 5) => Version::V5,
        _ => {
            *known = Some(if level > 5 { Version::V5 } else { Version::V311 });
            return Err(DecodeError::UnsupportedVersion(level));
        }
    };
    *known = Some(version);
    Ok(version)
}

/// Reads what follows the protocol level.
pub(super) fn read(version: Version, body: &mut Reader<'_>) -> Result<Connect, DecodeError> {
    let flags = body.u8()?;
    check_flags(version, flags)?;
    let keep_alive = body.u16()?;
    let properties = if version.is_v5() { read_properties(body)? } else { ConnectProperties::default() };
    let client_id = body.owned_text()?;
    let clean_start = flags & CLEAN_START != 0;
    let empty_is_refused = match version {
        Version::V31 => true,
        Version::V311 => !clean_start,
        Version::V5 => false,
    };
    if client_id.is_empty() && empty_is_refused {
        return Err(DecodeError::ClientIdRefused);
    }
    let will = if flags & WILL != 0 { Some(Box::new(read_will(version, flags, body)?)) } else { None };
    // MQTT 3.1 §3.1: "the Remaining Length field takes precedence over the User Name flag"; same for the password.
    let absent = |body: &Reader<'_>| version == Version::V31 && body.is_empty();
    let user_name = if flags & USER_NAME != 0 && !absent(body) { Some(body.owned_text()?) } else { None };
    let password = if flags & PASSWORD != 0 && !absent(body) { Some(body.owned_binary()?) } else { None };
    Ok(Connect { version, clean_start, keep_alive, client_id, user_name, password, will, properties })
}

fn check_flags(version: Version, flags: u8) -> Result<(), DecodeError> {
    if flags & RESERVED != 0 {
        return Err(DecodeError::ReservedConnectFlag);
    }
    if flags & WILL == 0 && flags & (WILL_QOS | WILL_RETAIN) != 0 {
        return Err(DecodeError::WillFlagsWithoutWill);
    }
    if flags & WILL_QOS == WILL_QOS {
        return Err(DecodeError::InvalidQos);
    }
    if !version.is_v5() && flags & PASSWORD != 0 && flags & USER_NAME == 0 {
        return Err(DecodeError::PasswordWithoutUserName);
    }
    Ok(())
}

fn read_properties(body: &mut Reader<'_>) -> Result<ConnectProperties, DecodeError> {
    let mut out = ConnectProperties::default();
    properties::read(body, |id, section| {
        match id {
            SESSION_EXPIRY => out.session_expiry_s = Some(section.u32()?),
            RECEIVE_MAXIMUM => {
                let value = NonZeroU16::new(section.u16()?).ok_or(DecodeError::PropertyValue(id))?;
                out.receive_maximum = Some(value);
            }
            MAXIMUM_PACKET_SIZE => {
                let value = NonZeroU32::new(section.u32()?).ok_or(DecodeError::PropertyValue(id))?;
                out.max_packet_size = Some(value);
            }
            TOPIC_ALIAS_MAXIMUM => out.topic_alias_maximum = section.u16()?,
            REQUEST_RESPONSE_INFORMATION => {
                out.request_response_information = properties::flag(id, section)?;
            }
            REQUEST_PROBLEM_INFORMATION => out.no_problem_information = !properties::flag(id, section)?,
            USER_PROPERTY => out.user_properties.push(section.text_pair()?),
            AUTHENTICATION_METHOD => out.authentication_method = Some(section.owned_text()?),
            AUTHENTICATION_DATA => out.authentication_data = Some(section.owned_binary()?),
            other => return Err(DecodeError::UnexpectedProperty(other)),
        }
        Ok(())
    })?;
    if out.authentication_data.is_some() && out.authentication_method.is_none() {
        return Err(DecodeError::NoAuthenticationMethod);
    }
    Ok(out)
}

fn read_will(version: Version, flags: u8, body: &mut Reader<'_>) -> Result<Will, DecodeError> {
    let mut collected = publish::Properties::default();
    let mut delay_s = 0;
    if version.is_v5() {
        properties::read(body, |id, section| match id {
            WILL_DELAY => {
                delay_s = section.u32()?;
                Ok(())
            }
            MESSAGE_EXPIRY => {
                collected.expiry_interval_s = Some(section.u32()?);
                Ok(())
            }
            _ => collected.message.take(id, section),
        })?;
    }
    let topic = body.text()?;
    TopicName::check(topic).map_err(DecodeError::TopicName)?;
    let payload: Bytes = body.owned_binary()?;
    let qos = QoS::try_from((flags & WILL_QOS) >> 3).map_err(|_| DecodeError::InvalidQos)?;
    Ok(Will {
        message: Message {
            topic: topic.into(),
            payload,
            qos,
            retain: flags & WILL_RETAIN != 0,
            properties: collected.message.share(),
            expires_at: None,
        },
        delay_s,
        expiry_interval_s: collected.expiry_interval_s,
    })
}
