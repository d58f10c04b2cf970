//! The property section of MQTT 5 packets (§2.2.2): which may appear where, and how often.

use super::DecodeError;
use super::reader::Reader;

pub(crate) const PAYLOAD_FORMAT: u8 = 0x01;
pub(crate) const MESSAGE_EXPIRY: u8 = 0x02;
pub(crate) const CONTENT_TYPE: u8 = 0x03;
pub(crate) const RESPONSE_TOPIC: u8 = 0x08;
pub(crate) const CORRELATION_DATA: u8 = 0x09;
pub(crate) const SUBSCRIPTION_ID: u8 = 0x0B;
pub(crate) const SESSION_EXPIRY: u8 = 0x11;
pub(crate) const ASSIGNED_CLIENT_ID: u8 = 0x12;
pub(crate) const SERVER_KEEP_ALIVE: u8 = 0x13;
pub(crate) const AUTHENTICATION_METHOD: u8 = 0x15;
pub(crate) const AUTHENTICATION_DATA: u8 = 0x16;
pub(crate) const REQUEST_PROBLEM_INFORMATION: u8 = 0x17;
pub(crate) const WILL_DELAY: u8 = 0x18;
pub(crate) const REQUEST_RESPONSE_INFORMATION: u8 = 0x19;
pub(crate) const RESPONSE_INFORMATION: u8 = 0x1A;
pub(crate) const SERVER_REFERENCE: u8 = 0x1C;
pub(crate) const REASON_STRING: u8 = 0x1F;
pub(crate) const RECEIVE_MAXIMUM: u8 = 0x21;
pub(crate) const TOPIC_ALIAS_MAXIMUM: u8 = 0x22;
pub(crate) const TOPIC_ALIAS: u8 = 0x23;
pub(crate) const MAXIMUM_QOS: u8 = 0x24;
pub(crate) const RETAIN_AVAILABLE: u8 = 0x25;
pub(crate) const USER_PROPERTY: u8 = 0x26;
pub(crate) const MAXIMUM_PACKET_SIZE: u8 = 0x27;
pub(crate) const WILDCARD_AVAILABLE: u8 = 0x28;
pub(crate) const SUBSCRIPTION_IDS_AVAILABLE: u8 = 0x29;
pub(crate) const SHARED_AVAILABLE: u8 = 0x2A;

/// Reads a property section and hands each property to `take`, which reads its value. `take` answers
/// `UnexpectedProperty` for those that do not belong to the packet. All but the user property may appear once.
pub(super) fn read<'a>(
    body: &mut Reader<'a>,
    mut take: impl FnMut(u8, &mut Reader<'a>) -> Result<(), DecodeError>,
) -> Result<(), DecodeError> {
    let length = body.variable()?;
    let mut section = Reader::new(body.take(length as usize)?);
    let mut seen = 0_u64;
    while !section.is_empty() {
        let id = section.u8()?;
        if id >= 64 {
            return Err(DecodeError::UnexpectedProperty(id));
        }
        let bit = 1_u64 << id;
        if id != USER_PROPERTY && seen & bit != 0 {
            return Err(DecodeError::DuplicateProperty(id));
        }
        seen |= bit;
        take(id, &mut section)?;
    }
    Ok(())
}

/// A property whose only values are 0 and 1.
pub(super) fn flag(id: u8, section: &mut Reader<'_>) -> Result<bool, DecodeError> {
    match section.u8()? {
        0 => Ok(false),
        1 => Ok(true),
        _ => Err(DecodeError::PropertyValue(id)),
    }
}

/// Reads over a section that may hold a reason string and user properties, which nobody here asks for.
pub(super) fn skip_reason_properties(body: &mut Reader<'_>) -> Result<(), DecodeError> {
    read(body, |id, section| match id {
        REASON_STRING => section.text().map(drop),
        USER_PROPERTY => skip_text_pair(section),
        other => Err(DecodeError::UnexpectedProperty(other)),
    })
}

/// Reads over a user property.
pub(super) fn skip_text_pair(section: &mut Reader<'_>) -> Result<(), DecodeError> {
    section.text()?;
    section.text()?;
    Ok(())
}
