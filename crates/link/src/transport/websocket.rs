//! MQTT inside WebSocket frames (facts §1.6). MQTT packets may start and end anywhere in the frames, so the frames'
//! payloads are just a byte stream. The answer to the upgrade is written by hand because the vendor's C client looks
//! for `Sec-WebSocket-Accept: ` in exactly this case and within its first 512 bytes.

use std::io::{self, Write};

use tungstenite::handshake::derive_accept_key;
use tungstenite::protocol::{Role, WebSocketConfig};
use tungstenite::{Message, WebSocket};

use super::RawStream;
use super::paced::Paced;
use crate::timer::Tick;

/// The frame reader's own buffer; small, because there is one a connection.
const READ_BUFFER_BYTES: usize = 4 * 1024;
/// Bytes of one frame that we send.
const WRITE_CHUNK_BYTES: usize = 16 * 1024;
/// Bytes that a message may have beyond the largest packet.
const MESSAGE_SLACK_BYTES: usize = 1024;
/// Messages without content that are looked at in one turn: each PING costs a system call for its PONG.
const EMPTY_QUANTUM: u32 = 32;
/// Messages without content that a peer may send in one second while nothing else comes. Clients that check their
/// connection by PING send one every few seconds.
const MAX_EMPTY_PER_SECOND: u32 = 1_000;

/// Why an upgrade request is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UpgradeError {
    /// The client must ask for the sub-protocol `mqtt` (MQTT-6.0.0-3).
    #[error("the WebSocket sub-protocol must be \"mqtt\"")]
    SubProtocol,
    /// RFC 6455 wants version 13 and a key.
    #[error("the request is not a WebSocket upgrade of version 13 with a key")]
    Malformed,
}

/// The 101 answer for an upgrade request with these header values.
pub fn upgrade_response(
    key: Option<&str>,
    version: Option<&str>,
    protocols: Option<&str>,
) -> Result<String, UpgradeError> {
    let (Some(key), Some("13")) = (key, version.map(str::trim)) else { return Err(UpgradeError::Malformed) };
    let offered = protocols.unwrap_or_default().split(',').map(str::trim);
    let chosen = offered
        .into_iter()
        .find(|name| matches!(*name, "mqtt" | "mqttv3.1"))
        .ok_or(UpgradeError::SubProtocol)?;
    Ok(format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: {}\r\nSec-WebSocket-Protocol: {chosen}\r\n\r\n",
        derive_accept_key(key.trim().as_bytes()),
    ))
}

/// The peer sends nothing but frames without content.
#[derive(Debug, thiserror::Error)]
#[error("too many WebSocket frames without content")]
pub(crate) struct EmptyFrames;

/// What has come within one second since there was content last.
#[derive(Debug, Default)]
struct Idle {
    second: Tick,
    messages: u32,
    bytes: usize,
}

/// A byte stream over binary frames.
#[derive(Debug)]
pub struct WebSocketStream {
    socket: WebSocket<Paced>,
    /// The part of the last frame's payload that was not read yet.
    rest: bytes::Bytes,
    idle: Idle,
    message_limit: usize,
    /// The last read ended because it had looked at enough.
    paused: bool,
}

impl WebSocketStream {
    /// Takes over a stream whose upgrade is done; `early` came behind the request.
    pub(crate) fn new(stream: RawStream, early: Vec<u8>, max_packet_bytes: u32) -> Self {
        let message_limit = max_packet_bytes as usize + MESSAGE_SLACK_BYTES;
        let config = WebSocketConfig::default()
            .read_buffer_size(READ_BUFFER_BYTES)
            .write_buffer_size(0)
            .max_write_buffer_size(WRITE_CHUNK_BYTES + 1024)
            .max_message_size(Some(message_limit))
            .max_frame_size(Some(message_limit));
        let socket = WebSocket::from_partially_read(Paced::new(stream), early, Role::Server, Some(config));
        Self { socket, rest: bytes::Bytes::new(), idle: Idle::default(), message_limit, paused: false }
    }

    /// Takes messages with packets of up to this size from now on.
    pub(crate) fn set_max_packet_bytes(&mut self, max_packet_bytes: u32) {
        self.message_limit = max_packet_bytes as usize + MESSAGE_SLACK_BYTES;
        let limit = Some(self.message_limit);
        self.socket.set_config(|config| (config.max_message_size, config.max_frame_size) = (limit, limit));
    }

    pub(crate) fn raw(&mut self) -> &mut RawStream {
        self.socket.get_mut().raw()
    }

    /// Whether the last read ended although there may be more.
    pub(crate) const fn paused(&self) -> bool {
        self.paused
    }

    pub(crate) fn close(&mut self) {
        // A peer that is gone cannot be told goodbye; the descriptor closes right after.
        let _ = self.socket.close(None).and_then(|()| self.socket.flush());
    }

    /// Reads from the messages that came. Looks at no more than about as many bytes as the buffer has room for.
    pub(crate) fn read(&mut self, buffer: &mut [u8], now: Tick) -> io::Result<usize> {
        self.paused = false;
        if self.rest.is_empty() {
            self.socket.get_mut().allow(buffer.len());
            let next = self.next_content();
            let left = self.socket.get_ref().left();
            match next {
                Ok(Some(payload)) => {
                    self.rest = payload;
                    self.idle = Idle::default();
                }
                Ok(None) => return Ok(0),
                Err((messages, error)) => {
                    self.paused =
                        error.kind() == io::ErrorKind::WouldBlock && (left == 0 || messages == EMPTY_QUANTUM);
                    self.count_empty(messages, buffer.len() - left, now)?;
                    return Err(error);
                }
            }
        }
        let count = buffer.len().min(self.rest.len());
        buffer[..count].copy_from_slice(&self.rest.split_to(count));
        if self.rest.is_empty() {
            self.rest = bytes::Bytes::new();
        }
        Ok(count)
    }

    /// The next payload that is not empty; none at the peer's goodbye. An error comes with the number of messages
    /// without content before it.
    fn next_content(&mut self) -> Result<Option<bytes::Bytes>, (u32, io::Error)> {
        for empty in 0..EMPTY_QUANTUM {
            match self.socket.read().map_err(|error| (empty, into_io(error)))? {
                Message::Binary(payload) if !payload.is_empty() => return Ok(Some(payload)),
                Message::Binary(_) | Message::Ping(_) | Message::Pong(_) => {}
                Message::Close(_) => return Ok(None),
                // MQTT-6.0.0-1: MQTT travels in binary frames only.
                Message::Text(_) | Message::Frame(_) => {
                    return Err((empty, io::ErrorKind::InvalidData.into()));
                }
            }
        }
        Err((EMPTY_QUANTUM, io::ErrorKind::WouldBlock.into()))
    }

    /// Counts what came to nothing. A message that is still on its way looks the same until it is there, so as many
    /// bytes as the largest one has are no offence; fragments without content exceed them.
    fn count_empty(&mut self, messages: u32, bytes: usize, now: Tick) -> io::Result<()> {
        let second = now / 1000;
        if self.idle.second != second {
            self.idle = Idle { second, ..Idle::default() };
        }
        self.idle.messages += messages;
        self.idle.bytes += bytes;
        if self.idle.messages > MAX_EMPTY_PER_SECOND || self.idle.bytes > 2 * self.message_limit {
            return Err(io::Error::new(io::ErrorKind::InvalidData, EmptyFrames));
        }
        Ok(())
    }
}

impl Write for WebSocketStream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // Whole chunks only: the frame must be taken by the socket's own buffer or not at all.
        self.flush()?;
        let chunk = &bytes[..bytes.len().min(WRITE_CHUNK_BYTES)];
        match self.socket.write(Message::Binary(bytes::Bytes::copy_from_slice(chunk))) {
            Ok(()) => Ok(chunk.len()),
            // The frame is in the buffer already; what is left of it goes out with the next flush.
            Err(tungstenite::Error::Io(error)) if error.kind() == io::ErrorKind::WouldBlock => {
                Ok(chunk.len())
            }
            Err(error) => Err(into_io(error)),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.socket.flush().map_err(into_io)
    }
}

fn into_io(error: tungstenite::Error) -> io::Error {
    match error {
        tungstenite::Error::Io(error) => error,
        tungstenite::Error::ConnectionClosed | tungstenite::Error::AlreadyClosed => {
            io::ErrorKind::ConnectionReset.into()
        }
        other => io::Error::new(io::ErrorKind::InvalidData, other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_has_the_case_and_size_the_c_client_needs() {
        let answer = upgrade_response(Some("MTIzNDU2Nzg5MGFiY2RlZg=="), Some("13"), Some("mqtt")).unwrap();
        assert!(answer.contains("\r\nSec-WebSocket-Accept: "));
        assert!(answer.contains("\r\nSec-WebSocket-Protocol: mqtt\r\n"));
        assert!(answer.len() < 512);
    }

    #[test]
    fn an_upgrade_without_the_sub_protocol_is_refused() {
        assert_eq!(upgrade_response(Some("k"), Some("13"), None), Err(UpgradeError::SubProtocol));
        assert_eq!(upgrade_response(Some("k"), Some("8"), Some("mqtt")), Err(UpgradeError::Malformed));
    }
}
