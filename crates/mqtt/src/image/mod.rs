//! The compact binary form in which messages, deliveries and sessions are kept in the journal.
//!
//! Each stored value starts with the version of its form, so that every form a release ever wrote stays readable.
//! Numbers are LEB128, texts and bytes carry their length, optional parts are announced by flag bits. Reading checks
//! everything again: a damaged image is an error, never a panic or an invalid message.

mod reader;

use std::sync::Arc;

use bytes::Bytes;

use crate::filter::{TopicFilter, TopicName};
use crate::message::{Message, MessageProperties};
use crate::packet::{RetainHandling, SubscribeOptions};
use crate::protocol::QoS;
use crate::session::{Delivery, DeliveryImage, SessionImage, SubscriptionIds};
use reader::Reader;

/// The form written today.
const FORM: u8 = 1;

/// Why stored bytes could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ImageError {
    /// Written by a later release.
    #[error("the stored form {0} is newer than this release; use a newer one")]
    UnknownForm(u8),
    /// The bytes end inside a field.
    #[error("the stored bytes end inside a field")]
    Truncated,
    /// Bytes behind the last field.
    #[error("there are bytes behind the last field")]
    TrailingBytes,
    /// A value that is never written.
    #[error("the stored {0} is not valid")]
    Invalid(&'static str),
}

const HAS_EXPIRY: u8 = 0b0000_0001;
const HAS_PROPERTIES: u8 = 0b0000_0010;
const RETAIN: u8 = 0b0000_0100;
const QOS_SHIFT: u8 = 4;

const IS_UTF8: u8 = 0b0001;
const HAS_CONTENT_TYPE: u8 = 0b0010;
const HAS_RESPONSE_TOPIC: u8 = 0b0100;
const HAS_CORRELATION_DATA: u8 = 0b1000;

const SENT: u8 = 0b01;
const RELEASED: u8 = 0b10;

/// Writes and reads one kind of value in its stored form.
macro_rules! stored {
    ($($type:ty => $put:ident, $take:ident;)+) => {$(
        impl $type {
            /// Appends the stored form.
            pub fn write_to(&self, out: &mut Vec<u8>) {
                out.push(FORM);
                $put(self, out);
            }

            /// Reads the stored form, which fills `bytes` to the end.
            pub fn read_from(bytes: &[u8]) -> Result<Self, ImageError> {
                let mut reader = Reader::new(bytes);
                match reader.u8()? {
                    FORM => {}
                    other => return Err(ImageError::UnknownForm(other)),
                }
                let value = $take(&mut reader)?;
                reader.finish()?;
                Ok(value)
            }
        }
    )+};
}

stored! {
    Message => put_message, take_message;
    Delivery => put_delivery, take_delivery;
    SessionImage => put_session, take_session;
}

fn put_number(mut value: u64, out: &mut Vec<u8>) {
    loop {
        let [low, ..] = value.to_le_bytes();
        value >>= 7;
        if value == 0 {
            out.push(low & 0x7F);
            return;
        }
        out.push(low | 0x80);
    }
}

fn put_bytes(bytes: &[u8], out: &mut Vec<u8>) {
    put_number(bytes.len() as u64, out);
    out.extend_from_slice(bytes);
}

fn put_message(message: &Message, out: &mut Vec<u8>) {
    let mut flags = u8::from(message.qos) << QOS_SHIFT;
    for (flag, set) in [
        (HAS_EXPIRY, message.expires_at.is_some()),
        (HAS_PROPERTIES, message.properties.is_some()),
        (RETAIN, message.retain),
    ] {
        flags |= if set { flag } else { 0 };
    }
    out.push(flags);
    put_bytes(message.topic.as_bytes(), out);
    put_bytes(&message.payload, out);
    if let Some(at) = message.expires_at {
        out.extend_from_slice(&at.to_le_bytes());
    }
    if let Some(properties) = &message.properties {
        put_properties(properties, out);
    }
}

fn take_message(reader: &mut Reader<'_>) -> Result<Message, ImageError> {
    let flags = reader.u8()?;
    if flags & !(HAS_EXPIRY | HAS_PROPERTIES | RETAIN | 0b11 << QOS_SHIFT) != 0 {
        return Err(ImageError::Invalid("message flags"));
    }
    let qos = take_qos((flags >> QOS_SHIFT) & 0b11)?;
    let topic = reader.text()?;
    // The topic of a released QoS 2 message is empty.
    if !topic.is_empty() {
        TopicName::check(topic).map_err(|_| ImageError::Invalid("topic"))?;
    }
    let topic = topic.into();
    let payload = Bytes::copy_from_slice(reader.bytes()?);
    let expires_at = if flags & HAS_EXPIRY != 0 { Some(reader.i64()?) } else { None };
    let properties =
        if flags & HAS_PROPERTIES != 0 { Some(Arc::new(take_properties(reader)?)) } else { None };
    Ok(Message { topic, payload, qos, retain: flags & RETAIN != 0, properties, expires_at })
}

fn put_properties(properties: &MessageProperties, out: &mut Vec<u8>) {
    let mut flags = 0;
    for (flag, set) in [
        (IS_UTF8, properties.payload_is_utf8),
        (HAS_CONTENT_TYPE, properties.content_type.is_some()),
        (HAS_RESPONSE_TOPIC, properties.response_topic.is_some()),
        (HAS_CORRELATION_DATA, properties.correlation_data.is_some()),
    ] {
        flags |= if set { flag } else { 0 };
    }
    out.push(flags);
    for text in [&properties.content_type, &properties.response_topic].into_iter().flatten() {
        put_bytes(text.as_bytes(), out);
    }
    if let Some(data) = &properties.correlation_data {
        put_bytes(data, out);
    }
    put_number(properties.user_properties.len() as u64, out);
    for (name, value) in &properties.user_properties {
        put_bytes(name.as_bytes(), out);
        put_bytes(value.as_bytes(), out);
    }
}

fn take_properties(reader: &mut Reader<'_>) -> Result<MessageProperties, ImageError> {
    let flags = reader.u8()?;
    if flags & !(IS_UTF8 | HAS_CONTENT_TYPE | HAS_RESPONSE_TOPIC | HAS_CORRELATION_DATA) != 0 {
        return Err(ImageError::Invalid("property flags"));
    }
    let content_type = if flags & HAS_CONTENT_TYPE != 0 { Some(reader.text()?.into()) } else { None };
    let response_topic = if flags & HAS_RESPONSE_TOPIC != 0 { Some(reader.text()?.into()) } else { None };
    let correlation_data =
        if flags & HAS_CORRELATION_DATA != 0 { Some(Bytes::copy_from_slice(reader.bytes()?)) } else { None };
    let mut user_properties = Vec::new();
    for _ in 0..reader.count()? {
        user_properties.push((reader.text()?.into(), reader.text()?.into()));
    }
    Ok(MessageProperties {
        payload_is_utf8: flags & IS_UTF8 != 0,
        content_type,
        response_topic,
        correlation_data,
        user_properties,
    })
}

fn take_qos(value: u8) -> Result<QoS, ImageError> {
    QoS::try_from(value).map_err(|_| ImageError::Invalid("QoS"))
}

fn put_delivery(delivery: &Delivery, out: &mut Vec<u8>) {
    out.push(u8::from(delivery.qos) << QOS_SHIFT | if delivery.retain { RETAIN } else { 0 });
    put_number(delivery.tag, out);
    put_number(delivery.subscription_ids.len() as u64, out);
    for &id in &delivery.subscription_ids {
        put_number(u64::from(id), out);
    }
    put_message(&delivery.message, out);
}

fn take_delivery(reader: &mut Reader<'_>) -> Result<Delivery, ImageError> {
    let flags = reader.u8()?;
    if flags & !(RETAIN | 0b11 << QOS_SHIFT) != 0 {
        return Err(ImageError::Invalid("delivery flags"));
    }
    let qos = take_qos((flags >> QOS_SHIFT) & 0b11)?;
    let tag = reader.number()?;
    let mut subscription_ids = SubscriptionIds::new();
    for _ in 0..reader.count()? {
        subscription_ids.push(take_subscription_id(reader)?);
    }
    let message = take_message(reader)?;
    Ok(Delivery { message, qos, retain: flags & RETAIN != 0, subscription_ids, tag })
}

/// A subscription identifier: 28 bits on the wire, and not 0.
fn take_subscription_id(reader: &mut Reader<'_>) -> Result<u32, ImageError> {
    u32::try_from(reader.number()?)
        .ok()
        .filter(|id| (1..1 << 28).contains(id))
        .ok_or(ImageError::Invalid("subscription identifier"))
}

fn put_session(session: &SessionImage, out: &mut Vec<u8>) {
    put_number(u64::from(session.next_packet_id), out);
    put_number(session.subscriptions.len() as u64, out);
    for (filter, options) in &session.subscriptions {
        put_bytes(filter.as_str().as_bytes(), out);
        put_options(*options, out);
    }
    put_number(session.deliveries.len() as u64, out);
    for image in &session.deliveries {
        put_number(u64::from(image.id.get()), out);
        out.push(if image.sent { SENT } else { 0 } | if image.released { RELEASED } else { 0 });
        put_delivery(&image.delivery, out);
    }
    put_number(session.inbound_qos2.len() as u64, out);
    for id in &session.inbound_qos2 {
        put_number(u64::from(id.get()), out);
    }
}

fn take_session(reader: &mut Reader<'_>) -> Result<SessionImage, ImageError> {
    let next_packet_id =
        u16::try_from(reader.number()?).map_err(|_| ImageError::Invalid("packet identifier"))?;
    let mut subscriptions = Vec::new();
    for _ in 0..reader.count()? {
        let filter = TopicFilter::parse(reader.text()?).map_err(|_| ImageError::Invalid("topic filter"))?;
        subscriptions.push((filter, take_options(reader)?));
    }
    let mut deliveries = Vec::new();
    for _ in 0..reader.count()? {
        let id = reader.packet_id()?;
        let flags = reader.u8()?;
        if flags & !(SENT | RELEASED) != 0 {
            return Err(ImageError::Invalid("delivery stage"));
        }
        let delivery = take_delivery(reader)?;
        if delivery.qos == QoS::AtMostOnce || (flags & RELEASED != 0 && delivery.qos != QoS::ExactlyOnce) {
            return Err(ImageError::Invalid("delivery stage"));
        }
        deliveries.push(DeliveryImage {
            id,
            delivery,
            sent: flags & SENT != 0,
            released: flags & RELEASED != 0,
        });
    }
    let mut inbound_qos2 = Vec::new();
    for _ in 0..reader.count()? {
        inbound_qos2.push(reader.packet_id()?);
    }
    Ok(SessionImage { next_packet_id, subscriptions, deliveries, inbound_qos2 })
}

/// Options are kept as in the SUBSCRIBE packet; a subscription identifier follows, 0 for none.
fn put_options(options: SubscribeOptions, out: &mut Vec<u8>) {
    out.push(
        u8::from(options.qos)
            | u8::from(options.no_local) << 2
            | u8::from(options.retain_as_published) << 3
            | (options.retain_handling as u8) << 4,
    );
    put_number(options.subscription_id.map_or(0, |id| u64::from(id.get())), out);
}

fn take_options(reader: &mut Reader<'_>) -> Result<SubscribeOptions, ImageError> {
    let byte = reader.u8()?;
    let retain_handling = match byte >> 4 {
        0 => RetainHandling::Always,
        1 => RetainHandling::IfNew,
        2 => RetainHandling::Never,
        _ => return Err(ImageError::Invalid("subscription options")),
    };
    let id = reader.number()?;
    if id >= 1 << 28 {
        return Err(ImageError::Invalid("subscription identifier"));
    }
    Ok(SubscribeOptions {
        qos: take_qos(byte & 0b11)?,
        no_local: byte & 0b100 != 0,
        retain_as_published: byte & 0b1000 != 0,
        retain_handling,
        subscription_id: u32::try_from(id).ok().and_then(std::num::NonZeroU32::new),
    })
}
