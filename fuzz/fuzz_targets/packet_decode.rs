//! MQTT packets of every version, cut at arbitrary places: never a panic, never different packets because of the
//! cuts, never more taken than decoded.
//!
//! The first byte says how many cuts follow (one byte each, the length of a piece); the rest is the stream.

#![no_main]

use bytes::BytesMut;
use libfuzzer_sys::fuzz_target;
use yizhan_mqtt::{DecodeError, Decoder, Packet};

const MAX_PACKET: u32 = 4096;

fn decode(stream: &[u8], pieces: &[u8]) -> (Vec<Packet>, Option<DecodeError>) {
    let mut decoder = Decoder::new(MAX_PACKET);
    let (mut packets, mut buffer, mut rest) = (Vec::new(), BytesMut::new(), stream);
    for length in pieces.iter().map(|&piece| usize::from(piece)).chain([stream.len()]) {
        let (piece, later) = rest.split_at(length.min(rest.len()));
        rest = later;
        buffer.extend_from_slice(piece);
        loop {
            let before = buffer.len();
            match decoder.decode(&mut buffer) {
                Ok(Some(packet)) => {
                    assert!(buffer.len() < before);
                    packets.push(packet);
                }
                Ok(None) => {
                    assert_eq!(buffer.len(), before);
                    assert!(buffer.len() < MAX_PACKET as usize, "a packet within the limit is decoded");
                    break;
                }
                Err(error) => {
                    assert_eq!(buffer.len(), before);
                    assert!(error.reason() >= 0x80);
                    assert_eq!(decoder.decode(&mut buffer), Err(error));
                    return (packets, Some(error));
                }
            }
        }
    }
    (packets, None)
}

fuzz_target!(|data: &[u8]| {
    let Some((&count, data)) = data.split_first() else { return };
    let (pieces, stream) = data.split_at(usize::from(count).min(data.len()));
    assert_eq!(decode(stream, &[]), decode(stream, pieces));
});
