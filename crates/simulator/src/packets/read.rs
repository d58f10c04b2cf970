//! The packet reader: what a server may send to a device. It borrows from the input and keeps no state.

/// The largest packet a virtual device accepts, its header included.
pub const MAX_PACKET: usize = 128 * 1024;

/// A packet from the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Packet<'a> {
    /// The answer to CONNECT.
    ConnAck {
        /// Whether the server kept a session.
        session_present: bool,
        /// 0 is success.
        code: u8,
    },
    /// A message.
    Publish {
        /// Its topic.
        topic: &'a str,
        /// 0 to 2.
        qos: u8,
        /// Whether it is another try.
        duplicate: bool,
        /// 0 at QoS 0.
        id: u16,
        /// The body.
        payload: &'a [u8],
    },
    /// A QoS 1 message was taken.
    PubAck {
        /// Which.
        id: u16,
    },
    /// The answer to SUBSCRIBE.
    SubAck {
        /// Which.
        id: u16,
        /// Granted QoS or 0x80, one a filter.
        codes: &'a [u8],
    },
    /// The answer to UNSUBSCRIBE.
    UnsubAck {
        /// Which.
        id: u16,
    },
    /// The answer to PINGREQ.
    PingResp,
    /// PUBREC, PUBREL or PUBCOMP: devices do not use QoS 2.
    QosTwo,
}

/// What a server must not send.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// The length field is longer than four bytes.
    #[error("the server sent a malformed remaining length")]
    MalformedLength,
    /// The packet is larger than [`MAX_PACKET`].
    #[error("the server sent a packet of more than {MAX_PACKET} bytes")]
    TooLarge,
    /// A packet type that only clients send, or flags the type does not have.
    #[error("the server sent a packet whose first byte is {0:#04x}")]
    UnexpectedType(u8),
    /// The body is shorter or longer than its type allows.
    #[error("the server sent a packet of type {0:#04x} with a malformed body")]
    MalformedBody(u8),
}

/// Reads the first packet of `input`: the packet and how many bytes it took, or `None` if more must come.
pub fn next_packet(input: &[u8]) -> Result<Option<(Packet<'_>, usize)>, ReadError> {
    let Some((length, header)) = remaining_length(input)? else { return Ok(None) };
    if header + length > MAX_PACKET {
        return Err(ReadError::TooLarge);
    }
    let Some(body) = input.get(header..header + length) else { return Ok(None) };
    Ok(Some((packet(input[0], body)?, header + length)))
}

/// The remaining length and the size of the fixed header.
fn remaining_length(input: &[u8]) -> Result<Option<(usize, usize)>, ReadError> {
    let mut length = 0;
    for (position, byte) in input.iter().skip(1).take(4).enumerate() {
        length |= usize::from(byte & 0x7f) << (7 * position);
        if byte & 0x80 == 0 {
            return Ok(Some((length, position + 2)));
        }
    }
    if input.len() > 4 { Err(ReadError::MalformedLength) } else { Ok(None) }
}

fn packet(first: u8, body: &[u8]) -> Result<Packet<'_>, ReadError> {
    let malformed = ReadError::MalformedBody(first);
    let id = || match body {
        [high, low] => Ok(u16::from_be_bytes([*high, *low])),
        _ => Err(malformed),
    };
    match first {
        0x20 => match body {
            [flags @ 0..=1, code] => Ok(Packet::ConnAck { session_present: *flags == 1, code: *code }),
            _ => Err(malformed),
        },
        0x30..=0x3f => publish(first, body),
        0x40 => Ok(Packet::PubAck { id: id()? }),
        0x50 | 0x62 | 0x70 => id().map(|_| Packet::QosTwo),
        0x90 => match body {
            [high, low, codes @ ..] if !codes.is_empty() => {
                Ok(Packet::SubAck { id: u16::from_be_bytes([*high, *low]), codes })
            }
            _ => Err(malformed),
        },
        0xb0 => Ok(Packet::UnsubAck { id: id()? }),
        0xd0 if body.is_empty() => Ok(Packet::PingResp),
        0xd0 => Err(malformed),
        _ => Err(ReadError::UnexpectedType(first)),
    }
}

fn publish(first: u8, body: &[u8]) -> Result<Packet<'_>, ReadError> {
    let malformed = ReadError::MalformedBody(first);
    let (length, rest) = body.split_at_checked(2).ok_or(malformed)?;
    let length = usize::from(u16::from_be_bytes([length[0], length[1]]));
    let (topic, rest) = rest.split_at_checked(length).ok_or(malformed)?;
    let topic = std::str::from_utf8(topic).map_err(|_| malformed)?;
    let qos = (first >> 1) & 3;
    let (id, payload) = match qos {
        0 => (0, rest),
        1 | 2 => {
            let (id, payload) = rest.split_at_checked(2).ok_or(malformed)?;
            (u16::from_be_bytes([id[0], id[1]]), payload)
        }
        _ => return Err(ReadError::UnexpectedType(first)),
    };
    if qos > 0 && id == 0 {
        return Err(malformed);
    }
    Ok(Packet::Publish { topic, qos, duplicate: first & 0x08 != 0, id, payload })
}

#[cfg(test)]
mod tests {
    use super::super::write;
    use super::*;

    #[test]
    fn a_message_reads_back_as_it_was_written() {
        let payload = vec![7; 300];
        let mut bytes = Vec::new();
        let fields =
            write::PublishHeader { topic: "$thing/down/property/P/D", qos: 1, duplicate: false, id: 77 };
        write::publish(&mut bytes, &fields, &payload);
        let whole = bytes.len();
        bytes.extend_from_slice(&[0x40, 2, 0, 1]);
        let (packet, used) = next_packet(&bytes).unwrap().unwrap();
        assert_eq!(used, whole);
        assert_eq!(
            packet,
            Packet::Publish { topic: fields.topic, qos: 1, duplicate: false, id: 77, payload: &payload }
        );
        assert_eq!(next_packet(&bytes[used..]), Ok(Some((Packet::PubAck { id: 1 }, 4))));
    }

    #[test]
    fn every_cut_of_a_packet_asks_for_more() {
        let mut bytes = Vec::new();
        let fields = write::PublishHeader { topic: "a/b", qos: 1, duplicate: true, id: 3 };
        write::publish(&mut bytes, &fields, &[1; 200]);
        assert!((0..bytes.len()).all(|cut| next_packet(&bytes[..cut]) == Ok(None)));
    }

    #[test]
    fn answers_are_recognised() {
        let read = |bytes: &'static [u8]| next_packet(bytes).unwrap().unwrap().0;
        assert_eq!(read(&[0x20, 2, 1, 0]), Packet::ConnAck { session_present: true, code: 0 });
        assert_eq!(read(&[0x20, 2, 0, 5]), Packet::ConnAck { session_present: false, code: 5 });
        assert_eq!(read(&[0x90, 4, 0, 9, 1, 0x80]), Packet::SubAck { id: 9, codes: &[1, 0x80] });
        assert_eq!(read(&[0xb0, 2, 0, 9]), Packet::UnsubAck { id: 9 });
        assert_eq!(read(&[0xd0, 0]), Packet::PingResp);
        assert_eq!(read(&[0x62, 2, 0, 9]), Packet::QosTwo);
    }

    #[test]
    fn what_a_server_must_not_send_is_refused() {
        let error = |bytes: &[u8]| next_packet(bytes).unwrap_err();
        assert_eq!(error(&[0x30, 0xff, 0xff, 0xff, 0xff, 1]), ReadError::MalformedLength);
        assert_eq!(error(&[0x30, 0xff, 0xff, 0xff, 0x7f]), ReadError::TooLarge);
        assert_eq!(error(&[0x10, 0]), ReadError::UnexpectedType(0x10));
        assert_eq!(error(&[0x36, 2, 0, 0]), ReadError::UnexpectedType(0x36));
        assert_eq!(error(&[0x40, 3, 0, 1, 0]), ReadError::MalformedBody(0x40));
        assert_eq!(error(&[0x32, 3, 0, 5, b'a']), ReadError::MalformedBody(0x32));
        assert_eq!(error(&[0x32, 5, 0, 1, b'a', 0, 0]), ReadError::MalformedBody(0x32));
        assert_eq!(error(&[0x90, 2, 0, 1]), ReadError::MalformedBody(0x90));
    }
}
