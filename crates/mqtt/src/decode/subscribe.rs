//! SUBSCRIBE and UNSUBSCRIBE (MQTT 5 §3.8, §3.10).

use std::num::NonZeroU32;

use super::DecodeError;
use super::properties::{self, SUBSCRIPTION_ID, USER_PROPERTY};
use super::reader::Reader;
use crate::filter::TopicFilter;
use crate::packet::{RetainHandling, Subscribe, SubscribeOptions, Unsubscribe};
use crate::protocol::{QoS, Version};

/// Reads the body of a SUBSCRIBE.
pub(super) fn read_subscribe(version: Version, body: &mut Reader<'_>) -> Result<Subscribe, DecodeError> {
    let packet_id = body.packet_id()?;
    let mut subscription_id = None;
    if version.is_v5() {
        properties::read(body, |id, section| match id {
            SUBSCRIPTION_ID => {
                let value = section.variable()?;
                subscription_id = Some(NonZeroU32::new(value).ok_or(DecodeError::PropertyValue(id))?);
                Ok(())
            }
            USER_PROPERTY => properties::skip_text_pair(section),
            other => Err(DecodeError::UnexpectedProperty(other)),
        })?;
    }
    let mut filters = Vec::new();
    while !body.is_empty() {
        let filter = read_filter(body)?;
        let options = read_options(version, body.u8()?, subscription_id)?;
        if options.no_local && filter.is_shared() {
            return Err(DecodeError::NoLocalOnShared);
        }
        filters.push((filter, options));
    }
    if filters.is_empty() {
        return Err(DecodeError::NoFilters);
    }
    Ok(Subscribe { packet_id, filters })
}

/// Reads the body of an UNSUBSCRIBE.
pub(super) fn read_unsubscribe(version: Version, body: &mut Reader<'_>) -> Result<Unsubscribe, DecodeError> {
    let packet_id = body.packet_id()?;
    if version.is_v5() {
        properties::read(body, |id, section| match id {
            USER_PROPERTY => properties::skip_text_pair(section),
            other => Err(DecodeError::UnexpectedProperty(other)),
        })?;
    }
    let mut filters = Vec::new();
    while !body.is_empty() {
        filters.push(read_filter(body)?);
    }
    if filters.is_empty() {
        return Err(DecodeError::NoFilters);
    }
    Ok(Unsubscribe { packet_id, filters })
}

fn read_filter(body: &mut Reader<'_>) -> Result<TopicFilter, DecodeError> {
    TopicFilter::parse(body.text()?).map_err(DecodeError::TopicFilter)
}

fn read_options(
    version: Version,
    byte: u8,
    subscription_id: Option<NonZeroU32>,
) -> Result<SubscribeOptions, DecodeError> {
    let qos = QoS::try_from(byte & 0b11).map_err(|_| DecodeError::InvalidQos)?;
    let reserved = if version.is_v5() { 0b1100_0000 } else { 0b1111_1100 };
    if byte & reserved != 0 {
        return Err(DecodeError::ReservedOptions(byte));
    }
    let retain_handling = match (byte >> 4) & 0b11 {
        0 => RetainHandling::Always,
        1 => RetainHandling::IfNew,
        2 => RetainHandling::Never,
        _ => return Err(DecodeError::ReservedOptions(byte)),
    };
    Ok(SubscribeOptions {
        qos,
        no_local: byte & 0b0100 != 0,
        retain_as_published: byte & 0b1000 != 0,
        retain_handling,
        subscription_id,
    })
}
