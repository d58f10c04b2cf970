//! Reads what a server sends, as a client would. Written apart from the crate under test, on purpose plainly.

use std::collections::VecDeque;

/// One packet of the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FromServer {
    Publish(Received),
    PubAck { id: u16, reason: u8 },
    PubRec { id: u16, reason: u8 },
    PubRel { id: u16, reason: u8 },
    PubComp { id: u16, reason: u8 },
}

/// A PUBLISH as it is on the wire.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Received {
    pub dup: bool,
    pub qos: u8,
    pub retain: bool,
    pub id: Option<u16>,
    pub topic: String,
    pub alias: Option<u16>,
    pub expiry_s: Option<u32>,
    pub subscription_ids: Vec<u32>,
    pub payload: Vec<u8>,
    /// Of the whole packet.
    pub size: usize,
}

/// Splits `bytes` into packets.
pub fn read_all(v5: bool, mut bytes: &[u8]) -> VecDeque<FromServer> {
    let mut packets = VecDeque::new();
    while !bytes.is_empty() {
        let before = bytes.len();
        let first = take(&mut bytes, 1)[0];
        let length = variable(&mut bytes) as usize;
        let body = take(&mut bytes, length);
        packets.push_back(read(v5, first, body, before - bytes.len()));
    }
    packets
}

fn read(v5: bool, first: u8, mut body: &[u8], size: usize) -> FromServer {
    if first >> 4 == 3 {
        return FromServer::Publish(publish(v5, first, body, size));
    }
    let id = short(&mut body);
    assert_ne!(id, 0, "packet identifier 0");
    assert!(v5 || body.is_empty(), "acknowledgements of 3.x have two bytes");
    let reason = if body.is_empty() { 0 } else { take(&mut body, 1)[0] };
    assert!(body.is_empty());
    match first {
        0x40 => FromServer::PubAck { id, reason },
        0x50 => FromServer::PubRec { id, reason },
        0x62 => FromServer::PubRel { id, reason },
        0x70 => FromServer::PubComp { id, reason },
        other => panic!("unexpected first byte {other:#x}"),
    }
}

fn publish(v5: bool, first: u8, mut body: &[u8], size: usize) -> Received {
    let mut out = Received {
        dup: first & 8 != 0,
        qos: (first >> 1) & 3,
        retain: first & 1 != 0,
        size,
        ..Received::default()
    };
    assert!(out.qos < 3);
    assert!(!out.dup || out.qos > 0, "[MQTT-3.3.1-2]");
    let length = usize::from(short(&mut body));
    out.topic = String::from_utf8(take(&mut body, length).to_vec()).expect("topics are UTF-8");
    if out.qos > 0 {
        let id = short(&mut body);
        assert_ne!(id, 0, "[MQTT-2.2.1-3]");
        out.id = Some(id);
    }
    if v5 {
        let length = variable(&mut body) as usize;
        let mut section = take(&mut body, length);
        while !section.is_empty() {
            match take(&mut section, 1)[0] {
                0x02 => {
                    let bytes = take(&mut section, 4).try_into().expect("four bytes");
                    assert!(out.expiry_s.replace(u32::from_be_bytes(bytes)).is_none());
                }
                0x23 => assert!(out.alias.replace(short(&mut section)).is_none()),
                0x0B => out.subscription_ids.push(variable(&mut section)),
                other => panic!("unexpected property {other:#x}"),
            }
        }
    }
    assert!(!out.topic.is_empty() || out.alias.is_some(), "neither topic nor alias");
    out.payload = body.to_vec();
    out
}

fn take<'a>(bytes: &mut &'a [u8], length: usize) -> &'a [u8] {
    let (taken, rest) = bytes.split_at(length);
    *bytes = rest;
    taken
}

fn short(bytes: &mut &[u8]) -> u16 {
    u16::from_be_bytes(take(bytes, 2).try_into().expect("two bytes"))
}

fn variable(bytes: &mut &[u8]) -> u32 {
    let mut value = 0;
    for shift in [0, 7, 14, 21] {
        let byte = take(bytes, 1)[0];
        value |= u32::from(byte & 0x7F) << shift;
        if byte & 0x80 == 0 {
            return value;
        }
    }
    panic!("a length of more than four bytes")
}
