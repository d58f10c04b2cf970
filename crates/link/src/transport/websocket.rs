//! MQTT inside WebSocket frames (facts §1.6). MQTT packets may start and end anywhere in the frames, so the frames'
//! payloads are just a byte stream. The answer to the upgrade is written by hand because the vendor's C client looks
//! for `Sec-WebSocket-Accept: ` in exactly this case and within its first 512 bytes.

use std::io::{self, Read, Write};

use tungstenite::handshake::derive_accept_key;
use tungstenite::protocol::{Role, WebSocketConfig};
use tungstenite::{Message, WebSocket};

use super::RawStream;

/// The frame reader's own buffer; small, because there is one a connection.
const READ_BUFFER_BYTES: usize = 4 * 1024;

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

/// A byte stream over binary frames.
#[derive(Debug)]
pub struct WebSocketStream {
    socket: WebSocket<RawStream>,
    /// The part of the last frame's payload that was not read yet.
    rest: bytes::Bytes,
}

impl WebSocketStream {
    /// Takes over a stream whose upgrade is done; `early` came behind the request.
    pub(crate) fn new(stream: RawStream, early: Vec<u8>, max_packet_bytes: u32) -> Self {
        let limit = max_packet_bytes as usize + 1024;
        let config = WebSocketConfig::default()
            .read_buffer_size(READ_BUFFER_BYTES)
            .write_buffer_size(0)
            .max_write_buffer_size(limit)
            .max_message_size(Some(limit))
            .max_frame_size(Some(limit));
        let socket = WebSocket::from_partially_read(stream, early, Role::Server, Some(config));
        Self { socket, rest: bytes::Bytes::new() }
    }

    pub(crate) fn raw(&mut self) -> &mut RawStream {
        self.socket.get_mut()
    }

    pub(crate) fn close(&mut self) {
        // A peer that is gone cannot be told goodbye; the descriptor closes right after.
        let _ = self.socket.close(None).and_then(|()| self.socket.flush());
    }
}

impl Read for WebSocketStream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.rest.is_empty() {
            match self.socket.read().map_err(into_io)? {
                Message::Binary(payload) => self.rest = payload,
                Message::Ping(_) | Message::Pong(_) => {}
                Message::Close(_) => return Ok(0),
                // MQTT-6.0.0-1: MQTT travels in binary frames only.
                Message::Text(_) | Message::Frame(_) => return Err(io::ErrorKind::InvalidData.into()),
            }
        }
        let count = buffer.len().min(self.rest.len());
        buffer[..count].copy_from_slice(&self.rest.split_to(count));
        if self.rest.is_empty() {
            self.rest = bytes::Bytes::new();
        }
        Ok(count)
    }
}

impl Write for WebSocketStream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // Whole chunks only: the frame must be taken by the socket's own buffer or not at all.
        self.flush()?;
        let chunk = &bytes[..bytes.len().min(16 * 1024)];
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
