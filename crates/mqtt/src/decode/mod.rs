//! From bytes to packets: framing, strict decoding, refusal.
//!
//! Decoding is written by hand rather than taken from `rmqtt-codec`, which stays as the second implementation in
//! the tests. The reasons: the strict checks need bytes that codec throws away (reserved bits of SUBSCRIBE options,
//! bodies of PINGREQ and DISCONNECT, bytes behind the last field of CONNECT); its framing reserves the declared length
//! before anything arrived, so that idle peers could make us hold memory, and it splits the read buffer, so that a
//! kept payload would keep the buffer; and a connection's decoder must stay below 24 bytes.
//!
//! What must stay true: input is consumed only by whole packets; the first malformed packet ends the connection and
//! leaves the input as it is; a length above the limit is refused as soon as its header has arrived; decoding the same
//! bytes in any split gives the same packets.

mod acks;
mod connect;
mod error;
pub(crate) mod properties;
mod publish;
mod reader;
mod subscribe;

use bytes::{Buf, BytesMut};

pub use error::DecodeError;

use crate::packet::Packet;
use crate::protocol::Version;
use reader::Reader;

/// Decodes the packets of one connection.
#[derive(Debug)]
pub struct Decoder {
    max_packet_size: u32,
    version: Option<Version>,
    connected: bool,
}

/// The fixed header of a packet.
struct Frame {
    first_byte: u8,
    header_length: usize,
    body_length: usize,
}

impl Decoder {
    /// A decoder for a new connection that refuses packets of more than `max_packet_size` bytes in all.
    pub const fn new(max_packet_size: u32) -> Self {
        Self { max_packet_size, version: None, connected: false }
    }

    /// The protocol version, as soon as a CONNECT named one. Known even when that CONNECT was refused, so that the
    /// CONNACK can be written; for an unknown level it is the nearest one.
    pub const fn version(&self) -> Option<Version> {
        self.version
    }

    /// Changes the limit, for instance once the peer is authenticated.
    pub const fn set_max_packet_size(&mut self, max_packet_size: u32) {
        self.max_packet_size = max_packet_size;
    }

    /// Takes the next packet from `input`, or nothing when it is not complete. After an error the connection must
    /// be closed; [`DecodeError::reason`] says with which code.
    pub fn decode(&mut self, input: &mut BytesMut) -> Result<Option<Packet>, DecodeError> {
        let Some(frame) = self.frame(input)? else { return Ok(None) };
        let length = frame.header_length + frame.body_length;
        let Some(body) = input.get(frame.header_length..length) else { return Ok(None) };
        let packet = self.packet(frame.first_byte, Reader::new(body))?;
        input.advance(length);
        Ok(Some(packet))
    }

    /// Reads the fixed header and refuses what can be refused by it alone.
    fn frame(&self, input: &[u8]) -> Result<Option<Frame>, DecodeError> {
        let Some(&first_byte) = input.first() else { return Ok(None) };
        self.check_first_byte(first_byte)?;
        let mut body_length = 0;
        for index in 1..=4 {
            let Some(&byte) = input.get(index) else { return Ok(None) };
            body_length |= usize::from(byte & 0x7F) << (7 * (index - 1));
            if byte & 0x80 == 0 {
                // Only MQTT 5 demands the shortest form, and of a CONNECT the version is not known yet; old embedded
                // clients may pad.
                if byte == 0 && index > 1 && self.connected && self.version == Some(Version::V5) {
                    return Err(DecodeError::MalformedLength);
                }
                let header_length = index + 1;
                let size = header_length + body_length;
                let max = self.max_packet_size;
                if size > max as usize {
                    return Err(DecodeError::PacketTooLarge { size, max });
                }
                return Ok(Some(Frame { first_byte, header_length, body_length }));
            }
        }
        Err(DecodeError::MalformedLength)
    }

    fn check_first_byte(&self, first_byte: u8) -> Result<(), DecodeError> {
        let (kind, flags) = (first_byte >> 4, first_byte & 0x0F);
        match (self.connected, kind) {
            (false, 1) | (true, 3..=8 | 10 | 12 | 14) => {}
            (true, 15) if self.version == Some(Version::V5) => {}
            (false, _) => return Err(DecodeError::NotConnect),
            (true, 1) => return Err(DecodeError::SecondConnect),
            (true, _) => return Err(DecodeError::UnexpectedPacketType(kind)),
        }
        let flags_are_valid = match kind {
            3 => return publish::check_flags(flags),
            6 | 8 | 10 => flags == 0b0010 || self.is_v31_resend(flags),
            _ => flags == 0,
        };
        if flags_are_valid { Ok(()) } else { Err(DecodeError::ReservedFlags(first_byte)) }
    }

    /// MQTT 3.1 lets PUBREL, SUBSCRIBE and UNSUBSCRIBE carry the DUP flag when they are sent again.
    fn is_v31_resend(&self, flags: u8) -> bool {
        self.version == Some(Version::V31) && flags == 0b1010
    }

    fn packet(&mut self, first_byte: u8, mut body: Reader<'_>) -> Result<Packet, DecodeError> {
        let version = match self.version {
            Some(version) if self.connected => version,
            _ => {
                let version = connect::read_version(&mut body, &mut self.version)?;
                let connect = connect::read(version, &mut body)?;
                body.finish()?;
                self.connected = true;
                return Ok(Packet::Connect(Box::new(connect)));
            }
        };
        let packet = match first_byte >> 4 {
            3 => Packet::Publish(Box::new(publish::read(version, first_byte & 0x0F, &mut body)?)),
            4 => Packet::PubAck(acks::read(version, acks::Kind::Arrival, &mut body)?),
            5 => Packet::PubRec(acks::read(version, acks::Kind::Arrival, &mut body)?),
            6 => Packet::PubRel(acks::read(version, acks::Kind::Release, &mut body)?),
            7 => Packet::PubComp(acks::read(version, acks::Kind::Release, &mut body)?),
            8 => Packet::Subscribe(Box::new(subscribe::read_subscribe(version, &mut body)?)),
            10 => Packet::Unsubscribe(Box::new(subscribe::read_unsubscribe(version, &mut body)?)),
            12 => Packet::PingReq,
            14 => Packet::Disconnect(acks::read_disconnect(version, &mut body)?),
            15 => Packet::Auth(Box::new(acks::read_auth(&mut body)?)),
            other => return Err(DecodeError::UnexpectedPacketType(other)),
        };
        body.finish()?;
        Ok(packet)
    }
}
