//! Reads what a server sent, strictly: every rule that a server's packet can break by its bytes alone is checked here,
//! so that every test checks all of them. A violation is an `Err` with a sentence, which the client turns into a panic.

use super::Version;
use super::property::{self, Carrier, Properties, PropertyValue};

/// A CONNACK.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnAck {
    /// The session present flag.
    pub session_present: bool,
    /// Return code or reason code; 0 is success.
    pub code: u8,
    /// Properties (MQTT 5).
    pub properties: Properties,
}

/// A PUBLISH from the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    /// Topic, after the topic alias was resolved.
    pub topic: String,
    /// Payload.
    pub payload: Vec<u8>,
    /// QoS.
    pub qos: u8,
    /// Packet id; 0 at QoS 0.
    pub id: u16,
    /// Retain flag.
    pub retain: bool,
    /// DUP flag.
    pub dup: bool,
    /// Properties (MQTT 5).
    pub properties: Properties,
}

/// PUBACK, PUBREC, PUBREL or PUBCOMP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ack {
    /// Packet id.
    pub id: u16,
    /// Reason code, 0 when absent.
    pub reason: u8,
    /// Properties (MQTT 5).
    pub properties: Properties,
}

/// A SUBACK.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubAck {
    /// Packet id.
    pub id: u16,
    /// One code a filter.
    pub codes: Vec<u8>,
    /// Properties (MQTT 5).
    pub properties: Properties,
}

/// An UNSUBACK; the codes exist in MQTT 5 only.
pub type UnsubAck = SubAck;

/// A DISCONNECT from the server (MQTT 5).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disconnect {
    /// Reason code, 0 when absent.
    pub reason: u8,
    /// Properties.
    pub properties: Properties,
}

/// An AUTH from the server (MQTT 5).
pub type AuthPacket = Disconnect;

/// Any packet a server may send.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are the protocol's")]
pub enum Received {
    ConnAck(ConnAck),
    Publish(Published),
    PubAck(Ack),
    PubRec(Ack),
    PubRel(Ack),
    PubComp(Ack),
    SubAck(SubAck),
    UnsubAck(UnsubAck),
    PingResp,
    Disconnect(Disconnect),
    Auth(AuthPacket),
}

/// The length of the first whole packet in `bytes` and of its header; `None` when more bytes are needed.
pub fn split_packet(bytes: &[u8]) -> Result<Option<(usize, usize)>, String> {
    let mut value = 0_usize;
    for index in 0..4 {
        let Some(&byte) = bytes.get(1 + index) else { return Ok(None) };
        value |= usize::from(byte & 0x7F) << (7 * index);
        if byte & 0x80 == 0 {
            if index > 0 && byte == 0 {
                return Err("the remaining length is not encoded in the fewest bytes".into());
            }
            let header = 2 + index;
            return Ok((bytes.len() >= header + value).then_some((header, header + value)));
        }
    }
    Err("the remaining length has more than four bytes".into())
}

/// Parses one whole packet.
pub fn parse(version: Version, first: u8, body: &[u8]) -> Result<Received, String> {
    let mut input = Input { rest: body };
    let flags = first & 0x0F;
    let kind = first >> 4;
    let expected_flags = if kind == 6 { 2 } else { 0 };
    if kind != 3 && flags != expected_flags {
        return Err(format!("packet type {kind} has flags {flags:#06b}, they must be {expected_flags:#06b}"));
    }
    let received = match kind {
        2 => connack(version, &mut input)?,
        3 => publish(version, flags, &mut input)?,
        4 => Received::PubAck(ack(
            version,
            &mut input,
            &[0x00, 0x10, 0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99],
        )?),
        5 => Received::PubRec(ack(
            version,
            &mut input,
            &[0x00, 0x10, 0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99],
        )?),
        6 => Received::PubRel(ack(version, &mut input, &[0x00, 0x92])?),
        7 => Received::PubComp(ack(version, &mut input, &[0x00, 0x92])?),
        9 => Received::SubAck(suback(version, &mut input)?),
        11 => Received::UnsubAck(unsuback(version, &mut input)?),
        13 => Received::PingResp,
        14 if version == Version::V5 => Received::Disconnect(disconnect(&mut input)?),
        15 if version == Version::V5 => Received::Auth(auth(&mut input)?),
        _ => return Err(format!("a server does not send packet type {kind} in {version:?}")),
    };
    if !input.rest.is_empty() {
        return Err(format!("{} bytes are left over at the end of {received:?}", input.rest.len()));
    }
    Ok(received)
}

struct Input<'a> {
    rest: &'a [u8],
}

impl<'a> Input<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], String> {
        let (head, tail) =
            self.rest.split_at_checked(count).ok_or("the packet is shorter than its fields")?;
        self.rest = tail;
        Ok(head)
    }

    fn byte(&mut self) -> Result<u8, String> {
        Ok(self.take(1)?[0])
    }

    fn two(&mut self) -> Result<u16, String> {
        let bytes = self.take(2)?;
        Ok(u16::from_be_bytes([bytes[0], bytes[1]]))
    }

    fn four(&mut self) -> Result<u32, String> {
        let bytes = self.take(4)?;
        Ok(u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
    }

    fn id(&mut self) -> Result<u16, String> {
        match self.two()? {
            0 => Err("the packet id is 0".into()),
            id => Ok(id),
        }
    }

    fn variable(&mut self) -> Result<u32, String> {
        let mut value = 0;
        for index in 0..4 {
            let byte = self.byte()?;
            value |= u32::from(byte & 0x7F) << (7 * index);
            if byte & 0x80 == 0 {
                if index > 0 && byte == 0 {
                    return Err("a variable byte integer is not encoded in the fewest bytes".into());
                }
                return Ok(value);
            }
        }
        Err("a variable byte integer has more than four bytes".into())
    }

    fn binary(&mut self) -> Result<Vec<u8>, String> {
        let length = self.two()?;
        Ok(self.take(usize::from(length))?.to_vec())
    }

    fn text(&mut self) -> Result<String, String> {
        let text =
            String::from_utf8(self.binary()?).map_err(|error| format!("a text is not UTF-8: {error}"))?;
        if text.contains('\0') { Err(format!("a text contains U+0000: {text:?}")) } else { Ok(text) }
    }

    fn properties(&mut self, carrier: Carrier) -> Result<Properties, String> {
        let length = self.variable()? as usize;
        let mut input = Input { rest: self.take(length)? };
        let mut properties = Properties::none();
        while !input.rest.is_empty() {
            let number = input.variable()?;
            let id = u8::try_from(number).map_err(|_| format!("property {number} does not exist"))?;
            let kind = property::kind(id).ok_or_else(|| format!("property {id:#04x} does not exist"))?;
            if !property::allowed(carrier, id) {
                return Err(format!("property {id:#04x} must not be in a {carrier:?} of a server"));
            }
            let repeatable = id == property::USER_PROPERTY || id == property::SUBSCRIPTION_ID;
            if !repeatable && properties.get(id).is_some() {
                return Err(format!("property {id:#04x} appears twice"));
            }
            let value = match kind {
                PropertyValue::Byte(_) => PropertyValue::Byte(input.byte()?),
                PropertyValue::Two(_) => PropertyValue::Two(input.two()?),
                PropertyValue::Four(_) => PropertyValue::Four(input.four()?),
                PropertyValue::Variable(_) => PropertyValue::Variable(input.variable()?),
                PropertyValue::Text(_) => PropertyValue::Text(input.text()?),
                PropertyValue::Binary(_) => PropertyValue::Binary(input.binary()?),
                PropertyValue::Pair(..) => PropertyValue::Pair(input.text()?, input.text()?),
            };
            check_range(id, &value)?;
            properties.0.push((id, value));
        }
        Ok(properties)
    }
}

fn check_range(id: u8, value: &PropertyValue) -> Result<(), String> {
    let wrong = match value {
        PropertyValue::Byte(value) => *value > 1,
        PropertyValue::Two(value) => {
            *value == 0 && matches!(id, property::RECEIVE_MAXIMUM | property::TOPIC_ALIAS)
        }
        PropertyValue::Four(value) => *value == 0 && id == property::MAXIMUM_PACKET_SIZE,
        PropertyValue::Variable(value) => *value == 0,
        PropertyValue::Text(text) => {
            id == property::RESPONSE_TOPIC && (text.contains(['+', '#']) || text.is_empty())
        }
        PropertyValue::Binary(_) | PropertyValue::Pair(..) => false,
    };
    if wrong { Err(format!("property {id:#04x} has the forbidden value {value:?}")) } else { Ok(()) }
}

fn one_of(what: &str, code: u8, allowed: &[u8]) -> Result<u8, String> {
    if allowed.contains(&code) {
        Ok(code)
    } else {
        Err(format!("{code:#04x} is no code of a server's {what}"))
    }
}

const CONNACK_REASONS: [u8; 22] = [
    0x00, 0x80, 0x81, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8A, 0x8C, 0x90, 0x95, 0x97, 0x99,
    0x9A, 0x9B, 0x9C, 0x9D, 0x9F,
];

const DISCONNECT_REASONS: [u8; 26] = [
    0x00, 0x80, 0x81, 0x82, 0x83, 0x87, 0x89, 0x8B, 0x8D, 0x8E, 0x8F, 0x90, 0x93, 0x94, 0x95, 0x96, 0x97,
    0x98, 0x99, 0x9A, 0x9B, 0x9C, 0x9D, 0x9E, 0x9F, 0xA0,
];

fn connack(version: Version, input: &mut Input<'_>) -> Result<Received, String> {
    let flags = input.byte()?;
    let code = input.byte()?;
    if flags > 1 {
        return Err(format!("CONNACK has reserved flags set: {flags:#04x}"));
    }
    if flags == 1 && code != 0 {
        return Err(format!("a CONNACK that refuses with {code:#04x} says session present"));
    }
    if version == Version::V31 && flags == 1 {
        return Err("MQTT 3.1 has no session present flag, its byte is reserved and 0".into());
    }
    let properties = if version == Version::V5 {
        one_of("CONNACK", code, &CONNACK_REASONS)?;
        // A server that does not know the version may answer as 3.1.1 does, without properties.
        if input.rest.is_empty() && code != 0 {
            Properties::none()
        } else {
            input.properties(Carrier::ConnAck)?
        }
    } else {
        one_of("CONNACK", code, &[0, 1, 2, 3, 4, 5])?;
        Properties::none()
    };
    Ok(Received::ConnAck(ConnAck { session_present: flags == 1, code, properties }))
}

fn publish(version: Version, flags: u8, input: &mut Input<'_>) -> Result<Received, String> {
    let qos = (flags >> 1) & 3;
    let dup = flags & 8 != 0;
    if qos == 3 {
        return Err("a PUBLISH has QoS 3".into());
    }
    if qos == 0 && dup {
        return Err("a PUBLISH of QoS 0 has DUP set".into());
    }
    let topic = input.text()?;
    if topic.contains(['+', '#']) {
        return Err(format!("the topic of a PUBLISH has a wildcard: {topic:?}"));
    }
    let id = if qos > 0 { input.id()? } else { 0 };
    let properties =
        if version == Version::V5 { input.properties(Carrier::Publish)? } else { Properties::none() };
    if topic.is_empty() && properties.get(property::TOPIC_ALIAS).is_none() {
        return Err("the topic of a PUBLISH is empty".into());
    }
    let payload = input.take(input.rest.len())?.to_vec();
    let utf8 = properties.number(property::PAYLOAD_FORMAT) == Some(1);
    if utf8 && std::str::from_utf8(&payload).is_err() {
        return Err("the payload is announced as UTF-8 and is not".into());
    }
    Ok(Received::Publish(Published { topic, payload, qos, id, retain: flags & 1 != 0, dup, properties }))
}

fn ack(version: Version, input: &mut Input<'_>, reasons: &[u8]) -> Result<Ack, String> {
    let id = input.id()?;
    let mut ack = Ack { id, reason: 0, properties: Properties::none() };
    if version == Version::V5 && !input.rest.is_empty() {
        ack.reason = one_of("acknowledgement", input.byte()?, reasons)?;
        if !input.rest.is_empty() {
            ack.properties = input.properties(Carrier::Acknowledgement)?;
        }
    }
    Ok(ack)
}

fn codes(input: &mut Input<'_>, what: &str, allowed: &[u8]) -> Result<Vec<u8>, String> {
    let codes = input.take(input.rest.len())?.to_vec();
    for code in &codes {
        one_of(what, *code, allowed)?;
    }
    if codes.is_empty() { Err(format!("a {what} without codes")) } else { Ok(codes) }
}

fn suback(version: Version, input: &mut Input<'_>) -> Result<SubAck, String> {
    let id = input.id()?;
    let (properties, codes) = if version == Version::V5 {
        let properties = input.properties(Carrier::SubscriptionAcknowledgement)?;
        let allowed = [0, 1, 2, 0x80, 0x83, 0x87, 0x8F, 0x91, 0x97, 0x9E, 0xA1, 0xA2];
        (properties, codes(input, "SUBACK", &allowed)?)
    } else {
        (Properties::none(), codes(input, "SUBACK", &[0, 1, 2, 0x80])?)
    };
    Ok(SubAck { id, codes, properties })
}

fn unsuback(version: Version, input: &mut Input<'_>) -> Result<UnsubAck, String> {
    let id = input.id()?;
    if version != Version::V5 {
        return Ok(SubAck { id, codes: Vec::new(), properties: Properties::none() });
    }
    let properties = input.properties(Carrier::SubscriptionAcknowledgement)?;
    let codes = codes(input, "UNSUBACK", &[0x00, 0x11, 0x80, 0x83, 0x87, 0x8F, 0x91])?;
    Ok(SubAck { id, codes, properties })
}

fn disconnect(input: &mut Input<'_>) -> Result<Disconnect, String> {
    let mut disconnect = Disconnect { reason: 0, properties: Properties::none() };
    if !input.rest.is_empty() {
        disconnect.reason = one_of("DISCONNECT", input.byte()?, &DISCONNECT_REASONS)?;
        if !input.rest.is_empty() {
            disconnect.properties = input.properties(Carrier::Disconnect)?;
        }
    }
    Ok(disconnect)
}

fn auth(input: &mut Input<'_>) -> Result<AuthPacket, String> {
    let mut auth = Disconnect { reason: 0, properties: Properties::none() };
    if !input.rest.is_empty() {
        auth.reason = one_of("AUTH", input.byte()?, &[0x00, 0x18])?;
        auth.properties = input.properties(Carrier::Auth)?;
    }
    Ok(auth)
}

#[cfg(test)]
mod tests;
