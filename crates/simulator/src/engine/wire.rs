//! The byte stream below MQTT and WebSocket: a socket, or TLS over one. Non-blocking, driven by the engine.

use std::io::{self, Read, Write};

use mio::net::TcpStream;
use openssl::ssl::{Error, ErrorCode, SslStream};

pub(super) enum Wire {
    Plain(TcpStream),
    Tls(Box<SslStream<TcpStream>>),
}

impl Wire {
    pub(super) fn socket(&mut self) -> &mut TcpStream {
        match self {
            Self::Plain(socket) => socket,
            Self::Tls(stream) => stream.get_mut(),
        }
    }

    /// Whether a read that did not fill its buffer has emptied the socket. TLS hands out one record at a time.
    pub(super) const fn short_read_empties(&self) -> bool {
        matches!(self, Self::Plain(_))
    }

    /// Takes the TLS handshake as far as it goes now; true when it is done.
    pub(super) fn handshake(&mut self) -> io::Result<bool> {
        let Self::Tls(stream) = self else { return Ok(true) };
        match stream.connect() {
            Ok(()) => Ok(true),
            Err(error) if matches!(error.code(), ErrorCode::WANT_READ | ErrorCode::WANT_WRITE) => Ok(false),
            Err(error) => Err(io::Error::other(format!("the TLS handshake failed: {}", reason(&error)))),
        }
    }

    /// Tells the peer that nothing more comes, where the stream has a way to say so before it ends.
    pub(super) fn say_end(&mut self) {
        if let Self::Tls(stream) = self {
            // The stream ends in any case.
            let _ = stream.shutdown();
        }
    }

    pub(super) fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(socket) => socket.read(buffer),
            Self::Tls(stream) => stream.read(buffer),
        }
    }

    pub(super) fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(socket) => socket.write(bytes),
            Self::Tls(stream) => stream.write(bytes),
        }
    }
}

/// The innermost reason, without library names and line numbers.
fn reason(error: &Error) -> String {
    let first = error.ssl_error().and_then(|stack| stack.errors().first()?.reason());
    first.map_or_else(|| error.to_string(), str::to_owned)
}
